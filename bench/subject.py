"""The daemon under test: its files, its process, its own figures, and what it left on disk."""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL, Signals

from bench.city_files import HORN_KEY, MAIN, loudspeaker, texts
from bench.process import daemon, end, failure
from simulators.city.plan import City
from simulators.free_port import free_port
from simulators.http_get import http_get

# A city of half a million sensors is read, and its first snapshot taken, in about a minute.
READY_WITHIN = 300.0
# The figures of a large city are work for the daemon, too: they are asked for seldom.
ASKED_EVERY = 1.0


class Subject:
    """`tocsin run` over the files of a city."""

    def __init__(
        self, directory: Path, city: City, settings: Mapping[str, object], rules: Mapping[str, str] | None
    ) -> None:
        self.state = directory / "state"
        self.log = directory / "daemon.log"
        self.configs = directory / "configs"
        self._config = self.configs / MAIN
        self._port = free_port()
        self._process: Process | None = None
        key = directory / "horns.key"
        key.write_text(HORN_KEY)
        own = {"http": {"port": self._port}, "channels": loudspeaker(str(key))}
        for name, text in texts(city, {**settings, **own}, rules).items():
            path = self.configs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def launch(self, level: str = "warning") -> None:
        """Begin a life of it, which logs from `level` on."""
        self._process = await daemon(self._config, self.state, self.log, level)

    async def start(self, level: str = "warning") -> None:
        """Return once /readyz says so; RuntimeError shows the log of a daemon that ended or hangs."""
        await self.launch(level)
        assert self._process is not None
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not await self.ready():
                    if not self.runs:
                        raise TimeoutError
                    await asyncio.sleep(0.05)
        except TimeoutError:
            await end(self._process)
            raise failure("the daemon did not become ready", self.log) from None

    async def ready(self) -> bool:
        """What /readyz says now."""
        return b"200 OK" in await http_get(self._port, "/readyz")

    async def signal(self, number: Signals) -> None:
        """Send it; of SIGKILL, return when the daemon is gone."""
        assert self._process is not None
        self._process.send_signal(number)
        if number is SIGKILL:
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM; RuntimeError if it does not end as it should."""
        assert self._process is not None
        if (code := await end(self._process)) != 0:
            raise failure(f"the daemon ended with {code}", self.log)

    async def kill(self) -> None:
        """SIGKILL; return once it is gone."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def judged(self) -> tuple[int, int]:
        """Messages (accepted, quarantined) so far; those that came again are in neither."""
        figures = await self.figures()
        accepted, quarantined = (
            figures[f'tocsin_messages_total{{outcome="{outcome}"}}']
            for outcome in ("accepted", "quarantined")
        )
        return int(accepted), int(quarantined)

    async def stored(self, within: float) -> float:
        """When (s since the epoch) the database had all that is journaled; TimeoutError after `within` s."""
        async with asyncio.timeout(within):
            while (await self.figures())["tocsin_series_lag_entries"]:
                await asyncio.sleep(ASKED_EVERY)
        return time.time()

    async def figures(self) -> dict[str, float]:
        """The lines of /metrics, by name with labels; none while nobody answers."""
        answer = (await http_get(self._port, "/metrics")).decode()
        rows = (text.rpartition(" ") for text in answer.splitlines() if text.startswith("tocsin_"))
        return {name: float(value) for name, _, value in rows}
