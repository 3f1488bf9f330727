"""SIGKILL at random instants, under load, over a real broker: acked and lost 0, changed 0, shown twice 0.

`TOCSIN_KILLS` says how often (20; 200 for a deep run), `TOCSIN_SEED` when; a failure names both.
"""

import asyncio
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ingest.clock import SystemClock
from ingest.series.embedded import EmbeddedStore
from notifiers.delivery import State
from notifiers.outbox.reader import OutboxReader
from simulators.mosquitto import UNLIMITED, Mosquitto
from simulators.phone import PhoneGateway
from simulators.publisher import Publisher
from tests.faults.checker import Sent, check, check_journal
from tests.faults.network import until
from tests.system.daemon_process import EACH_BY_ITSELF, DaemonProcess, sms

KILLS = int(os.environ.get("TOCSIN_KILLS", "20"))
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
SENSORS = [f"s-{number:04}" for number in range(5 * KILLS + 100)]
WAVE, WAVE_SECONDS = 20, 0.05
# One kill in so many comes before the daemon is ready: the one before it has left what it recovers.
EARLY = 5
# One wave in so many brings an alarm, as does every kill.
ALARM = 40
# Right before a kill, so many messages more than the daemon can have acked by then.
BURST = 60


@dataclass
class Load:
    """Devices that report without a pause, and what they have sent."""

    publisher: Publisher
    chance: random.Random
    log: list[Sent] = field(default_factory=list)
    alarms: int = 0
    stamp: int = 0
    begin: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, number: int, *, alarm: bool) -> None:
        """So many readings; with `alarm` the last is the first alarm of another detector."""
        for step in range(number):
            rings = alarm and step == number - 1
            sensor = SENSORS[self.alarms % len(SENSORS)] if rings else self.chance.choice(SENSORS)
            self.alarms += rings
            topic = f"tocsin/v1/old-town/smoke/{sensor}/telemetry"
            # A stamp of its own for every message, so that none counts as another one's duplicate.
            self.stamp = max(self.stamp + 1, time.time_ns() // 1_000_000)
            payload = b'{"t":%d,"v":{"smoke":%s}}' % (self.stamp, b"0.21" if rings else b"0.02")
            self.publisher.publish(topic, payload)
            self.log.append(Sent(topic, payload))
        self.publisher.send()

    async def run(self) -> None:
        """Once the daemon has been ready for the first time: until then no broker keeps anything for it."""
        await self.begin.wait()
        for wave in itertools.count(1):
            self.publish(WAVE, alarm=wave % ALARM == 0)
            await self.publisher.drain(2_000)
            await asyncio.sleep(WAVE_SECONDS)

    async def in_flight(self) -> None:
        """Return with messages on their way that the broker has taken and the daemon has not answered for."""
        self.publish(BURST, alarm=True)
        await self.publisher.flush()

    def unanswered(self) -> list[Sent]:
        """The log, with nothing claimed to have reached the daemon: what the broker holds may still come."""
        return [replace(sent, acked=False) for sent in self.log]


@dataclass
class Town:
    """Everything around the daemon, which is killed and started again."""

    daemon: DaemonProcess
    phone: PhoneGateway
    load: Load


@asynccontextmanager
async def town(directory: Path, chance: random.Random) -> AsyncIterator[Town]:
    mosquitto, phone = Mosquitto(directory, UNLIMITED), PhoneGateway(SystemClock())
    port, phone_port = await mosquitto.start(), await phone.start()
    url = f"json://127.0.0.1:{phone_port}/sms?:to={{recipient}}&:key={{key}}"
    settings = {
        "mqtt": {"host": "127.0.0.1", "port": port},
        "channels": {"sms": sms(url, honours_keys=True, rate=1000)},
    }
    rows = ["id,kind,zone", *(f"{sensor},smoke,old-town" for sensor in SENSORS)]
    daemon = DaemonProcess(directory, settings, rows)
    for rules in (daemon.configs / "rules").iterdir():
        if rules.name != "smoke.yaml":
            rules.unlink()
    (daemon.configs / "routes.yaml").write_text(
        'routes: [{hazard: "*", grades: [blue, yellow, orange, red], to: [fire], channels: [sms]}]'
        + EACH_BY_ITSELF
    )
    publisher = Publisher("127.0.0.1", port, "devices", window=500)
    await publisher.connect()
    try:
        yield Town(daemon, phone, Load(publisher, chance))
    finally:
        await daemon.end()
        await publisher.close()
        await phone.stop()
        await mosquitto.stop()


async def killed(at: Town, chance: random.Random, early: bool) -> float:
    """One life that ends by SIGKILL; the seconds it took to be ready, or 0 if it never was."""
    began = time.monotonic()
    await at.daemon.start()
    if early:
        await asyncio.sleep(chance.uniform(0.3, 2.5))
        ready = 0.0
    else:
        await at.daemon.ready()
        ready = time.monotonic() - began
        at.load.begin.set()
        await asyncio.sleep(chance.uniform(0, 0.4))
        await at.load.in_flight()
    await at.daemon.signal(signal.SIGKILL)
    return ready


def unsettled(state: Path) -> int:
    """Deliveries that are still to be sent."""
    with closing(OutboxReader.reading(state / "outbox.db")) as outbox:
        counts = outbox.counts().get("sms", {})
    return counts.get(State.QUEUED, 0) + counts.get(State.CLAIMED, 0)


async def drained(at: Town) -> None:
    """The last life: until everything sent is taken in, judged, stored and told; then an orderly end."""
    await at.daemon.start()
    await at.daemon.ready()
    await at.load.publisher.flush()

    async def done() -> bool:
        return (
            await at.daemon.figure('tocsin_messages_total{outcome="accepted"}') >= len(at.load.log)
            and await at.daemon.figure("tocsin_series_lag_entries") == 0
            and not unsettled(at.daemon.state)
        )

    await until(done, 120)
    assert await at.daemon.signal(signal.SIGTERM) == 0


@pytest.mark.system
async def test_no_kill_loses_changes_or_repeats_anything(tmp_path: Path) -> None:
    again = f"TOCSIN_SEED={SEED} TOCSIN_KILLS={KILLS} pytest {Path(__file__)}"
    chance = random.Random(SEED)
    starts: list[float] = []
    # DUP packets in the journal up to the last kill that came when the daemon was ready.
    redelivered = 0
    async with town(tmp_path, chance) as at:
        load = asyncio.create_task(at.load.run())
        for kill in range(KILLS):
            early = kill % EARLY == EARLY - 1
            starts.append(await killed(at, chance, early))
            found = check_journal(at.daemon.state, at.load.unanswered())
            assert found.findings == [], f"{again}: kill {kill}: {found}"
            if kill and not early:
                assert found.redelivered > redelivered, f"{again}: nothing in flight before kill {kill}"
                redelivered = found.redelivered
        load.cancel()
        await drained(at)
        store = EmbeddedStore(at.daemon.state / "series.db")
        shown = [(message.to, message.key) for message in at.phone.inbox]
        found = check(at.daemon.state, at.load.log, shown={"sms": shown}, points=store.read)
        store.close()
    ready = f"ready after {min(filter(None, starts)):.1f} to {max(starts):.1f} s"
    sys.stdout.write(f"{again}: {ready}, {at.phone.repeated} sent again; {found}\n")

    assert found.findings == [], again
    assert found.redelivered > redelivered
    assert at.load.publisher.acked == found.acked == len(at.load.log)
    assert found.transitions >= KILLS
    # What was on its way to the phone when the daemon died is sent again, under its key.
    assert at.phone.repeated <= 8 * KILLS
