"""Payloads of 1 B to 10 MB, nested or crowded: the daemon's memory stays flat and nobody else notices."""

import asyncio
import json
import signal
import time
from pathlib import Path

import pytest

from ingest.quarantine import Quarantine
from ingest.reading import Reason
from simulators.mosquitto import UNLIMITED, Mosquitto
from simulators.publisher import Publisher
from tests.system.daemon_process import LOUDSPEAKER, DaemonProcess

# What the daemon asks the broker for, less the topic and the header.
LARGEST = 256 * 1024 - 200
MOST_GROWTH = 20 * 10**6
ROUNDS = 5
VICTIM, GIANT = "s-1", "s-2"
SETTLE_SECONDS = 2.0


def topic(sensor: str) -> str:
    return f"tocsin/v1/old-town/smoke/{sensor}/telemetry"


def ladder() -> list[bytes]:
    """Nothing of it is a reading: sizes by tens, depths like those of a zip bomb, a million members."""
    sizes = [b"x" * 10**power for power in range(8)]
    nested = [opening * depth for opening in (b"[", b'{"x":') for depth in (1_000, 3_000, 40_000, 1_000_000)]
    crowded = [
        json.dumps({"t": 1, "v": {f"k{n}": n for n in range(members)}}, separators=(",", ":")).encode()
        for members in (1_000, 18_000, 1_000_000)
    ]
    packs = [b"[" + b",".join([b'{"n":"s-9/smoke","v":1}'] * records) + b"]" for records in (600, 10_000)]
    return [*sizes, *nested, *crowded, *packs]


class Watched(DaemonProcess):
    """A daemon whose memory is looked at while it works."""

    def resident(self) -> int:
        assert self._process is not None
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the daemon is gone")

    def end(self) -> None:
        """At the latest now, whatever failed."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def watch(self, stop: asyncio.Event) -> int:
        """The most it had."""
        most = self.resident()
        while not stop.is_set():
            await asyncio.sleep(0.01)
            most = max(most, self.resident())
        return most


async def speak(publisher: Publisher, stop: asyncio.Event) -> int:
    """A well-behaved device, every 20 ms; how often it spoke."""
    spoken, stamp = 0, 0
    while not stop.is_set():
        stamp = max(time.time_ns() // 1_000_000, stamp + 1)
        publisher.publish(topic(VICTIM), b'{"t":%d,"v":{"smoke":0.02}}' % stamp)
        await publisher.flush()
        spoken += 1
        await asyncio.sleep(0.02)
    return spoken


@pytest.mark.system
async def test_a_ladder_to_ten_megabytes_costs_no_memory_and_disturbs_nobody(tmp_path: Path) -> None:
    """The broker hands on what fits the daemon's 256 KiB; beyond 16 KiB that is quarantined by its size."""
    mosquitto = Mosquitto(tmp_path, UNLIMITED)
    port = await mosquitto.start()
    settings: dict[str, object] = {
        "mqtt": {"host": "127.0.0.1", "port": port},
        "channels": {"loudspeaker": LOUDSPEAKER},
    }
    rows = ["id,kind,zone", f"{VICTIM},smoke,old-town", f"{GIANT},smoke,old-town"]
    daemon = Watched(tmp_path, settings, rows)
    (daemon.configs / "routes.yaml").write_text(
        'routes: [{hazard: "*", grades: [red], to: [horns], channels: [loudspeaker]}]\n'
    )
    good, bad = (Publisher("127.0.0.1", port, name, window=20) for name in ("good", "bad"))
    payloads = ladder() * ROUNDS
    taken = [payload for payload in payloads if len(payload) < LARGEST]
    assert len(taken) < len(payloads)
    assert max(map(len, payloads)) >= 10**7
    stop = asyncio.Event()
    try:
        await daemon.start()
        await daemon.ready()
        for publisher in (good, bad):
            await publisher.connect()
        speaking = asyncio.create_task(speak(good, stop))
        await asyncio.sleep(SETTLE_SECONDS)
        idle = daemon.resident()
        watching = asyncio.create_task(daemon.watch(stop))
        for payload in payloads:
            bad.publish(topic(GIANT), payload)
            await bad.flush()
        async with asyncio.timeout(60):
            while await daemon.figure('tocsin_messages_total{outcome="quarantined"}') < len(taken):
                await asyncio.sleep(0.05)
        stop.set()
        spoken, most = await speaking, await watching
        async with asyncio.timeout(20):
            while await daemon.figure('tocsin_messages_total{outcome="accepted"}') < spoken:
                await asyncio.sleep(0.05)
        assert await daemon.figure('tocsin_messages_total{outcome="quarantined"}') == len(taken)
        print(f"idle {idle / 1e6:.0f} MB, at most {(most - idle) / 1e6:+.1f} MB, {spoken} good messages")  # noqa: T201
        assert most - idle <= MOST_GROWTH
        assert good.redelivered == 0
        assert daemon.log.read_text().count("broker connected") == 1
        assert await daemon.signal(signal.SIGTERM) == 0
    finally:
        stop.set()
        for publisher in (good, bad):
            await publisher.close()
        await mosquitto.stop()
        daemon.end()
    with Quarantine.open_read_only(daemon.state / "quarantine.db") as kept:
        rows_kept = kept.rows(10_000)
        counts = kept.counts()
    assert {row.topic for row in rows_kept} == {topic(GIANT)}
    assert counts[Reason.OVERSIZED] == sum(len(payload) > 16 * 1024 for payload in taken)
    assert set(counts) == {Reason.OVERSIZED, Reason.MALFORMED, Reason.UNKNOWN_METRIC, Reason.WRONG_TOPIC}
