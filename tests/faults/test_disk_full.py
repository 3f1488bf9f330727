"""The disk is full: nothing is acked, that is said at once, warnings go out, and it goes on by itself."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.clock import SystemClock
from ingest.series.embedded import EmbeddedStore
from notifiers.outbox.reader import OutboxReader
from simulators.broker import LoopbackBroker
from simulators.phone import PhoneGateway
from simulators.publisher import Publisher
from tests.faults.checker import Sent, check
from tests.faults.disk import Control, build
from tests.faults.network import ZONES, rows, topic
from tests.system.daemon_process import EACH_BY_ITSELF, DaemonProcess, sms
from tocsin.reserve import SIZE, Reserve

SENSORS = [f"s-{number:02}" for number in range(40)]
ALARM_WITHIN, RECOVERED_WITHIN = 10.0, 30.0
RULE = """\
rules:
  - id: smoke
    title: {zh: 烟雾, en: Smoke}
    hazard: fire
    for_each: smoke sensor
    grades: {yellow: smoke >= 0.15 dB/m}
    sustain: 4s
    release: {margin: 20 %, after: 1h}
    missing: {after: 3 reports}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
"""


def message(sensor: str, value: float) -> Sent:
    payload = b'{"t":%d,"v":{"smoke":%g}}' % (time.time_ns() // 1_000_000, value)
    return Sent(topic(sensor), payload)


async def within(seconds: float, reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(seconds):
        while not await reached():
            await asyncio.sleep(0.05)


def used_bytes(state: Path) -> int:
    files = (path for path in state.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return sum(path.stat().st_size for path in files)


class Station:
    """A daemon under the shim, which limits what fits into its state directory."""

    def __init__(self, directory: Path, broker: int, phone: int) -> None:
        url = f"json://127.0.0.1:{phone}/sms?:to={{recipient}}&:key={{key}}"
        settings = {
            "mqtt": {"host": "127.0.0.1", "port": broker},
            "channels": {"sms": sms(url, honours_keys=True, rate=1000)},
        }
        self.daemon = DaemonProcess(directory, settings, rows(SENSORS))
        for rules in (self.daemon.configs / "rules").iterdir():
            rules.unlink()
        (self.daemon.configs / "rules" / "smoke.yaml").write_text(RULE)
        (self.daemon.configs / "routes.yaml").write_text(
            "routes: [{hazard: fire, grades: [yellow], to: [works], channels: [sms]}]" + EACH_BY_ITSELF
        )
        self.disk = Control(directory / "control")
        self.daemon.environment = {
            "LD_PRELOAD": str(build(directory)),
            "SHIM_CONTROL": str(self.disk.path),
            "SHIM_DIRECTORY": str(self.daemon.state),
        }
        self.publisher = Publisher("127.0.0.1", broker, "devices")
        self.sent: list[Sent] = []

    async def report(self, value: float) -> None:
        """One reading of every sensor; returns when the broker has them."""
        for sensor in SENSORS:
            self.sent.append(message(sensor, value))
            self.publisher.publish(self.sent[-1].topic, self.sent[-1].payload)
        await self.publisher.flush()

    async def all_accepted(self) -> bool:
        return await self.daemon.figure('tocsin_messages_total{outcome="accepted"}') == len(self.sent)

    async def problems(self) -> dict[str, str]:
        answer = await self.daemon.get("/readyz")
        found: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2] or b'{"problems": {}}')[
            "problems"
        ]
        return found

    def raised(self) -> int:
        with closing(OutboxReader.reading(self.daemon.state / "outbox.db")) as outbox:
            return len(outbox.transitions())


@pytest.mark.system
async def test_a_full_disk_stops_the_intake_alone_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    broker, phone = LoopbackBroker(), PhoneGateway(SystemClock())
    at = Station(tmp_path, await broker.start(), await phone.start())
    await at.publisher.connect()
    try:
        await at.daemon.start()
        await at.daemon.ready()
        assert (at.daemon.state / "reserve").stat().st_size == SIZE
        # Smoke that has to stand for four seconds: the warnings fall due when nothing can be written.
        await at.report(0.21)
        await within(10, at.all_accepted)
        at.disk.hold(used_bytes(at.daemon.state))
        full_at = time.monotonic()
        await at.report(0.22)
        entries = await at.daemon.figure("tocsin_journal_entries")

        async def alarmed() -> bool:
            return {"disk", "journal"} <= (await at.problems()).keys()

        async def full() -> bool:
            return "disk" in await at.problems()

        async def warned() -> bool:
            return at.raised() == len(SENSORS) and len({m.key for m in phone.inbox}) == 2 * len(ZONES)

        await within(4 + ALARM_WITHIN, alarmed)
        alarm = time.monotonic() - full_at
        await within(4 + ALARM_WITHIN, warned)
        assert await at.daemon.figure("tocsin_journal_entries") == entries
        assert not broker.idle()
        assert not (at.daemon.state / "reserve").exists()

        at.disk.hold(0)
        room_at = time.monotonic()
        await at.daemon.ready(RECOVERED_WITHIN)
        await within(RECOVERED_WITHIN, at.all_accepted)
        recovered = time.monotonic() - room_at
        assert (at.daemon.state / "reserve").stat().st_size == SIZE
        assert await at.daemon.signal(signal.SIGTERM) == 0

        # A start on a full disk: the databases cannot even be opened without what is kept back.
        at.disk.hold(used_bytes(at.daemon.state))
        await at.daemon.start()
        await within(30, full)
        at.disk.hold(0)
        await at.daemon.ready(RECOVERED_WITHIN)
        assert await at.daemon.signal(signal.SIGTERM) == 0
    finally:
        await at.daemon.end()
        await at.publisher.close()
        await phone.stop()
        await broker.stop()

    sys.stdout.write(f"disk full: said after {alarm:.1f} s, over {recovered:.1f} s after there was room\n")
    shown = [(message.to, message.key) for message in phone.inbox]
    with closing(EmbeddedStore(at.daemon.state / "series.db")) as store:
        found = check(at.daemon.state, at.sent, shown={"sms": shown}, points=store.read)
    assert found.findings == []
    assert at.disk.failed > 1
    assert (alarm < 4 + ALARM_WITHIN, recovered < RECOVERED_WITHIN) == (True, True), (alarm, recovered)
    assert "the disk is full: nothing is taken in" in at.daemon.log.read_text()


def test_what_is_kept_back_is_given_up_for_want_of_room_alone(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 4096)
    reserve.relieve(OSError(5, "Input/output error"))
    kept = reserve.held, (tmp_path / "reserve").stat().st_size
    reserve.relieve(OSError(28, "No space left on device"))

    assert kept == (True, 4096)
    assert not reserve.held
    assert not (tmp_path / "reserve").exists()


def test_it_is_made_again_once_there_is_room(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 4096)
    reserve.relieve(OSError(28, "No space left on device"))

    assert reserve.restore()
    assert (reserve.held, (tmp_path / "reserve").stat().st_size) == (True, 4096)


def test_a_reserve_that_does_not_fit_is_none(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 2**60)

    assert not reserve.held
    assert not reserve.restore()
    assert not (tmp_path / "reserve").exists()


def test_one_that_an_earlier_life_left_is_taken_over(tmp_path: Path) -> None:
    Reserve(tmp_path / "reserve", 4096)
    made = (tmp_path / "reserve").stat().st_mtime_ns

    assert Reserve(tmp_path / "reserve", 4096).held
    assert (tmp_path / "reserve").stat().st_mtime_ns == made
