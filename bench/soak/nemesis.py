"""Does to the town what the plan says, one fault at a time, and sees it recover."""

import asyncio
from collections.abc import Callable, Iterator

from bench.process import failure
from bench.soak.figures import Struck
from bench.soak.plan import Step
from bench.soak.town import Town
from bench.soak.watching import well

# s after a fault was taken away; most is the start of Python on a busy machine.
READY_WITHIN = 60.0
LOOK_EVERY = 0.1
# s at the end of a watch without a fault.
QUIET = 3.0

Say = Callable[[str], None]


class Nemesis:
    """`struck` is what happened so far; each is told with `say` as it begins and when it is over."""

    def __init__(self, town: Town, plan: Iterator[Step], now: Callable[[], float], say: Say) -> None:
        self.struck: list[Struck] = []
        self._town = town
        self._plan = plan
        self._now = now
        self._say = say
        self._next = next(plan)

    async def rage(self, until: float) -> None:
        """Faults one after the other, as many as are over by `until`; the next watch goes on with the rest.

        RuntimeError shows the log of a daemon that ended by itself.
        """
        while self._now() + self._next.rest + self._next.hold + QUIET < until:
            await asyncio.sleep(self._next.rest)
            await self._strike(self._next)
            self._next = next(self._plan)

    async def _strike(self, step: Step) -> None:
        self._check()
        at = self._now()
        self._say(f"fault {len(self.struck) + 1}: {step.fault.name}, for {step.hold:.1f} s")
        await step.fault.begin(self._town)
        await asyncio.sleep(step.hold)
        over = self._now()
        await step.fault.end(self._town)
        ready = await self._ready(over)
        self.struck.append(Struck(step.fault.name, at, over - at, ready))
        late = f"NOT READY after {READY_WITHIN:.0f} s"
        self._say(late if ready is None else f"  over after {over - at:.1f} s; ready {ready:.1f} s later")

    async def _ready(self, since: float) -> float | None:
        while not await well(self._town):
            self._check()
            if self._now() - since > READY_WITHIN:
                return None
            await asyncio.sleep(LOOK_EVERY)
        return self._now() - since

    def _check(self) -> None:
        if not self._town.daemon.runs:
            raise failure("the daemon ended by itself", self._town.daemon.log)
