"""One path for live, replay and drill: the same record gives the same transitions, byte for byte."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND, LockstepClock
from notifiers.outbox.reader import OutboxReader
from notifiers.routes import Routes
from rules.transition import line
from simulators.broker import LoopbackBroker
from simulators.mosquitto import Mosquitto
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import read_rows
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.recorded import CsvRecord, Period, Rerun
from tocsin.replay import Tally, replay
from tocsin.settings import Mqtt
from tocsin.storage import Storage
from tocsin.wiring import retention

CONFIGS = Path(__file__).parent.parent.parent / "configs"
NINE = 1_528_016_400_000  # 2018-06-03T09:00:00Z
END = NINE + 30 * HOUR

Line = tuple[int, int, str, str, str]


def gauge() -> Iterator[Line]:
    """Rain that reaches orange, a silence, a late report, and dry hours in which it clears."""
    for number in range(300):
        observed = NINE + number * 5 * MINUTE
        if 40 <= number < 60:
            continue
        value = "1.6" if number < 36 else "0.0"
        arrival = observed + 20 * SECOND
        if number == 20:
            arrival = NINE + 26 * 5 * MINUTE + 31 * SECOND
        yield observed, arrival, "rain-riverside-01", "rain", value


def detector() -> Iterator[Line]:
    """Smoke that comes and goes; every reading around the alarm is sent twice."""
    for number in range(900):
        observed = NINE + HOUR + number * 10 * SECOND
        value = "0.21" if 30 <= number < 40 else "0.02"
        yield observed, observed + 300, "smoke-old-town-01", "smoke", value
        if 25 <= number < 45:
            yield observed, observed + 7 * MINUTE, "smoke-old-town-01", "smoke", value


def river() -> Iterator[Line]:
    """The flood of the demo, cut to what the other two last."""
    for row in read_rows([CONFIGS / "demo" / "river.csv"]):
        if row.received < END - HOUR:
            yield row.observed, row.received + 2 * SECOND, row.sensor, row.metric, row.value


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.csv"
    rows = [*gauge(), *detector(), *river()]
    text = [f"{at},{sensor},{metric},{value},{received}" for at, received, sensor, metric, value in rows]
    path.write_text("\n".join(["time,sensor,metric,value,received", *text]) + "\n")
    return path


def configuration() -> Configuration:
    return configure(read_bundle(CONFIGS / "tocsin.yaml"))


def replayed(record: Path) -> tuple[list[bytes], Tally]:
    tally, basis = Tally(), configuration().basis
    rerun = Rerun(CsvRecord([record]), lambda _: basis, Period(end=END))
    return [line(t) for t in replay(rerun, tally)], tally


async def live(
    record: Path, state: Path, port: int, broker_idle: Callable[[Playback, Daemon], Callable[[], bool]]
) -> list[bytes]:
    """The record over a broker into a whole daemon without a canary, under one lockstep clock."""
    rows = read_rows([record])
    clock = LockstepClock(rows[0].received - MINUTE)
    known = configuration()
    mqtt = Mqtt(host="127.0.0.1", port=port).model_copy(update={"linger": 0})
    settings = known.settings.model_copy(update={"mqtt": mqtt, "channels": {}, "watchdog": None})
    storage = Storage.open(state, settings.realm, retention(settings.journal))
    publisher = Publisher("127.0.0.1", port, "record")
    await publisher.connect()
    try:
        apply_first(read_bundle(CONFIGS / "tocsin.yaml"), storage, clock)
        daemon = Daemon(replace(known, settings=settings, routes=Routes(routes=())), storage, clock)
        places = {s.id: Place(s.zone, s.kind) for s in known.basis.registry.sensors}
        playback = Playback(rows, places, publisher, clock)
        hops = {**daemon.hops(), "record": playback.idle, "broker": broker_idle(playback, daemon)}
        for name, idle in hops.items():
            clock.hop(name, idle)
        await drive(daemon, playback, clock)
    finally:
        await publisher.close()
        storage.close()
    outbox = OutboxReader.reading(state / "outbox.db")
    found = [line(transition) for _, transition in outbox.transitions(0, 10**6)]
    outbox.close()
    return found


async def drive(daemon: Daemon, playback: Playback, clock: LockstepClock) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run(stop))
        async with asyncio.timeout(10):
            while not daemon.connected():
                await asyncio.sleep(0.01)
        playing = group.create_task(playback.run())
        await clock.run(END)
        with suppress(asyncio.CancelledError):
            await playing
        stop.set()


async def test_replay_and_the_loopback_broker_agree(record: Path, tmp_path: Path) -> None:
    expected, tally = replayed(record)
    broker = LoopbackBroker()
    port = await broker.start()
    try:
        found = await live(record, tmp_path / "state", port, lambda _playback, _daemon: broker.idle)
    finally:
        await broker.stop()

    assert found == expected
    assert tally.duplicates == 20
    assert tally.quarantined == 0
    assert {b'"to":"orange"' in text for text in expected} == {True, False}
    assert any(b"late" in text for text in expected)
    assert any(b'"to":null' in text for text in expected)


@pytest.mark.system
async def test_replay_and_mosquitto_agree(record: Path, tmp_path: Path) -> None:
    expected, _ = replayed(record)
    mosquitto = Mosquitto(tmp_path)
    port = await mosquitto.start()
    try:
        found = await live(
            record,
            tmp_path / "state",
            port,
            lambda playback, daemon: lambda: playback.published == daemon.intake.messages,
        )
    finally:
        await mosquitto.stop()

    assert found == expected
