"""`tocsin check`, `tocsin test` and `tocsin help` in the language that is asked for."""

import json
from pathlib import Path

import pytest

from tests.tocsin.program import Tocsin, program
from tocsin.finding_codes import MEANINGS


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def broken(configs: Path) -> Path:
    """A route to nobody."""
    path = configs / "routes.yaml"
    path.write_text(path.read_text("utf-8").replace("to: [duty]", "to: [dutty]", 1), "utf-8")
    return configs


def test_findings_are_told_in_chinese_where_it_is_asked_for(tocsin: Tocsin, broken: Path) -> None:
    chinese, english = tocsin("check", broken, "--lang", "zh"), tocsin("check", broken, "--lang", "en")

    assert chinese.code == english.code == 1
    assert "E311 没有人员、分组或值班表 dutty\n" in chinese.err
    assert "是不是想写 duty？" in chinese.err
    assert "E311 no person, group or roster dutty\n" in english.err


def test_json_and_sarif_speak_the_language_too(tocsin: Tocsin, broken: Path) -> None:
    [row] = json.loads(tocsin("check", broken, "--lang", "zh", "--format", "json").out)
    [run] = json.loads(tocsin("check", broken, "--lang", "zh", "--format", "sarif").out)["runs"]

    assert (row["message"], row["suggestion"]) == ("没有人员、分组或值班表 dutty", "是不是想写 duty？")
    assert run["results"][0]["message"]["text"].startswith("没有人员")
    titles = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert titles["E311"] == "未知的接收方"


def test_what_is_fine_is_said_in_the_language(tocsin: Tocsin, configs: Path) -> None:
    assert tocsin("check", configs / "routes.yaml", "--lang", "zh").out == "routes.yaml：没有问题\n"
    assert "：没有问题：" in tocsin("check", configs, "--lang", "zh").out


def test_errors_elsewhere_and_warnings_are_told_in_the_language(tocsin: Tocsin, broken: Path) -> None:
    assert "其他文件中有 1 处错误" in tocsin("check", broken / "sensors.csv", "--lang", "zh").err
    routes = (broken / "routes.yaml").read_text("utf-8")
    routes = routes.replace("[dutty]", "[duty]").replace(
        'hazard: "*", grades: [blue,', 'hazard: "*", grades: ['
    )
    (broken / "routes.yaml").write_text(routes, "utf-8")

    ended = tocsin("check", broken, "--lang", "zh")

    assert ended.code == 0
    assert ended.err.startswith("警告：")


def test_a_failed_test_is_told_in_the_language(tocsin: Tocsin, configs: Path) -> None:
    path = configs / "rules" / "river.yaml"
    text = path.read_text("utf-8")
    assert ": red" in text
    path.write_text(text.replace(": red", ": blue"), "utf-8")

    ended = tocsin("test", path, "--config", configs / "tocsin.yaml", "--lang", "zh")

    assert ended.code == 1
    assert "┃ 规则 " in ended.out
    assert "未通过" in ended.out
    assert "预期 blue，实际 red" in ended.out
    assert "    预期     " in ended.out
    assert "项未通过，" in ended.out.splitlines()[-1]


def test_what_keeps_tests_from_being_run_is_told_in_the_language(tocsin: Tocsin, configs: Path) -> None:
    path = configs / "rules" / "river.yaml"
    path.write_text("rules: [", "utf-8")

    ended = tocsin("test", path, "--config", configs / "tocsin.yaml", "--lang", "zh")

    assert ended.code == 1
    assert "E101 缺少值\n" in ended.err


def test_help_has_the_title_of_every_code_in_the_language(tocsin: Tocsin) -> None:
    lines = tocsin("help", "--lang", "zh").out.splitlines()

    assert [line.split("  ")[0] for line in lines] == [*MEANINGS]
    assert "E002  目录中没有规则文件" in lines
    assert "E237  测试没有预期，不可能失败" in lines


def test_help_explains_in_the_language_with_the_same_example(tocsin: Tocsin) -> None:
    chinese = tocsin("help", "e205", "--lang", "zh").out
    english = tocsin("help", "e205", "--lang", "en").out

    assert chinese.startswith("E205 单位缺失、未知，或与指标量纲不同\n\n    ")
    assert english.startswith(f"E205 {MEANINGS['E205']}\n\n    ")
    assert "请在数字后写上单位，并且能换算成指标的单位。\n" in chinese
    example = [line for line in english.splitlines() if line.startswith("    ")]
    assert [line for line in chinese.splitlines() if line.startswith("    ")] == example
