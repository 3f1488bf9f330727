"""configs/drills/*.yaml: a storyline, what is expected of the daemon and of people, and how it is played.

Times are ms after the start. `read_drill` says what is wrong with the file alone, `tocsin.drill.names` what
does not fit the configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, InstanceOf, model_validator

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.composer import Path
from ingest.duration import Duration
from ingest.finding import Finding, words
from notifiers.contacts_file import Lasting, at_least_one
from rules.rulebook.phrases import phrase
from rules.rulebook.rule_file import GradeName
from rules.rulebook.trial_file import parse_start
from tocsin.drill.happenings import (
    ArcingEntry,
    CableEntry,
    CrowdEntry,
    FaultEntry,
    FireEntry,
    HornsEntry,
    InjectEntry,
    LeakageEntry,
    Names,
    NuisanceEntry,
    PhonesEntry,
    ReleaseEntry,
    SagEntry,
    Share,
    StormEntry,
    TankEntry,
)

Text: TypeAlias = Annotated[dict[Literal["zh", "en"], str], AfterValidator(at_least_one)]
Happening: TypeAlias = (
    FireEntry | NuisanceEntry | LeakageEntry | CableEntry | ArcingEntry | SagEntry | StormEntry | ReleaseEntry
    | TankEntry | CrowdEntry | FaultEntry | HornsEntry | PhonesEntry | InjectEntry
)  # fmt: skip
FASTEST = 100_000


def _tenths(share: float) -> float:
    if abs(10 * share - round(10 * share)) > 1e-9:
        raise ValueError(words("people answer in tenths: write 0.3"))
    return share


Tenths: TypeAlias = Annotated[Share, AfterValidator(_tenths)]


class StoryEntry(Strict):
    """One thing that happens: `at`, and one of the other keys."""

    at: Duration
    fire: FireEntry | None = None
    nuisance: NuisanceEntry | None = None
    leakage: LeakageEntry | None = None
    cable: CableEntry | None = None
    arcing: ArcingEntry | None = None
    sag: SagEntry | None = None
    storm: StormEntry | None = None
    release: ReleaseEntry | None = None
    tank: TankEntry | None = None
    crowd: CrowdEntry | None = None
    fault: FaultEntry | None = None
    horns: HornsEntry | None = None
    phones: PhonesEntry | None = None
    inject: InjectEntry | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [key for key, value in self if key != "at" and value is not None]
        if len(given) != 1:
            raise ValueError(
                words("an entry has a time and one thing that happens; this one has {n}", n=len(given))
            )
        return self

    @property
    def key(self) -> str:
        """The one that is given."""
        return next(key for key, value in self if key != "at" and value is not None)

    @property
    def happening(self) -> Happening:
        """What stands under it."""
        found: Happening = getattr(self, self.key)
        return found


class TemperEntry(Strict):
    """How a simulated person answers: to which `answers` share of what asks for it, after how long.

    `refuses` is the share of the proposals that they decide against.
    """

    answers: Tenths = 1
    refuses: Tenths = 0
    after: tuple[Lasting, Lasting] = (10_000, 50_000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.after[0] > self.after[1]:
            raise ValueError(words("the shorter time comes first"))
        return self


class _Due(Strict):
    by: Duration


class ExpectedWarning(_Due):
    """A warning of a rule in a zone, or in one below it, that reaches `grade` from `since` on and by `by`."""

    rule: str
    zone: str
    grade: GradeName
    since: Annotated[Duration, Field(alias="from")] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since > self.by:
            raise ValueError(words("it may not come before it must have come: from lies after by"))
        return self


class ExpectedTelling(_Due):
    """All of `who` have what tells of `grade` in `zone` no later than `by`."""

    who: Names
    zone: str
    grade: GradeName
    hazard: str | None = None


class ExpectedHandling(Strict):
    """The stages of an incident of `grade` in `zone`, each so long after the grade was told at most."""

    zone: str
    grade: GradeName
    hazard: str | None = None
    acknowledged: Lasting | None = None
    arrived: Lasting | None = None
    handled: Lasting | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.acknowledged is self.arrived is self.handled is None:
            raise ValueError(words("it says of no stage how long it may take"))
        return self


class ExpectedDeed(_Due):
    """A person does something at the desk, no later than `by`."""

    who: str
    does: Literal["ack", "arrive", "handle", "close", "cancel", "release", "refuse", "raise", "shelve"]


class ExpectEntry(Strict):
    """What is to come of it. `no_other`: grades of which nothing but `warnings` may be raised."""

    warnings: tuple[ExpectedWarning, ...] = ()
    told: tuple[ExpectedTelling, ...] = ()
    handling: tuple[ExpectedHandling, ...] = ()
    deeds: tuple[ExpectedDeed, ...] = ()
    unreached: tuple[str, ...] = ()
    no_other: tuple[GradeName, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.warnings or self.no_other):
            raise ValueError(
                words("the drill expects no warning, and forbids none: whatever happens, it passes")
            )
        return self


class DrillFile(Strict):
    """The whole file. `speed`: simulated seconds in a real one; `players`: people who are not simulated."""

    title: Text
    purpose: Text
    start: Annotated[InstanceOf[datetime], phrase(parse_start)]
    lasts: Lasting
    speed: Annotated[float, Field(gt=0, le=FASTEST)] = 60
    seed: int = 1
    real: Literal["show", "stop"] = "show"
    storyline: Annotated[tuple[StoryEntry, ...], AfterValidator(at_least_one)]
    people: dict[str, TemperEntry] = Field(default={})
    players: tuple[str, ...] = ()
    expect: ExpectEntry


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill that could be read; `document` is where each part of it stands."""

    document: Document
    file: DrillFile

    def begin(self, zone: tzinfo) -> int:
        """The start in ms since the epoch, in the local time of the settings."""
        return int(self.file.start.replace(tzinfo=zone).timestamp() * 1000)


def read_drill(name: str, text: str) -> tuple[Drill | None, list[Finding]]:
    """The drill, or None and all that is wrong. Findings: E101 to E112, E150, E151, E234, E401."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    file, invalid = validate(document, DrillFile)
    findings += invalid
    if file is not None:
        findings += _beyond(document, file)
    return (None if file is None or findings else Drill(document, file)), findings


def _beyond(document: Document, file: DrillFile) -> Iterator[Finding]:
    """What happens, or is expected, after the end."""
    expect = file.expect
    places: list[tuple[Path, int]] = [(("storyline", n, "at"), e.at) for n, e in enumerate(file.storyline)]
    due: tuple[tuple[str, Sequence[_Due]], ...] = (
        ("warnings", expect.warnings),
        ("told", expect.told),
        ("deeds", expect.deeds),
    )
    for part, entries in due:
        places += [(("expect", part, n, "by"), entry.by) for n, entry in enumerate(entries)]
    for path, at in places:
        if at > file.lasts:
            message = words("this is after the end of the drill")
            yield document.finding(path, "E401", message, words("let it last longer, or move this"))
