"""The fleet of a city as a process of its own: `python -m bench.fleet ORDER`.

Prints a `Sent` a second, as JSON, and the last one once the broker has acknowledged everything and the
sent-log is written.
"""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ingest.clock import SystemClock
from simulators.city.fleet import Broker, Fleet
from simulators.city.plan import City, Plan
from simulators.city.run import Run
from simulators.city.script import Script
from simulators.city.voices import Voices
from simulators.sent_log import SentLog

# Messages/s before anything is counted, for first reports are dear; more where a round would else last longer
# than so many reports of a sensor, lest their gateways count as lost.
FIRST_REPORTS, ROUND = 5_000.0, 2.5
ACKED_WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to publish: for `seconds`, at `rate` messages/s or, without one, as fast as the broker takes it.

    `expected` messages/s decide in which turn something happens in the city; `timed` alarms a second.
    `messages`, if given, ends it earlier. `log` is the path of the sent-log. Client ids begin with `client`.
    Before that every sensor is heard `rounds` times, at the same rate or slower: nothing happens then.
    `patient` as of a `Broker`. `happens` is what happens in the city, if not as usual.
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
    happens: Run | None = None

    @property
    def early(self) -> int:
        """Messages of the rounds before."""
        return self.rounds * self.plan.sensors

    @property
    def early_rate(self) -> float:
        """Messages/s of them."""
        rate = self.rate or self.expected
        return min(rate, max(FIRST_REPORTS, rate / ROUND))

    @property
    def run(self) -> Run:
        """What happens in the city meanwhile."""
        if self.happens is not None:
            return self.happens
        length = self.seconds if self.messages is None else self.messages / self.expected
        return Run(length, self.expected, self.timed, self.phase, self.rounds)


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


class Load:
    """A fleet that does what it was ordered to."""

    def __init__(self, order: Order) -> None:
        self._order = order
        city = City.of(order.plan)
        voices = Voices(city)
        self._script = Script(voices, order.run)
        broker = Broker(host="127.0.0.1", port=order.port, client=order.client, patient=order.patient)
        self._log = SentLog(Path(order.log), city.sensors())
        self._fleet = Fleet(voices, self._script, broker, SystemClock(), self._log)
        self._sent = Sent()

    def run(self) -> Sent:
        """Returns when the broker has everything. RuntimeError: it has not, after ACKED_WITHIN."""
        order, fleet, sent = self._order, self._fleet, self._sent
        fleet.publish(order.early / order.early_rate, order.early_rate, self._tell)
        sent.early, fleet.behind = fleet.published, 0
        cpu, began = time.process_time(), time.perf_counter()
        sent.began = time.time_ns()
        self._tell()
        most = float("inf") if order.messages is None else order.messages
        fleet.publish(order.seconds, order.rate or 0.0, self._tell, most)
        took = time.perf_counter() - began
        self._settle()
        settled = time.perf_counter() - began - took
        sent.closing = fleet.say_last()
        self._settle()
        sent.cpu = time.process_time() - cpu
        self._log.end(fleet.acked)
        self._count()
        sent.refused, sent.seconds, sent.settled = self._script.refused, took, settled
        sent.behind = fleet.behind
        sent.timed = {sensor: sent.began + int((at - began) * 1e9) for sensor, at in fleet.timed.items()}
        return sent

    def close(self) -> None:
        self._fleet.close()
        self._log.close()

    def _settle(self) -> None:
        if left := self._fleet.settle(ACKED_WITHIN):
            raise RuntimeError(f"{left} messages are not acknowledged after {ACKED_WITHIN:.0f} s")

    def _count(self) -> None:
        self._sent.published, self._sent.acked = self._fleet.published, self._fleet.acked

    def _tell(self) -> None:
        self._count()
        show(self._sent)


def show(sent: Sent) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(sent) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    load = Load(msgspec.json.decode(sys.argv[1], type=Order))
    show(load.run())
    load.close()
