"""Who watches from outside, as processes: a daemon that hangs is missed, and its return is told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from simulators.broker import LoopbackBroker
from tests.system.daemon_process import DaemonProcess

SENSORS = ["id,kind,zone", "s-1,smoke,old-town"]
TELL = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n')"


@asynccontextmanager
async def watched(directory: Path) -> AsyncIterator[tuple[DaemonProcess, Path]]:
    """A daemon and its watch; the file holds what the watch has told so far."""
    broker = LoopbackBroker()
    port = await broker.start()
    told, script = directory / "told", directory / "tell.py"
    script.write_text(TELL)
    told.touch()
    section = {
        "every": "100ms",
        "within": "1s",
        "command": [sys.executable, str(script), str(told)],
    }
    settings: dict[str, object] = {
        "mqtt": {"host": "127.0.0.1", "port": port},
        "channels": {},
        "watchdog": section,
    }
    daemon = DaemonProcess(directory, settings, SENSORS)
    (daemon.configs / "routes.yaml").write_text("routes: []\n")
    watch = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "watch", "--config", str(daemon.configs / "tocsin.yaml"),
        env=dict(os.environ), stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield daemon, told
    finally:
        watch.kill()
        await watch.wait()
        await daemon.end()
        await broker.stop()


def read(told: Path) -> list[str]:
    return told.read_text().split()


async def has_told(told: Path, *news: str) -> None:
    async with asyncio.timeout(60):
        while read(told) != list(news):
            await asyncio.sleep(0.05)


async def test_a_daemon_that_hangs_is_missed_by_another_process_and_its_return_is_told(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as (daemon, told):
        await has_told(told, "missing")
        await daemon.start()
        await has_told(told, "missing", "back")
        await daemon.signal(signal.SIGSTOP)
        await has_told(told, "missing", "back", "missing")
        await daemon.signal(signal.SIGCONT)
        await has_told(told, "missing", "back", "missing", "back")
