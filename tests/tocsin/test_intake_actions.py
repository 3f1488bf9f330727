"""What people do on its way to the journal: in its turn, answered soon, and never lost once it is written."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.clock import LockstepClock
from ingest.journal import Entry, EntryKind, Journal, JournalUnavailable, Retention
from notifiers.action import Acknowledge, Taken
from tests.tocsin.scripted import ScriptedSession
from tests.tocsin.test_intake import START, FailingJournal, InstantDisk, batch, until
from tocsin.intake import Intake

TAKEN = Taken("lin", "account:lin", Acknowledge("5f2a9c0e"))


@pytest.fixture
def disk() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as disk:
        yield disk


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path, Retention()) as journal:
        yield journal


def intake_of(journal: object, disk: Executor, **more: object) -> tuple[Intake, ScriptedSession]:
    session = ScriptedSession(journal)  # type: ignore[arg-type]
    return Intake(session, journal, LockstepClock(START), disk, **more), session  # type: ignore[arg-type]


async def test_an_action_is_on_disk_before_it_is_handed_on(
    journal: Journal, disk: ThreadPoolExecutor
) -> None:
    intake, _ = intake_of(journal, disk)

    answer = await intake.act(TAKEN)

    handed = intake.queue.get_nowait()
    assert journal.read(0) == [Entry(1, START, EntryKind.ACTION, 0, TAKEN.encode())]
    assert (handed.entry.sequence, handed.answer, answer.done()) == (1, answer, False)
    assert (intake.handed, intake.settled()) == (1, True)


async def test_actions_and_batches_are_handed_on_in_the_order_of_the_journal(
    journal: Journal, disk: ThreadPoolExecutor
) -> None:
    intake, session = intake_of(journal, disk, backlog=1)
    session.feed(batch(b"a"), batch(b"b"))
    running = asyncio.create_task(intake.run())
    acting = [asyncio.ensure_future(intake.act(TAKEN)) for _ in range(4)]
    async with asyncio.timeout(5):
        handed = [await intake.queue.get() for _ in range(6)]
        await asyncio.gather(*acting)
    running.cancel()
    await asyncio.wait([running])

    assert [each.entry.sequence for each in handed] == [1, 2, 3, 4, 5, 6]


async def test_on_a_disk_that_refuses_a_person_is_told_at_once_and_tries_again_themselves(
    journal: Journal, disk: ThreadPoolExecutor
) -> None:
    failing = FailingJournal(journal, failures=1)
    intake, _ = intake_of(failing, disk)

    with pytest.raises(JournalUnavailable):
        await intake.act(TAKEN)
    tried = failing.tried
    await intake.act(TAKEN)

    assert (tried, failing.tried, journal.last) == (1, 2, 1)
    assert intake.queue.qsize() == 1


async def test_behind_a_batch_that_the_disk_does_not_take_nobody_waits(
    journal: Journal, disk: ThreadPoolExecutor
) -> None:
    intake, session = intake_of(FailingJournal(journal, failures=1_000_000), disk)
    session.feed(batch(b"a"))
    running = asyncio.create_task(intake.run())
    await until(lambda: not intake.available)

    with pytest.raises(JournalUnavailable, match="what came before"):
        await intake.act(TAKEN)
    running.cancel()
    await asyncio.wait([running])


async def test_that_the_process_stood_still_is_noted_before_an_action(journal: Journal) -> None:
    """Else the silence of a suspended machine would count as that of the sensors."""
    noted = asyncio.Event()
    intake, _ = intake_of(journal, InstantDisk(), wakeful=noted.wait)
    acting = asyncio.ensure_future(intake.act(TAKEN))
    for _ in range(5):
        await asyncio.sleep(0)
    before = journal.last

    noted.set()
    await acting
    assert (before, journal.last) == (0, 1)
