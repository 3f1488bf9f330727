"""The offline checker: what was sent against everything a daemon left behind, whatever befell it meanwhile.

It reads files only, so it may run over what a kill left and over what a power cut would have left. Every
number it gives is a count of things; every thing it does not like is a finding in words.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.witness import basis_loader
from ingest.journal import Entry, EntryKind
from ingest.series.store import Point, instants, quantities
from ingest.session.wire import Undecodable, messages
from notifiers.delivery import State
from notifiers.outbox.deliveries import delivery_key
from tests.faults.record import Line, Record, read, replayed
from tocsin.bundle import Bundles
from tocsin.decoding import JournalDecoder, Recent
from tocsin.judge import Basis

REACHED = {State.ACCEPTED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED}
# Of one kind of finding, so many are told in words; the count tells the rest.
TOLD = 5

Points = Callable[[str, str, int, int], Sequence[Point]]
# By channel, (address, key of the delivery) each time a receiver showed or played one.
Shown = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of the sent log; `acked` by whoever took it on for us: the broker, or the daemon itself."""

    topic: str
    payload: bytes
    acked: bool = True


@dataclass(slots=True)
class Report:
    """Counts, and what is wrong in words. All of `lost` to `damaged` must be 0 for there to be no finding.

    messages     journaled, those sent again included; `redelivered` of them carry the DUP flag
    lost         acked and not in the journal
    unexpected   in the journal and never sent
    changed      transitions that an uninterrupted replay tells otherwise, or not at all
    missing      transitions that must be in the outbox and are not
    doubled      (warning, ordinal) or delivery recorded twice
    shown_twice  what one receiver showed more than once under one key
    unshown      deliveries that count as accepted, of a receiver that never had them
    points_lost  values of the journal that the database does not have; `points` it must have
    """

    sent: int = 0
    acked: int = 0
    entries: int = 0
    messages: int = 0
    redelivered: int = 0
    transitions: int = 0
    deliveries: int = 0
    points: int = 0
    lost: int = 0
    unexpected: int = 0
    changed: int = 0
    missing: int = 0
    doubled: int = 0
    shown_twice: int = 0
    unshown: int = 0
    points_lost: int = 0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = (f"{name} {getattr(self, name)}" for name in self.__dataclass_fields__ if name != "findings")
        return "\n".join([", ".join(counts), *self.findings])

    def find(self, what: str, things: Iterable[object]) -> int:
        """Put the first of `things` into words; returns how many there are."""
        found = list(things)
        self.findings += [f"{what}: {thing}" for thing in found[:TOLD]]
        if len(found) > TOLD:
            self.findings.append(f"{what}: and {len(found) - TOLD} more")
        return len(found)


def check(
    state: Path,
    sent: Iterable[Sent],
    *,
    shown: Shown | None = None,
    points: Points | None = None,
    drained: bool = True,
    told: int = 0,
    load: Callable[[str], Basis] | None = None,
) -> Report:
    """Reconcile `state` with what was sent, what receivers showed, and what the database reads back.

    `drained`: the daemon stopped in order, so everything journaled must have been judged and routed; without,
    it may have been killed anywhere, and only what led up to the entry `told` must have been. `load` gives
    the basis of a bundle, by default from the state.
    """
    record, report = read(state), Report()
    report.findings += record.findings
    load = load or basis_loader(state)
    _check_sent(record, list(sent), report)
    _check_positions(record, report)
    until = record.last if drained else max(record.position, told)
    _check_transitions(record, list(replayed(record, load)), until, report)
    _check_deliveries(record, drained, report)
    if shown is not None:
        _check_shown(record, shown, report)
    if points is not None:
        _check_points(record, points, load, report)
    return report


def check_journal(state: Path, sent: Iterable[Sent]) -> Report:
    """Only whether the state can be read and nothing acked is lost: cheap enough for after every kill."""
    record, report = read(state), Report()
    report.findings += record.findings
    _check_sent(record, list(sent), report)
    _check_positions(record, report)
    return report


def _check_sent(record: Record, sent: list[Sent], report: Report) -> None:
    arrived: Counter[tuple[str, bytes]] = Counter()
    for entry in record.entries:
        for topic, payload, duplicate in _messages(entry, report):
            arrived[topic, payload] += 1
            report.redelivered += duplicate
    acked = Counter((s.topic, s.payload) for s in sent if s.acked)
    report.sent, report.acked = len(sent), acked.total()
    report.entries, report.messages = len(record.entries), arrived.total()
    report.lost = report.find("acked and lost", (acked - arrived).elements())
    strangers = arrived.keys() - {(s.topic, s.payload) for s in sent}
    report.unexpected = report.find("journaled and never sent", sorted(strangers))


