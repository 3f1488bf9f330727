"""A county's or a city's sensors on the wire, one connection for each gateway."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import cycle
from pathlib import Path

from ingest.clock import SECOND, Clock
from simulators.device import read_devices
from simulators.faults import Layer, everyday
from simulators.publisher import Publisher
from simulators.reports import Reports
from simulators.scenario import Scenario, county_days
from simulators.sent_log import SentLog

# Messages of one connection that may wait for the broker before the fleet waits, too.
BACKLOG = 2000


class Fleet:
    """Publishes what its sensors measure until it is cancelled; the same bytes for the same seed and start.

    `sensors` is the CSV of the registry, without the ids in `exclude`. What is due goes out together every
    `tick` ms, each report with its own stamp. `connections` joins gateways into that many connections;
    `rate` (messages/s over all) replaces the devices' intervals, for load. Without a `scenario` the days are
    those of `county_days`. Of the reports of sensors that it does not hit, the share `mishaps` goes wrong;
    then all pass through the layers of `faults`. `namespace` is the first
    level of all topics. `log` notes what is published.
    ValueError names what in the CSV cannot be used.
    """

    def __init__(
        self,
        sensors: Path,
        seed: int,
        clock: Clock,
        host: str,
        port: int,
        *,
        exclude: Collection[str] = frozenset(),
        scenario: Scenario | None = None,
        tick: int = 30 * SECOND,
        connections: int | None = None,
        rate: float | None = None,
        mishaps: float = 0.01,
        faults: Sequence[Layer] = (),
        namespace: str = "tocsin",
        log: SentLog | None = None,
    ) -> None:
        self._log = log
        self.by_kind: Counter[str] = Counter()
        self._clock = clock
        self._tick = tick
        self._next: int | None = None
        devices = read_devices(sensors, exclude, namespace)
        if not devices:
            raise ValueError(f"{sensors}: no sensor to simulate; list some, or exclude fewer")
        start = clock.now()
        scenario = county_days(devices, start, seed) if scenario is None else scenario
        hit = frozenset(scenario.urgent)
        layers = [*everyday(mishaps, seed, spared=hit), *faults]
        self._reports = Reports(devices, scenario, seed, start, faults=layers, rate=rate)
        gateways = sorted({device.gateway for device in devices})
        # The client id is that of the first gateway on the connection; sensors without one share "fleet".
        clients = gateways[:connections]
        self._publishers = [Publisher(host, port, gateway or "fleet") for gateway in clients]
        self._lost: set[Publisher] = set()
        self._carriers = dict(zip(gateways, cycle(self._publishers), strict=False))

    @property
    def published(self) -> int:
        """Messages given to the broker, with all that went wrong."""
        return sum(publisher.published for publisher in self._publishers)

    @property
    def acked(self) -> int:
        """Messages that the broker has."""
        return sum(publisher.acked for publisher in self._publishers)

    @property
    def happened(self) -> Counter[str]:
        """How many reports each sort of fault met so far, by its name."""
        return self._reports.happened

    @property
    def left_out(self) -> Counter[str]:
        """Sensors by kind that cannot be simulated."""
        return self._reports.left_out

    def idle(self) -> bool:
        """Whether nothing is left to publish at the present instant and the broker has everything."""
        waits = self._next is None or self._next > self._clock.now()
        return waits and all(publisher.idle() for publisher in self._reached())

    async def connect(self) -> None:
        """Connect every gateway; errors as of `Publisher.connect`, after which `close` is due."""
        for publisher in self._publishers:
            await publisher.connect()

    async def lose(self, gateway: str) -> None:
        """Break the connection of a gateway, and of those that share it; it stores what its sensors say.

        LookupError for a gateway that has no sensor here.
        """
        publisher = self._carriers[gateway]
        self._lost.add(publisher)
        await publisher.cut()

    async def restore(self, gateway: str) -> None:
        """Connect a lost gateway again, and forward what it stored; errors as of `Publisher.connect`."""
        publisher = self._carriers[gateway]
        # What it has stored is work at the present instant, or simulated time would run on.
        self._lost.discard(publisher)
        try:
            await publisher.connect()
        except ConnectionError:
            self._lost.add(publisher)
            raise

    async def run(self) -> None:
        """Publish until cancelled, over lost connections; RefusedError if the broker does not take it."""
        try:
            self._next = self._clock.now()
            while True:
                self._next += self._tick
                await self._clock.sleep_until(self._next)
                await self._publish(self._next)
        finally:
            self._next = None

    async def close(self) -> None:
        """Say goodbye; what the broker has not taken by then, `published` less `acked`, is lost."""
        for publisher in self._publishers:
            await publisher.close()

    async def _publish(self, instant: int) -> None:
        for report in self._reports.until(instant):
            device = report.device
            payload = report.encoded()
            self._carriers[device.gateway].publish(report.topic, payload, report.retain)
            self.by_kind[device.kind] += 1
            if self._log is not None:
                self._log.note(report.topic, payload, self._clock.now())
        for publisher in self._reached():
            publisher.send()
        for publisher in self._reached():
            await publisher.drain(BACKLOG)

    def _reached(self) -> list[Publisher]:
        """The connections that are not lost."""
        return [publisher for publisher in self._publishers if publisher not in self._lost]
