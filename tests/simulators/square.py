"""Two horns on a square, and a command centre that signs and hears what passes there."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiomqtt
from aiomqtt import ProtocolVersion

from ingest.clock import HOUR, LockstepClock
from notifiers.loudspeaker.signature import opened, signed
from notifiers.loudspeaker.wire import Command, Message, Poll, Present, Pressed, Receipted
from simulators.broker import LoopbackBroker
from simulators.horn import Horn

START = 1_528_060_200_000
KEY = b"a fleet key that only tests have, and no horn"
DEADLINE = 30.0  # s for anything that goes over a socket
SAID: dict[str, type[Message]] = {"receipt": Receipted, "state": Present, "button": Pressed}


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)


def command(horn: str, **fields: Any) -> bytes:
    """A red alert, with these `fields`, signed for the horn."""
    said: dict[str, Any] = {
        "id": "k1",
        "incident": "i1",
        "revision": 0,
        "warning": "w1",
        "act": "alert",
        "grade": "red",
        "text": {"en": "Leave"},
        "repeat": 3,
        "expires": START + HOUR,
        "realm": "drill",
        "stop": False,
        "nonce": "n",
    }
    return signed(KEY, horn, Command(**{**said, **fields}))


@dataclass
class Square:
    """A broker with horns `east` and `west`, and a command centre that hears them."""

    clock: LockstepClock
    broker: LoopbackBroker
    horn: Horn
    client: aiomqtt.Client
    receipts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    states: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    presses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _nonces: "count[int]" = field(default_factory=count)

    async def command(self, horn: str = "east", **fields: Any) -> None:
        """A command as the daemon makes it, with these `fields`."""
        await self.publish(horn, "command", self.signed(horn, **fields))

    def signed(self, horn: str, **fields: Any) -> bytes:
        return command(horn, **{"nonce": f"n{next(self._nonces)}", **fields})

    async def poll(self, horn: str, nonce: str) -> None:
        await self.publish(horn, "poll", signed(KEY, horn, Poll(nonce=nonce, at=self.clock.now())))

    async def publish(self, horn: str, kind: str, payload: bytes) -> None:
        await self.client.publish(f"tocsin/horns/{horn}/{kind}", payload, qos=1)
        await self.clock.settle()

    async def hear(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """The receipts, once there are so many."""
        await eventually(lambda: len(self.receipts) >= number)
        await self.clock.settle()
        return self.receipts

    def reasons(self) -> dict[str, str]:
        """By command, the reason of its newest receipt, or what became of it."""
        return {said["id"]: said.get("reason") or said["state"] for _, said in self.receipts}

    async def listen(self) -> None:
        kept = {"receipt": self.receipts, "state": self.states, "button": self.presses}
        with suppress(aiomqtt.MqttError):
            async for message in self.client.messages:
                _, _, horn, kind = message.topic.value.split("/")
                # Only what that horn has signed.
                opened(KEY, horn, SAID[kind], message.payload)
                kept[kind].append((horn, json.loads(message.payload)))


@asynccontextmanager
async def square(**options: Any) -> AsyncIterator[Square]:
    clock = LockstepClock(START)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    horn = Horn(["east", "west"], "127.0.0.1", port, clock, KEY, **options)
    clock.hop("broker", broker.idle)
    clock.hop("horn", horn.idle)
    running = asyncio.create_task(horn.run())
    await eventually(lambda: horn.connected)
    async with aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier="centre",
        protocol=ProtocolVersion.V5,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    ) as client:
        await client.subscribe([(f"tocsin/horns/+/{kind}", 1) for kind in SAID])
        at = Square(clock, broker, horn, client)
        listening = asyncio.create_task(at.listen())
        # A clock that waits for a horn for ever is a failure like any other.
        async with asyncio.timeout(4 * DEADLINE):
            yield at
        if listening.done():
            # Only what no horn has signed is an error.
            listening.result()
        await stop(listening)
    await stop(running)
    await broker.stop()


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
