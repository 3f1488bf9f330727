"""What must hold once a story is over and everything has drained."""

from collections import Counter
from itertools import pairwise

from tests.simulation.replay import replayed
from tests.simulation.world import Violation, World, has_readings


def verify(world: World) -> None:
    """Raises Violation for the first invariant that does not hold."""
    for check in (_nothing_lost, _same_as_a_replay, _history_whole, _told_once, _in_order, _terminal):
        check(world)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)


def _nothing_lost(world: World) -> None:
    """Every message that a device's broker took is in the journal, but those it was told to lose."""
    lost = {(m.topic, m.payload) for m in world.broker.lost}
    for publish in world.plan.publishes:
        message = (publish.topic, publish.payload)
        _demand(message in world.journaled or message in lost, f"never journaled: {publish}")


def _same_as_a_replay(world: World) -> None:
    disk = world.disk
    expected = replayed(disk.journal.everything, world.settled)
    found = [bytes(row[0]) for row in disk.outbox.rows("SELECT line FROM transitions ORDER BY id")]  # type: ignore[arg-type]
    for number, (has, should) in enumerate(zip(found, expected.lines, strict=False)):
        _demand(has == should, f"transition {number} is {has!r}, a replay gives {should!r}")
    missing, extra = expected.lines[len(found) :], found[len(expected.lines) :]
    _demand(not missing, f"{len(missing)} transitions are missing in the outbox, the first {missing[:1]}")
    _demand(not extra, f"{len(extra)} transitions nobody can replay, the first {extra[:1]}")
    _demand(disk.outbox.faults() == [], f"judged again otherwise: {disk.outbox.faults()[:1]}")
    _demand(not expected.lowered_blind, f"lowered while blind: {expected.lowered_blind[:1]}")
    counts = disk.quarantine.counts()
    _demand(counts == dict(expected.rejected), f"quarantined {counts}, a replay gives {expected.rejected}")


def _history_whole(world: World) -> None:
    held = world.around.database.held()
    for entry in world.disk.journal.everything:
        _demand(
            entry.sequence in held or not has_readings(entry),
            f"entry {entry.sequence} is not in the database",
        )


def _told_once(world: World) -> None:
    """Handed off at least once; seen at most once where keys are honoured, else once more a crash at most."""
    rows = world.disk.outbox.rows("SELECT incident, revision, recipient, channel, state FROM deliveries")
    for name, gateway in world.around.gateways.items():
        seen = Counter(gateway.seen.messages)
        most = 1 if gateway.honours_keys else 1 + world.restarts
        for message, times in seen.items():
            _demand(times <= most, f"{name} delivered {message} {times} times")
        for incident, revision, recipient, channel, state in rows:
            if channel == name and state in ("accepted", "delivered", "played", "acknowledged"):
                _demand((incident, revision, recipient) in seen, f"{state} over {name}, but nobody saw it")


def _in_order(world: World) -> None:
    """What is newer of one incident never comes to one recipient before what is older, but for requests."""
    requests = set(world.disk.outbox.rows("SELECT incident, revision FROM bulletins WHERE act = 'request'"))
    for name, gateway in world.around.gateways.items():
        stories: dict[tuple[str, str], list[int]] = {}
        for incident, revision, recipient in gateway.seen.messages:
            if (incident, revision) not in requests:
                stories.setdefault((incident, recipient), []).append(revision)
        for story, revisions in stories.items():
            _demand(all(a <= b for a, b in pairwise(revisions)), f"{name} told {story} as {revisions}")


def _terminal(world: World) -> None:
    states = world.disk.outbox.rows("SELECT DISTINCT state, due FROM deliveries WHERE due IS NOT NULL")
    _demand(states == [], f"deliveries are still to be dealt with: {states}")
