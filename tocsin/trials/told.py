"""What a test expects people to be told, beside what they are told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from rich.cells import cell_len

from ingest.finding import words
from notifiers.routing import Router
from rules.realm import Realm
from rules.trial import Played
from rules.trial.claims import Difference
from rules.trial.timeline import spelled
from tocsin.configuration import Configuration
from tocsin.rehearsal import Message, rehearse
from tocsin.trials.addressees import Line, lines
from tocsin.trials.scenario_file import Scenario

_NOBODY, _YES = words("nobody"), words("yes")


@dataclass(frozen=True, slots=True)
class Row:
    """A message, whether it was expected, and the instant (ms) at which it came; None if it did not."""

    told: Line | Message
    is_wanted: bool
    at: int | None

    @property
    def differs(self) -> bool:
        return not self.is_wanted or self.at is None


def compare(
    scenario: Scenario, configuration: Configuration, router: Router, played: Played
) -> list[Difference]:
    """Where others are told, or otherwise, than the test expects; nothing if all came as expected."""
    sent = rehearse(played.transitions, router, played.end, Realm.DRILL)
    start = played.scene.start
    periods: dict[int, list[Row]] = {}
    for time in sorted(scenario.deliveries):
        until = start + time
        came = [message for message in sent if message.at <= until]
        wanted = [line for e in scenario.deliveries[time] for line in lines(e, configuration, until)]
        periods[time] = [*_rows(wanted, came)]
        sent = sent[len(came) :]
    wrong = [time for time, rows in periods.items() if any(row.differs for row in rows)]
    if not wrong:
        return []
    heading = words("deliveries, at each time all that was told since the one before")
    account = (heading, *table(periods, start))
    return [Difference(("deliveries",), wrong[0], _message(periods[wrong[0]], wrong[0]), account)]


def _rows(wanted: Iterable[Line], came: list[Message]) -> Iterator[Row]:
    """Each expected line with a message that fits it, those that name a zone first; then what is left."""
    left = [*came]
    for line in sorted(wanted, key=lambda line: line.zone is None):
        message = next((message for message in left if line.fits(message)), None)
        if message is not None:
            left.remove(message)
        yield Row(line, True, None if message is None else message.at)
    yield from (Row(message, False, message.at) for message in left)


def _message(rows: list[Row], time: int) -> str:
    first = next(row for row in rows if row.differs)
    message, by = _shown(first.told), spelled(time)
    if first.is_wanted:
        return words("{message} expected by {time}, not told", message=message, time=by)
    return words("{message} told by {time}, not expected", message=message, time=by)


def table(periods: Mapping[int, list[Row]], start: int) -> Iterator[str]:
    """One message a row: whether it was expected, beside when it came; the differences are marked.

    `periods` by their ends, in ms after the start; wide characters take two columns.
    """
    shown: list[tuple[str, ...]] = [("", words("by"), words("message"), words("expected"), words("got"))]
    for time, told in periods.items():
        of_time = [_cells(row, start) for row in told] or [("", _NOBODY, _YES, _YES)]
        headings = [spelled(time), *[""] * (len(of_time) - 1)]
        shown += [(mark, by, *cells) for by, (mark, *cells) in zip(headings, of_time, strict=True)]
    widths = [max(cell_len(cells[column]) for cells in shown) for column in range(len(shown[0]))]
    for cells in shown:
        yield _joined(cells, widths)


def _joined(cells: Iterable[str], widths: list[int]) -> str:
    """Words stay words: each is as wide in Chinese as in English, except in the last column."""
    padded = [
        words("{cell}{blank}", cell=cell, blank=" " * (width - cell_len(cell)))
        for cell, width in zip(cells, [*widths[:-1], 0], strict=True)
    ]
    return reduce(lambda row, cell: words("{row}  {cell}", row=row, cell=cell), padded)


def _cells(row: Row, start: int) -> tuple[str, str, str, str]:
    got = "-" if row.at is None else words("at {time}", time=spelled(row.at - start))
    return ">" if row.differs else "", _shown(row.told), _YES if row.is_wanted else "-", got


def _shown(told: Line | Message) -> str:
    zone = f"({told.zone})" if told.zone else ""
    parts = (told.channel, told.recipient, told.act, told.grade or "", zone)
    return " ".join(str(part) for part in parts if part)
