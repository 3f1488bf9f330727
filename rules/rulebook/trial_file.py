"""The shape of a test: what is given, and the grade that is expected at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, InstanceOf, Tag, model_validator

from ingest.document import Strict
from ingest.document.source_text import did_you_mean
from ingest.duration import Duration
from ingest.finding import words
from ingest.kinds.reporting import ReportingText
from rules.grade import Grade
from rules.rulebook.phrases import Quantity, UnreadableError, phrase
from rules.rulebook.series import Series, parse_series
from rules.transition import Disposition

START = datetime(2026, 1, 1)
_EXPECT = words('write for example expect: {{"3h": orange}}')
_GRADES = {"none": None} | {str(grade): grade for grade in Grade}


@dataclass(frozen=True, slots=True)
class Expected:
    """A grade, None for no warning; a disposition only where the test names it."""

    grade: Grade | None
    disposition: Disposition | None = None

    def __str__(self) -> str:
        return " ".join(str(word) for word in (self.grade or "none", self.disposition) if word)


def parse_expected(text: str) -> Expected:
    """`orange`, `none`, `orange review`; UnreadableError for anything else."""
    grade, _, disposition = " ".join(text.split()).partition(" ")
    if grade not in _GRADES:
        raise UnreadableError(
            "E234", words("`{grade}` is no grade", grade=grade), did_you_mean(grade, _GRADES)
        )
    if not disposition:
        return Expected(_GRADES[grade])
    if disposition not in list(Disposition) or grade == "none":
        raise UnreadableError(
            "E234", words("`{text}` is not expected of a warning", text=text), words("write `orange review`")
        )
    return Expected(_GRADES[grade], Disposition(disposition))


def parse_start(text: str) -> datetime:
    """`2026-07-01 21:30` in the local time of the rule file; UnreadableError for anything else."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is not None:
        advice = words('write for example "2026-07-01 21:30", local time')
        raise UnreadableError("E234", words("`{text}` is no local date and time", text=text), advice)
    return start


def _nested(value: object) -> str:
    some = isinstance(value, dict) and any(isinstance(part, dict) for part in value.values())
    return "several" if some else "one"


def nothing_asserted(advice: str = _EXPECT) -> UnreadableError:
    """E237: whatever the rules do, such a test passes."""
    return UnreadableError("E237", words("the test expects nothing"), advice)


def _something(expect: "dict[int, Expected] | dict[str, dict[int, Expected]]") -> object:
    if not expect or not all(expect.values()):
        raise nothing_asserted()
    return expect


SeriesText: TypeAlias = Annotated[InstanceOf[Series], phrase(parse_series)]
_Metrics: TypeAlias = dict[str, SeriesText]
Given: TypeAlias = Annotated[
    Annotated[_Metrics, Tag("one")] | Annotated[dict[str, _Metrics], Tag("several")], Discriminator(_nested)
]
ExpectedText: TypeAlias = Annotated[InstanceOf[Expected], phrase(parse_expected)]
_Ladder: TypeAlias = dict[Duration, ExpectedText]
_Expect: TypeAlias = Annotated[
    Annotated[_Ladder, Tag("one")] | Annotated[dict[str, _Ladder], Tag("several")], Discriminator(_nested)
]
Expect: TypeAlias = Annotated[_Expect, AfterValidator(_something)]


class SensorEntry(Strict):
    """A sensor of a test; what is left out follows from the rule and from what is given.

    `at` is (lon, lat) in degrees.
    """

    kind: str | None = None
    zone: str | None = None
    gateway: str = ""
    tags: tuple[str, ...] = ()
    reporting: ReportingText | None = None
    at: tuple[float, float] | None = None
    site: dict[str, Quantity] = Field(default_factory=dict)


class SceneEntry(Strict):
    """What a test gives: a series per metric, or that per sensor, times in ms after `start`.

    `zones` maps a zone to the one above it; `site` holds for every sensor that does not say otherwise.
    """

    name: str
    start: Annotated[InstanceOf[datetime], phrase(parse_start)] = START
    zones: dict[str, str] = Field(default_factory=dict)
    sensors: dict[str, SensorEntry] = Field(default_factory=dict)
    site: dict[str, Quantity] = Field(default_factory=dict)
    given: Given


class RuleTest(SceneEntry):
    """A rule's own test. `expect` has a grade per time, or that per subject."""

    expect: Expect | None = None
    expect_missing: Expect | None = None

    @model_validator(mode="after")
    def _asserts(self) -> Self:
        if self.expect is None and self.expect_missing is None:
            raise nothing_asserted()
        return self
