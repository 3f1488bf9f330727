"""What a test expected and what it got, on one line of time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.duration import format_duration
from ingest.finding import words
from rules.rulebook.trial_file import Expected
from rules.transition import Disposition, Transition

_UNITS = {"h": HOUR, "min": MINUTE, "s": SECOND, "ms": 1}
# Of a ribbon, in characters; of a row of the table below it.
RIBBON, ROW = 72, 100
# What a character of a ribbon may stand for: times that are read at a glance.
_SCALES = (
    *(count * unit for unit in (SECOND, MINUTE) for count in (1, 2, 5, 10, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
)
# Nine columns wide in every language.
_AT, _EXPECTED, _GOT, _BLANK = words("at       "), words("expected "), words("got      "), " " * 9
_UNSAID, _SIGNS = " ", {None: ".", "blue": "b", "yellow": "y", "orange": "o", "red": "r"}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The warning of one rule on one subject: at each of `instants` (ms, ascending) it became `states`."""

    instants: tuple[int, ...]
    states: tuple[Expected, ...]

    @classmethod
    def of(cls, transitions: Iterable[Transition], start: int) -> "Timeline":
        """From the transitions of one rule and subject, in their order; instants after `start`."""
        lines = list(transitions)
        states = tuple(
            Expected(line.after, line.disposition if line.after is not None else None) for line in lines
        )
        return cls(tuple(line.at - start for line in lines), states)

    def at(self, instant: int) -> Expected:
        """What stands once everything at `instant` has happened."""
        index = bisect_right(self.instants, instant)
        return self.states[index - 1] if index else Expected(None)


def fulfils(got: Expected, wanted: Expected) -> bool:
    """Whether a state is the expected one; a disposition counts only where the test names it."""
    return got.grade == wanted.grade and wanted.disposition in (None, got.disposition)


def aligned(wanted: Mapping[int, Expected], got: Timeline, end: int) -> Iterator[str]:
    """Both over the whole test, `end` ms long, the differences marked: a ribbon to scale, and below it each
    time at which something was expected or changed."""
    wrong = {time for time, expected in wanted.items() if not fulfils(got.at(time), expected)}
    yield from _ribbon(wanted, got, wrong, end)
    times = sorted({*wanted, *(instant for instant in got.instants if 0 <= instant <= end)})
    plain = all(expected.disposition is None for expected in wanted.values())
    yield from _table(
        [
            (
                spelled(time),
                str(wanted.get(time, "")),
                str(Expected(got.at(time).grade) if plain else got.at(time)),
                "^" if time in wrong else "",
            )
            for time in times
        ]
    )


def _ribbon(wanted: Mapping[int, Expected], got: Timeline, wrong: Iterable[int], end: int) -> Iterator[str]:
    """A character stands for what was last within its share of time; a difference goes first."""
    scale = next((each for each in _SCALES if each * RIBBON >= end), -(-end // (RIBBON * DAY)) * DAY)
    width = max(1, -(-end // scale))

    def column(time: int) -> int:
        return max(0, -(-time // scale) - 1)

    moments = [min(end, (index + 1) * scale) for index in range(width)]
    marks = [" "] * width
    expected = [_sign(_held(wanted, moment)) for moment in moments]
    came = [_sign(got.at(moment)) for moment in moments]
    for time in sorted(wanted):
        expected[column(time)] = _sign(wanted[time])
    for time in sorted(wrong, reverse=True):
        index = column(time)
        expected[index], came[index], marks[index] = _sign(wanted[time]), _sign(got.at(time)), "^"
    legend = _legend([*expected, *came])
    yield words(
        "0s to {end}, {scale} a character; {legend}", end=spelled(end), scale=spelled(scale), legend=legend
    )
    for heading, cells in ((_EXPECTED, expected), (_GOT, came), (_BLANK, marks)):
        yield _row(heading, "".join(cells))


def _row(heading: str, cells: str) -> str:
    cells = cells.rstrip()
    return words("{heading}{cells}", heading=heading, cells=cells) if cells else heading


def _held(wanted: Mapping[int, Expected], moment: int) -> Expected | None:
    """What is the same in the expectations before and after a moment; None where nothing is said."""
    before = max((time for time in wanted if time <= moment), default=None)
    after = min((time for time in wanted if time >= moment), default=None)
    if before is None or after is None or wanted[before] != wanted[after]:
        return None
    return wanted[before]


def _sign(state: Expected | None) -> str:
    if state is None:
        return _UNSAID
    sign = _SIGNS[str(state.grade) if state.grade else None]
    return sign.upper() if state.disposition is Disposition.REVIEW else sign


def _legend(signs: list[str]) -> str:
    used = {sign.lower() for sign in signs}
    names = ", ".join(f"{sign} {grade or 'none'}" for grade, sign in _SIGNS.items() if sign in used)
    return words("{names}, capital: review", names=names) if any(map(str.isupper, signs)) else names


def _table(columns: list[tuple[str, str, str, str]]) -> Iterator[str]:
    """Columns under each other's headings, broken where a row would be longer than `ROW`."""
    headings = (_AT, _EXPECTED, _GOT, _BLANK)
    row: list[tuple[str, str, str, str]] = []
    for each in [*columns, None]:
        if each is None or sum(_width(cells) + 2 for cells in [*row, each]) > ROW:
            for index, heading in enumerate(headings):
                yield _row(heading, "  ".join(c[index].ljust(_width(c)) for c in row))
            row = []
        if each is not None:
            row.append(each)


def _width(cells: tuple[str, ...]) -> int:
    return max(map(len, cells))


def spelled(duration: int) -> str:
    """`4h40min`: hours, minutes and seconds as needed; days where it is a number of them."""
    if duration % DAY == 0:
        return format_duration(duration)
    terms: list[str] = []
    for unit, length in _UNITS.items():
        count, duration = divmod(duration, length)
        terms += [f"{count}{unit}"] if count else []
    return "".join(terms)
