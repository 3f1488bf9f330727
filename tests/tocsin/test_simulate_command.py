"""`tocsin simulate`: what it publishes, tells, writes down, and how it ends."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.city_files import MAIN, texts
from simulators.broker import LoopbackBroker
from simulators.city.plan import City, Plan
from simulators.sent_log import Bursts, End
from tests.system.daemon_process import free_port
from tests.tocsin.program import Tocsin, program
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.simulating.account import Outcome

ROOT = Path(__file__).parent.parent.parent
CITY = ["--smoke", "300", "--rain", "100", "--gateways", "4"]


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@dataclass
class Running:
    """A command in front of a broker, and the log that it keeps."""

    broker: LoopbackBroker
    port: int
    process: Process
    log: Path

    @property
    def arrived(self) -> int:
        return self.broker.counters.published

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not reached():
                assert self.process.returncode is None, await self.said()
                await asyncio.sleep(0.01)

    async def said(self) -> str:
        async with asyncio.timeout(60):
            _, errors = await self.process.communicate()
        return errors.decode()


@asynccontextmanager
async def simulating(directory: Path, *options: str) -> AsyncIterator[Running]:
    broker, log = LoopbackBroker(), directory / "sent.log"
    port = await broker.start()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "simulate", "--port", str(port), "--log", str(log), *options,
        cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
    )  # fmt: skip
    try:
        yield Running(broker, port, process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await broker.stop()


async def test_a_generated_fleet_publishes_for_its_time_and_keeps_account(tmp_path: Path) -> None:
    async with simulating(tmp_path, *CITY, "--rate", "400", "--for", "1.5", "--storm") as running:
        said = await running.said()
        arrived = running.arrived
    found = Bursts.read(running.log)

    assert running.process.returncode == 0, said
    assert 400 <= arrived <= 800
    assert said.splitlines()[0] == f"published {arrived:,} messages, {arrived:,} acknowledged"
    assert "sensors in the storm" in said
    assert found.end == End(arrived, arrived)
    assert len(set(found.keys().tolist())) == len(found) == arrived


async def test_ctrl_c_ends_a_fleet_in_order(tmp_path: Path) -> None:
    async with simulating(tmp_path, *CITY, "--interval", "2") as running:
        await running.until(lambda: running.arrived > 100)
        running.process.send_signal(signal.SIGINT)
        said = await running.said()

    assert running.process.returncode == 0, said
    assert f"published {running.arrived:,} messages, {running.arrived:,} acknowledged" in said
    assert Bursts.read(running.log).end == End(running.arrived, running.arrived)


async def test_a_fleet_goes_on_when_its_broker_was_away(tmp_path: Path) -> None:
    async with simulating(tmp_path, *CITY, "--rate", "400") as running:
        await running.until(lambda: running.arrived > 100)
        await running.broker.stop()
        await running.broker.start(port=running.port)
        before = running.arrived
        await running.until(lambda: running.arrived > before + 100)
        running.process.send_signal(signal.SIGTERM)
        said = await running.said()

    assert running.process.returncode == 0, said
    end = Bursts.read(running.log).end
    assert end is not None
    assert end.published == end.acked <= running.arrived


async def test_the_fleet_of_a_registry_keeps_the_same_log(tmp_path: Path) -> None:
    async with simulating(tmp_path, "--rate", "300", "--for", "3") as running:
        said = await running.said()
    found = Bursts.read(running.log)

    assert running.process.returncode == 0, said
    assert f"published {running.arrived:,} messages, {running.arrived:,} acknowledged" in said
    assert found.end == End(running.arrived, running.arrived)
    assert len(found) == running.arrived > 300
    assert "smoke-old-town-01" in found.sensors


async def test_a_record_that_is_played_is_written_down_too(tmp_path: Path) -> None:
    record = tmp_path / "record.csv"
    record.write_text(
        "time,sensor,metric,value\n"
        "2026-07-03T14:00:00Z,smoke-old-town-01,smoke,0.02\n"
        "2026-07-03T14:00:01Z,smoke-old-town-02,smoke,0.03\n"
    )
    async with simulating(tmp_path, "--from", str(record), "--scale", "10") as running:
        said = await running.said()
    found = Bursts.read(running.log)

    assert said == "published 2 messages\n"
    assert found.sensors == ["smoke-old-town-01", "smoke-old-town-02"]
    assert found.end == End(2, 2)
    assert found.stamp[1] - found.stamp[0] == 100


async def test_a_terminal_sees_a_bar_with_counts_and_rate(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    ours, theirs = os.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin", "simulate", "--port", str(port), *CITY, "--rate", "400",
            "--for", "2.5", cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL, stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "160"},
        )  # fmt: skip
        os.close(theirs)
        async with asyncio.timeout(60):
            await process.wait()
        shown = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        await broker.stop()

    assert "published, " in shown
    assert " behind" in shown
    assert "/s, " in shown
    assert "━" in shown
    assert "acknowledged\r\n" in shown


def test_the_files_of_a_fleet_are_its_registry(tmp_path: Path, tocsin: Tocsin) -> None:
    ended = tocsin("simulate", *CITY, "--seed", "3", "--files", tmp_path / "city")
    counts = {"smoke": 300, "rain": 100}
    city = City.of(Plan(counts=counts, gateways=4, interval=47_500, seed=3))
    whole = texts(city, {})
    written = {
        name: (tmp_path / "city" / name).read_text("utf-8") for name in ("sensors.csv", "zones.geojson")
    }
    registry = configure(Bundle(MAIN, whole | written)).basis.registry

    assert ended.code == 0
    assert ended.out.startswith("400 sensors behind 4 gateways: ")
    assert sorted(sensor.id for sensor in registry.sensors) == sorted(city.sensors())
    assert {sensor.heartbeat for sensor in registry.sensors} == {47_500}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([*CITY, "--from", "record.csv"], "give one of them"),
        ([*CITY, "--sensors", "sensors.csv"], "give one of them"),
        (["--files", "city"], "say of how many --smoke"),
        (["--storm"], "say of how many --smoke"),
        (["--smoke", "3", "--gateways", "4"], "4 gateways for 3 sensors; give 1 to 3"),
        (["--smoke", "30000", "--gateways", "20000"], "give 1 to 10,000"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(
    tocsin: Tocsin, options: list[str | Path], reason: str
) -> None:
    ended = tocsin("simulate", *options)

    assert ended.code == 2
    assert reason in ended.err


def test_sensors_that_cannot_be_read_are_named(tmp_path: Path, tocsin: Tocsin) -> None:
    sensors = tmp_path / "sensors.csv"
    sensors.write_text("id,kind,heartbeat\ns1,smoke,often\n")
    ended = tocsin("simulate", "--sensors", sensors)

    assert ended.code == 1
    assert "sensors.csv:2: heartbeat 'often' is not a duration" in ended.err


@pytest.mark.parametrize("options", [CITY, []])
def test_a_broker_that_is_not_there_is_named(tocsin: Tocsin, options: list[str | Path]) -> None:
    port = free_port()
    ended = tocsin("simulate", *options, "--port", str(port), "--for", "1")

    assert ended.code == 3
    assert f"127.0.0.1:{port}" in ended.err


def test_the_end_tells_what_was_in_it() -> None:
    outcome = Outcome(40_895, 40_893, {"stuck sensors": 1295, "alarms": 4, "garbled reports": 0})

    assert str(outcome) == (
        "published 40,895 messages, 40,893 acknowledged\nin it: alarms 4, stuck sensors 1,295"
    )
