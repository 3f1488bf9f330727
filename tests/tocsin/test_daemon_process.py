"""`tocsin run` as a process, against the loopback broker: signals, reloads, restarts."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import SystemClock
from ingest.journal import EntryKind, open_read_only
from ingest.snapshots import Snapshots
from notifiers.outbox.reader import OutboxReader
from simulators.broker import LoopbackBroker
from simulators.free_port import free_port
from simulators.publisher import Publisher
from tests.system.daemon_process import HORN_KEY, LOUDSPEAKER, DaemonProcess
from tocsin.outages import SUBJECT

SENSORS = ["id,kind,zone", "s-1,smoke,old-town", "s-2,smoke,old-town", "s-3,smoke,old-town"]
THRESHOLD = "yellow: smoke >= 0.15 dB/m"


@dataclass
class Station:
    """A daemon, its broker, and somebody who reports."""

    broker: LoopbackBroker
    publisher: Publisher
    daemon: DaemonProcess

    @property
    def rules(self) -> Path:
        return self.daemon.configs / "rules" / "smoke.yaml"

    async def report(self, sensor: str, *values: float) -> None:
        """Return when the broker has them."""
        for value in values:
            payload = f'{{"t":{SystemClock().now()},"v":{{"smoke":{value}}}}}'
            self.publisher.publish(f"tocsin/v1/old-town/smoke/{sensor}/telemetry", payload.encode())
        await self.publisher.flush()

    async def judged(self, messages: int) -> None:
        """Until the daemon has judged that many messages in all."""

        async def enough() -> bool:
            return await self.daemon.figure('tocsin_messages_total{outcome="accepted"}') >= messages

        await until(enough)

    async def has_raised(self, expected: list[tuple[str, str]]) -> None:
        """Until the outbox says so: a message counts as judged a moment before its lines are committed."""
        await until(lambda: self.raised() == expected)

    async def problems(self) -> dict[str, str]:
        answer = await self.daemon.get("/readyz")
        found: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2] or b'{"problems": {}}')[
            "problems"
        ]
        return found

    def raised(self) -> list[tuple[str, str]]:
        """(sensor, grade) of each line of the outbox, but that a slow restart was blind time."""
        outbox = OutboxReader.reading(self.daemon.state / "outbox.db")
        found = [(t.subject, str(t.after)) for _, t in outbox.transitions() if t.subject != SUBJECT]
        outbox.close()
        return found


async def until(condition: Callable[[], object], within: float = 60) -> None:
    """Poll a process, with a deadline; `condition` may be a coroutine function."""
    async with asyncio.timeout(within):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def station(directory: Path) -> AsyncIterator[Station]:
    """Everything but the daemon's start; a daemon that still runs in the end is killed."""
    broker = LoopbackBroker()
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "gateway")
    await publisher.connect()
    daemon = daemon_of(directory, port)
    try:
        yield Station(broker, publisher, daemon)
    finally:
        await end(daemon)
        await publisher.close()
        await broker.stop()


def daemon_of(directory: Path, broker: int) -> DaemonProcess:
    """It tells horns alone, of which there are none at the broker."""
    mqtt = {"host": "127.0.0.1", "port": broker}
    daemon = DaemonProcess(directory, {"mqtt": mqtt, "channels": {"loudspeaker": LOUDSPEAKER}}, SENSORS)
    (daemon.configs / "routes.yaml").write_text(
        'routes: [{hazard: "*", grades: [red], to: [horns], channels: [loudspeaker]}]\n'
    )
    return daemon


async def end(daemon: DaemonProcess) -> None:
    try:
        await daemon.signal(signal.SIGKILL)
    except (AssertionError, ProcessLookupError):
        return


async def stop(at: Station) -> int | None:
    async with asyncio.timeout(10):
        return await at.daemon.signal(signal.SIGTERM)


