"""The shape of a rule file: what may be written, before conditions are read and names are looked up."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag

from ingest.clock import DAY, MINUTE
from ingest.document import Strict
from ingest.duration import Duration
from ingest.units import canonical
from rules.grade import Grade
from rules.language.thresholds import ThresholdError, split_quantity

_SELECTION = re.compile(r"(?P<kind>[\w-]+) sensors?( with tag (?P<tag>\S+))?( in zone (?P<zone>\S+))?")
_LATER_SELECTION = re.compile(r"(zone|gateway)\b.*")
_REPORTS = re.compile(r"(?P<count>[1-9]\d{0,2}) reports?")
_EXAMPLES = "write for example `rain sensor`, `smoke sensor with tag kitchen`, `gas sensor in zone harbour`"


class UnreadableError(ValueError):
    """A value of a rule that cannot be read; `code` and `suggestion` go into the finding."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sensors a rule is for: those of `kind`, with `tag`, in `zone` or a zone below it."""

    kind: str
    tag: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Margin:
    """A share of each threshold, or an amount in `unit`; one of the two is 0."""

    share: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    unit: str = ""


def parse_selection(text: str) -> Selection:
    """`smoke sensor with tag kitchen in zone harbour`; UnreadableError for anything else."""
    words = " ".join(normalize("NFKC", text).split())
    if _LATER_SELECTION.fullmatch(words):
        raise UnreadableError("E225", f"`for_each: {words}` is not supported yet by this version", _EXAMPLES)
    match = _SELECTION.fullmatch(words)
    if match is None:
        raise UnreadableError("E221", f"`{words}` does not name the sensors of a kind", _EXAMPLES)
    return Selection(match["kind"], match["tag"], match["zone"])


def parse_margin(text: str) -> Margin:
    """`20 %` or `0.1 m`; UnreadableError for anything else."""
    advice = "write a share below 100 %, or an amount with its unit: 20 %, 0.1 m"
    try:
        number, unit = split_quantity(normalize("NFKC", text).strip())
        unit = canonical(unit)
    except ThresholdError as error:
        raise UnreadableError("E226", error.message, advice) from error
    if number <= 0 or not unit or (unit == "%" and number >= 100):
        raise UnreadableError("E226", f"`{text}` is no margin", advice)
    return Margin(share=number / 100) if unit == "%" else Margin(amount=number, unit=unit)


def parse_reports(text: str) -> int:
    """`3 reports` as 3; UnreadableError for anything else."""
    match = _REPORTS.fullmatch(" ".join(normalize("NFKC", text).split()))
    if match is None:
        raise UnreadableError("E226", f"`{text}` is no number of reports", "write for example `3 reports`")
    return int(match["count"])


def _later(_: object) -> None:
    raise UnreadableError("E225", "not supported yet by this version", "remove the key")


def _some_grade(ladder: "Ladder") -> "Ladder":
    if not ladder.conditions():
        raise UnreadableError("E223", "the rule has no grade", "give blue, yellow, orange or red a condition")
    return ladder


def _sustain_shape(value: object) -> str:
    return "ladder" if isinstance(value, dict | SustainLadder) else "all"


Later: TypeAlias = Annotated[None, BeforeValidator(_later)]
Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
Texts: TypeAlias = dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
Condition: TypeAlias = Annotated[str, StringConstraints(max_length=4000)]


class Ladder(Strict):
    """The condition of each grade, as text."""

    blue: Condition | None = None
    yellow: Condition | None = None
    orange: Condition | None = None
    red: Condition | None = None

    def conditions(self) -> dict[Grade, str]:
        """What is written, weakest grade first."""
        written = {grade: getattr(self, str(grade)) for grade in Grade}
        return {grade: text for grade, text in written.items() if text is not None}


class SustainLadder(Strict):
    """The on-delay of each grade; 0 where none is written."""

    blue: Duration = 0
    yellow: Duration = 0
    orange: Duration = 0
    red: Duration = 0


class ReleaseEntry(Strict):
    """The off-delay; `after` in ms."""

    margin: Annotated[Margin, BeforeValidator(lambda value: parse_margin(str(value)))] = Margin()
    after: Duration = 10 * MINUTE


class MissingEntry(Strict):
    """After how many reporting intervals a sensor is silent."""

    after: Annotated[int, BeforeValidator(lambda value: parse_reports(str(value)))] = 3
    raise_: Later = Field(default=None, alias="raise")


class SourceEntry(Strict):
    """Where the thresholds come from, and how far that has been checked."""

    text: str
    status: Literal["verified", "secondary", "memory", "project"]


class RuleTest(Strict):
    """A test of the rule: a series per metric, and the grade expected at a time. Read, not yet run."""

    name: str
    given: dict[str, str]
    expect: dict[str, Literal["none", "blue", "yellow", "orange", "red"]]


Sustain: TypeAlias = Annotated[
    Annotated[Duration, Tag("all")] | Annotated[SustainLadder, Tag("ladder")], Discriminator(_sustain_shape)
]


class RuleEntry(Strict):
    """One rule as written; durations in ms."""

    id: Name
    title: Texts = Field(default_factory=dict)
    hazard: Name | None = None
    for_each: Annotated[Selection, BeforeValidator(lambda value: parse_selection(str(value)))]
    grades: Annotated[Ladder, AfterValidator(_some_grade)]
    only_if: Condition | None = None
    sustain: Sustain = 0
    release: ReleaseEntry = ReleaseEntry()
    missing: MissingEntry = MissingEntry()
    max_age: Annotated[Duration, Field(gt=0, le=7 * DAY)] = 10 * MINUTE
    confirm: Later = None
    advice: Texts = Field(default_factory=dict)
    source: SourceEntry | None = None
    tests: tuple[RuleTest, ...] = ()

    def sustain_of(self, grade: Grade) -> int:
        """The on-delay of a grade, ms."""
        return self.sustain if isinstance(self.sustain, int) else int(getattr(self.sustain, str(grade)))


class RuleFile(Strict):
    """A whole rule file."""

    rules: tuple[RuleEntry, ...]
