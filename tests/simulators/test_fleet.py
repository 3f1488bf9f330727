"""A fleet that behaves like real devices, the same way for the same seed, and loses nothing on the wire."""

import asyncio
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from ingest.clock import DAY, HOUR, MINUTE, SECOND, LockstepClock
from simulators.broker import LoopbackBroker
from simulators.device import Device, read_devices
from simulators.events import Fire, Storm
from simulators.faults import everyday
from simulators.fleet import Fleet
from simulators.report import Report
from simulators.reports import Reports
from simulators.scenario import Scenario, county_days

START = 1_528_027_140_000
COUNTY = Path(__file__).parents[2] / "configs" / "sensors.csv"
CALM = Scenario()
SENSORS = """id,kind,zone,lon,lat,gateway,heartbeat,site
s1,smoke,east,116.40,29.90,gw-1,5min,
s2,smoke,east,116.41,29.90,gw-1,5min,
e1,electrical,east,116.40,29.91,gw-1,5min,
r1,rain,west,116.50,29.95,gw-2,5min,
h1,stage,west,116.51,29.95,gw-2,5min,warning_stage=2.27 m;record_stage=3 m
g1,gas,west,116.50,29.96,gw-2,1min,
g2,gas,west,116.51,29.96,gw-2,1min,
t1,tank,west,116.50,29.96,,90s,level_high=85 %
w1,workshop,west,116.50,29.97,,,quota=3
"""


@pytest.fixture
def sensors(tmp_path: Path) -> Path:
    return write(tmp_path, SENSORS)


def write(folder: Path, text: str) -> Path:
    path = folder / "sensors.csv"
    path.write_text(text, encoding="utf-8")
    return path


def reports(devices: list[Device], scenario: Scenario = CALM, seed: int = 1, mishaps: float = 0) -> Reports:
    return Reports(devices, scenario, seed, START, faults=everyday(mishaps, seed))


