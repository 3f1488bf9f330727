"""Recorded readings on the wire, each at the instant it was received."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.clock import Clock
from simulators.device import telemetry_topic
from simulators.publisher import Publisher
from simulators.readings_csv import Row
from simulators.sent_log import SentLog


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sensor reports: the parts of its topic."""

    zone: str
    kind: str


NOWHERE = Place("unknown", "unknown")


@dataclass(frozen=True, slots=True)
class Instant:
    """The messages (topic, payload) of one instant (ms since the epoch), in order."""

    received: int
    messages: list[tuple[str, bytes]]


def instants(
    rows: Iterable[Row], places: Mapping[str, Place], namespace: str = "tocsin"
) -> Iterator[Instant]:
    """One message a (sensor, observed); a sensor without a place publishes where nobody is registered."""
    for received, together in groupby(rows, key=lambda row: row.received):
        readings = groupby(together, key=lambda row: (row.sensor, row.observed))
        messages = [
            message(sensor, observed, values, places.get(sensor, NOWHERE), namespace)
            for (sensor, observed), rows in readings
            for values in _told_once(rows)
        ]
        yield Instant(received, messages)


def _told_once(rows: Iterable[Row]) -> Iterator[dict[str, str]]:
    """Metric to value: a metric that comes again begins another message, as it did when it was recorded."""
    values: dict[str, str] = {}
    for row in rows:
        if row.metric in values:
            yield values
            values = {}
        values[row.metric] = row.value
    yield values


def message(
    sensor: str, observed: int, metrics: Mapping[str, str], place: Place, namespace: str = "tocsin"
) -> tuple[str, bytes]:
    """Topic and payload of one report; `metrics` are in the decimals of the wire."""
    # Built as text: the record's own decimals reach the wire, not a float's.
    values = ",".join(f'"{metric}":{value}' for metric, value in metrics.items())
    where = telemetry_topic(namespace, place.zone, place.kind, sensor)
    return where, f'{{"t":{observed},"v":{{{values}}}}}'.encode()


class Playback:
    """Publishes a record as time passes; with `repeat` it starts over, shifted, without a gap."""

    def __init__(
        self,
        rows: list[Row],
        places: Mapping[str, Place],
        publisher: Publisher,
        clock: Clock,
        *,
        namespace: str = "tocsin",
        log: SentLog | None = None,
    ) -> None:
        self.published = 0
        self._log = log
        self._namespace = namespace
        self._rows = rows
        self._places = places
        self._publisher = publisher
        self._clock = clock
        self._next: int | None = rows[0].received if rows else None

    async def run(self, repeat: bool = False) -> None:
        """Play to the end, or for ever; each instant waits for the broker to have the one before."""
        shift = 0
        try:
            while self._next is not None:
                for instant in instants(self._shifted(shift), self._places, self._namespace):
                    await self._play(instant)
                shift += self._length()
                self._next = self._rows[0].received + shift if repeat else None
        finally:
            # Also when it is cancelled in the middle of an instant: it has nothing to do any more.
            self._next = None

    async def _play(self, instant: Instant) -> None:
        self._next = instant.received
        await self._clock.sleep_until(instant.received)
        for topic, payload in instant.messages:
            self._publisher.publish(topic, payload)
            self.published += 1
            if self._log is not None:
                self._log.note(topic, payload, self._clock.now())
        await self._publisher.flush()
        self._next = instant.received + 1

    def _shifted(self, by: int) -> Iterator[Row]:
        return (replace(row, received=row.received + by, observed=row.observed + by) for row in self._rows)

    def _length(self) -> int:
        """Ms from one start to the next: the record's span and, once more, its last gap."""
        received = sorted({row.received for row in self._rows})
        return received[-1] - received[0] + (received[-1] - received[-2] if len(received) > 1 else 1)

    def idle(self) -> bool:
        """Whether nothing is left to publish at the present instant."""
        return self._publisher.idle() and (self._next is None or self._next > self._clock.now())
