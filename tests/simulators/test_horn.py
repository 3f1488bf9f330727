"""Horns play what they are told, once and in time, and say so."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import aiomqtt
from aiomqtt import ProtocolVersion

from ingest.clock import HOUR, SECOND, LockstepClock
from notifiers.delivery import Delivery, Receipt, State
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.outcome import Sent
from rules.grade import Grade
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.horn import Horn

START = 1_528_060_200_000
DEADLINE = 5.0  # s for anything that goes over a socket


@dataclass
class Square:
    """A broker with horns `east` and `west`, and a command centre that hears their receipts."""

    clock: LockstepClock
    broker: LoopbackBroker
    horn: Horn
    client: aiomqtt.Client
    receipts: list[tuple[str, dict[str, Any]]]

    async def command(self, horn: str = "east", **fields: Any) -> None:
        said = {"id": "k1", "grade": "red", "text": {"en": "Leave"}, "expires": START + HOUR, **fields}
        await self.client.publish(f"tocsin/horns/{horn}/command", json.dumps(said), qos=1)
        await self.clock.settle()

    async def hear(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        await eventually(lambda: len(self.receipts) >= count)
        await self.clock.settle()
        return self.receipts


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def square(**options: Any) -> AsyncIterator[Square]:
    clock = LockstepClock(START)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    horn = Horn(["east", "west"], "127.0.0.1", port, clock, **options)
    clock.hop("broker", broker.idle)
    clock.hop("horn", horn.idle)
    running = asyncio.create_task(horn.run())
    await eventually(lambda: horn.connected)
    receipts: list[tuple[str, dict[str, Any]]] = []
    async with aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier="centre",
        protocol=ProtocolVersion.V5,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    ) as client:
        await client.subscribe("tocsin/horns/+/receipt", qos=1)
        listening = asyncio.create_task(listen(client, receipts))
        yield Square(clock, broker, horn, client, receipts)
        await stop(listening)
    await stop(running)
    await broker.stop()


async def listen(client: aiomqtt.Client, receipts: list[tuple[str, dict[str, Any]]]) -> None:
    async for message in client.messages:
        receipts += [(message.topic.value.split("/")[2], json.loads(message.payload))]


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def test_a_command_is_played_for_its_time_and_then_receipted() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command()
        await at.clock.run(START + 2999)
        assert at.horn.played == []

        await at.clock.run(START + HOUR)

        assert await at.hear(1) == [("east", {"id": "k1", "state": "played", "at": START + 3000})]
        [played] = at.horn.played
        assert (played.at, played.horn, played.grade, played.text) == (
            START + 3000,
            "east",
            "red",
            {"en": "Leave"},
        )


async def test_a_repeated_command_is_played_once_and_receipted_again() -> None:
    async with square() as at:
        await at.command()
        await at.command()
        await at.clock.run(START + 10 * SECOND)
        await at.command()

        first, again = await at.hear(2)
        assert first == again
        assert len(at.horn.played) == 1


async def test_one_id_on_two_horns_is_two_announcements() -> None:
    async with square() as at:
        await at.command("east")
        await at.command("west")
        await at.clock.run(START + 3 * SECOND)

        assert {horn for horn, _ in await at.hear(2)} == {"east", "west"}


async def test_a_horn_plays_one_command_after_another() -> None:
    async with square(play_ms=3 * SECOND) as at:
        for command in ("k1", "k2"):
            await at.command(id=command)
        await at.clock.run(START + HOUR)

        assert [played.at for played in at.horn.played] == [START + 3000, START + 6000]


async def test_an_expired_command_is_not_played() -> None:
    async with square() as at:
        await at.command(expires=START)

        [(horn, receipt)] = await at.hear(1)
        assert (horn, receipt["state"], receipt["reason"]) == ("east", "failed", "expired")
        assert at.horn.played == []


async def test_a_command_that_expires_while_another_one_is_played_is_not_played() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="k1")
        await at.command(id="k2", expires=START + 3000)
        await at.clock.run(START + HOUR)

        assert {receipt["id"]: receipt["state"] for _, receipt in await at.hear(2)} == {
            "k1": "played",
            "k2": "failed",
        }


async def test_a_horn_that_fails_says_so() -> None:
    async with square(fails={"west"}) as at:
        await at.command("west")

        [(horn, receipt)] = await at.hear(1)
        assert (horn, receipt["state"]) == ("west", "failed")
        assert receipt["reason"]
        assert at.horn.played == []


async def test_an_unreadable_command_is_counted_and_the_next_one_is_played() -> None:
    async with square() as at:
        for payload in (b"", b"{", b"[]", b'{"id": 1}', b"\xff"):
            await at.client.publish("tocsin/horns/east/command", payload, qos=1)
        await at.command()
        await at.clock.run(START + 3 * SECOND)

        await at.hear(1)
        assert at.horn.unreadable == 5


async def test_the_receipt_of_what_was_played_without_a_connection_follows() -> None:
    async with square() as at:
        await at.command()
        await at.broker.stop()
        await eventually(lambda: not at.horn.connected)
        await at.clock.run(START + 3 * SECOND)
        assert len(at.horn.played) == 1
        assert at.receipts == []


async def test_after_a_broken_connection_receipts_and_waiting_commands_arrive() -> None:
    async with square() as at:
        await at.command(id="k1")
        at.broker.drop("horns")
        await at.command(id="k2")
        await at.clock.run(START + 3 * SECOND)
        await eventually(lambda: at.horn.connected)
        await at.clock.settle()
        await at.clock.run(START + HOUR)

        assert [receipt["id"] for _, receipt in await at.hear(2)] == ["k1", "k2"]


async def test_a_horn_is_busy_from_the_arrival_of_a_command_to_its_answer() -> None:
    """On every turn of the loop, or simulated time could move past a command."""
    async with square() as at:
        busy = []
        sending = asyncio.create_task(at.command(expires=START))
        while not at.receipts:
            await asyncio.sleep(0)
            busy.append(not at.horn.idle())
        await sending

        assert [state for state, _ in groupby(busy)] == [False, True, False]


async def test_the_daemons_own_channel_gets_its_receipt() -> None:
    clock = LockstepClock(START)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    receipts: list[Receipt] = []
    horn = Horn(["east"], "127.0.0.1", port, clock)
    channel = LoudspeakerChannel(Realm.DRILL, "127.0.0.1", port, clock, receipts.append)
    tasks = [asyncio.create_task(part.run()) for part in (horn, channel)]
    await eventually(lambda: horn.connected and channel.connected)
    sent = Delivery(
        key="k1",
        realm=Realm.DRILL,
        warning="w1",
        ordinal=0,
        channel="loudspeaker",
        recipient="east",
        address="east",
        grade=Grade.RED,
        text={"zh": "请撤离", "en": "Leave"},
        created=START,
        expires=START + HOUR,
    )

    assert await channel.send(sent) == Sent("k1")
    for name, idle in (("broker", broker.idle), ("horn", horn.idle), ("channel", channel.idle)):
        clock.hop(name, idle)
    await clock.run(START + 3 * SECOND)
    await eventually(lambda: bool(receipts))

    assert (receipts[0].key, receipts[0].state, receipts[0].address) == ("k1", State.PLAYED, "east")
    assert horn.played[0].text["zh"].endswith("请撤离")
    for task in tasks:
        await stop(task)
    await broker.stop()
