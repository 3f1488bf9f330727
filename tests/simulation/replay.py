"""What `tocsin replay` makes of the journal: what every life together must have come to."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.journal import Entry, EntryKind
from ingest.reading import Reason
from rules.engine.closing import CLOSED
from rules.transition import Transition, line
from tests.simulation.town import basis_of
from tocsin import by_hand
from tocsin.judge import Basis
from tocsin.outages import RULE
from tocsin.recorded import Period, Recorded, Rerun
from tocsin.sight import read_blind


@dataclass
class Replayed:
    """`lowered_blind`: what lowered a grade while nothing could arrive, but for the end of that itself."""

    lines: list[bytes] = field(default_factory=list)
    rejected: Counter[Reason] = field(default_factory=Counter)
    lowered_blind: list[Transition] = field(default_factory=list)


class Remembered:
    """A journal in memory as the record that it is to `tocsin replay`."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def span(self) -> tuple[int, int]:
        return self._entries[0].received, self._entries[-1].received

    def bundle(self, since: int | None) -> str:
        """The first entry is the bundle of the very first start."""
        return self._entries[0].data.decode()

    def entries(self, since: int | None, basis: Callable[[], Basis]) -> Iterator[Recorded]:
        return ((entry, None) for entry in self._entries)


def replayed(entries: Sequence[Entry], until: int) -> Replayed:
    """The whole journal in one life, and what falls due up to `until` (engine time, ms)."""
    found = Replayed()
    since: int | None = None
    *rerun, end = Rerun(Remembered(entries), basis_of, Period(end=until))
    for entry, judged in zip(entries, rerun, strict=True):
        found.rejected.update(rejected.reason for rejected in judged.rejected)
        _keep(found, judged.transitions, since)
        since = _blind_since(entry, since)
    _keep(found, end.transitions, since)
    return found


def _keep(found: Replayed, transitions: Sequence[Transition], since: int | None) -> None:
    found.lines += [line(t) for t in transitions]
    if since is not None:
        found.lowered_blind += [t for t in transitions if _lowers(t) and t.at > since and not _told_to(t)]


def _blind_since(entry: Entry, since: int | None) -> int | None:
    if entry.kind is not EntryKind.BLIND:
        # A reading ends blind time, whatever else is said.
        return None if entry.kind is EntryKind.MQTT else since
    blind = read_blind(entry.data)
    if blind.ended:
        return None
    return blind.since if since is None else since


def _told_to(transition: Transition) -> bool:
    """Of Tocsin's own sight, or by a person: neither is judged from what arrives."""
    return transition.rule in (RULE.id, by_hand.RULE.id) or transition.reason == CLOSED


def _lowers(transition: Transition) -> bool:
    return transition.before is not None and (transition.after or 0) < transition.before
