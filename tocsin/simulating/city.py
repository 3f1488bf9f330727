"""A generated fleet, published in real time: as many sensors as a city has, from one core."""

import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import FrameType

from ingest.clock import SECOND, SystemClock
from ingest.namespace import Namespace
from simulators.city.fleet import Broker, Fleet
from simulators.city.plan import City, Plan
from simulators.city.registry import sensor_rows, zones
from simulators.city.run import SECONDS_A_DAY, Happening, Run
from simulators.city.script import Script
from simulators.city.voices import Voices
from simulators.sent_log import SentLog
from tocsin.simulating.account import Address, Outcome, SoFar, Tell

# s at the end, for what is published and not acknowledged.
SETTLED_WITHIN = 10.0
# Files that a process has open besides its connections.
OWN_FILES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """For `seconds`, or without an end; shares of the sensors: `faulty`, and with an alarm a day.

    Without an end each day is like the first, with its `storm` if there is one.
    """

    plan: Plan
    seconds: float | None
    faulty: float
    alarms: float
    storm: bool
    namespace: Namespace

    @property
    def run(self) -> Run:
        length = inf if self.seconds is None else self.seconds
        return Run(
            seconds=min(length, SECONDS_A_DAY),
            rate=self.plan.sensors * SECOND / self.plan.interval,
            faulty=self.faulty,
            alarms=self.alarms,
            physics=True,
            storm=self.storm,
            daily=length > SECONDS_A_DAY,
        )


def write_files(plan: Plan, directory: Path) -> list[Path]:
    """The registry of a fleet; the same plan is the same fleet."""
    directory.mkdir(parents=True, exist_ok=True)
    sensors, places = directory / "sensors.csv", directory / "zones.geojson"
    sensors.write_text("\n".join(sensor_rows(City.of(plan))) + "\n", encoding="utf-8")
    places.write_text(zones(plan) + "\n", encoding="utf-8")
    return [sensors, places]


def publish_city(order: Order, address: Address, log: Path | None, tell: Tell) -> Outcome:
    """Also until it is interrupted. OSError: there is no broker; RefusedError: it does not want us."""
    _allow(order.plan.gateways)
    run, city = order.run, City.of(order.plan)
    voices = Voices(city, order.namespace)
    script = Script(voices, run)
    host, port = address
    broker = Broker(host=host, port=port, patient=True)
    with ExitStack() as stack:
        kept = None if log is None else stack.enter_context(SentLog(log, city.sensors()))
        fleet = Fleet(voices, script, broker, SystemClock(), kept)
        stack.callback(fleet.close)

        def look() -> None:
            tell(SoFar(fleet.published, fleet.acked, fleet.waiting))

        with _interrupted(fleet):
            fleet.publish(inf if order.seconds is None else order.seconds, run.rate, look)
        fleet.settle(SETTLED_WITHIN)
        if kept is not None:
            kept.end(fleet.acked)
    happened = {what.value: count for what, count in script.happened.items() if what is not Happening.CALM}
    return Outcome(fleet.published, fleet.acked, happened)


@contextmanager
def _interrupted(fleet: Fleet) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends it in order, and the second one at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(_number: int, _frame: FrameType | None) -> None:
        fleet.stop()
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def _allow(connections: int) -> None:
    """As many open files; OSError if this process may not have them."""
    needed = connections + OWN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise OSError(
            f"{connections:,} gateways are as many connections, and this process may have {hard:,} files "
            f"open: allow more (ulimit -Hn {needed}), or give fewer --gateways"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
