"""Between the loss of the link and its note in the journal, live and replay must not part."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import Entry, EntryKind, Journal, JournalUnavailable, Retention
from tests.tocsin.scripted import ScriptedSession
from tests.tocsin.test_judging import opened
from tests.tocsin.village import START
from tocsin.intake import Intake
from tocsin.judging import LOOK_SECONDS, Judging
from tocsin.sight import Blind, read_blind


class RefusingJournal:
    """The real journal, on a disk that refuses the first write."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.directory = journal.directory
        self.tried = 0

    def append(self, received: int, kind: EntryKind, count: int, data: bytes) -> Entry:
        self.tried += 1
        if self.tried == 1:
            raise JournalUnavailable(self._journal.directory, "No space left on device")
        return self._journal.append(received, kind, count, data)


class NeverSettled(Intake):
    """An entry is on its way to the disk all the time; `asked` counts who wants to know."""

    asked = 0

    def settled(self) -> bool:
        self.asked += 1
        return False


async def test_what_was_settled_between_the_loss_and_its_note_stays_settled_in_a_replay(
    tmp_path: Path,
) -> None:
    """Lost at minute 4; yellow fell due at minute 5; at minute 6 it is noted that nothing can arrive."""
    async with opened(tmp_path) as post:
        await post.play([(0, "rain-1", 25.0)], until=6)
        engine = post.judging.judge.engine
        await post.intake.blind(Blind(START + 4 * MINUTE, ended=False), lambda: engine.now)
        await post.play([], until=7)
        live = await post.lines()
    shutil.rmtree(tmp_path / "snapshots")

    async with opened(tmp_path, START + 8 * MINUTE) as post:
        await post.intake.blind(Blind(START + 4 * MINUTE, ended=True), lambda: 0)
        await post.play([], until=15)
        told = await post.lines()
        assert told[: len(live)] == live
        assert [b'"rule":"ingest-blind"' in line for line in told[len(live) :]] == [True]
        assert await post.faults() == []
    assert len(live) == 2


async def test_nothing_falls_due_while_a_full_disk_keeps_blind_time_from_being_noted(tmp_path: Path) -> None:
    """Else what stands still over a night without the broker would be settled as if all had been silent."""
    with Journal.open(tmp_path, Retention()) as journal, ThreadPoolExecutor(1) as disk:
        refusing, session = RefusingJournal(journal), ScriptedSession(journal)
        intake = Intake(session, refusing, LockstepClock(START), disk)  # type: ignore[arg-type]
        noting = asyncio.create_task(intake.blind(Blind(START - MINUTE, ended=False), lambda: START))
        async with asyncio.timeout(5):
            while not refusing.tried:
                await asyncio.sleep(0.001)
            seen = []
            while not noting.done():
                seen.append(intake.settled())
                await asyncio.sleep(0.01)

        assert set(seen) == {False}
        assert read_blind((await noting).data) == Blind(START, ended=False)
        intake.queue.get_nowait()
        assert intake.settled()


async def test_a_deadline_that_waits_for_an_entry_on_its_way_lets_the_machine_rest(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        await post.play([(0, "rain-1", 25.0)], until=4)
        post.clock.catch_up(START + 6 * MINUTE)
        storage = post.storage
        intake = NeverSettled(post.session, storage.journal, post.clock, storage.journal_thread)  # type: ignore[arg-type]
        judging = Judging(post.judging.judge, storage, intake, post.clock, lambda: None)
        judge = post.judging.judge
        assert judge.due == START + 5 * MINUTE
        judging._snapshot_due = asyncio.get_running_loop().time() + 60
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(judging.run())
        async with asyncio.timeout(5):
            while intake.asked < 20:
                await asyncio.sleep(0)
        lasted = asyncio.get_running_loop().time() - began
        task.cancel()
        await asyncio.wait([task])

    assert intake.asked <= lasted / LOOK_SECONDS + 1
