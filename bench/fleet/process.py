"""The fleet as a process of its own: `python -m bench.fleet.process ORDER`.

Prints a `Sent` a second, as JSON, and the last one once the broker has acknowledged everything and the
sent-log is written.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from bench.fleet.city import City, Longs, Plan
from bench.fleet.gateway import Gateway
from bench.fleet.script import Course, Script
from bench.fleet.sent_log import SentLog
from bench.fleet.voices import Voices

# A gateway has its turn every TICK * GROUPS seconds, and sends what is due by then in one go.
TICK = 0.02
GROUPS = 5
# Messages that may wait for their acknowledgement, over all gateways, and of one gateway at least.
WINDOW, SMALLEST = 50_000, 10
# Messages/s before anything is counted, for first reports are dear; more where a round would else last longer
# than so many reports of a sensor, lest their gateways count as lost.
FIRST_REPORTS, ROUND = 5_000.0, 2.5
# Without a rate: messages of a burst, at most.
BURST = 50
ACKED_WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to publish: for `seconds`, at `rate` messages/s or, without one, as fast as the broker takes it.

    `expected` messages/s decide in which turn something happens in the city; `timed` alarms a second.
    `messages`, if given, ends it earlier. `log` is the path of the sent-log. Client ids begin with `client`.
    Before that every sensor is heard `rounds` times, at the same rate or slower: nothing happens then.
    `patient` gateways come back to a broker that has hung up, and send again what it has not acknowledged;
    without, that ends the fleet.
    """

    port: int
    plan: Plan
    seconds: float
    expected: float
    log: str
    rate: float | None = None
    timed: float = 0.0
    phase: int = 0
    messages: int | None = None
    client: str = "gateway"
    patient: bool = False
    rounds: int = 0

    @property
    def early(self) -> int:
        """Messages of the rounds before."""
        return self.rounds * self.plan.sensors

    @property
    def early_rate(self) -> float:
        """Messages/s of them."""
        rate = self.rate or self.expected
        return min(rate, max(FIRST_REPORTS, rate / ROUND))


@dataclass(slots=True)
class Sent:
    """So far; `began` in ns since the epoch, `cpu` in s, both without the rounds before.

    early     messages of the rounds before, which `published` and `acked` have in them
    timed     sensor to the instant (ns) at which its alarm to time went out
    closing   the sensor of the very last message, which goes out when all others are acknowledged: its alarm
              says that everything before was judged
    behind    messages that were due and had to wait for the broker, the most at one time
    refused   messages that no decoder can take
    seconds   until everything but the closing alarm was published; 0 until all is over
    settled   from then until the broker had acknowledged it, s
    """

    published: int = 0
    acked: int = 0
    began: int = 0
    early: int = 0
    seconds: float = 0.0
    settled: float = 0.0
    closing: str = ""
    cpu: float = 0.0
    refused: int = 0
    behind: int = 0
    timed: dict[str, int] = field(default_factory=dict)


