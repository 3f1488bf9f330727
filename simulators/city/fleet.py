"""The fleet of a city at work: every gateway on a connection of its own, its sensors in turn."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ingest.clock import SECOND, Clock
from simulators.city.gateway import Gateway
from simulators.city.plan import Longs
from simulators.city.script import Script
from simulators.city.voices import Voices
from simulators.publisher.link import RefusedError
from simulators.sent_log import SentLog

# A gateway has its turn every TICK * GROUPS seconds, and sends what is due by then in one go.
TICK = 0.02
GROUPS = 5
# Messages that may wait for their acknowledgement, over all gateways, and of one gateway at least.
WINDOW, SMALLEST = 50_000, 10
# Multiples of it lie evenly between whole numbers, however many there are.
GOLDEN = 0.6180339887
# Without a rate: messages of a burst, at most.
BURST = 50
# s from one attempt to come back to a broker that is away to the next, of all gateways.
AGAIN_AFTER = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish. Client ids begin with `client`.

    `patient` gateways come back to a broker that has hung up, and send again what it has not acknowledged;
    without, that ends the fleet.
    """

    host: str
    port: int
    client: str = "gateway"
    patient: bool = False


class Fleet:
    """Connects at once; errors as of a `Gateway`, then and in all that it does.

    timed   sensor to the instant (s of `time.perf_counter`) at which its alarm to time went out
    behind  messages that were due and had to wait for the broker, the most at one time
    """

    def __init__(
        self, voices: Voices, script: Script, broker: Broker, clock: Clock, log: SentLog | None
    ) -> None:
        self.published = 0
        self.behind = 0
        self.timed: dict[str, float] = {}
        self._voices, self._city, self._script = voices, voices.city, script
        self._patient = broker.patient
        self._clock = clock
        self._log = log
        self._gateways: list[Gateway] = []
        self._connect(broker)
        gateways = len(self._gateways)
        window = max(WINDOW // gateways, SMALLEST)
        self._window = np.minimum([gateway.window for gateway in self._gateways], window)
        if broker.patient:
            # What is to be sent again must not have been overwritten by a sensor's next report.
            self._window = np.minimum(self._window, self._city.size)
        self._acked: Longs = np.zeros(gateways, np.int64)
        self._groups = [np.arange(n, gateways, GROUPS) for n in range(min(GROUPS, gateways))]
        # What each has of its next message at first, lest all of as many sensors speak at the same instants.
        self._phase = np.arange(gateways) * GOLDEN % 1
        self._last = 0
        # Messages/s, when that began (s), and how many each gateway had sent then.
        self._rate, self._began, self._before = 0.0, 0.0, self._acked.copy()
        self._retry = 0.0
        self._stopped = False

    @property
    def acked(self) -> int:
        """Messages that the broker has acknowledged."""
        return int(self._acked.sum())

    @property
    def waiting(self) -> int:
        """Messages due for longer than two turns of a gateway that the broker has not acknowledged."""
        due = int((time.perf_counter() - self._began - 2 * TICK * GROUPS) * self._rate)
        return max(int(self._before.sum()) + due - self.acked, 0)

    def publish(
        self, seconds: float, rate: float, tell: Callable[[], None], most: float = float("inf")
    ) -> None:
        """For so long, so many messages, or until `stop`; `tell` is called once a second.

        `rate` in messages/s; 0 is as fast as the broker takes them.
        """
        self._rate, self._before = rate, self._voices.turn.copy()
        self._began = told = time.perf_counter()
        for group in self._turns(seconds, self.published + most):
            now = time.perf_counter()
            self._serve(group, now - self._began)
            if now - told >= 1:
                told = now
                tell()

    def stop(self) -> None:
        """Publish no more."""
        self._stopped = True

    def settle(self, within: float) -> int:
        """Until the last acknowledgement, or so long (s); returns the messages without one."""
        latest = time.perf_counter() + within
        while (self._acked < self._voices.turn).any() and time.perf_counter() < latest:
            for number in np.flatnonzero(self._acked < self._voices.turn).tolist():
                self._exchange(number)
            time.sleep(TICK)
        return self.published - self.acked

    def say_last(self) -> str:
        """One more alarm, alone behind all others; returns its sensor."""
        position, gateway, before = self._script.closing()
        stamp = max(self._clock.now(), self._last + 1)
        self._send(np.array([gateway]), np.array([before + 1]), stamp)
        return self._city.sensor(position)

    def close(self) -> None:
        for gateway in self._gateways:
            gateway.close()

    def _connect(self, broker: Broker) -> None:
        address, every = (broker.host, broker.port), self._city.plan.interval / SECOND
        try:
            for number in range(self._city.plan.gateways):
                self._gateways.append(Gateway(address, f"{broker.client}-{number:04}", every))
        except (OSError, RefusedError):
            self.close()
            raise

    def _turns(self, seconds: float, most: float) -> Iterator[Longs]:
        """The groups in turn, until it is over; with a rate one every TICK."""
        number = 0
        while not self._stopped and self.published < most:
            now, due = time.perf_counter() - self._began, number * TICK
            if now >= seconds:
                break
            if self._rate and now < due:
                time.sleep(due - now)
            yield self._groups[number % len(self._groups)]
            number += 1

    def _serve(self, group: Longs, elapsed: float) -> None:
        """Take in acknowledgements, then send what is due."""
        ready = np.zeros(len(group), np.bool_)
        for index, number in enumerate(group.tolist()):
            ready[index] = self._exchange(number)
        stamp = self._clock.now()
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
            if not self._patient:
                raise
            return self._come_back(number)

    def _come_back(self, number: int) -> bool:
        """If that fails, no gateway tries again for AGAIN_AFTER: with a silent host each try takes long."""
        if time.perf_counter() < self._retry:
            return False
        gateway = self._gateways[number]
        unacked = int(self._voices.turn[number]) - gateway.acked
        try:
            return gateway.reconnect(self._voices.again(number, unacked))
        except OSError:
            self._retry = time.perf_counter() + AGAIN_AFTER
            return False

    def _due(self, some: Longs, elapsed: float) -> Longs:
        """Messages that each gateway can send now."""
        turn = self._voices.turn[some]
        free: Longs = np.minimum(self._window[some] - (turn - self._acked[some]), self._voices.room(some))
        if not self._rate:
            return free.clip(max=BURST)
        share = self._rate / self._city.plan.sensors
        said = turn - self._before[some]
        due: Longs = (elapsed * share * self._city.size[some] + self._phase[some]).astype(np.int64) - said
        self.behind = max(self.behind, int(np.maximum(due - free, 0).sum()))
        return due.clip(max=free)

    def _send(self, some: Longs, counts: Longs, stamp: int) -> None:
        timed = self._script.before(some, counts)
        turn = self._voices.turn[some]
        if self._log is not None:
            first = self._city.first[some] + turn % self._city.size[some]
            self._log.add(first, counts, stamp, stamp)
        self.published += int(counts.sum())
        bursts = self._voices.say(some, counts, stamp)
        self.timed |= dict.fromkeys(map(self._city.sensor, timed), time.perf_counter())
        for number, burst in zip(some.tolist(), bursts, strict=True):
            try:
                self._gateways[number].send(burst)
            except OSError:
                # Patient ones send it again once they are back.
                if not self._patient:
                    raise
