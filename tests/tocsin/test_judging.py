"""From the journal to the outbox: live, after a restart, and while nothing arrives."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import Retention
from ingest.reading import Reason
from notifiers.action import Acknowledge, Answer, Taken
from notifiers.outbox import Outbox
from notifiers.outbox.reader import Fault
from rules.realm import Realm
from rules.transition import Transition, line
from tests.tocsin.scripted import ScriptedSession, batch
from tests.tocsin.village import RULES, START, basis, bundle, report
from tocsin.bundle import Applied
from tocsin.configuration import configure
from tocsin.first_bundle import apply_first
from tocsin.intake import Intake
from tocsin.judge import Basis, Judge
from tocsin.judging import Judging
from tocsin.storage import Storage

Sent = tuple[int, str, float]

# (minute, sensor, value): a river that rises and falls, and rain that is long enough to warn of.
FLOOD: list[Sent] = [
    (0, "river-1", 1.0),
    (5, "river-1", 2.1),
    (5, "rain-1", 12.0),
    (10, "rain-1", 12.0),
    (15, "river-1", 3.1),
    (20, "rain-1", 1.0),
    (25, "river-1", 3.2),
    (30, "river-1", 4.1),
    *((minute, "river-1", 1.0) for minute in range(35, 85, 5)),
    *((minute, "rain-1", 0.0) for minute in range(85, 125, 5)),
]
LOWERED = RULES.replace("stage >= 4 m", "stage >= 2.2 m").replace("stage >= 3 m", "stage >= 2.1 m")
STRICTER = bundle(rules=LOWERED)


class FailingOutbox:
    """The real outbox, on a disk that refuses the first `failures` commits."""

    def __init__(self, outbox: Outbox, failures: int) -> None:
        self._outbox = outbox
        self.failures = failures
        self.tried = 0

    def commit(self, position: int, transitions: Sequence[Transition]) -> list[Fault]:
        self.tried += 1
        if self.tried <= self.failures:
            raise sqlite3.OperationalError("database or disk is full")
        return self._outbox.commit(position, transitions)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._outbox.transaction()

    def act(self, sequence: int, at: int, taken: Taken, answer: Answer | None = None) -> Answer:
        return self._outbox.act(sequence, at, taken, answer)


@dataclass
class Post:
    """The parts around one judging, and the means to drive them."""

    storage: Storage
    session: ScriptedSession
    intake: Intake
    judging: Judging
    clock: LockstepClock
    wakes: list[int]

    async def play(self, sent: Sequence[Sent], until: int) -> None:
        """Send each report at its minute, then let time pass to the minute `until`."""

        async def send() -> None:
            for minute, sensor, value in sent:
                at = START + minute * MINUTE
                await self.clock.sleep_until(at)
                self.session.feed(batch(report(sensor, at, value)))

        sending = asyncio.create_task(send())
        async with asyncio.timeout(10):
            await self.clock.run(START + until * MINUTE)
        assert sending.done()

    async def transitions(self) -> list[Transition]:
        outbox = self.storage.outbox
        return [t for _, t in await self._ask(outbox.transitions)]

    async def lines(self) -> list[bytes]:
        return [line(transition) for transition in await self.transitions()]

    async def faults(self) -> list[Fault]:
        return await self._ask(self.storage.outbox.faults)

    async def _ask(self, question: Callable[[], list]) -> list:  # type: ignore[type-arg]
        return await asyncio.get_running_loop().run_in_executor(self.storage.outbox_thread, question)


def _judge(storage: Storage) -> Judge:
    def load(hash_: str) -> Basis:
        return configure(storage.bundles.load(hash_)).basis

    snapshot = storage.snapshots.newest()
    return Judge(basis(), load) if snapshot is None else Judge.resume(snapshot, load)


@asynccontextmanager
async def opened(
    directory: Path,
    start: int = START,
    around: Callable[[Storage], Storage] = lambda storage: storage,
    judge_of: Callable[[Storage], Judge] = _judge,
) -> AsyncIterator[Post]:
    """Recovered and running; left as a kill leaves it, with no more than what is on disk."""
    storage = Storage.open(directory, Realm.LIVE, Retention())
    clock = LockstepClock(start)
    if not storage.bundles.applied():
        apply_first(bundle(), storage, clock)
    session, wakes = ScriptedSession(storage.journal), list[int]()
    intake = Intake(session, storage.journal, clock, storage.journal_thread)  # type: ignore[arg-type]
    judging = Judging(
        judge_of(storage), around(storage), intake, clock, lambda: wakes.append(judging.judge.position)
    )
    post = Post(storage, session, intake, judging, clock, wakes)
    await judging.recover(asyncio.Event())
    clock.hop("intake", intake.idle)
    clock.hop("judging", judging.idle)
    tasks = [asyncio.create_task(intake.run()), asyncio.create_task(judging.run())]
    try:
        yield post
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        storage.close()
    for task in tasks:
        assert task.cancelled() or task.result() is None


async def uninterrupted(directory: Path) -> list[bytes]:
    async with opened(directory) as post:
        await post.play(FLOOD, until=150)
        return await post.lines()


async def test_a_flood_goes_through_all_grades(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        await post.play(FLOOD, until=150)
        found = await post.transitions()

    assert [(t.rule, (t.at - START) // MINUTE, t.after and str(t.after)) for t in found] == [
        ("river", 5, "yellow"),
        ("rain", 15, "yellow"),
        ("river", 25, "orange"),
        ("river", 30, "red"),
        ("river", 50, "blue"),
        ("river", 55, None),
        ("rain", 125, None),
    ]
    assert post.judging.transitions == len(found)


async def test_a_deadline_is_met_while_nothing_arrives(tmp_path: Path) -> None:
    """20 mm of rain have to stand for 5 minutes; nobody says anything meanwhile."""
    async with opened(tmp_path) as post:
        await post.play([(0, "rain-1", 25.0)], until=4)
        assert await post.transitions() == []

        await post.play([], until=30)
        [raised] = await post.transitions()

    assert (raised.at, str(raised.after)) == (START + 5 * MINUTE, "yellow")
    assert post.storage.journal.last == 2


async def test_time_does_not_pass_while_what_fell_due_is_still_on_its_way_to_the_disk(tmp_path: Path) -> None:
    """Else a slow disk would date what follows a deadline later than a quick one."""
    gate = threading.Event()
    async with opened(tmp_path) as post:
        await post.play([(0, "rain-1", 25.0)], until=4)
        post.storage.outbox_thread.submit(gate.wait, 5)
        running = asyncio.create_task(post.clock.run(START + 60 * MINUTE))
        async with asyncio.timeout(5):
            while post.judging.judge.due == START + 5 * MINUTE:
                await asyncio.sleep(0)

        _, waiting = await asyncio.wait({running}, timeout=0.1)
        held = post.clock.now()
        gate.set()
        await running

    assert waiting == {running}
    assert held == START + 5 * MINUTE


async def test_recovery_from_the_journal_alone_gives_what_was_live(tmp_path: Path) -> None:
    live = await uninterrupted(tmp_path / "live")
    for part in ("journal", "bundles"):
        shutil.copytree(tmp_path / "live" / part, tmp_path / "again" / part)

    async with opened(tmp_path / "again", START + 150 * MINUTE) as post:
        await post.play([], until=151)
        recovered = await post.lines()

    assert recovered == live
    assert live != []


async def test_a_kill_anywhere_repeats_and_loses_nothing(tmp_path: Path) -> None:
    live = await uninterrupted(tmp_path / "live")

    found = []
    for number, sent in enumerate(FLOOD):
        async with opened(tmp_path / "killed", START + sent[0] * MINUTE) as post:
            await post.play([sent], until=sent[0] + 1)
            # Every other time as after a crash: the newest snapshot did not come to be.
            if number % 2:
                await post.judging.snapshot()
            assert await post.faults() == []
    async with opened(tmp_path / "killed", START + 121 * MINUTE) as post:
        await post.play([], until=150)
        found = await post.lines()

    assert found == live


async def test_without_its_snapshots_it_judges_everything_again(tmp_path: Path) -> None:
    live = await uninterrupted(tmp_path)
    shutil.rmtree(tmp_path / "snapshots")

    async with opened(tmp_path, START + 150 * MINUTE) as post:
        await post.play([], until=151)
        assert await post.lines() == live
        assert await post.faults() == []
        assert post.judging.judge.position == post.storage.journal.last


async def test_a_bundle_switches_the_rules_exactly_at_its_entry(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        post.storage.bundles.save(STRICTER)
        await post.play([(0, "river-1", 2.3)], until=1)
        entry = (await post.intake.apply(Applied(STRICTER.hash))).entry
        await post.play([(5, "river-1", 2.3)], until=6)
        found = await post.transitions()
        applied = post.storage.bundles.applied()

    assert [str(t.after) for t in found] == ["yellow", "red"]
    assert applied == [(1, bundle().hash), (3, STRICTER.hash)]
    assert entry.sequence == 3


async def test_a_replay_across_a_reload_uses_the_rules_of_their_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        post.storage.bundles.save(STRICTER)
        await post.play([(0, "river-1", 2.3), (5, "river-1", 2.3)], until=6)
        await post.intake.apply(Applied(STRICTER.hash))
        await post.play([(10, "river-1", 2.3)], until=11)
        live = await post.lines()
    shutil.rmtree(tmp_path / "snapshots")
    # As if the kill had come before the judge noted the bundle.
    (tmp_path / "bundles" / "applied").write_text(f"1 {bundle().hash}\n")

    async with opened(tmp_path, START + 20 * MINUTE) as post:
        assert await post.lines() == live
        assert await post.faults() == []
        assert post.storage.bundles.at(post.storage.journal.last) == STRICTER.hash


async def test_a_refused_commit_is_tried_again_and_wakes_nobody_before(tmp_path: Path) -> None:
    failing: list[FailingOutbox] = []

    def around(storage: Storage) -> Storage:
        failing.append(FailingOutbox(storage.outbox, failures=1))
        return replace(storage, outbox=failing[0])  # type: ignore[arg-type]

    async with opened(tmp_path, around=around) as post:
        post.session.feed(batch(report("river-1", START, 4.5)))
        async with asyncio.timeout(5):
            while not failing[0].tried:
                await asyncio.sleep(0.001)
            assert (post.judging.done, post.wakes) == (0, [1])
            while not post.judging.done:
                await asyncio.sleep(0.001)
        found = await post.transitions()

    assert failing[0].tried == 2
    assert [str(t.after) for t in found] == ["red"]
    assert post.wakes == [1, 2]


async def test_an_action_is_answered_once_it_is_applied_and_not_before(tmp_path: Path) -> None:
    failing: list[FailingOutbox] = []

    def around(storage: Storage) -> Storage:
        failing.append(FailingOutbox(storage.outbox, failures=1))
        return replace(storage, outbox=failing[0])  # type: ignore[arg-type]

    async with opened(tmp_path, around=around) as post:
        answer = await post.intake.act(Taken("lin", "account:lin", Acknowledge("nothing1")))
        async with asyncio.timeout(5):
            while not failing[0].tried:
                assert not answer.done()
                await asyncio.sleep(0.001)
            before = answer.done()
            said = await answer

    assert (before, failing[0].tried) == (False, 2)
    assert said == Answer(False, "there is no incident nothing1, or more than one begins like that")


async def test_refused_messages_go_to_quarantine_and_the_others_are_judged(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        post.session.feed(batch(report("river-9", START, 1.0), report("river-1", START, 4.5)))
        await post.play([], until=1)
        counts = post.storage.quarantine.counts()
        [row] = post.storage.quarantine.rows(10)
        found = await post.transitions()

    assert counts == {Reason.UNREGISTERED: 1}
    assert (row.sequence, row.message, row.received) == (2, 0, START)
    assert [str(t.after) for t in found] == ["red"]


async def test_quarantine_counts_once_however_often_an_entry_is_judged(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        post.session.feed(batch(report("river-9", START, 1.0)), batch(report("river-8", START, 1.0)))
        await post.play([], until=1)
    shutil.rmtree(tmp_path / "snapshots")

    async with opened(tmp_path, START + MINUTE) as post:
        assert post.storage.quarantine.counts() == {Reason.UNREGISTERED: 2}
        assert post.judging.judge.screen.quarantined == 2


async def test_stopping_judges_all_that_is_journaled_and_keeps_the_state(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        for minute in range(50):
            post.session.feed(batch(report("river-1", START + minute, 1.0)))
        async with asyncio.timeout(5):
            await post.intake.stop()
            await post.judging.stop()
        snapshot = post.storage.snapshots.newest()

    assert snapshot is not None
    assert snapshot.position == post.storage.journal.last == 51
    assert post.judging.judge.screen.accepted == 50


async def test_a_snapshot_frees_the_journal_before_the_one_that_is_kept_beside_it(tmp_path: Path) -> None:
    """Should the newest be damaged, the older one still finds every entry behind it."""
    async with opened(tmp_path) as post:
        await post.play(FLOOD, until=121)
        await post.judging.snapshot()
        first = post.storage.journal.cursor("engine")

        await post.judging.snapshot()

        assert (first, post.storage.journal.cursor("engine")) == (1, post.storage.journal.last)


async def test_a_snapshot_that_cannot_be_written_frees_nothing_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("in the way")

    async with opened(tmp_path) as post:
        await post.play(FLOOD[:2], until=6)
        await post.judging.snapshot()

        assert post.storage.journal.cursor("engine") == 0
        assert [str(t.after) for t in await post.transitions()] == ["yellow"]
