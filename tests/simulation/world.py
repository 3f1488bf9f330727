"""One town from beginning to end: the daemon, killed and started again, and everything around it."""

import asyncio
import contextvars
import random
import traceback
from collections import Counter, deque
from collections.abc import Callable
from hashlib import blake2b

from structlog.testing import capture_logs

from ingest.decode import Decoder
from ingest.journal import Entry, EntryKind, JournalUnavailable
from ingest.session.wire import messages
from tests.simulation.broker import Published, SimulatedBroker
from tests.simulation.faults import Happenings
from tests.simulation.gateways import Gateway
from tests.simulation.life import Disk, Life, Parts, Surroundings
from tests.simulation.loop import OWNER, Owner, SeededLoop
from tests.simulation.people import People
from tests.simulation.plan import Mode, Plan, Publish
from tests.simulation.town import basis_of, bundles
from tests.tocsin.village import START

# After the end of the story everything that is left to do has so long (s).
DRAINS_WITHIN = 300.0
LOOK_EVERY = 0.5


class Violation(AssertionError):
    """An invariant does not hold, or the daemon died of something that is not a crash."""


class World:
    """`run` raises Violation; `trace` tells the last things that happened."""

    def __init__(self, plan: Plan, parts: Parts | None = None) -> None:
        self.plan = plan
        self.loop = SeededLoop(random.Random(f"{plan.mode}:{plan.seed}:loop"))
        self.trace: deque[str] = deque(maxlen=60)
        self.happened: Counter[str] = Counter()
        self.crashes = 0
        self.restarts = 0
        self.journaled: set[tuple[str, bytes]] = set()
        self.acknowledged = 0
        self.stepped = 0.0
        self.settled = 0
        self.over = 0.0
        self._digest = blake2b(digest_size=16)
        self._checked = 0
        self._wrong = ""
        self._buried = False
        self._owners: list[Owner] = []
        self._logs: list[dict[str, object]] = []
        self.context = contextvars.copy_context()
        parts = parts or Parts()
        self.disk = Disk(parts, self._appended, self._moved)
        self.broker = SimulatedBroker(
            self.loop, self._acked, self.complain, window=plan.window, renumbers=plan.renumbers
        )
        self.loop.dial = self.broker.dial
        gateways = {
            "sms": Gateway(self.loop, honours_keys=plan.honours_keys, receipts=False),
            "loudspeaker": Gateway(self.loop, honours_keys=True, receipts=True),
        }
        database = parts.database(self.loop.time)
        self.around = Surroundings(self.loop, parts, self.disk, gateways, database, self.wall)
        self.happenings = Happenings(self)
        self.people = People(self)
        self.owner = Owner()
        self.life: Life | None = None

    def wall(self) -> float:
        """The machine's clock, s: it drifts, and is set now and then."""
        return START / 1_000 + self.loop.time() * (1 + self.plan.drift) + self.stepped

    def tell(self, what: str) -> None:
        line = f"{self.loop.time():9.4f} {what}"
        self.trace.append(line)
        self._digest.update(line.encode())

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def complain(self, wrong: str) -> None:
        self._wrong = self._wrong or wrong
        self.tell(f"WRONG: {wrong}")

    def run(self) -> None:
        """The whole story; then all must drain."""
        state = random.getstate()
        # The pauses of the series writer come from the one generator that all share.
        random.seed(self.plan.seed)
        try:
            with capture_logs() as logs:
                self._run(logs)  # type: ignore[arg-type]
        finally:
            random.setstate(state)
            self._bury()

    def _run(self, logs: list[dict[str, object]]) -> None:
        self.loop.after_step = self.happenings.after_step
        self._logs = logs
        self.start()
        for publish in self.plan.publishes:
            self.loop.outside(publish.at, self._publish, publish)
        for deed in self.plan.deeds:
            self.loop.outside(deed.at, self.people.act, deed)
        for fault in self.plan.faults:
            self.loop.outside(fault.at, self.happenings.arm, fault)
        quiet = self.plan.lasts if self.plan.mode is Mode.SAFETY else self.plan.lasts / 2
        self.loop.outside(quiet, self.happenings.all_well)
        self._until(lambda: self.loop.time() > self.plan.lasts)
        self.tell("the story is over; all must drain")
        self.over = self.loop.time()
        self.happenings.all_well()
        deadline = self.loop.time() + DRAINS_WITHIN
        self._until(lambda: self.drained() or self.loop.time() > deadline)
        if not self.drained():
            raise Violation(f"does not drain: {self.undone()}")
        if self.life is not None and self.life.daemon is not None:
            self.settled = self.life.daemon.judging.judge.engine.now

    def _bury(self) -> None:
        """Let go of the last life, so that nothing of it is left to the garbage collector."""
        self.loop.after_step = lambda: None
        self._buried = True
        self.cut_off(power=False)
        self._until(lambda: all(task.done() for owner in self._owners for task in owner.tasks))
        self.loop.close()

    def _until(self, over: Callable[[], bool]) -> None:
        def look() -> None:
            if over():
                self.loop.stop()
            else:
                self.loop.outside(LOOK_EVERY, look)

        look()
        self.loop.run_forever()

    def after_step(self) -> None:
        if self._wrong:
            raise Violation(self._wrong)
        if self.loop.complaints:
            raise Violation(f"nobody waits for what failed: {self.loop.complaints}")
        while self._checked < len(self._logs):
            entry = self._logs[self._checked]
            self._checked += 1
            self.tell(f"  log {entry.get('log_level')}: {entry.get('event')} {_rest(entry)}")

    def start(self) -> None:
        if self.life is not None or self._buried:
            return
        self.owner, self.life = Owner(), Life(self.around)
        self._owners.append(self.owner)
        self.context = contextvars.copy_context()
        self.context.run(OWNER.set, self.owner)
        self.tell("the daemon starts")
        task = self.loop.create_task(self.life.run(), context=self.context)
        task.add_done_callback(self._ended)

    def start_after(self, seconds: float) -> None:
        self.restarts += 1
        self.loop.outside(seconds, self.start)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        life = self.life
        if life is None or task is not self.owner.tasks[0]:
            return
        if (defect := task.exception()) is not None:
            self.complain(f"the daemon died: {defect!r} {_places(defect)}")
        elif not (life.ended_by or life.stop.is_set()):
            self.complain("the daemon ended though nobody stopped it")
        self.tell(f"the daemon has ended {life.ended_by}")
        self.cut_off(power=False)
        self.start_after(self.loop.chance.uniform(0.05, 10.0))

    def reload(self, number: int) -> None:
        """As an operator's SIGHUP does."""
        daemon = self.life.daemon if self.life is not None else None
        if daemon is not None and daemon.ready:
            task = self.loop.create_task(daemon.adopt(number), context=self.context)
            task.add_done_callback(self._adopted)

    def _adopted(self, task: "asyncio.Task[None]") -> None:
        defect = None if task.cancelled() else task.exception()
        if defect is not None and not isinstance(defect, JournalUnavailable):
            self.complain(f"a reload failed: {defect!r}")

    def cut_off(self, power: bool) -> None:
        """The process is gone, at this very step."""
        if self.life is None:
            return
        self.owner.dead = True
        self.life = None
        self.broker.sever()
        self.disk.crash(power)
        for task in self.owner.tasks:
            if not task.done():
                task.cancel()

    def _publish(self, publish: Publish) -> None:
        self.tell(f"published {publish.topic} {publish.payload.decode()}")
        self.happened["publish"] += 1
        self.broker.publish(Published(publish.topic, publish.payload))

    def _appended(self, entry: Entry) -> None:
        self.tell(f"journaled {entry.sequence} {entry.kind} of {entry.count} at {entry.received}")
        if entry.kind is EntryKind.MQTT:
            self.journaled.update((p.topic, p.payload) for p in messages(entry.data))  # type: ignore[union-attr]

    def _acked(self, message: Published) -> None:
        self.acknowledged += 1
        if (message.topic, message.payload) not in self.journaled:
            self.complain(f"acknowledged, but not in the journal: {message.payload.decode()}")

    def _moved(self, name: str, sequence: int) -> None:
        if name != "series":
            return
        entries = self.disk.journal.everything[:sequence]
        durable = self.around.database.durable()
        for entry in entries[self.happenings.cursor :]:
            if entry.sequence not in durable and has_readings(entry):
                self.complain(f"the series cursor is at {sequence}; entry {entry.sequence} is not safe yet")
        self.happenings.cursor = max(self.happenings.cursor, sequence)

    def drained(self) -> bool:
        return not self.undone()

    def undone(self) -> str:
        """What is still to be done; empty when all is."""
        daemon = self.life.daemon if self.life is not None else None
        if daemon is None or not daemon.ready:
            return "the daemon is not ready"
        waiting = {
            "broker": self.broker.waiting,
            "journaled, not judged": daemon.intake.handed - daemon.judging.done,
            "judged, not committed": not daemon.judging.idle(),
            "entries not in the database": daemon.series.lag,
            "entries not safe there": self.disk.journal.last - self.disk.journal.cursor("series"),
            "deliveries": len(self.disk.outbox.rows(UNFINISHED)),
        }
        return ", ".join(f"{name}: {count}" for name, count in waiting.items() if count)


