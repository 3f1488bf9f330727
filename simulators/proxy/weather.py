"""What a proxied link does to its bytes at the moment."""

import asyncio
from enum import Enum


class Flow(Enum):
    """Whether bytes get across."""

    PASS = "they do"
    HOLD = "they wait, and so does who sends them"
    SWALLOW = "they are taken and never seen again"


class Weather:
    """The faults in force, for all connections at once.

    latency  seconds from the arrival of bytes to their departure: (to the target, from the target)
    rate     bytes a second of each direction of each connection; None is as fast as it goes
    """

    def __init__(self) -> None:
        self.latency = (0.0, 0.0)
        self.rate: int | None = None
        self._flow = Flow.PASS
        self._moving = asyncio.Event()
        self._fair = asyncio.Event()
        self.flow = Flow.PASS

    @property
    def flow(self) -> Flow:
        return self._flow

    @flow.setter
    def flow(self, flow: Flow) -> None:
        self._flow = flow
        for event, met in ((self._moving, flow is not Flow.HOLD), (self._fair, flow is Flow.PASS)):
            event.set() if met else event.clear()

    async def moving(self) -> None:
        """Return once bytes are taken."""
        await self._moving.wait()

    async def fair(self) -> None:
        """Return once bytes get across."""
        await self._fair.wait()
