"""Bad input is quarantined with a reason, counted, acked and listed; the good around it loses nothing."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from ingest.clock import SystemClock
from ingest.quarantine import Quarantine
from ingest.reading import Reason
from notifiers.routes import Routes
from simulators.broker import LoopbackBroker
from simulators.publisher import Publisher
from tocsin.cli import app
from tocsin.configuration import configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.settings import Mqtt
from tocsin.storage import Storage
from tocsin.wiring import retention

CONFIGS = Path(__file__).parent.parent.parent / "configs"
TOPIC = "tocsin/v1/old-town/smoke/smoke-old-town-01/telemetry"
GOOD = 60


def bad(now: int) -> list[tuple[str, bytes, Reason]]:
    """One of each kind, with the reason it deserves."""
    reading = b'{"t":%d,"v":{"smoke":0.02}}' % now
    return [
        (TOPIC, b'{"t":1,', Reason.MALFORMED),
        (TOPIC, b'{"t":%d,"v":{"smoke":0.02},"x":"%s"}' % (now, b"y" * 17_000), Reason.OVERSIZED),
        (TOPIC, b'{"t":%d,"v":{"smoke":0.02,"smoke":0.9}}' % now, Reason.DUPLICATE_KEY),
        (TOPIC, b'{"t":%d,"v":{"smoke":0.02},"x":"\xff"}' % now, Reason.NOT_UTF8),
        (TOPIC, b'{"t":%d,"v":{"smoke":NaN}}' % now, Reason.NOT_FINITE),
        (TOPIC, b'{"t":%d,"v":{"smoke":0.02},"u":{"smoke":"mA"}}' % now, Reason.WRONG_UNIT),
        (TOPIC, b'{"t":%d,"v":{"smoke":99999}}' % now, Reason.IMPOSSIBLE),
        (TOPIC, b'{"t":%d,"v":{"smoky":0.02}}' % now, Reason.UNKNOWN_METRIC),
        (TOPIC, b'{"t":"2018-06-03T09:00:00","v":{"smoke":0.02}}', Reason.BAD_TIME),
        (TOPIC.replace("town-01", "town-xx"), reading, Reason.UNREGISTERED),
        (TOPIC.replace("/smoke/", "/rain/"), reading, Reason.WRONG_TOPIC),
        (f"{TOPIC}/more", reading, Reason.WRONG_TOPIC),
    ]


async def serve(state: Path) -> tuple[list[Reason], LoopbackBroker]:
    """Every bad message between good ones, and one that was retained before the daemon came.

    Returns once the daemon has acknowledged all of them.
    """
    broker = LoopbackBroker()
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "devices")
    await publisher.connect()
    now = time.time_ns() // 1_000_000
    publisher.publish(TOPIC, b'{"t":%d,"v":{"smoke":0.9}}' % now, retain=True)
    await publisher.flush()

    bundle = read_bundle(CONFIGS / "tocsin.yaml")
    known = configure(bundle)
    mqtt = Mqtt(host="127.0.0.1", port=port)
    settings = known.settings.model_copy(update={"mqtt": mqtt, "channels": {}})
    storage = Storage.open(state, settings.realm, retention(settings.journal))
    apply_first(bundle, storage, SystemClock())
    daemon = Daemon(replace(known, settings=settings, routes=Routes(routes=())), storage, SystemClock())
    stop = asyncio.Event()
    running = asyncio.create_task(daemon.run(stop))
    expected = [Reason.RETAINED]
    sent = 1
    for number, (topic, payload, reason) in enumerate(bad(now)):
        for step in range(GOOD // 12):
            stamp = now - 60_000 + number * 100 + step
            publisher.publish(TOPIC, b'{"t":%d,"v":{"smoke":0.02}}' % stamp)
        publisher.publish(topic, payload)
        expected.append(reason)
        sent += 1 + GOOD // 12
    async with asyncio.timeout(20):
        while not daemon.connected():
            await asyncio.sleep(0.01)
        await publisher.flush()
        while daemon.intake.messages < sent or not daemon.judging.idle() or not broker.idle():
            await asyncio.sleep(0.01)
    screen = daemon.judging.judge.screen
    assert (screen.accepted, screen.quarantined) == (GOOD, len(expected))
    stop.set()
    await running
    storage.close()
    await publisher.close()
    return expected, broker


async def test_each_kind_of_bad_message_is_set_aside_and_acknowledged(tmp_path: Path) -> None:
    expected, broker = await serve(tmp_path)
    await broker.stop()

    kept = Quarantine.open_read_only(tmp_path / "quarantine.db")
    assert [row.reason for row in reversed(kept.rows(100))] == expected
    assert sum(kept.counts().values()) == len(expected)
    kept.close()


async def test_the_command_lists_what_is_in_quarantine(tmp_path: Path) -> None:
    _, broker = await serve(tmp_path)
    await broker.stop()

    shown = CliRunner().invoke(app, ["quarantine", "--state", str(tmp_path), "--json"])

    assert shown.exit_code == 0
    assert '"wrong_unit": 1' in shown.output
    assert '"wrong_topic": 2' in shown.output
    assert "smoke-old-town-xx" in shown.output