UNFINISHED = (
    "SELECT key FROM deliveries WHERE due IS NOT NULL OR state IN ('queued', 'claimed')"
    " UNION ALL SELECT warning FROM transitions WHERE routed IS NULL"
    " UNION ALL SELECT id FROM incidents WHERE stirred = 1"
)


def has_readings(entry: Entry) -> bool:
    """Whether a database has anything to keep of it; kinds and sensors are the same in all bundles."""
    basis = basis_of(bundles()[0].hash)
    if entry.kind is not EntryKind.MQTT:
        return False
    decoded = Decoder(basis.kinds, basis.registry).decode(
        entry.sequence, entry.received, messages(entry.data)
    )
    return len(decoded.readings) > 0


def _places(defect: BaseException) -> str:
    """Where it was raised, the innermost of a group."""
    while isinstance(defect, BaseExceptionGroup):
        defect = defect.exceptions[0]
    frames = traceback.extract_tb(defect.__traceback__)[-6:]
    return f"{defect!r} at " + " < ".join(f"{f.filename.split('/')[-1]}:{f.lineno}" for f in reversed(frames))


def _rest(entry: dict[str, object]) -> str:
    return " ".join(f"{k}={v}" for k, v in entry.items() if k not in ("log_level", "event", "exc_info"))
