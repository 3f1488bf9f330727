"""A real Mosquitto with its own port, configuration and directory: system tests and benchmarks start it."""

import asyncio
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from simulators.free_port import free_port

READY_WITHIN = 30.0  # s from the start of the process to its open port
# Debian puts it where only root looks.
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
# Without limits, as production has to set them: the defaults drop QoS 1 messages and tell nobody.
UNLIMITED = ("max_inflight_messages 0", "max_queued_messages 0")


class Mosquitto:
    """One broker process on the loopback. `settings` are lines of `mosquitto.conf`.

    The directory keeps configuration, log and persistence, so `start` after `stop` or `kill` finds what
    was saved: at `stop`, and at `save`.
    """

    def __init__(self, directory: Path, settings: Sequence[str] = UNLIMITED) -> None:
        self._directory = directory
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()

    async def start(self) -> int:
        """Run it, and return its port once it accepts connections.

        FileNotFoundError: not installed. RuntimeError: it ended at once. TimeoutError: the port stays shut.
        """
        binary = shutil.which("mosquitto", path=SEARCHED)
        if binary is None:
            raise FileNotFoundError("no mosquitto on this machine: install Debian's package `mosquitto`")
        conf = self._directory / "mosquitto.conf"
        conf.write_text("\n".join(self._lines()) + "\n")
        log = (self._directory / "mosquitto.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                binary, "-c", str(conf), stdout=log, stderr=log
            )
        async with asyncio.timeout(READY_WITHIN):
            while not await self._answers():
                await asyncio.sleep(0.01)
        return self.port

    async def stop(self) -> None:
        """End it in order: it saves its sessions and messages."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut does."""
        await self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It keeps its connections and does nothing any more; only `kill` follows."""
        self._running().send_signal(signal.SIGSTOP)

    async def save(self) -> None:
        """Write sessions and messages to disk now; TimeoutError if no file appears."""
        saved = self._directory / "mosquitto.db"
        saved.unlink(missing_ok=True)
        self._running().send_signal(signal.SIGUSR1)
        async with asyncio.timeout(READY_WITHIN):
            while not saved.exists():
                await asyncio.sleep(0.01)

    def _lines(self) -> list[str]:
        return [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self._directory}/",
            # Started by root, it would else become a user that cannot read the directory.
            "user root",
            *self._settings,
        ]

    async def _end(self, how: signal.Signals) -> None:
        process = self._running()
        process.send_signal(how)
        await process.wait()
        self._process = None

    async def _answers(self) -> bool:
        if self._running().returncode is not None:
            log = (self._directory / "mosquitto.log").read_text()
            raise RuntimeError(f"mosquitto ended at its start; its log says: {log}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("mosquitto does not run: start it first")
        return self._process
