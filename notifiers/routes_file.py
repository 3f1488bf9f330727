"""routes.yaml: which warnings of which places go to whom, over what, how soon they answer, who is next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.shape_faults import in_form
from ingest.duration import DurationError, DurationText, format_duration, parse_duration
from ingest.finding import Finding, quoted, words
from ingest.registry import Registry
from notifiers.contacts import HORNS, PUBLIC, Contacts
from notifiers.contacts_file import Lasting, OneOrMore, at_least_one, lasting
from notifiers.meeting import Meeting, Named
from notifiers.routes import (
    DEADLINES,
    REACH,
    Budgets,
    Deadlines,
    Level,
    QuietHours,
    Reach,
    Recipient,
    Route,
    Routes,
)
from rules.grade import Grade

_Grade = Literal["blue", "yellow", "orange", "red"]
_Names = Annotated[tuple[str, ...], AfterValidator(at_least_one)]
_Hazard = Annotated[str, Field(min_length=1)]
_Hazards = Annotated[tuple[_Hazard, ...], AfterValidator(at_least_one), OneOrMore]
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_TimeOfDay = Annotated[
    str, Field(pattern=_TIME), in_form(_TIME, words('write hours and minutes in quotes: "22:00"'))
]
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


def _stage(value: object) -> int | str:
    """One error for what is neither a duration nor `none`."""
    if value == "none":
        return "none"
    if not isinstance(value, str):
        raise DurationError(words("{value} is not a duration", value=quoted(value)))
    return lasting(parse_duration(value))


_Stage = Annotated[
    int | Literal["none"], BeforeValidator(_stage, json_schema_input_type=DurationText | Literal["none"])
]


class _RouteEntry(Strict):
    hazard: _Hazards
    grades: Annotated[tuple[_Grade, ...], AfterValidator(at_least_one)]
    zones: _Names | None = None
    to: _Names
    channels: _Names
    otherwise: tuple[str, ...] = ()
    approval: bool = False
    languages: Annotated[tuple[Literal["zh", "en"], ...], AfterValidator(at_least_one)] | None = None


class _LevelEntry(Strict):
    zones: _Names
    to: _Names
    channels: _Names


class _DeadlinesEntry(Strict):
    """An approval that nobody hurries would wait for ever: `release` cannot be switched off."""

    release: Lasting | None = None
    acknowledge: _Stage | None = None
    arrive: _Stage | None = None
    handle: _Stage | None = None

    def over(self, base: Deadlines) -> Deadlines:
        """`base` with what is given here."""
        given = {stage: value for stage, value in self if value is not None}
        return replace(base, **{stage: None if v == "none" else v for stage, v in given.items()})


class _QuietHoursEntry(Strict):
    begin: Annotated[_TimeOfDay, Field(alias="from")]
    end: Annotated[_TimeOfDay, Field(alias="to")]

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.begin == self.end:
            raise ValueError(words("from and to are the same: no hour at all, or the whole day"))
        return self


class _BudgetsEntry(Strict):
    messages: _Count = Budgets().messages
    within: Lasting = Budgets().within
    digest_every: Lasting = Budgets().digest_every
    warnings: _Count = Budgets().warnings
    flood_within: Lasting = Budgets().flood_within


class RoutesFile(Strict):
    """The file as written."""

    routes: tuple[_RouteEntry, ...]
    deadlines: dict[_Grade, _DeadlinesEntry] = Field(default={})
    levels: tuple[_LevelEntry, ...] = ()
    quiet_hours: _QuietHoursEntry | None = None
    budgets: _BudgetsEntry = _BudgetsEntry()


def read_routes(
    name: str,
    text: str,
    contacts: Contacts,
    registry: Registry,
    reach: Mapping[str, Reach] | None = REACH,
) -> tuple[Routes | None, list[Finding]]:
    """The routes, or None and all that is wrong. Findings: E003, E101 to E112, E150, E310 to E316.

    `reach` says of each configured channel whom it reaches; None where the settings are broken: then nothing
    is said about channels.
    """
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    entries, invalid = validate(document, RoutesFile)
    findings += invalid
    if entries is None:
        return None, findings
    meeting = Meeting(document, contacts, registry, reach)
    findings += _findings(entries, meeting)
    findings += _disorder(document, entries)
    if findings:
        return None, findings
    routes = Routes(
        routes=tuple(_routes(document, entries, contacts)),
        deadlines=_deadlines(entries),
        levels=tuple(_levels(document, entries, contacts)),
        quiet_hours=_quiet_hours(entries.quiet_hours),
        budgets=Budgets(**dict(entries.budgets)),
    )
    findings += meeting.unapproved(
        [("routes", i) for i, entry in enumerate(entries.routes) for _ in entry.hazard], routes
    )
    return (None, findings) if findings else (routes, [])


def _findings(entries: RoutesFile, meeting: Meeting) -> Iterator[Finding]:
    for index, entry in enumerate(entries.routes):
        named = Named(("routes", index), entry.zones or (), entry.to, entry.channels, entry.otherwise)
        yield from meeting.strangers(named)
        yield from meeting.apart(named)
    for index, level in enumerate(entries.levels):
        named = Named(("levels", index), level.zones, level.to, level.channels)
        yield from meeting.strangers(named, places=())
        yield from meeting.apart(named)


def _routes(document: Document, entries: RoutesFile, contacts: Contacts) -> Iterator[Route]:
    """One for each hazard of an entry, all of the entry's line."""
    for index, entry in enumerate(entries.routes):
        for hazard in entry.hazard:
            yield Route(
                hazard=hazard,
                grades=frozenset(map(Grade.named, entry.grades)),
                zones=frozenset(entry.zones or ()),
                people=_recipients(entry.to, contacts),
                horns=HORNS in entry.to,
                public=PUBLIC in entry.to,
                channels=entry.channels,
                otherwise=entry.otherwise,
                approval=entry.approval,
                languages=entry.languages or (),
                file=document.source.name,
                line=document.place(("routes", index))[0],
            )


