"""A drill that was given the broker of live service by mistake sounds none of its horns.

Two things keep it from that: the topics of a drill are its own, and so is the key of its horns. Here each is
taken away in turn. Without both there is still the mark at the head of the text.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt

from ingest.clock import HOUR, LockstepClock
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.outcome import Sent
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.horn import Horn
from simulators.publisher import Publisher
from tests.notifiers.announced import AT, delivery
from tests.notifiers.sounding import DEADLINE, Heard, channel_at, eventually, running
from tests.notifiers.test_realm_seal import EXERCISES

LIVE_KEY, DRILL_KEY = b"the key of the fleet of live service", b"the key of the horns of one drill"
HORNS = tuple(f"h-{number}" for number in range(20))
TOGETHER = 200
V5 = aiomqtt.ProtocolVersion.V5
LIVE, DRILL = Realm.LIVE.namespace, Realm.DRILL.namespace


@dataclass
class Square:
    """Live horns, and a channel of a drill at their broker; `relay` takes what it says to their topics."""

    clock: LockstepClock
    horn: Horn
    channel: LoudspeakerChannel
    relay: "Relay"

    async def sound(self, exercises: int) -> None:
        """So many deliveries of a drill, and all the time in which horns could play them."""
        chance = random.Random(exercises)
        for first in range(0, exercises, TOGETHER):
            drawn = [
                delivery(key=f"{number:024x}", address=chance.choice(HORNS), expires=AT + HOUR)
                for number in range(first, min(first + TOGETHER, exercises))
            ]
            outcomes = await asyncio.gather(*map(self.channel.send, drawn))
            assert {type(outcome) for outcome in outcomes} == {Sent}

    async def played(self) -> list[str]:
        """What the horns have played once nothing is left to play."""
        await self.clock.run(AT + HOUR)
        return [text for one in self.horn.played for text in one.text.values()]


class Relay:
    """Has what a drill says to its horns said to those of live service: the layer of topics is not there."""

    def __init__(self, port: int) -> None:
        self.connected = False
        self.relayed = 0
        self._port = port

    async def run(self) -> None:
        publisher = Publisher("127.0.0.1", self._port, "relay")
        await publisher.connect()
        try:
            async with aiomqtt.Client("127.0.0.1", self._port, identifier="listening", protocol=V5) as client:
                await client.subscribe(f"{DRILL}/horns/+/command", qos=1)
                self.connected = True
                async for message in client.messages:
                    publisher.publish(message.topic.value.replace(DRILL, LIVE, 1), bytes(message.payload))
                    publisher.send()
                    self.relayed += 1
        finally:
            await publisher.close()


@asynccontextmanager
async def square(key: bytes) -> AsyncIterator[Square]:
    clock, broker = LockstepClock(AT), LoopbackBroker()
    port = await broker.start()
    horn = Horn(HORNS, "127.0.0.1", port, clock, LIVE_KEY, play_ms=10)
    channel, relay = channel_at(port, clock, Heard(), key=key), Relay(port)
    for name, idle in (("broker", broker.idle), ("horn", horn.idle)):
        clock.hop(name, idle)
    try:
        async with running(horn), running(channel):
            yield Square(clock, horn, channel, relay)
    finally:
        await broker.stop()


async def test_without_a_key_of_its_own_a_drill_sounds_no_live_horn() -> None:
    async with square(LIVE_KEY) as at:
        await at.sound(EXERCISES)

        assert await at.played() == []
        assert (at.horn.refused, at.horn.unreadable) == (0, 0)


async def test_without_topics_of_its_own_a_drill_sounds_no_live_horn() -> None:
    async with square(DRILL_KEY) as at, running(at.relay):
        await at.sound(EXERCISES)
        await eventually(lambda: at.horn.refused == EXERCISES, within=20 * DEADLINE)

        assert at.relay.relayed == EXERCISES
        assert await at.played() == []


async def test_without_both_every_text_still_says_that_it_is_an_exercise() -> None:
    """And so the two above could have failed."""
    async with square(LIVE_KEY) as at, running(at.relay):
        await at.sound(100)
        await eventually(lambda: at.relay.relayed == 100)

        texts = await at.played()

    assert len(texts) == 200
    assert {text.startswith(("EXERCISE ", "【演练】")) for text in texts} == {True}
