"""`tocsin run` as its own process, over a configuration made for a test."""

import asyncio
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from simulators.free_port import free_port
from simulators.http_get import http_get

CONFIGS = Path(__file__).parent.parent.parent / "configs"


# The horns of the broker of `mqtt`, and what signs for them.
LOUDSPEAKER = {"via": "loudspeaker", "realm": "live", "key_env": "TOCSIN_HORN_KEY"}
HORN_KEY = {"TOCSIN_HORN_KEY": "0f" * 32}

# Of routes.yaml, where each warning counts and nobody answers: no reminder, no digest, no flood.
EACH_BY_ITSELF = """
deadlines:
  yellow: {acknowledge: none}
  orange: {acknowledge: none, arrive: none, handle: none}
  red: {acknowledge: none, arrive: none, handle: none}
budgets: {messages: 1000000, warnings: 1000000}
"""


def sms(url: str, **more: object) -> dict[str, object]:
    """The settings of a gateway."""
    return {"via": "apprise", "realm": "live", "reach": "phone", "url": url, **more}


class DaemonProcess:
    """A daemon that can be killed and started again over the same state; `environment` is added to ours."""

    def __init__(self, directory: Path, settings: dict[str, object], sensors: list[str]) -> None:
        self.configs = directory / "configs"
        self.state = directory / "state"
        self.log = directory / "daemon.log"
        self.port = free_port()
        self.environment: dict[str, str] = {}
        shutil.copytree(CONFIGS, self.configs)
        (self.configs / "sensors.csv").write_text("\n".join(sensors) + "\n")
        self._process: asyncio.subprocess.Process | None = None
        self.configure(settings)

    def configure(self, settings: dict[str, object]) -> None:
        """Write `tocsin.yaml`; what `settings` do not say is as usual."""
        files = {name: f"{name}.yaml" for name in ("kinds", "contacts", "routes")}
        whole = {
            "realm": "live",
            **files,
            "sensors": ["sensors.csv"],
            "zones": "zones.geojson",
            "rules": "rules",
            "http": {"port": self.port},
            **settings,
        }
        (self.configs / "tocsin.yaml").write_text(json.dumps(whole, indent=2))

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tocsin", "run",
                "--config", str(self.configs / "tocsin.yaml"), "--state", str(self.state),
                stdout=log, stderr=log, env={**os.environ, **HORN_KEY, **self.environment},
            )  # fmt: skip

    async def ready(self, within: float = 120) -> None:
        """Until /readyz says so; TimeoutError shows the log."""
        try:
            async with asyncio.timeout(within):
                while b"200 OK" not in await self.get("/readyz"):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"not ready in {within} s; its log:\n{self.log.read_text()}") from None

    async def get(self, path: str) -> bytes:
        return await http_get(self.port, path)

    async def figure(self, name: str) -> float:
        """One line of /metrics, by its name with labels as it stands there."""
        for text in (await self.get("/metrics")).decode().splitlines():
            if text.startswith(f"{name} "):
                return float(text.split()[-1])
        raise KeyError(name)

    def resident(self) -> int:
        """Memory it holds now, bytes."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def processor(self) -> float:
        """Seconds of processor time it has used."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def signal(self, number: signal.Signals) -> int | None:
        """Send it; SIGTERM and SIGKILL wait for the end and return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        if number in (signal.SIGTERM, signal.SIGKILL):
            return await self._process.wait()
        return None

    async def end(self) -> None:
        """Kill it if it runs: what a failed test leaves."""
        if self._process is not None and self._process.returncode is None:
            await self.signal(signal.SIGKILL)