def _levels(document: Document, entries: RoutesFile, contacts: Contacts) -> Iterator[Level]:
    for index, entry in enumerate(entries.levels):
        yield Level(
            zones=frozenset(entry.zones),
            people=_recipients(entry.to, contacts),
            channels=entry.channels,
            file=document.source.name,
            line=document.place(("levels", index))[0],
        )


def _recipients(to: Iterable[str], contacts: Contacts) -> tuple[Recipient, ...]:
    return tuple({r.id: r for name in to for r in contacts.named(name) or ()}.values())


def _deadlines(entries: RoutesFile) -> dict[Grade, Deadlines]:
    given = {Grade.named(grade): entry for grade, entry in entries.deadlines.items()}
    return {g: given[g].over(base) if g in given else base for g, base in DEADLINES.items()}


def _disorder(document: Document, entries: RoutesFile) -> Iterator[Finding]:
    """Each stage comes after the one before it."""
    for grade, deadlines in _deadlines(entries).items():
        stages = [
            (stage, due)
            for stage in ("acknowledge", "arrive", "handle")
            if (due := getattr(deadlines, stage)) is not None
        ]
        for (before, early), (stage, late) in pairwise(stages):
            if late < early:
                yield document.finding(
                    ("deadlines", str(grade)),
                    "E316",
                    words(
                        "{grade}: {stage} within {late} comes before {before} within {early}",
                        grade=grade,
                        stage=stage,
                        late=format_duration(late),
                        before=before,
                        early=format_duration(early),
                    ),
                    words("give {stage} more time, or none", stage=stage),
                )


def _quiet_hours(entry: _QuietHoursEntry | None) -> QuietHours | None:
    return None if entry is None else QuietHours(_minutes(entry.begin), _minutes(entry.end))


def _minutes(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return 60 * int(hours) + int(minutes)
