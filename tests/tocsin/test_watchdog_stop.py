"""A stop of the watchdog that comes in the turn in which the broker answers."""

from typing import Any

import mqtt5
import pytest

from ingest.clock import LockstepClock
from ingest.namespace import Namespace
from ingest.session import Broker as Address
from tests.notifiers.announced import AT
from tests.notifiers.answering import Broker, is_stopped
from tocsin.watchdog import Timing, Watchdog


async def dispatched() -> None:
    """Nothing comes so far."""


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("kind", [mqtt5.ConnectPacket, mqtt5.PublishPacket])
async def test_a_stop_is_heeded_at_any_turn_after_the_broker_has_answered(kind: type, turns: int) -> None:
    broker = Broker()
    storage: Any = None  # Nothing is judged here.
    async with broker.listening() as port:
        address = Address(host="127.0.0.1", port=port, client_id="tocsin", topics=("tocsin/v1/#",))
        timing = Timing(every=60_000, within=180_000)
        dog = Watchdog(
            address, storage, LockstepClock(AT), timing, namespace=Namespace.LIVE, dispatched=dispatched
        )
        assert await is_stopped(broker, dog.run(), kind, turns)
