"""Talking to systemd: ready, alive, stopping (sd_notify(3)); silent where there is no systemd."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable


class Notify:
    """Datagrams to $NOTIFY_SOCKET; without that variable nothing is sent."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        env = dict(os.environ) if environment is None else environment
        address = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_seconds = int(env.get("WATCHDOG_USEC", "0")) / 1_000_000

    def send(self, message: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.sendto(message.encode(), self._address)

    async def watch(self, progress: Callable[[], Awaitable[None]]) -> None:
        """Feed the watchdog, each time only after `progress` has run through the pipeline."""
        if not self._watchdog_seconds:
            return
        while True:
            await progress()
            self.send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_seconds / 3)
