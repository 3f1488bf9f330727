"""`tocsin tail` beside a daemon, both as processes."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.tocsin.test_daemon_process import Station, station


@asynccontextmanager
async def tail(at: Station, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "tail", *arguments, "--state", str(at.daemon.state),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        found: dict[str, Any] = json.loads(await process.stdout.readline())
    return found


async def test_what_is_published_is_shown_as_it_comes_and_a_signal_ends_it(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        await at.daemon.start()
        await at.daemon.ready()
        await at.report("s-1", 0.01)
        await at.judged(1)
        async with tail(at, "--since", "10min") as process:
            before = await line_of(process)
            await at.report("s-2", 0.02)
            after = await line_of(process)
            await at.report("s-9", 0.03)
            stranger = await line_of(process)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                _, complaint = await process.communicate()
        await at.judged(2)

    assert [(found["sensor"], found["value"], found["quality"]) for found in (before, after)] == [
        ("s-1", 0.01, []),
        ("s-2", 0.02, []),
    ]
    assert (stranger["sensor"], stranger["refused"]) == ("s-9", "unregistered")
    assert process.returncode == 0
    assert b"Traceback" not in complaint


async def test_it_goes_on_over_a_restart_and_a_reload_of_the_daemon(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        await at.daemon.start()
        await at.daemon.ready()
        async with tail(at, "--since", "10min", "--sensor", "s-*") as process:
            await at.report("s-4", 0.01)
            refused = await line_of(process)
            sensors = at.daemon.configs / "sensors.csv"
            sensors.write_text(sensors.read_text() + "s-4,smoke,old-town\n")
            await at.daemon.signal(signal.SIGTERM)
            await at.daemon.start()
            await at.daemon.ready()
            await at.daemon.signal(signal.SIGHUP)
            found = refused
            while "refused" in found:
                await at.report("s-4", 0.02)
                found = await line_of(process)

    assert refused["refused"] == "unregistered"
    assert (found["sensor"], found["zone"], found["value"]) == ("s-4", "old-town", 0.02)
