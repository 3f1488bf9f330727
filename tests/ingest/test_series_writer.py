"""The writer against stores that fail, forget and refuse; time is simulated and the worker runs in line."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND, LockstepClock
from ingest.journal import Entry, EntryKind, Journal, JournalUnavailable, Retention
from ingest.series import Point, SeriesWriter
from ingest.series.embedded import EmbeddedStore
from tests.ingest.rig import START, Forgetful, InLine, Rig, decode, running


@pytest.fixture
def clock() -> LockstepClock:
    return LockstepClock(START)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", Retention()) as journal:
        yield journal


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path / "series.db")
    yield store
    store.close()


async def test_what_is_journaled_is_written(
    journal: Journal, embedded: EmbeddedStore, clock: LockstepClock
) -> None:
    async with running(Rig(journal, embedded, clock)) as rig:
        assert rig.writer.idle()
        rig.append(START, START + 1)
        assert (rig.writer.idle(), rig.writer.lag) == (False, 1)
        await rig.settle()

        assert (rig.writer.idle(), rig.writer.lag, rig.writer.points_written) == (True, 0, 2)
    assert embedded.read("s0", "stage", START, START + 9) == [Point(START, 0, 0), Point(START + 1, 0.001, 0)]


async def test_the_history_lies_back_to_when_all_was_written(journal: Journal, clock: LockstepClock) -> None:
    async with running(Rig(journal, Forgetful(clock), clock)) as rig:
        await rig.pass_time(HOUR)
        assert rig.writer.behind == 0

        rig.urgent = True
        rig.append(START)
        # The hour without anything to write is no delay, from the first moment on.
        assert rig.writer.behind == 0
        await rig.pass_time(40 * SECOND)
        assert rig.writer.behind == 40 * SECOND

        rig.urgent = False
        async with asyncio.timeout(5):
            while rig.writer.lag:
                await asyncio.sleep(0.001)
        assert rig.writer.behind == 0


async def test_history_lets_judgement_go_first(
    journal: Journal, embedded: EmbeddedStore, clock: LockstepClock
) -> None:
    async with running(Rig(journal, embedded, clock)) as rig:
        rig.urgent = True
        rig.append(START)
        await rig.settle()
        assert rig.writer.lag == 1

        rig.urgent = False
        async with asyncio.timeout(5):
            while rig.writer.lag:
                await asyncio.sleep(0.001)


async def test_history_comes_to_its_turn_however_urgent_the_rest(
    journal: Journal, embedded: EmbeddedStore, clock: LockstepClock
) -> None:
    async with running(Rig(journal, embedded, clock, patience=0.0)) as rig:
        rig.urgent = True
        rig.append(START)
        await rig.settle()

        assert rig.writer.lag == 0


async def test_a_store_that_is_durable_at_once_lets_the_cursor_follow_at_once(
    journal: Journal, embedded: EmbeddedStore, clock: LockstepClock
) -> None:
    async with running(Rig(journal, embedded, clock)) as rig:
        rig.append(START)
        await rig.settle()

        assert rig.cursor == 1


async def test_several_entries_go_in_one_write(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock)
    rig = Rig(journal, store, clock)
    for n in range(70):
        rig.append(START + n)
    async with running(rig):
        assert rig.writer.idle()

    assert store.writes == [list(range(1, 65)), list(range(65, 71))]


async def test_entries_that_hold_no_readings_are_passed(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock, trail=0)
    async with running(Rig(journal, store, clock)) as rig:
        rig.append(kind=EntryKind.BUNDLE)
        rig.append()
        await rig.settle()

        assert (rig.writer.idle(), rig.cursor, store.writes) == (True, 2, [])


async def test_the_cursor_trails_what_was_written(journal: Journal, clock: LockstepClock) -> None:
    async with running(Rig(journal, Forgetful(clock), clock)) as rig:
        rig.append(START)
        await rig.settle()
        await rig.pass_time(30 * SECOND)
        rig.append(START + 1)
        await rig.settle()
        await rig.pass_time(30 * SECOND - 1)
        assert rig.cursor == 0

        await rig.pass_time(1)
        assert rig.cursor == 1

        await rig.pass_time(30 * SECOND)
        assert rig.cursor == 2


async def test_a_restart_goes_on_at_the_cursor(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        rig.append(START)
        await rig.settle()
        await rig.pass_time(MINUTE)
        rig.append(START + 1)
        await rig.settle()

    async with running(Rig(journal, store, clock)) as rig:
        assert rig.writer.idle()
    assert store.writes == [[1], [2], [2]]


async def test_a_store_that_is_down_is_tried_until_it_answers(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        store.down = True
        rig.append(START)
        await rig.settle()
        assert not rig.writer.available
        assert "connection refused" in rig.writer.reason
        assert (rig.writer.failures > 1, rig.writer.lag, rig.cursor) == (True, 1, 0)

        store.down = False
        await rig.settle()
        assert (rig.writer.available, rig.writer.reason, rig.writer.lag) == (True, "", 0)
    assert store.instants() == {START}


async def test_a_failure_sends_all_again_that_was_not_yet_safe(
    journal: Journal, clock: LockstepClock
) -> None:
    """The store died after it had acknowledged; the refused connection is the first that is heard of it."""
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        for n in range(3):
            rig.append(START + n)
            await rig.settle()
            await rig.pass_time(25 * SECOND)
        assert rig.cursor == 1
        store.kill()
        assert store.instants() == {START}
        store.down = True
        rig.append(START + 3)
        await rig.settle()
        store.down = False
        await rig.settle()

        assert rig.writer.idle()
    assert store.instants() == {START + n for n in range(4)}


async def test_a_restart_of_the_store_between_two_writes_is_noticed(
    journal: Journal, clock: LockstepClock
) -> None:
    """No call failed, and nothing more arrives: still the lost points come back."""
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        rig.append(START)
        rig.append(START + 1)
        await rig.settle()
        store.kill()
        assert store.instants() == set()
        await rig.pass_time(MINUTE)
        assert store.instants() == {START, START + 1}
        assert rig.cursor == 0

        await rig.pass_time(MINUTE)
        assert rig.cursor == 2


async def test_only_the_block_the_store_refuses_is_left_out(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock, trail=0)
    store.poison = {2}
    rig = Rig(journal, store, clock)
    for n in range(3):
        rig.append(START + n)
    async with running(rig):
        assert (rig.writer.idle(), rig.writer.available, rig.cursor) == (True, True, 3)

    assert rig.writer.refused == {2: "field type conflict"}
    assert rig.writer.points_written == 2
    assert store.instants() == {START, START + 2}


async def test_a_journal_that_cannot_be_read_is_tried_again(
    journal: Journal, embedded: EmbeddedStore, clock: LockstepClock
) -> None:
    class Stuttering:
        """The journal, whose disk fails twice."""

        left = 2
        cursor, move_cursor = journal.cursor, journal.move_cursor

        @property
        def last(self) -> int:
            return journal.last

        def read(self, after: int, limit: int) -> list[Entry]:
            if self.left:
                self.left -= 1
                raise JournalUnavailable(journal.directory, "input/output error")
            return journal.read(after, limit)

    journal.append(START, EntryKind.MQTT, 1, json.dumps([START]).encode())
    rig = Rig(journal, embedded, clock)
    rig.writer = SeriesWriter(Stuttering(), decode, embedded, clock, InLine(), pauses=(0.0, 0.0))
    async with running(rig):
        assert (rig.writer.failures, rig.writer.idle(), rig.writer.available) == (2, True, True)
    assert embedded.count() == 1


async def test_from_the_start_on_retention_waits_for_the_writer(
    journal: Journal, clock: LockstepClock
) -> None:
    """Also while the store is down from the first moment on."""
    store = Forgetful(clock)
    store.down = True
    async with running(Rig(journal, store, clock)) as rig:
        rig.append(START)
        with pytest.raises(ValueError, match="'series': 5 lies beyond"):
            journal.move_cursor("series", 5)
    assert journal._cursors.slowest() == ("series", 0)


def lose_files(directory: Path) -> None:
    """Leaves a journal of three entries without them, but with the cursor of a reader that saw them."""
    with Journal.open(directory, Retention()) as journal:
        for n in range(3):
            journal.append(START, EntryKind.MQTT, 1, json.dumps([START + n]).encode())
        journal.move_cursor("engine", 3)
    for path in directory.glob("journal-*"):
        path.unlink()


async def test_entries_that_are_gone_do_not_hold_the_writer(tmp_path: Path, clock: LockstepClock) -> None:
    """Files were lost, and the numbering goes on behind what another reader has seen."""
    lose_files(tmp_path)
    store = Forgetful(clock, trail=0)
    with Journal.open(tmp_path, Retention()) as journal:
        async with running(Rig(journal, store, clock)) as rig:
            assert (journal.last, rig.writer.idle(), rig.cursor) == (3, True, 3)
            assert rig.append(START + 9).sequence == 4
            await rig.settle()
    assert store.instants() == {START + 9}


async def test_draining_ends_when_all_is_written(journal: Journal, clock: LockstepClock) -> None:
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        for n in range(40):
            journal.append(START, EntryKind.MQTT, 1, json.dumps([START + n]).encode())
        await rig.writer.drain(60.0)

        assert rig.writer.idle()
    assert store.count() == 40


async def test_draining_does_not_wait_for_a_store_that_is_down(
    journal: Journal, clock: LockstepClock
) -> None:
    store = Forgetful(clock)
    async with running(Rig(journal, store, clock)) as rig:
        store.down = True
        rig.append(START)
        await rig.writer.drain(60.0)

        assert (rig.writer.available, rig.writer.lag) == (False, 1)


async def test_draining_ends_at_the_deadline(journal: Journal, clock: LockstepClock) -> None:
    """A writer that does not run never gets there."""
    rig = Rig(journal, Forgetful(clock), clock)
    rig.append(START)
    await rig.writer.drain(0.0)

    assert rig.writer.lag == 1
