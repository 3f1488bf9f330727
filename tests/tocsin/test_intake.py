"""Session to journal to acknowledgement: nothing is acked that is not on disk, nothing is handed on twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from mqtt5 import PublishPacket, QoS

from ingest.clock import LockstepClock
from ingest.journal import Entry, EntryKind, Journal, JournalUnavailable, Retention
from ingest.session import Batch
from tests.tocsin import scripted
from tests.tocsin.scripted import ScriptedSession
from tocsin.bundle import Applied
from tocsin.intake import Handed, Intake
from tocsin.sight import Blind, read_blind

START = 1_718_000_000_000
P = ParamSpec("P")
T = TypeVar("T")


def batch(*payloads: bytes) -> Batch:
    topic = "tocsin/v1/z/smoke/s/telemetry"
    return scripted.batch(
        *(
            PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=number)
            for number, payload in enumerate(payloads, start=1)
        )
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


class FailingJournal:
    """The real journal, on a disk that refuses the first `failures` writes."""

    def __init__(self, journal: Journal, failures: int) -> None:
        self.directory = journal.directory
        self.failures = failures
        self.tried = 0
        self._journal = journal

    def append(self, received: int, kind: EntryKind, count: int, data: bytes) -> Entry:
        self.tried += 1
        if self.tried <= self.failures:
            raise JournalUnavailable(self.directory, "no space left on device")
        return self._journal.append(received, kind, count, data)


class InstantDisk(Executor):
    """Does the work on the spot, so that only the turns of the event loop decide who comes first."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def disk() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as disk:
        yield disk


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path, Retention()) as journal:
        yield journal


@pytest.fixture
def session(journal: Journal) -> ScriptedSession:
    return ScriptedSession(journal)


@pytest.fixture
def intake(session: ScriptedSession, journal: Journal, disk: ThreadPoolExecutor) -> Intake:
    return Intake(session, journal, LockstepClock(START), disk, backlog=8)  # type: ignore[arg-type]


@asynccontextmanager
async def running(intake: Intake) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(intake.run())
    yield task
    task.cancel()
    await asyncio.wait([task])


async def take(intake: Intake, count: int) -> list[Handed]:
    async with asyncio.timeout(5):
        return [await intake.queue.get() for _ in range(count)]


async def test_a_batch_becomes_one_block_then_is_acked_then_handed_on(
    intake: Intake, session: ScriptedSession, journal: Journal
) -> None:
    first, second = batch(b"a", b"b"), batch(b"c")
    session.feed(first, second)
    async with running(intake):
        handed = await take(intake, 2)

    assert journal.read(0) == [
        Entry(1, START, EntryKind.MQTT, 2, first.data),
        Entry(2, START, EntryKind.MQTT, 1, second.data),
    ]
    assert session.acked == [first, second]
    assert session.journaled_at_ack == [1, 2]
    assert [h.entry for h in handed] == journal.read(0)
    assert [h.packets for h in handed] == [first.packets, second.packets]
    assert (intake.handed, intake.messages) == (2, 3)


async def test_nothing_is_acked_before_it_is_on_disk(
    intake: Intake, session: ScriptedSession, disk: ThreadPoolExecutor, journal: Journal
) -> None:
    """A disk that hangs: the acknowledgement waits as long as it does."""
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    disk.submit(lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result())
    session.feed(batch(b"a"))
    async with running(intake):
        await until(lambda: not intake.settled())
        assert (session.acked, journal.last, intake.idle()) == ([], 0, False)

        release.set()
        await take(intake, 1)

    assert len(session.acked) == 1


async def test_a_journal_that_fails_delays_and_loses_nothing(
    session: ScriptedSession, journal: Journal, disk: ThreadPoolExecutor
) -> None:
    failing = FailingJournal(journal, failures=1)
    intake = Intake(session, failing, LockstepClock(START), disk)  # type: ignore[arg-type]
    batches = [batch(b"a"), batch(b"b"), batch(b"c", b"d")]
    session.feed(*batches)
    async with running(intake):
        await until(lambda: not intake.available)
        assert (session.acked, session.asked, intake.queue.qsize()) == ([], 1, 0)
        assert intake.idle() is False

        handed = await take(intake, 3)

    assert intake.available is True
    assert session.acked == batches
    assert [entry.data for entry in journal.read(0)] == [each.data for each in batches]
    assert [h.entry.sequence for h in handed] == [1, 2, 3]


