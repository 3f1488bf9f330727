"""An event loop in virtual time, whose every choice comes from a seed.

Time moves only when nothing is ready, and then to the next timer, so an hour of waiting costs nothing. What
an executor is given runs inline, at a seeded later point; a wake-up may overtake another; a life can be cut
off between any two steps.
"""

import asyncio
import contextvars
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future as DoneFuture
from typing import Any, TypeVar

T = TypeVar("T")

OWNER: contextvars.ContextVar["Owner | None"] = contextvars.ContextVar("owner", default=None)
# A task is woken through a built-in method; its first step and bare yields come as something else, and the
# order of those is asyncio's promise.
WAKE_UP = type(len)
SHARE_OUT_OF_TURN = 0.25


class Stalled(AssertionError):
    """Nothing is ready and nothing is due: everybody waits for somebody else."""


class Owner:
    """Whoever tasks, timers and jobs belong to: one life of the daemon. Dead, it starts nothing more."""

    def __init__(self) -> None:
        self.dead = False
        self.tasks: list[asyncio.Task[Any]] = []


class NumberedTask(asyncio.Task):  # type: ignore[type-arg]
    """Hashed by its number, so that a set of tasks has the same order in every process."""

    def __init__(self, work: Any, *, loop: "SeededLoop", context: Any = None) -> None:
        loop.numbers += 1
        # First of all: a task is hashed while it is made.
        self.number = loop.numbers
        super().__init__(work, loop=loop, context=context)

    def __hash__(self) -> int:
        return self.number


class Thread:
    """Stands for an executor with one thread: jobs run inline, in order, not before `stalled_until`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.jobs: deque[tuple[asyncio.Future[Any], Callable[[], Any], Owner | None]] = deque()
        self.stalled_until = 0.0
        self.working = False
        self.heard = 0.0

    def submit(self, call: Callable[..., T], *args: Any) -> "DoneFuture[T]":
        """At once: only what happens before the loop runs is given this way."""
        done: DoneFuture[T] = DoneFuture()
        done.set_result(call(*args))
        return done


class SeededLoop(asyncio.BaseEventLoop):
    """`dial` makes connections; `after_step` is called between any two steps."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.steps = 0
        self.complaints: list[str] = []
        self.after_step: Callable[[], None] = _nothing
        self.dial: Callable[[Callable[[], Any]], Coroutine[Any, Any, tuple[Any, Any]]] | None = None
        self._instant = 0.0
        self.numbers = 0
        self._world = contextvars.Context()
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._complain)

    def time(self) -> float:
        return self._instant

    def jump(self, seconds: float) -> None:
        """The machine was suspended: time has passed in which nothing ran."""
        self._instant += seconds

    def _run_once(self) -> None:
        self._collect_due()
        while not self._ready:
            if not self._scheduled:
                raise Stalled("nothing is ready and nothing is due")
            self._instant = max(self._instant, self._scheduled[0]._when)
            self._collect_due()
        handle = self._pick()
        if not handle._cancelled:
            handle._run()
            self.steps += 1
            self.after_step()

    def _collect_due(self) -> None:
        timers = self._scheduled
        while timers and (timers[0]._cancelled or timers[0]._when <= self._instant):
            handle = heapq.heappop(timers)
            handle._scheduled = False
            if not handle._cancelled:
                self._ready.append(handle)

    def _pick(self) -> asyncio.Handle:
        """The oldest; now and then a wake-up that stands further behind."""
        ready = self._ready
        if len(ready) > 1 and self.chance.random() < SHARE_OUT_OF_TURN:
            place = self.chance.randrange(len(ready))
            handle = ready[place]
            if type(handle._callback) is WAKE_UP:
                del ready[place]
                return handle
        return ready.popleft()

    def _new_task(self, loop: Any, work: Any, context: Any = None) -> asyncio.Task[Any]:
        task = NumberedTask(work, loop=loop, context=context)
        if (owner := context.get(OWNER) if context is not None else OWNER.get()) is not None:
            owner.tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Inline, later: jobs of one thread in order, those of the default executor each by itself."""
        future = self.create_future()
        owner = OWNER.get()
        if owner is not None and owner.dead:
            future.cancel()
            return future
        thread = executor if isinstance(executor, Thread) else Thread("any")
        thread.jobs.append((future, lambda: func(*args), owner))
        if not thread.working:
            self._begin(thread)
        return future

    def _begin(self, thread: Thread) -> None:
        thread.working = True
        wait = max(thread.stalled_until - self._instant, 0.0) + self.delay()
        self.outside(wait, self._work, thread)

    def delay(self) -> float:
        """Mostly none; now and then what a busy machine takes, seldom what a failing disk does."""
        roll = self.chance.random()
        if roll < 0.6:
            return 0.0
        return self.chance.expovariate(1000.0) if roll < 0.98 else self.chance.uniform(0.0, 0.3)

    def _work(self, thread: Thread) -> None:
        future, call, owner = thread.jobs.popleft()
        if not (future.cancelled() or (owner is not None and owner.dead)):
            settle: Callable[[Any], None] = future.set_result
            try:
                found = call()
            except Exception as error:  # noqa: BLE001 - the future carries it, as an executor's does
                settle, found = future.set_exception, error
            self._tell(thread, future, settle, found)
        thread.working = False
        if thread.jobs:
            self._begin(thread)

    def _tell(self, thread: Thread, future: Any, settle: Callable[[Any], None], found: object) -> None:
        """The loop hears of a finished job somewhat later, in order: a crash may come between."""
        thread.heard = max(thread.heard + 1e-9, self._instant + self.delay())
        self.call_at(thread.heard, lambda: None if future.done() else settle(found), context=self._world)

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], *_: Any, **__: Any
    ) -> tuple[Any, Any]:
        if self.dial is None:
            raise ConnectionRefusedError("there is no network")
        return await self.dial(protocol_factory)

    def outside(self, delay: float, call: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """A timer of the world, whoever asks for it."""
        return self.call_later(delay, call, *args, context=self._world)

    def _complain(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector here."""

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""


def _nothing() -> None:
    """No one asked to look after each step."""
