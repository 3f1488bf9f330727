"""What a test expects people to be told, beside what they are told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from notifiers.routing import Router
from rules.trial import Played
from rules.trial.claims import Difference
from rules.trial.timeline import spelled
from tocsin.configuration import Configuration
from tocsin.trials.addressees import Line, lines
from tocsin.trials.rehearsal import Message, rehearse
from tocsin.trials.scenario_file import Scenario

_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Pair:
    """What was expected, what came, or both because it is the same."""

    wanted: Line | None
    came: Message | None

    @property
    def differs(self) -> bool:
        return self.wanted is None or self.came is None


def compare(
    scenario: Scenario, configuration: Configuration, router: Router, played: Played
) -> list[Difference]:
    """Where others are told, or otherwise, than the test expects; nothing if all came as expected."""
    sent = rehearse(played.transitions, router, played.end)
    start = played.scene.start
    periods: dict[int, list[Pair]] = {}
    for time in sorted(scenario.deliveries):
        until = start + time
        came = [message for message in sent if message.at <= until]
        wanted = [line for e in scenario.deliveries[time] for line in lines(e, configuration, until)]
        periods[time] = [*_pairs(wanted, came)]
        sent = sent[len(came) :]
    wrong = [time for time, pairs in periods.items() if any(pair.differs for pair in pairs)]
    if not wrong:
        return []
    account = ("deliveries, at each time all that was told since the one before", *_table(periods, start))
    return [Difference(("deliveries",), wrong[0], _message(periods[wrong[0]], wrong[0]), account)]


def _pairs(wanted: Iterable[Line], came: list[Message]) -> Iterator[Pair]:
    """Each expected line with a message that fits it, those that name a zone first; then what is left."""
    left = [*came]
    for line in sorted(wanted, key=lambda line: line.zone is None):
        message = next((message for message in left if line.fits(message)), None)
        if message is not None:
            left.remove(message)
        yield Pair(line, message)
    yield from (Pair(None, message) for message in left)


def _message(pairs: list[Pair], time: int) -> str:
    first = next(pair for pair in pairs if pair.differs)
    if first.wanted is not None:
        return f"{_shown(first.wanted)} expected by {spelled(time)}, not told"
    return f"{_shown(first.came)} told by {spelled(time)}, not expected"


def _table(periods: Mapping[int, list[Pair]], start: int) -> Iterator[str]:
    """Both under their headings, one message a line, the differences marked."""
    rows = [("", "by", "expected", "got", "at")]
    for time, pairs in periods.items():
        heading = spelled(time)
        for pair in pairs:
            at = spelled(pair.came.at - start) if pair.came is not None else ""
            mark = ">" if pair.differs else ""
            rows.append((mark, heading, _shown(pair.wanted), _shown(pair.came), at))
            heading = ""
        if not pairs:
            rows.append(("", heading, _NOBODY, _NOBODY, ""))
    widths = [max(cell_len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        yield "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(told: Line | Message | None) -> str:
    if told is None:
        return "-"
    zone = f"({told.zone})" if told.zone else ""
    words = (told.channel, told.recipient, told.act, told.grade or "", zone)
    return " ".join(str(word) for word in words if word)
