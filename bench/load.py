"""The publisher as a process of its own: `python -m bench.load ORDER` prints a `Sent` a second, as JSON."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.mix import Voices
from simulators.device import read_devices
from simulators.publisher import Publisher

# Messages that may wait for their PUBACK.
WINDOW = 2_000
# Without a rate: messages between two looks at the window.
CHUNK = 250
# With a rate: seconds between two bursts.
TICK = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to publish: for `seconds` or `messages`, whichever ends first, at `rate` messages/s or flat out.

    Each sensor of `raising` smells smoke once, evenly over the seconds; the last of them sends the very last
    message, so that its warning says that everything before was judged. `sensors` is a path.
    """

    port: int
    sensors: str
    client: str
    seed: int
    seconds: float
    rate: float | None = None
    messages: int | None = None
    raising: Sequence[str] = ()


@dataclass(slots=True)
class Sent:
    """What was published so far; `began` and `raises` (sensor to instant) in ns since the epoch, CPU in s.

    `seconds`, until the broker had everything, is 0 until then.
    """

    published: int = 0
    began: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    raises: dict[str, int] = field(default_factory=dict)


class Load:
    """Publishes what an order says."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._voices = Voices(read_devices(Path(order.sensors)), order.seed)
        self._publisher = Publisher("127.0.0.1", order.port, order.client, window=WINDOW)
        self._raising = list(reversed(order.raising))
        self.sent = Sent()

    async def run(self) -> Sent:
        """Returns when the broker has every message."""
        await self._publisher.connect()
        cpu, began = time.process_time(), time.perf_counter()
        self.sent.began = time.time_ns()
        reporting = asyncio.create_task(self._report())
        try:
            await self._publish(began)
            await self._publisher.flush()
        finally:
            reporting.cancel()
            await self._publisher.close()
        self.sent.seconds, self.sent.cpu = time.perf_counter() - began, time.process_time() - cpu
        return self.sent

    async def _publish(self, began: float) -> None:
        order = self._order
        most = sys.maxsize if order.messages is None else order.messages
        while (elapsed := time.perf_counter() - began) < order.seconds and self.sent.published < most:
            due = CHUNK if order.rate is None else int(order.rate * elapsed) - self.sent.published
            for _ in range(min(due, most - self.sent.published)):
                self._give(*self._voices.next(time.time_ns() // 1_000_000))
            while len(self._raising) > 1 and elapsed >= order.seconds * self._raised / len(order.raising):
                self._raise()
            await self._publisher.drain(WINDOW)
            if order.rate is not None:
                await asyncio.sleep(TICK)
        while self._raising:
            self._raise()

    @property
    def _raised(self) -> int:
        """How many will have been raised with the next one."""
        return len(self._order.raising) - len(self._raising) + 1

    def _raise(self) -> None:
        sensor, now = self._raising.pop(), time.time_ns()
        self._give(*self._voices.smoke(sensor, now // 1_000_000))
        self.sent.raises[sensor] = now

    def _give(self, topic: str, payload: bytes) -> None:
        self._publisher.publish(topic, payload)
        self.sent.published += 1

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(1)
            show(Sent(self.sent.published))


def show(sent: Sent) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(sent) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    show(asyncio.run(Load(msgspec.json.decode(sys.argv[1], type=Order)).run()))
