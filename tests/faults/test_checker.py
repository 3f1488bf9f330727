"""The checker finds nothing wrong with a whole life, and each thing that is made wrong."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.series.embedded import EmbeddedStore
from ingest.snapshots import Snapshots
from tests.faults.checker import Report, Sent, check
from tests.faults.life import Promises, basis_of, live, script

SENT = [Sent(packet.topic, bytes(packet.payload or b"")) for _, packets in script() for packet in packets]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One life, with its phone's log beside it. Its journal is one database and one archive."""
    state = tmp_path_factory.mktemp("life") / "state"
    said: list[str] = []
    asyncio.run(live(state, Promises(said.append)))
    (state.parent / "said").write_text("\n".join(said))
    return state


@pytest.fixture
def state(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    shutil.copy(whole.parent / "said", tmp_path)
    return Path(shutil.copytree(whole, tmp_path / "state"))


def shown(state: Path) -> list[tuple[str, str]]:
    lines = (state.parent / "said").read_text().splitlines()
    return [(line.split()[1], line.split()[2]) for line in lines if line.startswith("shown")]


def report(
    state: Path, sent: Sequence[Sent] = SENT, heard: list[tuple[str, str]] | None = None, drained: bool = True
) -> Report:
    store = EmbeddedStore(state / "series.db")
    try:
        return check(
            state, sent, shown={"sms": shown(state) if heard is None else heard}, points=store.read,
            drained=drained, load=basis_of,
        )  # fmt: skip
    finally:
        store.close()


def spoil(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount > 0


def newest(state: Path) -> Path:
    return max((state / "journal").glob("journal-*.db"))


def test_a_whole_life_reconciles_and_every_part_was_looked_at(state: Path) -> None:
    found = report(state)

    assert found.findings == []
    assert (found.sent, found.acked, found.messages) == (len(SENT), len(SENT), len(SENT))
    assert (found.transitions, found.deliveries) == (6, 3)
    assert found.points == 20
    assert (found.lost, found.unexpected, found.changed, found.missing, found.doubled) == (0, 0, 0, 0, 0)


def test_a_removed_journal_row_is_found(state: Path) -> None:
    spoil(newest(state), "DELETE FROM entry WHERE sequence = (SELECT max(sequence) - 1 FROM entry)")
    found = report(state)

    assert found.lost == 2
    assert any("stands where" in finding for finding in found.findings)


def test_a_removed_last_entry_is_found_by_those_that_are_ahead_of_it(state: Path) -> None:
    spoil(newest(state), "DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
    found = report(state)

    assert found.lost == 3
    assert "ahead of the journal: snapshot at 12" in found.findings


def test_a_message_that_was_acked_and_never_journaled_is_found(state: Path) -> None:
    missing = Sent("tocsin/v1/village/stage/river-1/telemetry", b"{}")
    found = report(state, [*SENT, missing])
    unacked = report(state, [*SENT, replace(missing, acked=False)])

    assert (found.lost, unacked.lost) == (1, 0)
    assert unacked.findings == []


def test_a_message_nobody_sent_is_found(state: Path) -> None:
    assert report(state, SENT[1:]).unexpected == 1


def test_a_damaged_database_is_found(state: Path) -> None:
    path = newest(state)
    whole = bytearray(path.read_bytes())
    whole[4096:4196] = b"\xff" * 100
    path.write_bytes(whole)

    assert any(path.name in finding for finding in report(state).findings)


def test_a_damaged_archive_is_found(state: Path) -> None:
    [path] = (state / "journal").glob("*.blocks.zz")
    path.write_bytes(path.read_bytes()[:-10])

    assert any(path.name in finding for finding in report(state).findings)


@pytest.mark.parametrize("drained", [True, False])
def test_a_changed_transition_is_found(state: Path, drained: bool) -> None:
    spoil(state / "outbox.db", "UPDATE transitions SET line = replace(line, '2.1', '2.2') WHERE id = 1")

    assert report(state, drained=drained).changed == 1


def test_a_transition_no_replay_gives_is_found(state: Path) -> None:
    spoil(state / "outbox.db", "UPDATE transitions SET ordinal = 9, latest = 0 WHERE id = 1")
    found = report(state)

    assert (found.changed, found.missing) == (1, 1)


def test_a_lost_transition_is_found(state: Path) -> None:
    """Also after a kill: the outbox says itself how far it has come."""
    spoil(state / "outbox.db", "DELETE FROM transitions WHERE id = 2")

    assert (report(state).missing, report(state, drained=False).missing) == (1, 1)


def test_transitions_in_another_order_are_found(state: Path) -> None:
    spoil(state / "outbox.db", "UPDATE transitions SET id = 100 WHERE id = 1")

    assert "outbox: transitions do not stand in the order in which they were judged" in report(state).findings


def test_a_delivery_that_stands_twice_is_found(state: Path) -> None:
    spoil(
        state / "outbox.db",
        "INSERT INTO deliveries (key, realm, incident, revision, channel, recipient, address, languages, why,"
        " created, expires, updated) SELECT 'another', realm, incident, revision, channel, recipient,"
        " address, languages, why, created, expires, updated FROM deliveries LIMIT 1",
    )
    found = report(state)

    assert found.doubled == 1
    assert any("another's key" in finding for finding in found.findings)


def test_a_delivery_without_a_state_or_still_claimed_is_found(state: Path) -> None:
    spoil(state / "outbox.db", "UPDATE deliveries SET state = 'assumed sent' WHERE id = 1")
    spoil(state / "outbox.db", "UPDATE deliveries SET state = 'claimed' WHERE id = 2")
    words = "\n".join(report(state).findings)

    assert "without a state" in words
    assert "still claimed" in words


def test_what_a_receiver_shows_twice_is_found(state: Path) -> None:
    assert report(state, heard=[*shown(state), shown(state)[0]]).shown_twice == 1


def test_what_a_receiver_never_had_and_what_was_never_meant_for_it_is_found(state: Path) -> None:
    found = report(state, heard=[*shown(state)[1:], ("+8610000000001", "made up")])

    assert found.unshown == 1
    assert any("in no outbox" in finding for finding in found.findings)


def test_a_point_that_is_not_in_the_database_is_found(state: Path) -> None:
    spoil(state / "series.db", "DELETE FROM point WHERE observed = (SELECT min(observed) FROM point)")

    assert report(state).points_lost == 1


def test_a_snapshot_that_did_not_count_a_message_is_found(state: Path) -> None:
    snapshots = Snapshots(state / "snapshots")
    newest = snapshots.newest()
    assert newest is not None
    totals = {"screen.totals": np.asarray(newest.state["screen.totals"]) - 1}
    snapshots.write(newest.position, newest.bundle, {**newest.state, **totals})

    assert report(state).findings == ["snapshot at 12: 20 messages, not 23"]
