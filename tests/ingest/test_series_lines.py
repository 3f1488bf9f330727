from decimal import Decimal

import numpy as np

from ingest.clock import MINUTE
from ingest.kinds import Form, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Quality, Readings
from ingest.registry import Registry, Sensor
from ingest.series import Block
from ingest.series.lines import LineProtocol

AT = 1_527_422_400_000
METRICS = tuple(
    Metric(
        name=name,
        column=column,
        unit="",
        form=Form.INSTANT,
        resolution=Decimal(resolution),
        low=Decimal(-100),
        high=Decimal(100),
    )
    for column, (name, resolution) in enumerate([("level", "1"), ("pressure", "0.1"), ("trace", "0.0000001")])
)
KINDS = Kinds({}, METRICS, ("tank",) * 3)
LEVEL, PRESSURE, TRACE = range(3)


def sensor(name: str, zone: str) -> Sensor:
    return Sensor(
        id=name,
        kind="tank",
        zone=zone,
        gateway="",
        lon=None,
        lat=None,
        heartbeat=MINUTE,
        reporting=Reporting(ReportingMode.PERIODIC, MINUTE),
        site={},
    )


def lines(registry: Registry, *rows: tuple[str, int, int, int, int]) -> list[str]:
    """The lines of rows (sensor, column, count, stamp, quality)."""
    names = [row[0] for row in rows]
    column, value, stamp, quality = np.array([row[1:] for row in rows], np.int64).T
    zero = np.zeros(len(rows), np.int64)
    readings = Readings(
        sequence=1,
        received=AT,
        message=zero.astype(np.int32),
        slot=np.array([registry.slots[name] for name in names], np.int32),
        column=column.astype(np.int16),
        value=value,
        observed=stamp,
        stamp=stamp,
        period=zero,
        quality=quality.astype(np.uint8),
    )
    return LineProtocol(KINDS, registry).encode(Block(KINDS, registry, readings)).decode().splitlines()


def test_a_reading_is_one_line_wherever_its_values_stand_in_the_block() -> None:
    registry = Registry.of([sensor("t1", "north"), sensor("t2", "south")], {})

    assert lines(
        registry,
        ("t2", LEVEL, 50, AT, 0),
        ("t1", PRESSURE, 3, AT, Quality.LATE),
        ("t1", LEVEL, 7, AT + 1, 0),
        ("t1", LEVEL, -8, AT, Quality.SUSPECT),
    ) == [
        f"tank,sensor=t1,zone=north q=9,level=-8.0,pressure=0.3 {AT}",
        f"tank,sensor=t1,zone=north q=0,level=7.0 {AT + 1}",
        f"tank,sensor=t2,zone=south q=0,level=50.0 {AT}",
    ]


def test_no_line_has_one_field_twice() -> None:
    """What a database makes of that is its own choice; the value that arrived last stands."""
    registry = Registry.of([sensor("t1", "north")], {})

    assert lines(registry, ("t1", LEVEL, 9, AT, Quality.LATE), ("t1", LEVEL, 5, AT, 0)) == [
        f"tank,sensor=t1,zone=north q=0,level=5.0 {AT}"
    ]


def test_what_has_a_meaning_in_a_line_is_escaped() -> None:
    registry = Registry.of([sensor("a,b=c d\\", "上 游"), sensor("100%", "")], {})

    assert lines(registry, ("a,b=c d\\", LEVEL, 1, AT, 0), ("100%", LEVEL, 1, AT, 0)) == [
        f"tank,sensor=100%25 q=0,level=1.0 {AT}",
        rf"tank,sensor=a\,b\=c\ d%5C,zone=上\ 游 q=0,level=1.0 {AT}",
    ]


def test_numbers_are_the_shortest_decimals() -> None:
    registry = Registry.of([sensor("t1", "")], {})

    assert lines(registry, ("t1", PRESSURE, 123_456_789_012_345, AT, 0), ("t1", TRACE, 3, AT, 0)) == [
        f"tank,sensor=t1 q=0,pressure=12345678901234.5,trace=3e-07 {AT}"
    ]
