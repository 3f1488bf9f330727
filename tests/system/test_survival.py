"""Acked means on disk: nothing is lost, stored twice or warned of twice, whatever dies meanwhile."""

import asyncio
import json
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from ingest.journal import Entry, EntryKind, open_read_only
from ingest.series.influx import InfluxStore
from ingest.session.wire import Undecodable, messages
from ingest.snapshots import Snapshots
from notifiers.outbox.reader import OutboxReader
from rules.transition import Transition, line
from simulators.mosquitto import UNLIMITED, Mosquitto
from simulators.publisher import Publisher
from simulators.victoria_metrics import VictoriaMetrics
from tests.system.daemon_process import DaemonProcess
from tocsin.bundle import Bundles
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge

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

Sent = dict[str, list[int]]


async def publish(publisher: Publisher, sensors: list[str], sent: Sent) -> None:
    """Half of all messages, each of a stamp of its own; every hundredth is smoke. Then some once more."""
    for number in range(MESSAGES // 2):
        sensor = sensors[number % len(sensors)]
        stamp = max(time.time_ns() // 1_000_000, sent[sensor][-1] + 1 if sent[sensor] else 0)
        value = 0.21 if number % 100 == 0 else 0.02
        publisher.publish(*message(sensor, stamp, value))
        sent[sensor].append(stamp)
        if number % WAVE == WAVE - 1:
            await publisher.flush()
            await asyncio.sleep(WAVE_SECONDS)
    for sensor in sensors[1 : RESENT // 2 + 1]:
        publisher.publish(*message(sensor, sent[sensor][-1], 0.02))
    for _ in range(BAD // 2):
        publisher.publish(*message("stranger", 1, 0.02))
    await publisher.flush()


def message(sensor: str, stamp: int, value: float) -> tuple[str, bytes]:
    topic = f"tocsin/v1/old-town/smoke/{sensor}/telemetry"
    return topic, f'{{"t":{stamp},"v":{{"smoke":{value},"battery":97}}}}'.encode()


async def kill_twice(daemon: DaemonProcess, sent: Sent) -> None:
    """With messages in flight: each kill lands while the publishers are at work."""
    for published in KILLS:
        while sum(map(len, sent.values())) < published:
            await asyncio.sleep(0.01)
        await daemon.signal(signal.SIGKILL)
        while sum(map(len, sent.values())) < published + MISSED:
            await asyncio.sleep(0.01)
        await daemon.start()
        await daemon.ready()


async def stop_database(database: VictoriaMetrics, sent: Sent) -> None:
    while sum(map(len, sent.values())) < STOP:
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


def entries(state: Path) -> list[Entry]:
    journal = open_read_only(state / "journal")
    found: list[Entry] = []
    while some := journal.read(found[-1].sequence if found else 0, 256):
        found += some
    return found


def replayed(state: Path, journal: list[Entry]) -> list[Transition]:
    """What one uninterrupted life would have judged."""
    bundles = Bundles(state / "bundles")

    def load(bundle: str) -> Basis:
        return configure(bundles.load(bundle)).basis

    judge = Judge(load(bundles.at(1)), load)
    return [transition for entry in journal for transition in judge.take(entry).transitions]


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
    settings = {"mqtt": mqtt, "series": series, "channels": {"loudspeaker": {}}}
    daemon = DaemonProcess(tmp_path, settings, rows)
    (daemon.configs / "routes.yaml").write_text(
        'routes: [{hazard: "*", grades: [blue, yellow, orange, red], to: [horns], channels: [loudspeaker]}]\n'
    )
    sent: Sent = {sensor: [] for sensor in SENSORS}
    publishers = [Publisher("127.0.0.1", port, f"client-{n}", window=500) for n in (1, 2)]
    try:
        await daemon.start()
        await daemon.ready()
        for publisher in publishers:
            await publisher.connect()
        await asyncio.gather(
            publish(publishers[0], SENSORS[::2], sent),
            publish(publishers[1], SENSORS[1::2], sent),
            kill_twice(daemon, sent),
            stop_database(database, sent),
        )
        await caught_up(daemon)
        assert await daemon.signal(signal.SIGTERM) == 0
        await reconcile(daemon.state, sent, database)
    finally:
        for publisher in publishers:
            await publisher.close()
        await mosquitto.stop()
        await database.stop()


async def reconcile(state: Path, sent: Sent, database: VictoriaMetrics) -> None:
    """Sent log against journal, judge, database and outbox."""
    journal = entries(state)
    arrived: Counter[tuple[str, int]] = Counter()
    in_flight = 0
    for entry in journal:
        for packet in messages(entry.data) if entry.kind is EntryKind.MQTT else []:
            assert not isinstance(packet, Undecodable)
            arrived[packet.topic.split("/")[4], json.loads(packet.payload)["t"]] += 1
            in_flight += packet.duplicate
    assert in_flight > 0, "no kill landed with messages in flight: the test proved nothing"
    strangers = arrived.pop(("stranger", 1))
    repeated = sum(count - 1 for count in arrived.values())
    assert strangers >= BAD
    assert repeated >= RESENT
    assert set(arrived) == {(sensor, stamp) for sensor, stamps in sent.items() for stamp in stamps}

    journaled = sum(entry.count for entry in journal)
    snapshot = Snapshots(state / "snapshots").newest()
    assert snapshot is not None
    accepted, duplicates, quarantined, _ = map(int, snapshot.state["screen.totals"])
    assert (accepted, duplicates) == (MESSAGES, repeated)
    assert quarantined == strangers
    assert journaled == accepted + duplicates + quarantined

    outbox = OutboxReader.reading(state / "outbox.db")
    recorded = [transition for _, transition in outbox.transitions(0, 10**6)]
    assert outbox.faults() == []
    end = journal[-1].received
    assert [line(t) for t in recorded if t.at <= end] == [line(t) for t in replayed(state, journal)]
    assert len({(t.warning, t.ordinal) for t in recorded}) == len(recorded) > 0

    await database.get("/internal/force_flush")
    store = InfluxStore("victoriametrics", database.url, "", "", "")
    start, stop = min(min(s) for s in sent.values()), max(max(s) for s in sent.values()) + 1
    for sensor, stamps in sent.items():
        for metric in ("smoke", "battery"):
            points = await asyncio.to_thread(store.read, sensor, metric, start, stop)
            assert [point.observed for point in points] == sorted(stamps)
    store.close()
