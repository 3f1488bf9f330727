"""`tocsin test` and `tocsin check`, as an operator of rules uses them."""

from pathlib import Path

import pytest

from tests.tocsin.program import Tocsin, program

STORM = """\
rules:
  - id: storm
    for_each: rain sensor
    grades: {orange: "sum(rain, 3h) >= 50 mm"}
"""
TESTS = """\
    tests:
      - {name: wet, given: {rain: "every 5min: 1.4 x36"}, expect: {"3h": orange}}
"""


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def rules(configs: Path) -> Path:
    """The directory of rules with one file, whose only rule has a test that passes; and no test files."""
    directory = configs / "rules"
    for path in [*directory.iterdir(), *(configs / "tests").iterdir()]:
        path.unlink()
    (directory / "storm.yaml").write_text(STORM + TESTS, encoding="utf-8")
    return directory


def settings(rules: Path) -> list[str | Path]:
    return ["--config", rules.parent / "tocsin.yaml"]


def test_without_paths_the_rules_of_the_settings_are_tested(tocsin: Tocsin, rules: Path) -> None:
    ended = tocsin("test", *settings(rules))

    assert ended.code == 0
    assert "1 passed" in ended.out


def test_a_test_that_passes_is_shown_with_its_file_and_rule(tocsin: Tocsin, rules: Path) -> None:
    ended = tocsin("test", rules, *settings(rules))

    assert ended.code == 0
    assert "│ storm │ wet  │ passed │" in ended.out
    assert ended.out.splitlines()[-1] == "1 passed, 0 failed, 0 rules without a test"


def test_a_test_that_fails_shows_expected_and_got_aligned(tocsin: Tocsin, rules: Path) -> None:
    path = rules / "storm.yaml"
    path.write_text(path.read_text("utf-8").replace('"3h": orange', '"2h": orange, "3h": orange'), "utf-8")

    ended = tocsin("test", path, *settings(rules))

    assert ended.code == 1
    assert "FAILED" in ended.out
    assert f"{path}:6:" in ended.out
    assert "E235 `wet`: orange expected at 2h, got none" in ended.out
    assert "    at       2h      3h\n    expected orange  orange\n    got      none    orange\n" in ended.out
    assert "    0s to 3h, 5min a character; . none, o orange\n" in ended.out
    assert "3h none>orange" in ended.out


def test_a_rule_without_a_test_is_told_and_fails_only_if_strict(tocsin: Tocsin, rules: Path) -> None:
    (rules / "storm.yaml").write_text(STORM, encoding="utf-8")

    ended, strict = (
        tocsin("test", rules, *settings(rules)),
        tocsin("test", rules, "--strict", *settings(rules)),
    )

    assert (ended.code, strict.code) == (0, 1)
    assert f"warning: {rules / 'storm.yaml'}:2:5: E233" in ended.out
    assert "no test" in ended.out


def test_a_grade_that_is_tested_from_one_side_is_told_and_fails_only_if_strict(
    tocsin: Tocsin, rules: Path
) -> None:
    ended, strict = (
        tocsin("test", rules, *settings(rules)),
        tocsin("test", rules, "--strict", *settings(rules)),
    )

    assert (ended.code, strict.code) == (0, 1)
    warning = f"warning: {rules / 'storm.yaml'}:4:23: E238 no test of rule `storm` stays just below orange"
    assert warning in ended.out


def test_a_test_that_cannot_be_run_is_a_failure(tocsin: Tocsin, rules: Path) -> None:
    path = rules / "storm.yaml"
    path.write_text(path.read_text("utf-8").replace("{rain:", "{rian:"), "utf-8")

    ended = tocsin("test", path, *settings(rules))

    assert ended.code == 1
    assert "E234 `rian` is not a metric of rain" in ended.out


def test_rules_that_cannot_be_read_are_told_as_check_tells_them(tocsin: Tocsin, rules: Path) -> None:
    path = rules / "storm.yaml"
    path.write_text(path.read_text("utf-8").replace("50 mm", "50"), "utf-8")

    ended = tocsin("test", rules, *settings(rules))

    assert (ended.code, ended.out) == (1, "")
    assert f"{path}:4:" in ended.err
    assert "E205" in ended.err


def test_one_file_sees_the_templates_and_tables_around_it_but_not_their_mistakes(
    tocsin: Tocsin, rules: Path
) -> None:
    rule = "{for_each: rain sensor, grades: {orange: 'sum(rain, 3h) >= site.${limit}'}}"
    (rules / "common").mkdir()
    (rules / "common" / "templates.yaml").write_text(
        f"templates: {{wet: {{parameters: [limit], rule: {rule}}}}}\n"
    )
    (rules / "levels.csv").write_text("zone,high [mm]\nqingxi,50\n")
    (rules / "broken.yaml").write_text("rules: 5\n")
    own = TESTS.replace("given:", "sensors: {g: {zone: qingxi}}, given:")
    use = f"rules:\n  - use: wet\n    id: x\n    with: {{limit: high}}\n    table: levels.csv\n{own}"
    (rules / "own.yaml").write_text(use, encoding="utf-8")

    ended = tocsin("test", rules / "own.yaml", *settings(rules))

    assert ended.code == 0, ended.err
    assert "1 passed" in ended.out
    assert tocsin("test", rules, *settings(rules)).code == 1


@pytest.mark.parametrize("name", ["nowhere", "nothing.yaml", "storm.csv"])
def test_no_rule_file_at_all_is_a_mistake_of_usage(tocsin: Tocsin, rules: Path, name: str) -> None:
    ended = tocsin("test", rules / name, *settings(rules))

    assert ended.code == 2
    assert "no files matched" in ended.err


def test_tests_need_the_kinds_that_the_settings_name(tocsin: Tocsin, rules: Path) -> None:
    (rules.parent / "kinds.yaml").unlink()

    ended = tocsin("test", rules, *settings(rules))

    assert ended.code == 1
    assert "kinds.yaml: E001 cannot be read" in ended.err


def test_check_takes_the_directory_of_the_settings(tocsin: Tocsin, configs: Path) -> None:
    ended = tocsin("check", configs)

    assert ended.code == 0
    assert "fine: 306 sensors" in ended.out


def test_check_of_a_directory_without_settings_says_what_is_missing(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = tocsin("check", tmp_path)

    assert ended.code == 1
    assert f"{tmp_path / 'tocsin.yaml'}: E001" in ended.err
