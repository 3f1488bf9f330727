"""A loudspeaker channel with its broker and horns, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ingest.clock import LockstepClock
from notifiers.delivery import Receipt, Reply
from notifiers.loudspeaker import HornBroker, LoudspeakerChannel
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.horn import Condition, Horn
from simulators.timetable import Timetable
from tests.notifiers.announced import AT

KEY = b"a fleet key that only tests have, and no horn"
DEADLINE = 30.0  # s for anything that goes over a socket
# Where the channels and horns of these tests are, unless they say otherwise.
HERE = Realm.DRILL.namespace


async def eventually(condition: Callable[[], bool], within: float = DEADLINE) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.001)


@dataclass
class Heard:
    """What a channel handed on."""

    receipts: list[Receipt] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)


def channel_at(port: int, clock: LockstepClock, heard: Heard, **options: Any) -> LoudspeakerChannel:
    """A channel `sirens` of the drill at a broker on loopback."""
    return LoudspeakerChannel(
        "sirens",
        options.pop("realm", Realm.DRILL),
        HornBroker(host="127.0.0.1", port=port, client_id="tocsin-sirens"),
        clock,
        options.pop("key", KEY),
        on_receipt=heard.receipts.append,
        on_reply=heard.replies.append,
        **options,
    )


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[tuple[Any, ...]]:
    """Each has `run` and `connected`; none may end by itself."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    await eventually(lambda: all(part.connected for part in parts))
    try:
        yield parts
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert ended == []


@dataclass
class Sirens:
    """A channel and its horns, in lockstep from `AT` on."""

    clock: LockstepClock
    broker: LoopbackBroker
    channel: LoudspeakerChannel
    horn: Horn
    heard: Heard


@asynccontextmanager
async def sirens(
    conditions: Mapping[str, Timetable[Condition]] = MappingProxyType({}),
    ids: tuple[str, ...] = ("east", "west"),
    **options: Any,
) -> AsyncIterator[Sirens]:
    clock, heard = LockstepClock(AT), Heard()
    broker = LoopbackBroker(clock)
    port = await broker.start()
    namespace = options.get("realm", Realm.DRILL).namespace
    horn = Horn(ids, "127.0.0.1", port, clock, KEY, conditions=conditions, namespace=namespace)
    channel = channel_at(port, clock, heard, **{"horns": ids, **options})
    for name, idle in (("broker", broker.idle), ("horn", horn.idle), ("channel", channel.idle)):
        clock.hop(name, idle)
    # The horns first: what a poll finds must not depend on who connects sooner.
    # A clock that waits for one of them for ever is a failure like any other.
    async with running(horn), running(channel), asyncio.timeout(4 * DEADLINE):
        yield Sirens(clock, broker, channel, horn, heard)
    await broker.stop()
