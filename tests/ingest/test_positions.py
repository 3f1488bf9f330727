"""Sensors that stand where their zones are not, and the shift of Chinese maps."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.kinds import Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from ingest.registry.gcj02 import in_china, to_gcj02, to_wgs84
from ingest.registry.positions import misplaced

METRES_A_DEGREE = 111_320


def square(zone: str, west: float, parent: str | None = None) -> Zone:
    """A tenth of a degree wide, at 30 degrees north."""
    east = west + 0.1
    ring = ((west, 30.0), (east, 30.0), (east, 30.1), (west, 30.1), (west, 30.0))
    return Zone(id=zone, name={"en": zone}, parent=parent, code="110101", polygon=(ring,))


def sensor(name: str, zone: str, lon: float | None, lat: float | None) -> Sensor:
    every = Reporting(ReportingMode.PERIODIC, 300_000)
    return Sensor(
        id=name, kind="rain", zone=zone, gateway="", lon=lon, lat=lat, heartbeat=1, reporting=every, site={}
    )


def found(*sensors: Sensor) -> dict[str, tuple[list[str], list[str]]]:
    """By zone the ids of those outside every zone, and of those that are shifted."""
    zones = {zone.id: zone for zone in (square("west", 116.5), square("east", 116.6))}
    return {
        zone: ([s.id for s in of.outside], [s.id for s in of.shifted])
        for zone, of in misplaced(Registry.of([*sensors], zones)).items()
    }


@pytest.mark.parametrize(
    ("lon", "lat", "shown"),
    [
        (121.5272106, 31.1774276, (121.531541859215, 31.17530398364597)),
        (113.912316, 22.543847, (113.9171764808363, 22.540796131694766)),
        (116.377817, 39.911954, (116.38404722455657, 39.91334545536069)),
    ],
)
def test_the_shift_is_the_published_one(lon: float, lat: float, shown: tuple[float, float]) -> None:
    """Shanghai, Shenzhen and Beijing, as the public implementations test themselves."""
    assert to_gcj02(lon, lat) == pytest.approx(shown, abs=1e-9)


@given(st.floats(73.5, 134.8), st.floats(18.0, 53.6))
def test_the_way_back_is_less_than_two_metres_off_everywhere_in_china(lon: float, lat: float) -> None:
    assert in_china(lon, lat)

    east, north = to_wgs84(*to_gcj02(lon, lat))

    off = hypot((east - lon) * cos(radians(lat)), north - lat) * METRES_A_DEGREE
    assert off < 2


def test_sensors_in_their_zone_or_without_coordinates_or_zone_are_not_misplaced() -> None:
    assert found(
        sensor("inside", "west", 116.55, 30.05),
        sensor("on-the-edge", "west", 116.5, 30.05),
        sensor("nowhere", "west", None, None),
        sensor("homeless", "", 10.0, 10.0),
    ) == {}  # fmt: skip


def test_a_sensor_outside_every_zone_is_misplaced() -> None:
    assert found(sensor("a", "west", 117.5, 30.05), sensor("b", "west", 116.55, 30.05)) == {
        "west": (["a"], [])
    }


def test_a_sensor_in_another_zone_is_not() -> None:
    """A gauge upstream warns the village below."""
    assert found(sensor("a", "west", 116.65, 30.05)) == {}


def test_a_sensor_that_the_shift_has_put_outside_its_zone_is_shifted() -> None:
    lon, lat = to_gcj02(116.599, 30.05)
    assert lon > 116.6

    assert found(sensor("a", "west", lon, lat)) == {"west": ([], ["a"])}


def test_outside_china_nothing_is_shifted() -> None:
    zone = square("lisbon", -9.1)
    registry = Registry.of([sensor("a", "lisbon", -9.0 + 0.003, 30.05)], {"lisbon": zone})

    assert [s.id for s in misplaced(registry)["lisbon"].outside] == ["a"]
