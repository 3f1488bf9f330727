"""Acked means on disk: nothing is lost, stored twice or warned of twice, whatever dies meanwhile."""

import asyncio
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from ingest.series.influx import InfluxStore
from ingest.snapshots import Snapshots
from simulators.mosquitto import UNLIMITED, Mosquitto
from simulators.publisher import Publisher
from simulators.victoria_metrics import VictoriaMetrics
from tests.faults.checker import Sent, check
from tests.system.daemon_process import LOUDSPEAKER, DaemonProcess

MESSAGES = 20_000
BAD = 40
SENSORS = [f"s-{number:03}" for number in range(200)]
RESENT = 100
WAVE, WAVE_SECONDS = 50, 0.05
# Messages published when the daemon is killed, and when the database is.
KILLS = (4_000, 12_000)
STOP = 6_000
# Messages that are published while a killed daemon is down.
MISSED = 1_500
STOPPED_SECONDS = 10

Log = list[Sent]


async def publish(publisher: Publisher, sensors: list[str], log: Log) -> None:
    """Half of all messages, each of a stamp of its own; every hundredth is smoke. Then some once more."""
    stamps = dict.fromkeys(sensors, 0)

    def send(sensor: str, stamp: int, value: float) -> None:
        log.append(message(sensor, stamp, value))
        publisher.publish(log[-1].topic, log[-1].payload)

    for number in range(MESSAGES // 2):
        sensor = sensors[number % len(sensors)]
        stamps[sensor] = max(time.time_ns() // 1_000_000, stamps[sensor] + 1)
        send(sensor, stamps[sensor], 0.21 if number % 100 == 0 else 0.02)
        if number % WAVE == WAVE - 1:
            await publisher.flush()
            await asyncio.sleep(WAVE_SECONDS)
    for sensor in sensors[1 : RESENT // 2 + 1]:
        send(sensor, stamps[sensor], 0.02)
    for _ in range(BAD // 2):
        send("stranger", 1, 0.02)
    await publisher.flush()


def message(sensor: str, stamp: int, value: float) -> Sent:
    topic = f"tocsin/v1/old-town/smoke/{sensor}/telemetry"
    return Sent(topic, f'{{"t":{stamp},"v":{{"smoke":{value},"battery":97}}}}'.encode())


async def kill_twice(daemon: DaemonProcess, log: Log) -> None:
    """With messages in flight: each kill lands while the publishers are at work."""
    for published in KILLS:
        while len(log) < published:
            await asyncio.sleep(0.01)
        await daemon.signal(signal.SIGKILL)
        while len(log) < published + MISSED:
            await asyncio.sleep(0.01)
        await daemon.start()
        await daemon.ready()


async def stop_database(database: VictoriaMetrics, log: Log) -> None:
    while len(log) < STOP:
        await asyncio.sleep(0.01)
    await database.kill()
    await asyncio.sleep(STOPPED_SECONDS)
    await database.start()


async def caught_up(daemon: DaemonProcess) -> None:
    """Until the journal holds every message, and judge and database every entry."""
    async with asyncio.timeout(120):
        while True:
            accepted = await daemon.figure('tocsin_messages_total{outcome="accepted"}')
            quarantined = await daemon.figure('tocsin_messages_total{outcome="quarantined"}')
            lag = await daemon.figure("tocsin_series_lag_entries")
            if accepted >= MESSAGES and quarantined >= BAD and lag == 0:
                return
            await asyncio.sleep(0.05)


@pytest.mark.system
async def test_nothing_is_lost_or_doubled_over_two_kills_and_a_stopped_database(tmp_path: Path) -> None:
    """20,000 messages of two clients, SIGKILL twice, the database gone for ten seconds."""
    mosquitto = Mosquitto(tmp_path, UNLIMITED)
    database = VictoriaMetrics(tmp_path)
    await database.start()
    port = await mosquitto.start()
    mqtt = {"host": "127.0.0.1", "port": port}
    series = {"store": "victoriametrics", "url": database.url}
    rows = ["id,kind,zone", *(f"{sensor},smoke,old-town" for sensor in SENSORS)]
    settings = {"mqtt": mqtt, "series": series, "channels": {"loudspeaker": LOUDSPEAKER}}
    daemon = DaemonProcess(tmp_path, settings, rows)
    (daemon.configs / "routes.yaml").write_text(
        'routes: [{hazard: "*", grades: [blue, yellow, orange, red], to: [horns], channels: [loudspeaker]}]\n'
    )
    log: Log = []
    publishers = [Publisher("127.0.0.1", port, f"client-{n}", window=500) for n in (1, 2)]
    try:
        await daemon.start()
        await daemon.ready()
        for publisher in publishers:
            await publisher.connect()
        await asyncio.gather(
            publish(publishers[0], SENSORS[::2], log),
            publish(publishers[1], SENSORS[1::2], log),
            kill_twice(daemon, log),
            stop_database(database, log),
        )
        await caught_up(daemon)
        assert await daemon.signal(signal.SIGTERM) == 0
        await reconcile(daemon.state, log, database)
    finally:
        for publisher in publishers:
            await publisher.close()
        await mosquitto.stop()
        await database.stop()


async def reconcile(state: Path, log: Log, database: VictoriaMetrics) -> None:
    """Sent log against journal, judge, database and outbox."""
    await database.get("/internal/force_flush")
    with closing(InfluxStore("victoriametrics", database.url, "", "", "")) as store:
        found = await asyncio.to_thread(check, state, log, points=store.read)
    snapshot = Snapshots(state / "snapshots").newest()
    assert snapshot is not None
    accepted, duplicates, quarantined, _ = map(int, snapshot.state["screen.totals"])

    assert found.findings == []
    assert found.redelivered > 0, "no kill landed with messages in flight: the test proved nothing"
    assert (found.acked, accepted, found.points) == (len(log), MESSAGES, 2 * MESSAGES)
    assert duplicates >= RESENT
    assert quarantined >= BAD
    assert found.transitions > 0
