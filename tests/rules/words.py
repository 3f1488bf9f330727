"""Reading conditions in tests: over the shipped kinds, for a kind of sensor or, with None, for zones."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.kinds import Kind, Kinds
from ingest.kinds.kinds_file import read_kinds
from rules.language import ConditionError, parse_condition
from rules.language.parsing import Problem
from rules.language.printed import printed
from rules.language.tree import Comparison, Condition
from rules.language.vocabulary import Units, Vocabulary

CONFIGS = Path(__file__).parents[2] / "configs"


def _kinds() -> Kinds:
    kinds, _ = read_kinds("kinds.yaml", (CONFIGS / "kinds.yaml").read_text())
    assert kinds is not None
    return kinds


KINDS = _kinds()


def kind(name: str) -> Kind:
    return KINDS[name]


def words(of: str | None, known: Mapping[str, Units] | None = None) -> Vocabulary:
    return Vocabulary(KINDS, None if of is None else KINDS[of], known)


def site(of: str, **units: str) -> dict[str, Units]:
    """What is known of the sensors of a kind: parameter="m mm"."""
    return {of: {name: frozenset(given.split(" ")) for name, given in units.items()}}


def read(text: str, of: str | None, known: Mapping[str, Units] | None = None) -> Condition:
    return parse_condition(text, words(of, known))


def compared(text: str, of: str | None, known: Mapping[str, Units] | None = None) -> Comparison:
    condition = read(text, of, known)
    assert isinstance(condition, Comparison)
    return condition


def canonical(text: str, of: str | None, known: Mapping[str, Units] | None = None) -> str:
    return printed(read(text, of, known))


def problems(text: str, of: str | None, known: Mapping[str, Units] | None = None) -> list[Problem]:
    with pytest.raises(ConditionError) as error:
        read(text, of, known)
    return error.value.problems


def found(text: str, of: str | None) -> list[Problem]:
    """What is wrong with a text that may as well be right."""
    try:
        read(text, of)
    except ConditionError as error:
        return error.problems
    return []


def only(text: str, of: str | None, known: Mapping[str, Units] | None = None) -> tuple[str, str, str]:
    """The one problem: its code, the text from its offset on, its suggestion."""
    [problem] = problems(text, of, known)
    return problem.code, text[problem.offset :], problem.suggestion
