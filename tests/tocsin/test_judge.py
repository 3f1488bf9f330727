"""Judgement is a function of the journal: however it is cut, paused or restarted."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind
from ingest.reading import Reason
from ingest.session.wire import messages as parsed
from ingest.snapshots import Copies, Snapshot, Snapshots
from rules.transition import Transition, line
from tests.tocsin.village import RULES, START, applied, basis, block, bundle, report
from tocsin.judge import Basis, Judge

OLD = basis()
STRICT_RULES = RULES.replace("stage >= 3 m", "stage >= 2.1 m").replace("stage >= 4 m", "stage >= 2.2 m")
STRICTER = basis(bundle(rules=STRICT_RULES.replace("20 mm", "5 mm")))
KNOWN = {OLD.bundle: OLD, STRICTER.bundle: STRICTER}

SENSORS = ("river-1", "river-2", "rain-1")
JUNK = PublishPacket("tocsin/v1/village/stage/river-1/telemetry", b"{broken")
STRANGER = report("river-9", START, 9.0)


def load(hash_: str) -> Basis:
    return KNOWN[hash_]


def judge() -> Judge:
    return Judge(OLD, load)


def lines(transitions: Iterable[Transition]) -> list[bytes]:
    return [line(transition) for transition in transitions]


def judged(by: Judge, entries: Iterable[Entry]) -> list[bytes]:
    return [each for entry in entries for each in lines(by.take(entry).transitions)]


def restarted(by: Judge) -> Judge:
    """As after a kill: nothing is left but the snapshot."""
    position, of, state = by.snapshot()
    return Judge.resume(Snapshot(position, of, state), load)


def flood() -> list[Entry]:
    """A river that rises past every grade and falls back, a report each 5 minutes."""
    stages = [1.0, 1.2, 1.5, 2.1, 2.6, 3.1, 3.2, 3.3, 4.2, 3.0, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 1.0, 1.0]
    instants = [START + step * 5 * MINUTE for step in range(len(stages))]
    return [
        block(number, at, [report("river-1", at, stage)])
        for number, (at, stage) in enumerate(zip(instants, stages, strict=True), start=1)
    ]


messages = st.one_of(
    st.tuples(st.sampled_from(SENSORS), st.sampled_from([0, 1, 5, 12, 40]), st.integers(0, 45)),
    st.sampled_from([JUNK, STRANGER]),
)
steps = st.lists(
    st.tuples(st.sampled_from([0, 1, 3, 5, 8, 20, 60]), st.lists(messages, min_size=1, max_size=5)),
    min_size=1,
    max_size=14,
)
Step = tuple[int, list[PublishPacket | tuple[str, int, int]]]


def journal(given_steps: list[Step], reload_before: int | None = None) -> list[Entry]:
    """One block a step: minutes after the one before, and reports of (sensor, minutes old, tenths)."""
    entries: list[Entry] = []
    received = START
    for index, (gap, reports) in enumerate(given_steps):
        received += gap * MINUTE
        if index == reload_before:
            stricter = STRICTER.bundle.encode()
            entries.append(Entry(len(entries) + 1, received, EntryKind.BUNDLE, 0, stricter))
        packets = [
            r if isinstance(r, PublishPacket) else report(r[0], received - r[1] * MINUTE, r[2] / 10)
            for r in reports
        ]
        entries.append(block(len(entries) + 1, received, packets))
    return entries


def cut(entries: list[Entry], size: int) -> list[Entry]:
    """The same messages at the same instants, at most `size` in a block."""
    found: list[Entry] = []
    for entry in entries:
        packets = [packet for packet in parsed(entry.data) if isinstance(packet, PublishPacket)]
        for first in range(0, len(packets), size):
            found.append(block(len(found) + 1, entry.received, packets[first : first + size]))
    return found


def test_a_flood_climbs_the_ladder_and_comes_down() -> None:
    by = judge()

    found = [t for entry in flood() for t in by.take(entry).transitions]

    assert [((t.at - START) // MINUTE, t.after and str(t.after)) for t in found] == [
        (10, "blue"),
        (15, "yellow"),
        (35, "orange"),
        (40, "red"),
        (60, "orange"),
        (65, None),
    ]


@settings(max_examples=25, deadline=None)
@given(steps, st.data())
def test_a_restart_at_any_entry_changes_nothing(given_steps: list[Step], data: st.DataObject) -> None:
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    expected = judged(judge(), entries)

    by, found = judge(), []
    for entry in entries:
        found += lines(by.take(entry).transitions)
        if data.draw(st.booleans(), label="restart"):
            by = restarted(by)

    assert found == expected
    assert by.position == len(entries)


@settings(max_examples=25, deadline=None)
@given(steps, st.data())
def test_what_is_judged_again_from_an_older_snapshot_is_the_same(
    given_steps: list[Step], data: st.DataObject
) -> None:
    """After a kill the judge repeats what came since the snapshot: the outbox must find it equal."""
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    kept = data.draw(st.integers(0, len(entries)), label="snapshot after")
    by = judge()
    judged(by, entries[:kept])
    position, of, own = by.snapshot()
    state = Copies().of(own)
    expected = judged(by, entries[kept:])

    again = Judge.resume(Snapshot(position, of, state), load)

    assert judged(again, entries[kept:]) == expected


@settings(max_examples=25, deadline=None)
@given(steps, st.integers(1, 4))
def test_where_blocks_are_cut_changes_nothing(given_steps: list[Step], size: int) -> None:
    entries = journal(given_steps)

    assert judged(judge(), cut(entries, size)) == judged(judge(), entries)


@settings(max_examples=25, deadline=None)
@given(steps, st.data())
def test_looking_at_the_clock_between_entries_changes_nothing(
    given_steps: list[Step], data: st.DataObject
) -> None:
    """Live, deadlines fire as time passes; in a replay, when the next entry comes."""
    entries = journal(given_steps)
    by, found = judge(), []
    for entry, after in zip(entries, [*entries[1:], None], strict=True):
        found += lines(by.take(entry).transitions)
        if after is not None:
            for instant in sorted(
                data.draw(st.lists(st.integers(entry.received, after.received), max_size=3))
            ):
                found += lines(by.tick(instant))

    assert found == judged(judge(), entries)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_nothing_happens_before_it_is_due(given_steps: list[Step]) -> None:
    """Whoever sleeps until `due` misses nothing and wakes up for something."""
    by = judge()
    for entry in journal(given_steps):
        by.take(entry)
    for _ in range(50):
        if (due := by.due) is None:
            break
        assert lines(restarted(by).tick(due - 1)) == []
        by.tick(due)
        assert by.due is None or by.due > due
    assert by.due is None


def test_the_packets_at_hand_count_as_the_entry_itself() -> None:
    with_packets, without = judge(), judge()

    for entry in flood():
        assert with_packets.take(entry, parsed(entry.data)) == without.take(entry)


def test_what_is_refused_comes_with_its_reason() -> None:
    entry = block(1, START, [JUNK, report("river-1", START, 4.5), STRANGER])

    done = judge().take(entry)

    assert [(r.message, r.reason) for r in done.rejected] == [(0, Reason.MALFORMED), (2, Reason.UNREGISTERED)]
    assert (done.sequence, done.received) == (1, START)
    assert [str(t.after) for t in done.transitions] == ["red"]


def test_messages_are_counted_once_each() -> None:
    by = judge()
    again = report("river-1", START, 1.0)

    by.take(block(1, START, [again, JUNK, again, STRANGER]))
    by.take(block(2, START, [again]))

    counted = by.screen.accepted, by.screen.duplicates, by.screen.quarantined
    assert counted == (1, 2, 2)
    restored = restarted(by).screen
    assert (restored.accepted, restored.duplicates, restored.quarantined) == counted


def test_a_bundle_is_in_force_exactly_from_its_entry() -> None:
    """The same stage before and after it: orange grades of the old rules, red of the new."""
    readings = [report("river-1", START + n * MINUTE, 2.3) for n in range(2)]
    entries = [
        block(1, START, [readings[0]]),
        Entry(2, START + MINUTE, EntryKind.BUNDLE, 0, STRICTER.bundle.encode()),
        block(3, START + MINUTE, [readings[1]]),
    ]
    by = judge()

    before = by.take(entries[0])
    change = by.take(entries[1])
    after = by.take(entries[2])

    assert [str(t.after) for t in before.transitions] == ["yellow"]
    assert [str(t.after) for t in [*change.transitions, *after.transitions]] == ["red"]
    assert by.basis is STRICTER
    assert {t.warning for t in [*before.transitions, *change.transitions, *after.transitions]} == {
        before.transitions[0].warning
    }


def test_the_bundle_already_in_force_changes_nothing() -> None:
    by = judge()
    judged(by, flood()[:6])
    engine = by.engine

    done = by.take(applied(7, START + 31 * MINUTE, bundle()))

    assert done.transitions == []
    assert by.engine is engine


def test_a_bundle_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        judge().take(Entry(1, START, EntryKind.BUNDLE, 0, b"lost"))


def test_a_snapshot_survives_the_disk(tmp_path: Path) -> None:
    entries = flood()
    snapshots = Snapshots(tmp_path)
    by = judge()
    judged(by, entries[:7])
    snapshots.write(*by.snapshot())

    snapshot = snapshots.newest()

    assert snapshot is not None
    assert judged(Judge.resume(snapshot, load), entries[7:]) == judged(by, entries[7:])
