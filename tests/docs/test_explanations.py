"""What `tocsin help` says of each finding: complete, the same as the pages, and true.

The examples are of a small town in `tests/docs/hamlet`: what is right stands in its files, or is a file of
its own; with the wrong text in its place the check finds that code and nothing else.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.rules_page import PAGE
from tests.tocsin.program import program
from tocsin.checks import check
from tocsin.commands.language import Language
from tocsin.explanations import explanations
from tocsin.finding_codes import CODES, MEANINGS

HAMLET = Path(__file__).parent / "hamlet"
NOW = 1_798_000_000_000
BLOCK = re.compile(r"^```diff (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HAN = re.compile("[\u4e00-\u9fff]")
# An older version's files; what a check does not look at; a thousand findings; an SMS of ten parts.
NOT_SHOWN = {"E006", "E015", "E016", "E017", "E139", "E323"}


@dataclass(frozen=True)
class Example:
    """A difference to one file of the hamlet."""

    file: str
    wrong: str
    right: str

    def spoil(self, hamlet: Path) -> None:
        self._write(hamlet, self.wrong)

    def mend(self, hamlet: Path) -> None:
        self._write(hamlet, self.right)

    def _write(self, hamlet: Path, text: str) -> None:
        path, original = hamlet / self.file, HAMLET / self.file
        before = original.read_text("utf-8") if original.exists() else ""
        path.write_text(before.replace(self.right, text, 1) if self.right in before else text, "utf-8")


def side(lines: list[str], sign: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in (" ", sign))


def examples() -> dict[str, list[Example]]:
    """Of each code that is not of the rules, whose examples the page of rules tests."""
    return {
        code: [
            Example(file, side(body.splitlines(), "-"), side(body.splitlines(), "+"))
            for file, body in BLOCK.findall(explanation.text)
        ]
        for code, explanation in explanations().items()
        if not code.startswith("E2")
    }


EXAMPLES = [(code, example) for code, found in examples().items() for example in found]


@pytest.fixture
def hamlet(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HAMLET, tmp_path / "hamlet"))


def codes(hamlet: Path) -> set[str]:
    found = check(hamlet / "tocsin.yaml", NOW)
    return {finding.code for finding in found.errors + found.warnings}


def test_every_code_is_explained_with_its_meaning() -> None:
    assert {code: each.meaning for code, each in explanations().items()} == dict(sorted(MEANINGS.items()))


def test_every_code_is_explained_in_chinese_with_the_same_examples_and_names() -> None:
    english, chinese = explanations(Language.EN), explanations(Language.ZH)

    assert list(chinese) == list(english)
    for code, each in chinese.items():
        assert BLOCK.findall(each.text) == BLOCK.findall(english[code].text), code
        assert all(HAN.search(paragraph) for paragraph in _prose(each.text)), code
        assert _names(each.text) >= _names(english[code].text), code


def _prose(text: str) -> list[str]:
    return [paragraph for paragraph in FENCED.sub("", text).split("\n\n") if paragraph.strip()]


def _names(text: str) -> set[str]:
    """What is quoted as code, and where links lead."""
    return set(re.findall(r"`[^`]+`|\(#[^)]+\)", FENCED.sub("", text)))


def test_every_code_has_an_example_but_for_those_that_no_text_can_show() -> None:
    assert {code for code, found in examples().items() if not found} == NOT_SHOWN


def test_every_explanation_says_the_way_out() -> None:
    mute = {
        code
        for code, each in explanations().items()
        if not re.sub(r"(?ms)^```.*?^```$", "", each.text).strip()
    }

    assert mute == set()


def test_nothing_is_wrong_with_the_hamlet(hamlet: Path) -> None:
    assert codes(hamlet) == set()


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=[code for code, _ in EXAMPLES])
def test_a_wrong_example_gives_its_code_alone_and_the_correction_none(
    code: str, example: Example, hamlet: Path
) -> None:
    example.spoil(hamlet)
    assert codes(hamlet) == {code}

    example.mend(hamlet)
    assert codes(hamlet) == set()


def test_the_page_of_rules_shows_the_same() -> None:
    shown = PAGE[PAGE.index("### E201 ") : PAGE.index("### Codes of all files")]
    of_rules = [each for code, each in explanations().items() if code.startswith("E2")]

    assert shown == "".join(f"### {each.code} {each.meaning}\n\n{each.text}\n" for each in of_rules)


def test_the_table_of_all_files_lists_those_of_the_whole_configuration() -> None:
    rows = re.findall(r"^\| (E[04]\d\d) \| (.+) \|$", PAGE, re.MULTILINE)

    assert dict(rows) == CODES


def test_help_shows_the_example_and_the_way_out(capfd: pytest.CaptureFixture[str]) -> None:
    ended = program(capfd)("help", "e150")

    assert ended.code == 0
    assert ended.out.splitlines() == [
        "E150 bad duration",
        "",
        "    -  period: 1 hour",
        "    +  period: 1h",
        "",
        "A number and a unit without a blank: `500ms`, `20s`, `5min`, `1h`, `7d`.",
    ]


def test_help_without_a_code_lists_all_with_their_meaning(capfd: pytest.CaptureFixture[str]) -> None:
    ended = program(capfd)("help")

    assert ended.out.splitlines() == [f"{code}  {meaning}" for code, meaning in sorted(MEANINGS.items())]


def test_help_for_a_code_that_there_is_not_is_a_mistake_of_usage(capfd: pytest.CaptureFixture[str]) -> None:
    ended = program(capfd)("help", "E1O3")

    assert ended.code == 2
    assert "no finding has the code E1O3" in ended.err
