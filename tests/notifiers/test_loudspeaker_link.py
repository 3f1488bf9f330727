"""The connection to a broker that refuses, and a stop that comes at the worst moment."""

import asyncio
from collections.abc import Callable
from typing import Any

import mqtt5
import pytest
from mqtt5 import SubAckReasonCode

from ingest.clock import LockstepClock
from simulators.horn import Horn
from tests.notifiers.announced import AT
from tests.notifiers.answering import Broker, is_stopped
from tests.notifiers.sounding import DEADLINE, HERE, KEY, Heard, channel_at, eventually

SUBSCRIBED, PUBLISHED = mqtt5.SubscribePacket, mqtt5.PublishPacket
PARTS: dict[str, Callable[[int], Any]] = {
    "channel": lambda port: channel_at(port, LockstepClock(AT), Heard(), horns=["h-1", "h-2"]),
    "horn": lambda port: Horn(["h-1"], "127.0.0.1", port, LockstepClock(AT), KEY, namespace=HERE),
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_broker_that_lets_it_hear_nothing_is_no_connection(part: str) -> None:
    """Every command would fail for want of a receipt, and nothing would say why."""
    broker, asked = Broker(SubAckReasonCode.NOT_AUTHORIZED), list[object]()
    broker.answered = lambda packet: asked.extend([packet] if isinstance(packet, SUBSCRIBED) else [])
    async with broker.listening() as port:
        made = PARTS[part](port)
        trying = asyncio.create_task(made.run())
        await eventually(lambda: len(asked) >= 2)
        assert not made.connected
        assert not trying.done()
        trying.cancel()
        await asyncio.wait([trying], timeout=DEADLINE)
        assert trying.done()


@pytest.mark.parametrize("turns", range(7))
@pytest.mark.parametrize(
    ("part", "kind"), [(part, kind) for part in PARTS for kind in (SUBSCRIBED, PUBLISHED)]
)
async def test_a_stop_is_heeded_at_any_turn_after_the_broker_has_answered(
    part: str, kind: type, turns: int
) -> None:
    assert await stopped(part, Broker(), kind, turns)


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("part", PARTS)
async def test_a_stop_is_heeded_when_the_broker_refuses_and_goes(part: str, turns: int) -> None:
    broker = Broker(SubAckReasonCode.NOT_AUTHORIZED)
    broker.answered = lambda _: broker.shut()
    assert await stopped(part, broker, SUBSCRIBED, turns)


async def stopped(part: str, broker: Broker, kind: type, turns: int) -> bool:
    async with broker.listening() as port:
        return await is_stopped(broker, PARTS[part](port).run(), kind, turns)
