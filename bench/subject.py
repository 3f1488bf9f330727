"""The daemon under test: its generated configuration, process and own figures, and what it left on disk."""

import asyncio
import json
import shutil
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from mqtt5 import PublishPacket

from bench.mix import sensor_rows, zones
from bench.process import daemon, end, failure, free_port
from ingest.journal import open_read_only
from ingest.session.wire import messages
from simulators.http_get import http_get

CONFIGS = Path(__file__).parent.parent / "configs"
READY_WITHIN = 60.0
BLOCKS_A_READ = 64


class Subject:
    """`tocsin run` over the shipped rules and `sensors` sensors; it tells nobody: that is not measured."""

    def __init__(self, directory: Path, sensors: int, broker: int, series: Mapping[str, str]) -> None:
        self.state = directory / "state"
        self.log = directory / "daemon.log"
        configs = directory / "configs"
        self.sensors = configs / "sensors.csv"
        self._config = configs / "tocsin.yaml"
        self._port = free_port()
        self._process: Process | None = None
        shutil.copytree(CONFIGS, configs)
        rows = sensor_rows(sensors, zones(configs / "zones.geojson"))
        self.sensors.write_text("\n".join(rows) + "\n")
        (configs / "routes.yaml").write_text("routes: []\n")
        whole = {
            "realm": "live",
            **{name: f"{name}.yaml" for name in ("kinds", "contacts", "routes")},
            "sensors": ["sensors.csv"],
            "zones": "zones.geojson",
            "rules": "rules",
            "mqtt": {"host": "127.0.0.1", "port": broker},
            "series": dict(series),
            "http": {"port": self._port},
            "channels": {},
        }
        self._config.write_text(json.dumps(whole, indent=2))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Return once /readyz says so; RuntimeError shows the log of a daemon that ended or hangs."""
        self._process = await daemon(self._config, self.state, self.log)
        try:
            async with asyncio.timeout(READY_WITHIN):
                while b"200 OK" not in await http_get(self._port, "/readyz"):
                    if self._process.returncode is not None:
                        raise TimeoutError
                    await asyncio.sleep(0.05)
        except TimeoutError:
            await end(self._process)
            raise failure("the daemon did not become ready", self.log) from None

    async def stop(self) -> None:
        """SIGTERM; RuntimeError if it does not end as it should."""
        assert self._process is not None
        if (code := await end(self._process)) != 0:
            raise failure(f"the daemon ended with {code}", self.log)

    async def accepted(self) -> int:
        """Messages judged, without duplicates and refused ones."""
        return int(await self._figure('tocsin_messages_total{outcome="accepted"}'))

    async def stored(self, within: float) -> float:
        """When (s since the epoch) the database had all that is journaled; TimeoutError after `within` s."""
        async with asyncio.timeout(within):
            while await self._figure("tocsin_series_lag_entries"):
                await asyncio.sleep(0.1)
        return time.time()

    def journaled(self) -> tuple[int, int]:
        """Messages in the journal, and how many of them differ; from its files, once the daemon stopped."""
        count = 0
        distinct: set[tuple[str, bytes]] = set()
        with open_read_only(self.state / "journal") as journal:
            position = 0
            while entries := journal.read(position, BLOCKS_A_READ):
                position = entries[-1].sequence
                for entry in entries:
                    count += entry.count
                    packets = messages(entry.data) if entry.count else []
                    distinct |= {(p.topic, p.payload) for p in packets if isinstance(p, PublishPacket)}
        return count, len(distinct)

    async def _figure(self, name: str) -> float:
        for text in (await http_get(self._port, "/metrics")).decode().splitlines():
            if text.startswith(f"{name} "):
                return float(text.split()[-1])
        raise failure(f"the daemon's /metrics show no {name}", self.log)
