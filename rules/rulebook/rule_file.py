"""The shape of a rule file: what may be written, before conditions are read and names are looked up."""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from ingest.clock import DAY, MINUTE
from ingest.document import Strict
from ingest.document.shape_faults import in_form
from ingest.duration import Duration
from ingest.finding import words
from rules.grade import Grade
from rules.language.vocabulary import TIME_ZONE
from rules.rulebook.phrases import (
    Margin,
    Quantity,
    Selection,
    UnreadableError,
    parse_distance,
    parse_margin,
    parse_reports,
    parse_selection,
    parse_share,
    phrase,
)
from rules.rulebook.trial_file import RuleTest

GradeName: TypeAlias = Literal["blue", "yellow", "orange", "red"]
_NAME = r"^[a-z0-9][a-z0-9_-]*$"
_PARAMETER = r"^[a-z][a-z0-9_]*$"
# A table lies beside its rule file.
_TABLE = r"^[^/\\]+\.csv$"
Name: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=_NAME, max_length=64),
    in_form(_NAME, words("write lower-case letters, digits, _ and -")),
]
Parameter: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=_PARAMETER, max_length=64),
    in_form(_PARAMETER, words("write lower-case letters, digits and _, a letter first")),
]
Texts: TypeAlias = dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
Condition: TypeAlias = Annotated[str, StringConstraints(max_length=4000)]
TableName: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=_TABLE, max_length=200),
    in_form(_TABLE, words("write the name of a .csv file beside this one")),
]


def _some_grade(ladder: "Grades") -> "Grades":
    if not ladder.conditions():
        raise UnreadableError(
            "E223", words("the rule has no grade"), words("give blue, yellow, orange or red a condition")
        )
    return ladder


def _sustain_shape(value: object) -> str:
    return "ladder" if isinstance(value, dict | SustainLadder) else "all"


class Grades(Strict):
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

    margin: Annotated[Margin, phrase(parse_margin)] = Margin()
    after: Duration = 10 * MINUTE


class MissingEntry(Strict):
    """After how many reporting intervals a sensor is silent, and the grade of the warning that says so."""

    after: Annotated[int, phrase(parse_reports)] = 3
    raise_: GradeName | None = Field(default=None, alias="raise")


class ConfirmEntry(Strict):
    """How many neighbours within `radius` m must reach a share of a grade's threshold (D29)."""

    # Neighbours are a fixed list of the 32 nearest.
    neighbours: Annotated[int, Field(ge=1, le=32)]
    radius: Annotated[Decimal, phrase(parse_distance)]
    share_of_threshold: Annotated[Decimal, phrase(parse_share)]
    otherwise: Literal["review", "auto"] = "review"


class SourceEntry(Strict):
    """Where the thresholds come from, and how far that has been checked."""

    text: str
    status: Literal["verified", "secondary", "memory", "project"]


Sustain: TypeAlias = Annotated[
    Annotated[Duration, Tag("all")] | Annotated[SustainLadder, Tag("ladder")], Discriminator(_sustain_shape)
]


class RuleEntry(Strict):
    """One rule as written; durations in ms."""

    id: Name
    title: Texts = Field(default_factory=dict)
    hazard: Name | None = None
    for_each: Annotated[Selection, phrase(parse_selection)]
    grades: Annotated[Grades, AfterValidator(_some_grade)]
    only_if: Condition | None = None
    sustain: Sustain = 0
    release: ReleaseEntry = ReleaseEntry()
    missing: MissingEntry = MissingEntry()
    max_age: Annotated[Duration, Field(gt=0, le=7 * DAY)] = 10 * MINUTE
    confirm: ConfirmEntry | None = None
    parameters: dict[Parameter, Quantity] = Field(default_factory=dict)
    table: TableName | None = None
    advice: Texts = Field(default_factory=dict)
    source: SourceEntry | None = None
    tests: tuple[RuleTest, ...] = ()

    def sustain_of(self, grade: Grade) -> int:
        """The on-delay of a grade, ms."""
        return self.sustain if isinstance(self.sustain, int) else int(getattr(self.sustain, str(grade)))


class TemplateEntry(Strict):
    """A rule with gaps: each `${parameter}` in a text of `rule` is filled where the template is used."""

    parameters: tuple[Parameter, ...]
    rule: dict[str, Any]


class RuleFile(Strict):
    """A whole rule file; templates are known to the rules of all files."""

    time_zone: str = TIME_ZONE
    templates: dict[Name, TemplateEntry] = Field(default_factory=dict)
    rules: tuple[RuleEntry, ...] = ()
