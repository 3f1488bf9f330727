"""A real VictoriaMetrics with its own port and directory: system tests and benchmarks start it."""

import asyncio
import shutil
import signal
from pathlib import Path

from simulators.free_port import free_port
from simulators.http_get import http_get

READY_WITHIN = 30.0  # s from the start of the process to its first answer


class VictoriaMetrics:
    """One database process on the loopback; what it stored is there again after `kill` and `start`.

    Points of one series and millisecond are one point, and what was just written can be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return once it answers. FileNotFoundError: not installed. TimeoutError: it does not answer."""
        binary = shutil.which("victoria-metrics")
        if binary is None:
            raise FileNotFoundError(
                "no victoria-metrics on this machine: install Debian's package `victoria-metrics`"
            )
        log = (self._directory / "victoria-metrics.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                binary,
                f"-storageDataPath={self._directory / 'data'}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-retentionPeriod=100y",
                "-dedup.minScrapeInterval=1ms",
                "-search.latencyOffset=0s",
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(READY_WITHIN):
            while not await self.get("/health"):
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut does."""
        await self._end(signal.SIGKILL)

    async def get(self, path: str) -> bytes:
        """The answer to a GET with its header; empty while nobody answers."""
        return await http_get(self.port, path)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("victoria-metrics does not run: start it first")
        self._process.send_signal(how)
        await self._process.wait()
        self._process = None
