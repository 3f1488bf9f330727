"""What really happened, as CSV: `begin,end,place[,hazard][,grade]`, a line an event.

    begin,end,place,hazard,grade
    2018-06-03T18:30:00Z,2018-06-03T20:30:00Z,stage-dead-run,flood,yellow

Times are ISO 8601 with an offset or `Z`, or epoch milliseconds; an event without an end was over at once. A
place is a sensor, a gateway or a zone. An empty hazard is any, an empty grade asks for any warning at all.
"""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import Finding, words
from ingest.registry import Registry
from rules.grade import Grade
from simulators.readings_csv import Defect, instant

HEADER = ("begin", "end", "place")
OPTIONAL = ("hazard", "grade")
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at `place` from `begin` up to and including `end` (ms).

    `hazard` is "" where none is named; `grade` is what the warning of it ought to have had, None for any.
    """

    begin: int
    end: int
    place: str
    hazard: str = ""
    grade: Grade | None = None
    line: int = 0

    def asks_for(self, grade: Grade) -> bool:
        """Whether a warning of this grade was called for; without a grade of its own, any was."""
        return self.grade is None or self.grade >= grade

    def is_of(self, hazard: str) -> bool:
        """Whether it is one of this hazard, or says nothing of its hazard."""
        return self.hazard in ("", hazard)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What really happened; a warning may begin up to `lead` (ms) before an event and still tell of it."""

    events: Sequence[Event]
    lead: int

    def within(self, begin: int, end: int) -> "Labelled":
        """Only what happened, in part at least, while readings were recorded."""
        return Labelled([e for e in self.events if e.begin <= end and e.end >= begin], self.lead)

    def asking_for(self, grade: Grade, hazard: str) -> list[Event]:
        """Those of a hazard that called for a warning of that grade."""
        return [e for e in self.events if e.asks_for(grade) and e.is_of(hazard)]


@dataclass(slots=True)
class _Reading:
    """A file as it is read."""

    source: SourceText
    registry: Registry
    hazards: Collection[str]
    by_hazard: bool
    events: list[Event] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: tuple[int, int], code: str, message: str, suggestion: str = "") -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(self.source.finding(place, code, message, suggestion))


def read_events(
    name: str, text: str, registry: Registry, hazards: Collection[str], *, by_hazard: bool = False
) -> tuple[list[Event], list[Finding]]:
    """The events in the order of the file, and all that is wrong with it; `hazards` are those there are.

    With `by_hazard` every event must name its own.
    """
    reading = _Reading(SourceText(name, text.removeprefix("\ufeff")), registry, hazards, by_hazard)
    rows = csv.reader(io.StringIO(reading.source.text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if _header_is_right(reading, header):
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    _read_row(reading, rows.line_num, header, cells)
    except csv.Error:
        reading.find((rows.line_num, 1), "E130", words("not well-formed CSV"))
    if not reading.events and not reading.findings:
        reading.find((1, 1), "E131", words("there is no event in it"), words("give each event a line"))
    return reading.events, reading.findings


def _header_is_right(reading: _Reading, header: list[str]) -> bool:
    wrong = [cell for cell in header if cell not in (*HEADER, *OPTIONAL)]
    twice = [cell for cell in dict.fromkeys(header) if header.count(cell) > 1]
    missing = [cell for cell in HEADER if cell not in header]
    advice = words("write begin,end,place, and if you like hazard and grade")
    for cell in wrong:
        reading.find((1, 1), "E130", words("column `{name}` is not known", name=cell), advice)
    for cell in twice:
        reading.find((1, 1), "E130", words("column `{name}` appears twice", name=cell), advice)
    for cell in missing:
        reading.find((1, 1), "E130", words("column `{name}` is missing", name=cell), advice)
    return not (wrong or twice or missing)


def _read_row(reading: _Reading, line: int, header: list[str], cells: list[str]) -> None:
    if len(cells) != len(header):
        message = words("{found} cells, the header has {width}", found=len(cells), width=len(header))
        reading.find((line, 1), "E131", message, words("an empty cell has its comma too"))
        return
    columns = dict(zip(header, _columns(cells), strict=True))
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    begin = _instant(reading, row["begin"], (line, columns["begin"]))
    end = begin if not row["end"] else _instant(reading, row["end"], (line, columns["end"]))
    known = [
        _place(reading, row["place"], (line, columns["place"])),
        _hazard(reading, row.get("hazard", ""), (line, columns.get("hazard", 1))),
        "grade" not in row or _grade(reading, row["grade"], (line, columns["grade"])),
    ]
    if begin is None or end is None or not all(known):
        return
    if end < begin:
        reading.find(
            (line, columns["end"]), "E112", words("the event ends before it begins"), words("swap the two")
        )
        return
    grade = Grade.named(row["grade"]) if row.get("grade") else None
    reading.events.append(Event(begin, end, row["place"], row.get("hazard", ""), grade, line))


def _instant(reading: _Reading, text: str, place: tuple[int, int]) -> int | None:
    try:
        return instant(text, "")
    except Defect:
        message = words("`{text}` is neither ISO 8601 with an offset nor epoch milliseconds", text=text[:80])
        reading.find(place, "E112", message, words("write for example 2018-06-03T18:30:00Z"))
        return None


def _place(reading: _Reading, name: str, place: tuple[int, int]) -> bool:
    registry = reading.registry
    if registry.place(name) is not None or name in registry.gateways:
        return True
    near = did_you_mean(name, [*registry.zones, *registry.slots, *registry.gateways])
    reading.find(place, "E135", words("no sensor, gateway or zone `{name}`", name=name), near)
    return False


def _hazard(reading: _Reading, name: str, place: tuple[int, int]) -> bool:
    if name in reading.hazards or not (name or reading.by_hazard):
        return True
    if not name:
        known = words("there are: {known}", known=", ".join(sorted(reading.hazards)))
        message = words("the hazard is missing: events are counted by hazard here")
        reading.find(place, "E111", message, known)
        return False
    near = did_you_mean(name, reading.hazards)
    reading.find(place, "E112", words("no rule raises the hazard {hazard}", hazard=name), near)
    return False


def _grade(reading: _Reading, name: str, place: tuple[int, int]) -> bool:
    if not name or (name.upper() in Grade.__members__ and name.islower()):
        return True
    reading.find(
        place, "E112", words("no grade `{name}`", name=name), words("blue, yellow, orange or red, or nothing")
    )
    return False


def _columns(cells: list[str]) -> list[int]:
    """Where each cell begins in its line, if none before it is quoted."""
    return [1 + sum(len(cell) + 1 for cell in cells[:index]) for index in range(len(cells))]