def values(some: Iterable[Report], metric: str) -> dict[str, dict[int, float]]:
    """By sensor and stamp."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for report in some:
        said = json.loads(report.encoded())
        if metric in said["v"]:
            found[report.topic.split("/")[4]][said["t"]] = said["v"][metric]
    return found


def deepest(amounts: dict[int, float], window: int) -> float:
    """The most that fell within `window` ms."""
    return max(sum(v for t, v in amounts.items() if end - window < t <= end) for end in amounts)


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(sensors: Path) -> None:
    devices = read_devices(sensors)
    days = county_days(devices, START, seed=1)

    def bytes_of(seed: int) -> list[tuple[str, bytes]]:
        some = reports(devices, days, seed, mishaps=0.05).until(START + 6 * HOUR)
        return [(report.topic, report.encoded()) for report in some]

    assert bytes_of(1) == bytes_of(1)
    assert bytes_of(1) != bytes_of(2)
    assert county_days(devices, START, 1) == days != county_days(devices, START, 2)


def test_how_often_the_fleet_is_asked_changes_nothing(sensors: Path) -> None:
    devices = read_devices(sensors)
    days = county_days(devices, START, seed=1)
    at_once = list(reports(devices, days, mishaps=0.05).until(START + 3 * HOUR))

    asked = reports(devices, days, mishaps=0.05)
    in_steps = [r for step in range(3 * 120 + 1) for r in asked.until(START + step * 30 * SECOND)]

    assert in_steps == at_once


def test_each_sensor_reports_at_its_interval_with_a_phase_of_its_own(sensors: Path) -> None:
    stamps: dict[str, list[int]] = defaultdict(list)
    for report in reports(read_devices(sensors)).until(START + 2 * HOUR):
        stamps[report.topic.split("/")[4]].append(json.loads(report.encoded())["t"])

    gaps = {sensor: {b - a for a, b in pairwise(s)} for sensor, s in stamps.items()}
    assert {g: gap for g, gap in gaps.items() if gap != {5 * MINUTE}} == {
        "g1": {MINUTE},
        "g2": {MINUTE},
        "t1": {90 * SECOND},
    }
    assert all(START <= s[0] < START + 5 * MINUTE for s in stamps.values())
    assert len({s[0] for s in stamps.values()}) == len(stamps)


@pytest.mark.parametrize(
    ("metric", "low", "high"),
    [
        ("smoke", 0, 0.04),
        ("temperature", 15, 34),
        ("battery", 50, 100),
        ("leakage", 95, 215),
        ("cable_temperature", 15, 45),
        ("voltage", 228, 239),
        ("rain", 0, 0),
        ("stage", 0.6, 1.2),
        ("combustible", -3, 3),
        ("oxygen", 20.5, 21.3),
        ("level", 30, 80),
        ("headcount", 0, 3),
        ("humidity", 40, 90),
    ],
)
def test_a_calm_day_stays_far_from_every_threshold(
    sensors: Path, metric: str, low: float, high: float
) -> None:
    found = values(reports(read_devices(sensors)).until(START + DAY), metric)

    assert found
    for sensor, by_stamp in found.items():
        assert low <= min(by_stamp.values()), sensor
        assert max(by_stamp.values()) <= high, sensor


def test_temperature_and_load_follow_the_day(sensors: Path) -> None:
    """116.4 degrees east: afternoon at 07:00Z, before sunrise at 21:00Z, evening peak at 12:00Z."""
    some = list(reports(read_devices(sensors)).until(START + DAY))
    midnight = START - START % DAY + DAY

    def near(metric: str, sensor: str, hour: int) -> float:
        by_stamp = values(some, metric)[sensor]
        return by_stamp[min(by_stamp, key=lambda stamp: abs(stamp - midnight - hour * HOUR))]

    assert near("temperature", "s1", 7) > near("temperature", "s1", -3) + 5
    assert near("current", "e1", 11) > 2 * near("current", "e1", 1 - 6)


def test_a_fire_is_reported_at_once_and_often_then_decays(sensors: Path) -> None:
    devices = read_devices(sensors)
    fire = Fire(START + HOUR + 7 * SECOND, "s1", burning=10 * MINUTE, neighbours=0)
    scenario = Scenario.of([fire], devices, 1)
    smoke = values(reports(devices, scenario).until(START + 2 * HOUR), "smoke")

    burning = [stamp for stamp, density in smoke["s1"].items() if density >= 0.15]
    [(onset, end)] = scenario.urgent["s1"]
    assert onset in smoke["s1"]
    assert fire.begin < onset < burning[0] < fire.begin + 2 * MINUTE
    assert 10 * MINUTE < burning[-1] - burning[0] < 40 * MINUTE
    urgent = [stamp for stamp in smoke["s1"] if onset <= stamp <= end]
    assert {b - a for a, b in pairwise(urgent)} == {10 * SECOND}
    assert max(smoke["s2"].values()) < 0.15


def test_a_storm_fills_a_gauge_with_its_depth_in_whole_tips(sensors: Path) -> None:
    devices = [device for device in read_devices(sensors) if device.kind == "rain"]
    storm = Scenario.of([Storm(START + 5 * HOUR, "r1", depth=100)], devices, 1)

    [amounts] = values(reports(devices, storm).until(START + DAY), "rain").values()

    assert sum(amounts.values()) == pytest.approx(100, rel=0.06)
    assert all(round(amount * 10) == pytest.approx(amount * 10) for amount in amounts.values())


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_default_days_cross_the_ladders_in_their_first_ten_hours(seed: int) -> None:
    devices = read_devices(COUNTY)
    days = county_days(devices, START, seed)
    felt = [device for device in devices if device.id in days.effects]
    some = list(reports(felt, days, seed).until(START + 10 * HOUR))

    def crossed(metric: str, threshold: float) -> int:
        return sum(max(by_stamp.values()) >= threshold for by_stamp in values(some, metric).values())

    assert crossed("smoke", 0.15) >= 2
    assert crossed("temperature", 54) >= 1
    assert crossed("leakage", 500) >= 1
    assert crossed("leakage", 1000) == 0
    assert crossed("combustible", 50) >= 1
    depths = [deepest(amounts, 3 * HOUR) for amounts in values(some, "rain").values()]
    assert max(depths) >= 100
    assert sum(depth >= 50 for depth in depths) >= 3


def test_a_county_without_some_kinds_has_none_of_their_events(sensors: Path) -> None:
    stages = [device for device in read_devices(sensors) if device.kind == "stage"]

    assert county_days(stages, START, 1) == CALM
    assert county_days([], START, 1) == CALM


class Wire:
    """A loopback broker and what a subscriber hears on it."""

    def __init__(self) -> None:
        self.clock = LockstepClock(START)
        self.broker = LoopbackBroker(self.clock)
        self.port = 0
        self.heard: list[tuple[str, bytes]] = []

    async def listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.heard += [(message.topic.value, message.payload)]

    async def run(self, fleet: Fleet, until: int, then: Callable[[], None] | None = None) -> None:
        """Let the fleet report up to `until`; `then` happens half-way."""
        self.clock.hop("fleet", fleet.idle)
        running = asyncio.create_task(fleet.run())
        await self.clock.run((START + until) // 2 if then else until)
        if then is not None:
            then()
            await self.clock.run(until)
        await stop(running)
        assert fleet.idle()
        await fleet.close()
        async with asyncio.timeout(5):
            while len(set(self.heard)) < fleet.acked:
                await asyncio.sleep(0.001)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    wire.port = await wire.broker.start()
    wire.clock.hop("broker", wire.broker.idle)
    async with aiomqtt.Client(
        "127.0.0.1",
        wire.port,
        identifier="reader",
        protocol=aiomqtt.ProtocolVersion.V5,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    ) as client:
        await client.subscribe("tocsin/v1/#", qos=1)
        listening = asyncio.create_task(wire.listen(client))
        yield wire
        await stop(listening)
    await wire.broker.stop()


async def connected(sensors: Path, on: Wire, **options: Any) -> Fleet:
    fleet = Fleet(sensors, 1, on.clock, "127.0.0.1", on.port, scenario=CALM, mishaps=0, **options)
    await fleet.connect()
    return fleet


async def test_what_is_published_is_heard_with_stamps_that_have_passed(sensors: Path) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on, exclude=frozenset({"h1"}))
        await on.run(fleet, START + HOUR)

        expected = reports(read_devices(sensors, {"h1"})).until(START + HOUR)
        assert sorted(on.heard) == sorted((report.topic, report.encoded()) for report in expected)
        assert fleet.published == fleet.acked == len(on.heard) == fleet.by_kind.total()
        assert fleet.by_kind["gas"] == 120
        assert "stage" not in fleet.by_kind


async def test_each_gateway_has_its_connection_and_its_loss_loses_nothing(sensors: Path) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on)

        def drop() -> None:
            for client in ("gw-1", "gw-2", "fleet"):
                on.broker.drop(client)

        await on.run(fleet, START + HOUR, drop)

        assert {json.loads(payload)["seq"] for topic, payload in on.heard if "/g1/" in topic} == set(
            range(1, 61)
        )
        assert fleet.published == fleet.acked == len(set(on.heard))


async def test_a_lost_gateway_stores_what_its_sensors_say_and_forwards_it_when_it_is_back(
    sensors: Path,
) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on)
        on.clock.hop("fleet", fleet.idle)
        running = asyncio.create_task(fleet.run())
        await on.clock.run(START + 20 * MINUTE)
        await fleet.lose("gw-2")
        before = len(on.heard)
        await on.clock.run(START + 40 * MINUTE)
        heard = on.heard[before:]
        with pytest.raises(LookupError, match="connected are"):
            on.broker.drop("gw-2")
        await fleet.restore("gw-2")
        await on.clock.run(START + HOUR)
        await stop(running)

        meanwhile = {json.loads(payload)["seq"] for topic, payload in heard if "/g1/" in topic}
        gas = [json.loads(payload)["seq"] for topic, payload in on.heard if "/g1/" in topic]
        assert {topic.split("/")[4] for topic, _ in heard} == {"s1", "s2", "e1", "t1", "w1"}
        assert meanwhile == set()
        assert gas == list(range(1, 61))
        assert fleet.published == fleet.acked == len(on.heard)
        await fleet.close()


async def test_a_gateway_that_finds_no_broker_stays_lost_and_time_goes_on(sensors: Path) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on, exclude=frozenset({"s1", "s2", "e1", "t1", "w1"}))
        on.clock.hop("fleet", fleet.idle)
        await fleet.lose("gw-2")
        with pytest.raises(KeyError, match="gw-9"):
            await fleet.lose("gw-9")
        await on.broker.stop()
        with pytest.raises(ConnectionError, match="publisher gw-2"):
            await fleet.restore("gw-2")
        running = asyncio.create_task(fleet.run())
        async with asyncio.timeout(5):
            await on.clock.run(START + 10 * MINUTE)
        assert (fleet.published > 20, fleet.acked) == (True, 0)

        await on.broker.start(port=on.port)
        await fleet.restore("gw-2")
        await on.clock.run(START + 20 * MINUTE)
        assert fleet.published == fleet.acked > 40
        await stop(running)
        await fleet.close()


async def test_a_sensor_that_feels_an_urgent_event_has_no_mishaps(sensors: Path) -> None:
    fire = Scenario.of([Fire(START + HOUR, "s1")], read_devices(sensors), 1)
    async with wire() as on:
        fleet = Fleet(sensors, 1, on.clock, "127.0.0.1", on.port, scenario=fire, mishaps=1)
        await fleet.connect()
        on.clock.hop("fleet", fleet.idle)
        running = asyncio.create_task(fleet.run())
        await on.clock.run(START + 3 * HOUR)
        await stop(running)
        await fleet.close()

    numbers = [json.loads(payload)["seq"] for topic, payload in on.heard if "/s1/" in topic]
    assert numbers == list(range(1, len(numbers) + 1))
    assert fleet.happened.total() > len(numbers)


async def test_connections_join_gateways(sensors: Path) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on, connections=1)

        with pytest.raises(LookupError, match="connected are"):
            on.broker.drop("gw-2")
        await on.run(fleet, START + 10 * MINUTE)

        assert fleet.published == len(on.heard) > 0


async def test_a_rate_is_spread_evenly_whatever_the_intervals(sensors: Path) -> None:
    async with wire() as on:
        fleet = await connected(sensors, on, rate=100.0, tick=100)
        await on.run(fleet, START + 5 * SECOND)

        stamps = sorted(json.loads(payload)["t"] for _, payload in on.heard)
        assert len(stamps) == pytest.approx(500, abs=2)
        assert max(b - a for a, b in pairwise(stamps)) <= 10