class Fleet:
    """All gateways of a city, each on a connection of its own."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._city = City.of(order.plan)
        self._voices = Voices(self._city)
        length = order.seconds if order.messages is None else order.messages / order.expected
        course = Course(length, order.expected, order.timed, order.phase, order.rounds)
        self._script = Script(self._voices, course)
        numbers = range(order.plan.gateways)
        self._gateways = [Gateway(order.port, f"{order.client}-{n:04}") for n in numbers]
        window = max(WINDOW // order.plan.gateways, SMALLEST)
        self._window = np.minimum([gateway.window for gateway in self._gateways], window)
        if order.patient:
            # What is to be sent again must not have been overwritten by a sensor's next report.
            self._window = np.minimum(self._window, self._city.size)
        self._acked: Longs = np.zeros(len(numbers), np.int64)
        self._groups = [np.arange(n, len(numbers), GROUPS) for n in range(min(GROUPS, len(numbers)))]
        self._log = SentLog()
        self._last = 0
        # Messages/s, and how many each gateway had sent when that began.
        self._rate, self._before = 0.0, self._acked.copy()
        self.sent = Sent()

    def run(self) -> Sent:
        """Returns when the broker has everything. RuntimeError: it refused something or does not end."""
        order = self._order
        self._go(order.early / order.early_rate, order.early_rate, sys.maxsize)
        self.sent.early, self.sent.behind = self.sent.published, 0
        cpu, began = time.process_time(), time.perf_counter()
        self.sent.began = time.time_ns()
        self._tell()
        self._go(order.seconds, order.rate or 0.0, sys.maxsize if order.messages is None else order.messages)
        took = time.perf_counter() - began
        self._settle()
        self.sent.settled = time.perf_counter() - began - took
        self._close()
        self._settle()
        self.sent.cpu = time.process_time() - cpu
        self._log.write(Path(self._order.log))
        self._count()
        self.sent.refused, self.sent.seconds = self._script.refused, took
        return self.sent

    def _go(self, seconds: float, rate: float, most: int) -> None:
        """Publish for some time, or so many messages; 0 messages/s are as fast as it goes."""
        self._rate, self._before = rate, self._voices.turn.copy()
        began = told = time.perf_counter()
        for group in self._turns(began, seconds, self.sent.published + most):
            now = time.perf_counter()
            self._serve(group, now - began)
            if now - told >= 1:
                told = now
                self._tell()

    def close(self) -> None:
        for gateway in self._gateways:
            gateway.close()

    def _turns(self, began: float, seconds: float, most: int) -> Iterator[Longs]:
        """The groups in turn, until it is over; with a rate one every TICK."""
        number = 0
        while (now := time.perf_counter() - began) < seconds and self.sent.published < most:
            due = number * TICK
            if self._rate and now < due:
                time.sleep(due - now)
            yield self._groups[number % len(self._groups)]
            number += 1

    def _serve(self, group: Longs, elapsed: float) -> None:
        """Take in acknowledgements, then send what is due."""
        ready = np.zeros(len(group), np.bool_)
        for index, number in enumerate(group.tolist()):
            ready[index] = self._exchange(number)
        stamp = time.time_ns() // 1_000_000
        if stamp <= self._last:
            return
        some = group[ready]
        counts = self._due(some, elapsed)
        some, counts = some[counts > 0], counts[counts > 0]
        if len(some):
            self._last = stamp
            self._send(some, counts, stamp)

    def _exchange(self, number: int) -> bool:
        """Take in a gateway's acknowledgements and send its rest; whether it may send more."""
        gateway = self._gateways[number]
        try:
            self._acked[number] = gateway.collect()
            return gateway.push()
        except OSError:
            if not self._order.patient:
                raise
            return self._come_back(number)

    def _come_back(self, number: int) -> bool:
        gateway = self._gateways[number]
        unacked = int(self._voices.turn[number]) - gateway.acked
        try:
            return gateway.reconnect(self._voices.again(number, unacked))
        except OSError:
            # The broker is still away; the next turn tries again.
            return False

    def _due(self, some: Longs, elapsed: float) -> Longs:
        """Messages that each gateway can send now."""
        turn = self._voices.turn[some]
        free: Longs = np.minimum(self._window[some] - (turn - self._acked[some]), self._voices.room(some))
        if not self._rate:
            return free.clip(max=BURST)
        share = self._rate / self._order.plan.sensors
        said = turn - self._before[some]
        due: Longs = (elapsed * share * self._city.size[some]).astype(np.int64) - said
        self.sent.behind = max(self.sent.behind, int(np.maximum(due - free, 0).sum()))
        return due.clip(max=free)

    def _send(self, some: Longs, counts: Longs, stamp: int) -> None:
        timed = self._script.before(some, counts)
        turn = self._voices.turn[some]
        first = self._city.first[some] + turn % self._city.size[some]
        self._log.add(first, counts, stamp)
        self.sent.published += int(counts.sum())
        bursts = self._voices.say(some, counts, stamp)
        self.sent.timed |= dict.fromkeys(map(self._city.sensor, timed), time.time_ns())
        for number, burst in zip(some.tolist(), bursts, strict=True):
            try:
                self._gateways[number].send(burst)
            except OSError:
                # Patient ones send it again once they are back.
                if not self._order.patient:
                    raise

    def _close(self) -> None:
        position, gateway, before = self._script.closing()
        self.sent.closing = self._city.sensor(position)
        stamp = max(time.time_ns() // 1_000_000, self._last + 1)
        self._send(np.array([gateway]), np.array([before + 1]), stamp)

    def _settle(self) -> None:
        """Until the last acknowledgement."""
        latest = time.perf_counter() + ACKED_WITHIN
        while (self._acked < self._voices.turn).any():
            if time.perf_counter() > latest:
                raise RuntimeError(
                    f"{self._count()} messages are not acknowledged after {ACKED_WITHIN:.0f} s"
                )
            for number in np.flatnonzero(self._acked < self._voices.turn).tolist():
                self._exchange(number)
            time.sleep(TICK)

    def _count(self) -> int:
        """Note what is acknowledged; returns how many are not."""
        self.sent.acked = int(self._acked.sum())
        return self.sent.published - self.sent.acked

    def _tell(self) -> None:
        self._count()
        show(Sent(self.sent.published, self.sent.acked, self.sent.began, self.sent.early))


def show(sent: Sent) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(sent) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    fleet = Fleet(msgspec.json.decode(sys.argv[1], type=Order))
    show(fleet.run())
    fleet.close()