def _messages(entry: Entry, report: Report) -> Iterable[tuple[str, bytes, bool]]:
    if entry.kind is not EntryKind.MQTT:
        return
    packets = messages(entry.data)
    if len(packets) != entry.count:
        report.findings.append(
            f"journal: entry {entry.sequence} has {len(packets)} of {entry.count} messages"
        )
    for packet in packets:
        if isinstance(packet, Undecodable):
            report.findings.append(f"journal: entry {entry.sequence} holds bytes that are no packet")
        else:
            yield packet.topic, bytes(packet.payload or b""), packet.duplicate


def _check_positions(record: Record, report: Report) -> None:
    """Nobody is ahead of the journal, and the snapshot has counted every message before it."""
    snapshot, last = record.snapshot, record.last
    ahead = {**record.cursors, "outbox": record.position, "snapshot": snapshot.position if snapshot else 0}
    report.find("ahead of the journal", (f"{name} at {at}" for name, at in ahead.items() if at > last))
    if snapshot is not None:
        *counted, _ = map(int, snapshot.state["screen.totals"])
        before = sum(entry.count for entry in record.entries if entry.sequence <= snapshot.position)
        if sum(counted) != before:
            report.findings.append(f"snapshot at {snapshot.position}: {sum(counted)} messages, not {before}")


def _check_transitions(record: Record, expected: list[Line], until: int, report: Report) -> None:
    """Those of the entries up to `until` must be there; those that are there must be as a replay has them."""
    report.transitions = len(record.lines)
    names = Counter(told.name for told in record.lines)
    report.doubled += report.find("told twice", (name for name, times in names.items() if times > 1))
    due = {told.name: told for told in expected}
    changed = [told for told in record.lines if told.name not in due or due[told.name].text != told.text]
    report.changed = report.find("a replay tells it otherwise", changed) + record.faults
    if record.faults:
        report.findings.append(f"outbox: {record.faults} faults, of transitions judged otherwise again")
    report.missing = report.find(
        "judged and not in the outbox", (e for e in expected if e.entry <= until and e.name not in names)
    )
    in_order = [told.name for told in expected][: len(record.lines)]
    if not report.changed and [told.name for told in record.lines] != in_order:
        report.findings.append("outbox: transitions do not stand in the order in which they were judged")


def _check_deliveries(record: Record, drained: bool, report: Report) -> None:
    report.deliveries = len(record.sendings)
    known = {record.members.get(told.warning) for told in record.lines}
    identities = Counter((s.incident, s.revision, s.step, s.recipient, s.channel) for s in record.sendings)
    report.doubled += report.find("delivered twice", (i for i, times in identities.items() if times > 1))
    report.find("a delivery of no transition", (s for s in record.sendings if s.incident not in known))
    report.find("a delivery without a state", (s for s in record.sendings if s.state not in set(State)))
    report.find(
        "a delivery with another's key",
        (
            s
            for s in record.sendings
            if s.key != delivery_key(s.incident, s.revision, s.step, s.recipient, s.channel)
        ),
    )
    if drained:
        report.find("still claimed", (s for s in record.sendings if s.state == State.CLAIMED))


def _check_shown(record: Record, shown: Shown, report: Report) -> None:
    """Of the channels that `shown` tells of: once each, and nothing that was not to be sent."""
    for channel, heard in shown.items():
        times = Counter(heard)
        report.shown_twice += report.find("shown twice", (one for one, n in times.items() if n > 1))
        due = {(s.address, s.key): s for s in record.sendings if s.channel == channel}
        report.find("shown and in no outbox", (one for one in times if one not in due))
        report.unshown += report.find(
            "accepted and never shown",
            (s for one, s in due.items() if s.state in REACHED and one not in times),
        )


def _check_points(record: Record, points: Points, load: Callable[[str], Basis], report: Report) -> None:
    decode = JournalDecoder(Bundles(record.state / "bundles"), load, Recent())
    expected: defaultdict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for block in filter(None, map(decode, record.entries)):
        r = block.readings
        for slot, column, at, value in zip(r.slot, r.column, instants(r), quantities(block), strict=True):
            place = block.registry.sensors[slot].id, block.kinds.columns[column].name
            expected[place][int(at)] = float(value)
    for (sensor, metric), values in expected.items():
        report.points += len(values)
        stored = {p.observed: p.value for p in points(sensor, metric, min(values), max(values) + 1)}
        report.points_lost += report.find(
            f"not in the database of {sensor} {metric}", sorted(values.items() - stored.items())
        )
        report.unexpected += report.find(
            f"in the database of {sensor} {metric} alone", sorted(stored.keys() - values.keys())
        )
