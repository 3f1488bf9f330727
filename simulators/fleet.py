"""A county's or a city's sensors on the wire, one connection for each gateway."""

from collections import Counter
from collections.abc import Collection
from itertools import cycle
from pathlib import Path

from ingest.clock import SECOND, Clock
from simulators.device import read_devices
from simulators.publisher import Publisher
from simulators.reports import Mishap, Reports
from simulators.scenario import Scenario, county_days
from simulators.sent_log import SentLog

# Messages of one connection that may wait for the broker before the fleet waits, too.
BACKLOG = 2000


class Fleet:
    """Publishes what its sensors measure until it is cancelled; the same bytes for the same seed and start.

    `sensors` is the CSV of the registry, without the ids in `exclude`. What is due goes out together every
    `tick` ms, each report with its own stamp. `connections` joins gateways into that many connections;
    `rate` (messages/s over all) replaces the devices' intervals, for load. Without a `scenario` the days are
    those of `county_days`. `log` notes what is published. ValueError names what in the CSV cannot be used.
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
        log: SentLog | None = None,
    ) -> None:
        self._log = log
        self.by_kind: Counter[str] = Counter()
        self._clock = clock
        self._tick = tick
        self._next: int | None = None
        devices = read_devices(sensors, exclude)
        if not devices:
            raise ValueError(f"{sensors}: no sensor to simulate; list some, or exclude fewer")
        start = clock.now()
        scenario = county_days(devices, start, seed) if scenario is None else scenario
        self._reports = Reports(devices, scenario, seed, start, mishaps=mishaps, rate=rate)
        gateways = sorted({device.gateway for device in devices})
        # The client id is that of the first gateway on the connection; sensors without one share "fleet".
        clients = gateways[:connections]
        self._publishers = [Publisher(host, port, gateway or "fleet") for gateway in clients]
        self._carriers = dict(zip(gateways, cycle(self._publishers), strict=False))

    @property
    def published(self) -> int:
        """Messages given to the broker, mishaps included."""
        return sum(publisher.published for publisher in self._publishers)

    @property
    def acked(self) -> int:
        """Messages that the broker has."""
        return sum(publisher.acked for publisher in self._publishers)

    @property
    def mishaps(self) -> Counter[Mishap]:
        """What has gone wrong so far, on purpose."""
        return self._reports.mishaps

    @property
    def left_out(self) -> Counter[str]:
        """Sensors by kind that cannot be simulated."""
        return self._reports.left_out

    def idle(self) -> bool:
        """Whether nothing is left to publish at the present instant and the broker has everything."""
        waits = self._next is None or self._next > self._clock.now()
        return waits and all(publisher.idle() for publisher in self._publishers)

    async def connect(self) -> None:
        """Connect every gateway; errors as of `Publisher.connect`, after which `close` is due."""
        for publisher in self._publishers:
            await publisher.connect()

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
            self._carriers[report.gateway].publish(report.topic, report.payload)
            self.by_kind[report.kind] += 1
            if self._log is not None:
                self._log.note(report.topic, report.payload, self._clock.now())
        for publisher in self._publishers:
            publisher.send()
        for publisher in self._publishers:
            await publisher.drain(BACKLOG)
