"""The witness agrees with a whole life, also while it goes on, and finds each transition made wrong."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from bench.soak.witness import Compared, Witness, due_until
from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind, Journal, open_read_only
from ingest.session.wire import Undecodable, messages
from rules.grade import Grade
from simulators.city.plan import Longs
from tests.faults.life import RETENTION, Promises, live
from tests.tocsin.village import START, basis, block, report
from tocsin.judge import Judge
from tocsin.reconciliation import Reconciled

TRANSITIONS = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One life of half an hour, with other rules from its tenth minute on."""
    state = tmp_path_factory.mktemp("life") / "state"
    asyncio.run(live(state, Promises(lambda _: None)))
    return state


@pytest.fixture
def state(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(whole, tmp_path / "state"))


def keys(entry: Entry) -> Longs:
    """A number for each message from what it says: the village is no fleet."""
    packets = [packet for packet in messages(entry.data) if not isinstance(packet, Undecodable)]
    return np.array([crc32(packet.topic.encode() + bytes(packet.payload or b"")) for packet in packets])


def compared(state: Path) -> Compared:
    witness = Witness(state, keys)
    witness.finish()
    return witness.compared


def spoil(state: Path, statement: str) -> None:
    with closing(sqlite3.connect(state / "outbox.db", isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount == 1


def test_a_whole_life_is_as_the_witness_tells_it_across_a_change_of_rules(state: Path) -> None:
    witness = Witness(state, keys)
    witness.finish()

    assert witness.compared == Compared(equal=TRANSITIONS)
    assert witness.compared.same
    assert witness.bundles == 2


def test_following_while_it_goes_on_comes_to_the_same(state: Path) -> None:
    """The outbox is behind the journal at one look, and has caught up at the next."""
    with closing(sqlite3.connect(state / "outbox.db", isolation_level=None)) as connection:
        rows = connection.execute("SELECT * FROM transitions WHERE id > 3").fetchall()
        connection.execute("DELETE FROM transitions WHERE id > 3")
        witness = Witness(state, keys)
        witness.follow()
        early = witness.compared.equal
        for row in rows:
            connection.execute(f"INSERT INTO transitions VALUES ({', '.join('?' * len(row))})", row)
    witness.finish()

    assert early == 3
    assert witness.compared == Compared(equal=TRANSITIONS)


def test_what_fell_due_after_the_last_entry_is_expected_too(state: Path) -> None:
    """Without the entries of the last ten minutes, the last transition comes of time alone."""
    newest = max((state / "journal").glob("journal-*.db"))
    with closing(sqlite3.connect(newest, isolation_level=None)) as connection:
        assert connection.execute("DELETE FROM entry WHERE sequence > 9").rowcount == 3

    assert compared(state) == Compared(equal=TRANSITIONS)


def after_a_flood() -> Judge:
    """Of a river that fell 3 minutes after it rose, and said so until a minute before it is released."""
    judge = Judge(basis(), lambda _: basis())
    for number, minute in enumerate((0, 3, 6, 9, 12, 15, 17), 1):
        at = START + minute * MINUTE
        judge.take(block(number, at, [report("river-1", at, 1.0 if minute else 2.5)]))
    return judge


def test_what_is_lowered_at_the_last_instant_is_expected_if_it_was_told_and_nothing_later_is() -> None:
    released = START + 18 * MINUTE
    [lowered] = due_until(after_a_flood(), released + 1, ())

    assert (lowered.at, lowered.before, lowered.after) == (released, Grade.YELLOW, Grade.BLUE)
    assert due_until(after_a_flood(), released, {(lowered.warning, lowered.ordinal)}) == [lowered]
    assert due_until(after_a_flood(), released, ()) == []
    assert due_until(after_a_flood(), released - 1, {(lowered.warning, lowered.ordinal)}) == []


def test_a_changed_transition_is_found(state: Path) -> None:
    spoil(state, "UPDATE transitions SET line = replace(line, 'raised', 'lowered') WHERE id = 1")

    assert compared(state) == Compared(equal=TRANSITIONS - 1, changed=1)


def test_a_missing_transition_is_found(state: Path) -> None:
    spoil(state, "DELETE FROM transitions WHERE id = 2")

    assert compared(state) == Compared(equal=TRANSITIONS - 1, missing=1)


def test_a_transition_of_nothing_is_found(state: Path) -> None:
    spoil(state, "UPDATE transitions SET warning = 'ffff' WHERE id = 2")
    found = compared(state)

    assert found == Compared(equal=TRANSITIONS - 1, missing=1, unexpected=1)
    assert not found.same


def test_messages_are_reconciled_and_copies_from_the_watch_before_are_no_strangers(state: Path) -> None:
    with open_read_only(state / "journal") as journal:
        blocks = [entry for entry in journal.read(0, 1000) if entry.kind is EntryKind.MQTT]
    sent = np.concatenate(list(map(keys, blocks)))
    witness = Witness(state, keys)
    witness.follow()

    assert witness.watch(sent) == Reconciled(journaled=len(sent), lost=0, duplicates=0, foreign=0)
    assert witness.watch(np.append(sent, -1)).lost == 1
    assert witness.watch(sent[1:]).foreign == 1

    witness.turn(sent)
    last = blocks[-1]
    with Journal.open(state / "journal", RETENTION) as journal:
        journal.append(last.received + 1, EntryKind.MQTT, last.count, last.data)
    witness.follow()

    assert witness.watch(sent[:0]) == Reconciled(
        journaled=last.count, lost=0, duplicates=last.count, foreign=0
    )


def test_a_journal_that_was_cut_before_it_was_read_is_refused(state: Path) -> None:
    witness = Witness(state, keys)
    witness.position = -1
    with pytest.raises(RuntimeError, match="the journal has no entry 0 any more"):
        witness.follow()