async def run_and_end(daemon: DaemonProcess) -> tuple[int | None, str]:
    """Another `tocsin run` over the same files, which is to end by itself: its exit code, what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "run",
        "--config", str(daemon.configs / "tocsin.yaml"), "--state", str(daemon.state),
        stderr=asyncio.subprocess.PIPE, env={**os.environ, **HORN_KEY},
    )  # fmt: skip
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_it_serves_refuses_a_second_and_stops_with_everything_judged(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        await at.daemon.start()
        await at.daemon.ready()
        await at.report("s-1", 0.02, 0.21)
        await at.judged(2)
        second = await run_and_end(at.daemon)
        assert at.broker.idle()

        # Right before the end: what has reached the daemon is still judged.
        for _ in range(50):
            await at.report("s-2", 0.02, 0.03)
        code = await stop(at)

        assert code == 0
        assert second[0] == 3
        assert "in use by process" in second[1]
        assert at.raised() == [("s-1", "yellow")]
    journal = open_read_only(at.daemon.state / "journal")
    snapshot = Snapshots(at.daemon.state / "snapshots").newest()
    assert snapshot is not None
    assert snapshot.position == journal.last
    *messages, _ = snapshot.state["screen.totals"]
    assert sum(messages) == sum(entry.count for entry in journal.read(0, 10_000)) >= 2


async def test_a_reload_takes_all_or_nothing(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        await at.daemon.start()
        await at.daemon.ready()
        good = at.rules.read_text("utf-8")

        at.rules.write_text(good.replace(THRESHOLD, "yellow: smoke >= 0.05 mA"), "utf-8")
        await at.daemon.signal(signal.SIGHUP)
        await until(at.problems)
        problems = await at.problems()
        await at.report("s-1", 0.1)
        await at.report("s-2", 0.2)
        await at.judged(2)
        await at.has_raised([("s-2", "yellow")])

        at.rules.write_text(good.replace(THRESHOLD, "yellow: smoke >= 0.05 dB/m"), "utf-8")
        await at.daemon.signal(signal.SIGHUP)
        await at.daemon.ready()
        await at.report("s-3", 0.1)
        await at.judged(3)
        # The stricter rule also sees what stood before it.
        await until(lambda: sorted(at.raised()) == [(f"s-{n}", "yellow") for n in (1, 2, 3)])
        assert await stop(at) == 0

    assert problems.keys() == {"reload"}
    assert "rules/smoke.yaml:" in problems["reload"]
    kinds = [entry.kind for entry in open_read_only(at.daemon.state / "journal").read(0, 10_000)]
    assert kinds.count(EntryKind.BUNDLE) == 2


async def test_a_half_saved_file_and_a_restart_leave_a_working_daemon(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        await at.daemon.start()
        await at.daemon.ready()
        assert await stop(at) == 0
        at.rules.write_text(at.rules.read_text("utf-8")[:200], "utf-8")
        (at.daemon.configs / "contacts.yaml").unlink()
        await at.report("s-1", 0.2)

        await at.daemon.start()
        await at.daemon.ready()
        await at.judged(1)

        await at.has_raised([("s-1", "yellow")])
        assert await at.problems() == {}
        assert await stop(at) == 0


async def test_a_very_first_start_with_bad_files_refuses_with_all_findings(tmp_path: Path) -> None:
    daemon = daemon_of(tmp_path, free_port())
    (daemon.configs / "contacts.yaml").write_text("people: 5\n")
    (daemon.configs / "sensors.csv").write_text("id,kind\nriver-1,lava\n")

    code, said = await run_and_end(daemon)

    assert code == 1
    assert "contacts.yaml:1:" in said
    assert "sensors.csv:2:" in said
    assert not (daemon.state / "journal").exists()


async def test_a_first_start_that_lacks_a_secret_applies_nothing(tmp_path: Path) -> None:
    """Else the mistake would be in force for good: files on disk act only through a running daemon."""
    daemon = daemon_of(tmp_path, free_port())
    settings = daemon.configs / "tocsin.yaml"
    good = settings.read_text("utf-8")
    settings.write_text(good.replace('"host"', '"password_file": "/nonexistent/secret", "host"'), "utf-8")

    code, said = await run_and_end(daemon)
    settings.write_text(good, "utf-8")
    await daemon.start()
    await until(lambda: daemon.get("/readyz"))
    await end(daemon)

    assert code == 3
    assert "/nonexistent/secret" in said


async def test_without_a_broker_it_lives_says_so_and_stops(tmp_path: Path) -> None:
    daemon = daemon_of(tmp_path, free_port())
    await daemon.start()
    try:

        async def unready() -> bool:
            return b'"broker":"not connected"' in await daemon.get("/readyz")

        await until(unready)
        healthy = await daemon.get("/healthz")
        async with asyncio.timeout(10):
            code = await daemon.signal(signal.SIGTERM)
    finally:
        await end(daemon)

    assert healthy.endswith(b"ok\n")
    assert code == 0
