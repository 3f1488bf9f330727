"""What a test expected and what it got, on one line of time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.duration import format_duration
from ingest.finding import words
from rules.rulebook.trial_file import Expected
from rules.transition import Transition

_UNITS = {"h": HOUR, "min": MINUTE, "s": SECOND, "ms": 1}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The warning of one rule on one subject: at each of `instants` (ms, ascending) it became `states`."""

    instants: tuple[int, ...]
    states: tuple[Expected, ...]

    @classmethod
    def of(cls, transitions: Iterable[Transition]) -> "Timeline":
        """From the transitions of one rule and subject, in their order."""
        lines = list(transitions)
        states = tuple(
            Expected(line.after, line.disposition if line.after is not None else None) for line in lines
        )
        return cls(tuple(line.at for line in lines), states)

    def at(self, instant: int) -> Expected:
        """What stands once everything at `instant` has happened."""
        index = bisect_right(self.instants, instant)
        return self.states[index - 1] if index else Expected(None)


def fulfils(got: Expected, wanted: Expected) -> bool:
    """Whether a state is the expected one; a disposition counts only where the test names it."""
    return got.grade == wanted.grade and wanted.disposition in (None, got.disposition)


def aligned(wanted: Mapping[int, Expected], got: Mapping[int, Expected]) -> Iterator[str]:
    """Both as columns under their times (ms after the start), the differences marked."""
    times = sorted(wanted)
    plain = all(wanted[time].disposition is None for time in times)
    shown = {time: Expected(got[time].grade) if plain else got[time] for time in times}
    marks = ["" if fulfils(got[time], wanted[time]) else "^" for time in times]
    rows = [
        (words("at       "), [spelled(time) for time in times]),
        (words("expected "), [str(wanted[time]) for time in times]),
        (words("got      "), [str(shown[time]) for time in times]),
        (" " * 9, marks),
    ]
    widths = [max(len(cells[index]) for _, cells in rows) for index in range(len(times))]
    for heading, cells in rows:
        columns = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield words("{heading}{columns}", heading=heading, columns="  ".join(columns).rstrip())


def spelled(duration: int) -> str:
    """`4h40min`: hours, minutes and seconds as needed; days where it is a number of them."""
    if duration % DAY == 0:
        return format_duration(duration)
    terms: list[str] = []
    for unit, length in _UNITS.items():
        count, duration = divmod(duration, length)
        terms += [f"{count}{unit}"] if count else []
    return "".join(terms)
