"""Every finding can be told in Chinese: the catalogues are complete, and nothing in them is left over."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

from ingest import finding_codes as ingest_codes
from ingest import finding_zh as ingest_zh
from ingest.finding import Finding, words
from notifiers import finding_codes as notifiers_codes
from notifiers import finding_zh as notifiers_zh
from rules import finding_codes as rules_codes
from rules import finding_zh as rules_zh
from tocsin import finding_codes as tocsin_codes
from tocsin import finding_zh as tocsin_zh
from tocsin.commands.language import Language
from tocsin.wording import CHINESE, in_language, meaning

ROOT = Path(__file__).parents[2]
CATALOGUES: Mapping[str, Mapping[str, str]] = {
    "ingest": ingest_zh.CHINESE,
    "rules": rules_zh.CHINESE,
    "notifiers": notifiers_zh.CHINESE,
    "tocsin": tocsin_zh.CHINESE,
}
HAN = re.compile(r"[\u4e00-\u9fff]")


def calls_of_words(package: str) -> Iterator[tuple[Path, ast.Call]]:
    """Where the package makes words; other functions of that name are not imported from `ingest.finding`."""
    for path in sorted((ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "ingest.finding"
            and any(alias.name == "words" for alias in node.names)
            for node in ast.walk(tree)
        )
        if imported or path == ROOT / "ingest/finding.py":
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "words":
                    yield path, node


def is_plain_text(node: ast.expr) -> bool:
    """A name or a code has no blank in it."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and " " in node.value
    return isinstance(node, ast.JoinedStr)


@pytest.mark.parametrize("package", CATALOGUES)
def test_no_finding_is_made_of_plain_text(package: str) -> None:
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                if name in ("Finding", "finding", "UnreadableError", "UnplayableError", "Difference"):
                    assert not any(map(is_plain_text, given)), f"{path}:{node.lineno}"


def templates(package: str) -> set[str]:
    return {ast.literal_eval(call.args[0]) for _, call in calls_of_words(package)}


def gaps(template: str) -> list[str]:
    """The names of the gaps, and the conversions that show a value in quotes."""
    return sorted(f"{name}!{how}" for _, name, _, how in Formatter().parse(template) if name is not None)


@pytest.mark.parametrize("package", CATALOGUES)
def test_every_template_is_a_literal_whose_gaps_are_all_filled(package: str) -> None:
    for path, call in calls_of_words(package):
        [template] = call.args
        assert isinstance(template, ast.Constant), f"{path}:{call.lineno}"
        names = {name for _, name, _, _ in Formatter().parse(template.value) if name is not None}
        assert names == {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"


def test_every_template_has_a_chinese_counterpart_and_none_is_left_over() -> None:
    known: set[str] = set()
    for package, catalogue in CATALOGUES.items():
        here = templates(package)
        assert sorted(here - known - catalogue.keys()) == [], package
        assert sorted(catalogue.keys() - (here - known)) == [], package
        known |= here


@pytest.mark.parametrize("template", CHINESE)
def test_a_chinese_template_has_the_same_gaps(template: str) -> None:
    assert gaps(CHINESE[template]) == gaps(template)


def test_what_has_letters_of_its_own_is_told_in_chinese() -> None:
    """A sentence that was copied instead of translated has none."""
    bare = {template: re.sub(r"\{[^{}]*\}", "", template) for template in CHINESE}
    worded = [template for template, text in bare.items() if re.search("[A-Za-z]", text)]

    assert [template for template in worded if not HAN.search(CHINESE[template])] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (ingest_codes.CODES, ingest_zh.CODES),
        (rules_codes.CODES, rules_zh.CODES),
        (notifiers_codes.CODES, notifiers_zh.CODES),
        (tocsin_codes.CODES, tocsin_zh.CODES),
    ],
)
def test_every_code_has_a_meaning_of_its_own_in_both_languages(
    english: Mapping[str, str], chinese: Mapping[str, str]
) -> None:
    assert list(chinese) == list(english)
    assert len(set(chinese.values())) == len(chinese)
    assert all(HAN.search(text) for text in chinese.values())
    assert all(meaning(code, Language.ZH) == text for code, text in chinese.items())
    assert all(meaning(code, Language.EN) == text for code, text in english.items())


def test_words_within_words_are_told_too_and_plain_text_stays() -> None:
    message = words("{where}: {reason}", where="sensors[0].id", reason=words("must be text"))
    finding = Finding("a.yaml", 2, 5, "E112", message, "plain", "  id: 5")

    [told] = in_language([finding], Language.ZH)

    assert told == Finding("a.yaml", 2, 5, "E112", "sensors[0].id：必须是文本", "plain", "  id: 5")
    assert in_language([finding], Language.EN) == [finding]
    assert str(message) == f"{message}" == "sensors[0].id: must be text"
    assert type(str(message)) is str
