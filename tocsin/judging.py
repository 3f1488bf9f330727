"""Journal entries to transitions to the outbox: what is raised is in the outbox."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import structlog

from ingest.clock import Clock
from ingest.journal import Entry, EntryKind, JournalUnavailable
from ingest.quarantine import QuarantineUnavailable
from ingest.session.wire import Message
from ingest.snapshots import Copies, SnapshotUnwritable
from notifiers.action import Answer
from rules.engine.normal_form import Fault
from tocsin.audit_trail import audited
from tocsin.bundle import Applied
from tocsin.canary import Canary
from tocsin.decoding import Recent
from tocsin.intake import Handed, Intake
from tocsin.judge import Judge, Judged, State
from tocsin.storage import Storage

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")

# Seconds of the event loop, not of the injected clock: how much work a restart may repeat is a matter of the
# machine, not of simulated time.
SNAPSHOT_SECONDS = 15.0
# Of judging since the newest snapshot: as much as a restart may have to repeat before it is ready, it must be
# ready within 10 s, and the rest of a large city's start takes most of them.
REPLAY_SECONDS = 2.5
# Copying and writing the state of a city is work, too: for each second of it so many without.
REST = 4.0
RETRY_SECONDS = 0.5
LOOK_SECONDS = 0.005
ENTRIES_A_READ = 256


class Judging:
    """Takes entries in journal order, commits what they led to, then wakes those behind it.

    `committed` is called after each entry and each deadline, with nothing of it still to be written; nothing
    falls due by the clock unless `awake`. `flown` is told of the canaries that were judged.
    """

    def __init__(
        self,
        judge: Judge,
        storage: Storage,
        intake: Intake,
        clock: Clock,
        committed: Callable[[], None],
        *,
        awake: Callable[[], bool] = lambda: True,
        flown: Callable[[Sequence[Canary]], None] = lambda _: None,
    ) -> None:
        self.judge = judge
        self.recent = Recent()
        self.transitions = 0
        self._storage = storage
        self._intake = intake
        self._clock = clock
        self._committed = committed
        self._awake = awake
        self._flown = flown
        self.done = 0
        self._snapshot_due = 0.0
        # Seconds of judging that no snapshot holds, and from when on the disk may have the next one.
        self._unkept = 0.0
        self._rested = 0.0
        self._copies = Copies()
        self._keeping: asyncio.Task[None] | None = None
        # Of the snapshot before the newest: the journal is kept from there, should the newest be damaged.
        self._older = 0
        self._committing = False
        self._told: set[Fault] = set()

    async def recover(self, stop: asyncio.Event) -> int:
        """Judge what the journal holds beyond the judge's position; returns the number of entries.

        What it came to is kept now and then, so that a long recovery that is interrupted goes on from there.
        Where there was none there is a snapshot at the end; else nobody waits for the next one.
        """
        loop = asyncio.get_running_loop()
        read = self._storage.journal.read
        count, first = 0, self.judge.position == 0
        self._snapshot_due = loop.time() + SNAPSHOT_SECONDS
        while entries := await asyncio.to_thread(read, self.judge.position, ENTRIES_A_READ):
            self._complain_of_gap(entries[0].sequence)
            for entry in entries:
                await self._take(entry)
            count += len(entries)
            if stop.is_set():
                break
            if await self._keep_up():
                log.info("recovering", entries=count, left=self._storage.journal.last - self.judge.position)
        if first:
            await self.snapshot()
        elif count:
            # Begun by `run`, beside what comes in.
            self._snapshot_due = loop.time()
        return count

    def _complain_of_gap(self, first: int) -> None:
        position = self.judge.position
        if position and first != position + 1:
            log.error("journal entries are gone before they were judged", after=position, next=first)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            handed = await self._next(self._snapshot_due - loop.time())
            if handed is not None:
                answer = await self._take(handed.entry, handed.packets)
                self.done += 1
                if handed.entry.kind is EntryKind.BUNDLE:
                    self.tell_faults()
                if handed.answer is not None and answer is not None and not handed.answer.done():
                    handed.answer.set_result(answer)
            elif self._intake.settled() and self._awake():
                await self._tick()
            else:
                # What fell due waits for an entry on its way to the disk, which may take its time.
                await asyncio.sleep(LOOK_SECONDS)
            await self._keep_up()

    def tell_faults(self) -> None:
        """Rules that cannot be judged for a sensor, as for want of a site parameter, stop no other rule."""
        for fault in self.judge.engine.faults():
            log.warning("rule cannot be judged", rule=fault.rule, sensor=fault.subject, reason=fault.reason)

    async def _take(self, entry: Entry, packets: Sequence[Message] | None = None) -> Answer | None:
        """Judge an entry and keep what it led to; what a person's action came to, if it was one."""
        self._committing = True
        if entry.kind is EntryKind.BUNDLE:
            await self._write(self._storage.bundles.record, entry.sequence, Applied.decode(entry.data).bundle)
        time = asyncio.get_running_loop().time
        began = time()
        judged = self.judge.take(entry, packets)
        self._unkept += time() - began
        if entry.kind is EntryKind.ACTION and judged.taken is None:
            log.error("a journaled action cannot be read; nothing was done", fault=judged.answer)
        if judged.block is not None:
            self.recent.put(judged.block)
        return await self._commit(judged)

    async def _next(self, seconds: float) -> Handed | None:
        """The next entry, or None when a deadline or the given time came first."""
        queue = self._intake.queue
        if not queue.empty():
            return queue.get_nowait()
        waiting = [asyncio.ensure_future(queue.get())]
        if (due := self.judge.due) is not None:
            waiting.append(asyncio.ensure_future(self._clock.sleep_until(due)))  # type: ignore[arg-type]
        try:
            await asyncio.wait(waiting, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
            return waiting[0].result() if waiting[0].done() else None
        finally:
            for future in waiting:
                future.cancel()

    async def _tick(self) -> None:
        instant = self._clock.now()
        if self.judge.due is not None and self.judge.due <= instant:
            self._committing = True
            transitions = self.judge.tick(instant)
            await self._commit(Judged(self.judge.position, instant, transitions, []))

    async def _commit(self, judged: Judged) -> Answer | None:
        self._tell_of_broken_rules()
        answer = judged.answer
        if judged.transitions or judged.taken is not None or judged.change is not None:
            answer = await self._write(self._record, judged)
            self.transitions += len(judged.transitions)
        if judged.rejected:
            add = self._storage.quarantine.add
            await self._write(add, judged.sequence, judged.received, judged.rejected)
        self._flown(judged.canaries)
        self._committed()
        self._committing = False
        return answer

    def _tell_of_broken_rules(self) -> None:
        """A rule that breaks stops no other, so somebody must hear of it."""
        broken = set(self.judge.engine.switched_off.values())
        for fault in broken - self._told:
            log.error("rule switched off; nobody is warned by it", rule=fault.rule, reason=fault.reason)
        self._told = broken

    def problem(self) -> str:
        """The rules that broke: nobody is warned by them until a reload changes them."""
        broken = sorted(fault.rule for fault in self.judge.engine.switched_off.values())
        return f"switched off, as the log says why: {', '.join(broken)}" if broken else ""

    def _record(self, judged: Judged) -> Answer | None:
        """Transitions, what a person did, and what a bundle changed, in one transaction."""
        outbox = self._storage.outbox
        with outbox.transaction():
            if judged.change is not None and judged.sequence > outbox.position:
                for what, facts in audited(judged.change, judged.sequence):
                    outbox.note(judged.received, what, judged.change.applied.by, facts)
            faults = outbox.commit(judged.sequence, judged.transitions)
            answer = judged.answer
            if judged.taken is not None:
                answer = outbox.act(judged.sequence, judged.received, judged.taken, judged.answer)
        for fault in faults:
            log.error("a transition judged again differs; the recorded one stands", fault=str(fault))
        return answer

    async def _write(self, write: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Try until the disk takes it: an entry is not done before."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._storage.outbox_thread, lambda: write(*args, **kwargs))
            except (sqlite3.Error, OSError, QuarantineUnavailable) as error:
                log.error("state cannot be written; trying again", reason=str(error))
                self._storage.reserve.relieve(error)
                await asyncio.sleep(RETRY_SECONDS)

    def idle(self) -> bool:
        due = self.judge.due
        judged = self.done == self._intake.handed and not self._committing
        return judged and (due is None or due > self._clock.now())

    async def snapshot(self) -> None:
        """Keep the state as it is now; the journal before it may then be retired."""
        await self._kept()
        self._begin_snapshot()
        await self._kept()

    async def _keep_up(self) -> bool:
        """Begin a snapshot if one is due; whether it was."""
        if self._keeping is not None and self._keeping.done():
            await self._kept()
        now = asyncio.get_running_loop().time()
        due = now >= self._snapshot_due or (self._unkept >= REPLAY_SECONDS and now >= self._rested)
        if due:
            self._begin_snapshot()
        return due

    def _begin_snapshot(self) -> None:
        """Copy the state here, write it beside the judging; a slow disk gets fewer snapshots, not more."""
        loop = asyncio.get_running_loop()
        self._snapshot_due = loop.time() + SNAPSHOT_SECONDS
        self._rested = self._snapshot_due
        # The room that is left on a full disk is for warnings.
        if self._keeping is None and self._storage.reserve.held:
            self._unkept = 0.0
            position, bundle, state = self.judge.snapshot()
            kept = self._copies.of(state)
            self._keeping = loop.create_task(self._keep(position, bundle, kept), name="snapshot")

    async def _kept(self) -> None:
        if self._keeping is not None:
            await self._keeping
            self._keeping = None

    async def _keep(self, position: int, bundle: str, state: State) -> None:
        storage, loop = self._storage, asyncio.get_running_loop()
        began = loop.time()
        try:
            await loop.run_in_executor(storage.outbox_thread, storage.quarantine.settle)
            await asyncio.to_thread(storage.snapshots.write, position, bundle, state)
            await asyncio.to_thread(storage.journal.move_cursor, "engine", self._older)
            self._older = position
        except (SnapshotUnwritable, JournalUnavailable, QuarantineUnavailable) as error:
            log.error("no snapshot", reason=str(error))
        self._rested = loop.time() + REST * (loop.time() - began)

    async def stop(self) -> None:
        """Judge all that is journaled, then keep the state."""
        while self.done < self._intake.handed:
            await asyncio.sleep(0.001)
        await self.snapshot()
