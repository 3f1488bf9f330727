"""A city's fleet in front of a daemon: all that was sent is in its journal."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from simulators.mosquitto import Mosquitto
from tests.system.daemon_process import CONFIGS, LOUDSPEAKER, DaemonProcess

ROOT = Path(__file__).parent.parent.parent
CITY = [
    "--smoke", "16000", "--electrical", "2400", "--gas", "400", "--tank", "400", "--rain", "400",
    "--stage", "400", "--gateways", "200", "--rate", "4000", "--storm",
]  # fmt: skip
# Which warnings go to whom is not what this is about.
ROUTES = "routes: []\n"


async def tocsin(*arguments: str | Path) -> tuple[int | None, str]:
    """Its exit code, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", *map(str, arguments), cwd=ROOT, stdout=PIPE, stderr=STDOUT
    )
    async with asyncio.timeout(120):
        out, _ = await process.communicate()
    return process.returncode, out.decode()


async def journaled(log: Path, state: Path) -> tuple[int | None, str]:
    """How they compare once the daemon, which runs, has taken everything from the broker, or does not."""
    for _ in range(40):
        found = await tocsin("reconcile", log, "--state", state, "--json")
        if found[0] == 0:
            break
    return found


@pytest.mark.system
async def test_twenty_thousand_sensors_over_two_hundred_gateways_lose_nothing(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    port = await broker.start()
    settings: dict[str, object] = {
        "mqtt": {"host": "127.0.0.1", "port": port}, "channels": {"loudspeaker": LOUDSPEAKER},
    }  # fmt: skip
    daemon = DaemonProcess(tmp_path, settings, (CONFIGS / "sensors.csv").read_text("utf-8").splitlines())
    (daemon.configs / "routes.yaml").write_text(ROUTES)
    log = tmp_path / "sent.log"
    try:
        written = await tocsin("simulate", *CITY, "--files", daemon.configs)
        await daemon.start()
        await daemon.ready(60)
        sent = await tocsin("simulate", *CITY, "--for", "5", "--port", str(port), "--log", log)
        reconciled = await journaled(log, daemon.state)
    finally:
        await daemon.end()
        await broker.stop()

    assert written[0] == sent[0] == 0, (written, sent, daemon.log.read_text())
    assert reconciled[0] == 0, reconciled
    counts = json.loads(reconciled[1])
    # More than what was sent is the daemon's own canary.
    assert 15_000 <= counts["sent"] == counts["journaled"] - counts["foreign"] <= 21_000
    assert (counts["lost"], counts["duplicates"]) == (0, 0)
    assert counts["foreign"] <= 3