async def test_a_full_backlog_stops_reading(
    session: ScriptedSession, journal: Journal, disk: ThreadPoolExecutor
) -> None:
    """The broker is the buffer: what is not read is not acked and comes again."""
    intake = Intake(session, journal, LockstepClock(START), disk, backlog=2)  # type: ignore[arg-type]
    session.feed(*(batch(b"%d" % number) for number in range(10)))
    async with running(intake):
        await until(lambda: session.asked == 3 and journal.last == 3)
        for _ in range(20):
            await asyncio.sleep(0)
        assert (session.asked, journal.last, len(session.acked)) == (3, 3, 3)

        await take(intake, 10)

    assert journal.last == 10


async def test_a_bundle_takes_its_place_among_the_messages(
    intake: Intake, session: ScriptedSession, journal: Journal
) -> None:
    async with running(intake):
        session.feed(batch(b"a"))
        await until(lambda: intake.handed == 1)
        applied = await intake.apply(Applied("the-hash", "ana", "a typing error"))
        session.feed(batch(b"b"))
        handed = await take(intake, 3)

    assert (applied.entry.sequence, applied.entry.kind) == (2, EntryKind.BUNDLE)
    assert Applied.decode(applied.entry.data) == Applied("the-hash", "ana", "a typing error")
    assert [(h.entry.kind, h.packets is None) for h in handed] == [
        (EntryKind.MQTT, False),
        (EntryKind.BUNDLE, True),
        (EntryKind.MQTT, False),
    ]
    assert journal.read(0) == [h.entry for h in handed]
    assert intake.messages == 2


@pytest.mark.parametrize("turns", range(5))
async def test_entries_are_handed_on_in_the_journals_order(
    session: ScriptedSession, journal: Journal, turns: int
) -> None:
    """Also when bundles are applied while the backlog is full and several wait for a place."""
    intake = Intake(session, journal, LockstepClock(START), InstantDisk(), backlog=1)  # type: ignore[arg-type]
    session.feed(*(batch(b"%d" % number) for number in range(20)))

    async def apply() -> None:
        for _ in range(20):
            await intake.apply(Applied("a-hash"))

    async with running(intake):
        applying = asyncio.create_task(apply())
        sequences = []
        for _ in range(40):
            [handed] = await take(intake, 1)
            sequences.append(handed.entry.sequence)
            for _ in range(turns):
                await asyncio.sleep(0)
        await applying

    assert sequences == list(range(1, 41))


async def test_idle_means_that_all_that_arrived_was_journaled_and_taken(
    intake: Intake, session: ScriptedSession
) -> None:
    async with running(intake):
        assert intake.idle() is True
        session.feed(batch(b"a"))
        assert intake.idle() is False
        await until(lambda: intake.handed == 1)
        assert intake.idle() is False

        await take(intake, 1)

    assert intake.idle() is True


async def test_stopping_keeps_and_acks_what_has_arrived(
    intake: Intake, session: ScriptedSession, journal: Journal
) -> None:
    session.feed(*(batch(b"%d" % number) for number in range(5)))
    async with running(intake) as task:
        await intake.stop()
        async with asyncio.timeout(5):
            await task

    assert (journal.last, len(session.acked), session.closed) == (5, 5, True)
    assert intake.queue.qsize() == 5


async def test_stopping_does_not_wait_for_a_disk_that_stays_full(
    session: ScriptedSession, journal: Journal, disk: ThreadPoolExecutor
) -> None:
    """What is not on disk is not acked, and the broker sends it again."""
    failing = FailingJournal(journal, failures=10**9)
    intake = Intake(session, failing, LockstepClock(START), disk)  # type: ignore[arg-type]
    session.feed(batch(b"a"))
    async with running(intake):
        await until(lambda: not intake.available)
        async with asyncio.timeout(5):
            await intake.stop()

    assert (session.acked, session.closed, journal.last) == ([], True, 0)


async def test_without_room_nothing_is_written_or_acked_until_there_is_some(
    session: ScriptedSession, journal: Journal, disk: ThreadPoolExecutor
) -> None:
    """A journal that could still be written leaves what is left of a full disk to warnings."""
    room = False
    clock = LockstepClock(START)
    intake = Intake(session, journal, clock, disk, room=lambda: room)  # type: ignore[arg-type]
    session.feed(batch(b"a"))
    async with running(intake):
        await until(lambda: not intake.available)
        held = list(session.acked), journal.last
        room = True
        await until(lambda: bool(session.acked))

    assert held == ([], 0)
    assert (intake.available, journal.last) == (True, 1)


async def test_a_note_of_blind_time_says_that_the_broker_lost_the_session(
    intake: Intake, journal: Journal
) -> None:
    await intake.blind(Blind(START, ended=False, lost=True), lambda: START + 7)

    [entry] = journal.read(0)
    assert read_blind(entry.data) == Blind(START + 7, ended=False, lost=True)
