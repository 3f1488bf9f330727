"""Nine gauges and two rivers, and blocks of what they report."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from ingest.clock import MINUTE
from ingest.kinds import Form, Kind, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Readings
from ingest.registry import Registry, Sensor

START = 1_527_422_400_000
INTERVAL = 5 * MINUTE
RAIN, TOTAL, STAGE, BATTERY = range(4)
# The counter of the gauges starts again at 100 mm.
RANGE = 1000
STEP, STUCK = 200, 30 * MINUTE

METRICS = (
    Metric(
        name="rain",
        column=RAIN,
        unit="mm",
        form=Form.AMOUNT,
        resolution=Decimal("0.1"),
        low=Decimal(0),
        high=Decimal(401),
        neighbours=Decimal(10_000),
    ),
    Metric(
        name="total",
        column=TOTAL,
        unit="mm",
        form=Form.COUNTER,
        resolution=Decimal("0.1"),
        low=Decimal(0),
        high=Decimal(100),
        rollover=Decimal(100),
        feeds="rain",
    ),
    Metric(
        name="stage",
        column=STAGE,
        unit="m",
        form=Form.INSTANT,
        resolution=Decimal("0.01"),
        low=Decimal(-20),
        high=Decimal(100),
        step=Decimal(2),
        stuck=STUCK,
    ),
    Metric(
        name="battery",
        column=BATTERY,
        unit="%",
        form=Form.INSTANT,
        resolution=Decimal(1),
        low=Decimal(0),
        high=Decimal(100),
    ),
)


def kind(name: str, *metrics: Metric) -> Kind:
    periodic = Reporting(ReportingMode.PERIODIC, INTERVAL)
    known = {metric.name: metric for metric in metrics}
    return Kind(name=name, title={}, metrics=known, reporting=periodic, heartbeat=12 * INTERVAL)


KINDS = Kinds(
    {"rain": kind("rain", *METRICS[:2]), "stage": kind("stage", *METRICS[2:])},
    METRICS,
    ("rain", "rain", "stage", "stage"),
)


def sensor(name: str, kind: str, lat: float | None = None, interval: int = INTERVAL) -> Sensor:
    return Sensor(
        id=name,
        kind=kind,
        zone="z",
        gateway="",
        lon=None if lat is None else 116.0,
        lat=lat,
        heartbeat=12 * INTERVAL,
        reporting=Reporting(ReportingMode.PERIODIC, interval),
        site={},
    )


# A kilometre apart along a meridian; gauge-8 is 100 km off. Slots follow the names.
REGISTRY = Registry.of(
    [
        *(sensor(f"gauge-{n}", "rain", 30 + n / 111.2) for n in range(8)),
        sensor("gauge-8", "rain", 31.0),
        sensor("river-0", "stage"),
        sensor("river-1", "stage"),
    ],
    {},
)
RIVER = 9


class Told(NamedTuple):
    """A value on its way: `stamp` is the device's; a message is a list of these."""

    slot: int
    column: int
    value: int
    stamp: int
    period: int = 0


class Seen(NamedTuple):
    """A value as it comes out."""

    slot: int
    column: int
    value: int
    stamp: int
    observed: int
    period: int
    quality: int


def block(received: int, messages: Sequence[Sequence[Told]]) -> Readings:
    """As the decoder gives them, whose clocks ahead are not at issue."""
    rows = [
        (number, *told)
        for number, message in enumerate(messages)
        for told in sorted(message, key=lambda told: (told.stamp, told.slot))
    ]
    message, slot, column, value, stamp, period = np.array(rows, np.int64).reshape(-1, 6).T
    return Readings(
        sequence=1,
        received=received,
        message=message.astype(np.int32),
        slot=slot.astype(np.int32),
        column=column.astype(np.int16),
        value=value,
        stamp=stamp,
        observed=stamp.copy(),
        period=period,
        quality=np.zeros(len(rows), np.uint8),
    )


def seen(readings: Readings) -> list[Seen]:
    columns = (
        readings.slot,
        readings.column,
        readings.value,
        readings.stamp,
        readings.observed,
        readings.period,
        readings.quality,
    )
    return [Seen(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
