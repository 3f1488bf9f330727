"""Golden tests: broken files, and what is printed about them in both languages.

`broken/base` is sound; each other directory holds the files that are broken in the way its name says, and
`expected.en.txt` and `expected.zh.txt`. To write these anew after a change of wording, run
`python -m tests.tocsin.broken_files` from the root of the project, and read the difference before it is kept.
"""

import random
import re
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from ingest.finding import ConfigurationError, Finding, Words
from tests.tocsin.broken_files import BASE, BROKEN, GOLDEN, MAIN, printed, spoilt
from tocsin.commands.language import Language
from tocsin.configuration import configure, read_bundle
from tocsin.wording import in_language

CASES = sorted(path.name for path in BROKEN.iterdir() if path != BASE)
SHIPPED = Path("configs").resolve()
NAMES = sorted(read_bundle(SHIPPED / MAIN).texts)
MUTATIONS = 200
# What only a programmer would say.
INTERNAL = re.compile(
    r"<class|\[type=|Token\(|Value error|Input should|input_value|pydantic|ruamel|lark|Traceback|Errno"
    r"|object at 0x|Exception|\w+Error\b|codec|NoneType|block end|_[A-Z]+\b|Decimal\(|datetime\."
)
MARKS = "\t:{}[]\"'*&%@|>-#,!?`\\\x00\u200b0.ä＝"


def test_there_are_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60


def test_the_sound_files_are_sound(tmp_path: Path) -> None:
    spoilt(BASE, tmp_path)

    assert printed(tmp_path, Language.EN) == printed(tmp_path, Language.ZH) == ""


@pytest.mark.parametrize("language", GOLDEN)
@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_gives_exactly_these_findings(case: str, language: Language, tmp_path: Path) -> None:
    spoilt(BROKEN / case, tmp_path)

    assert printed(tmp_path, language) == (BROKEN / case / GOLDEN[language]).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_no_internal_text_is_in_what_is_expected(case: str) -> None:
    for name in GOLDEN.values():
        assert not INTERNAL.search((BROKEN / case / name).read_text(encoding="utf-8"))


def _mark(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(MARKS) + text[at + chance.randrange(2) :]


def _cut(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + text[at + chance.randrange(1, 30) :]


def _line_again(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return "".join([*lines[:at], chance.choice(lines), *lines[at:]])


def _line_away(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def _end_away(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(1, len(text))]


def _words_swapped(chance: random.Random, text: str) -> str:
    words = re.split(r"(\W+)", text)
    one, other = chance.randrange(len(words)), chance.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return "".join(words)


WAYS: tuple[Callable[[random.Random, str], str], ...] = (
    _mark,
    _cut,
    _line_again,
    _line_away,
    _end_away,
    _words_swapped,
)


def _findings(directory: Path, name: str, text: str) -> list[Finding]:
    """With the file in the place of the shipped one; without the other rules, which take the most time."""
    copytree(SHIPPED, directory, dirs_exist_ok=True, ignore=ignore_patterns("rules"))
    (directory / "rules").mkdir()
    (directory / name).write_text(text, encoding="utf-8")
    with chdir(directory):
        try:
            configure(read_bundle(MAIN))
        except ConfigurationError as error:
            return error.findings
    return []


@pytest.mark.parametrize("seed", range(MUTATIONS))
def test_whatever_becomes_of_a_shipped_file_is_told_in_words(seed: int, tmp_path: Path) -> None:
    """No traceback, and no text but words, which the catalogues hold in both languages."""
    chance = random.Random(seed)
    name = chance.choice(NAMES)
    text = (SHIPPED / name).read_text(encoding="utf-8")

    findings = _findings(tmp_path, name, chance.choice(WAYS)(chance, text))

    for finding in findings:
        assert isinstance(finding.message, Words), finding
        assert isinstance(finding.suggestion, Words) or finding.suggestion == "", finding
    for language in GOLDEN:
        for told in in_language(findings, language):
            assert not INTERNAL.search(f"{told.message} {told.suggestion}"), told
