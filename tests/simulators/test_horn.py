"""Horns play what they are told, once and in time, and say so."""

import asyncio
from collections import Counter
from itertools import groupby

from ingest.clock import HOUR, MINUTE, SECOND
from simulators.horn import Condition
from simulators.timetable import Timetable
from tests.simulators.square import START, eventually, square


async def test_a_command_is_played_for_its_time_and_then_receipted() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command()
        await at.clock.run(START + 2999)
        assert at.horn.played == []

        await at.clock.run(START + HOUR)

        [(horn, receipt)] = await at.hear(1)
        assert (horn, receipt["id"], receipt["state"], receipt["at"]) == (
            "east",
            "k1",
            "played",
            START + 3000,
        )
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
    async with square(conditions={"west": Timetable(Condition(broken=True))}) as at:
        await at.command("west")

        [(horn, receipt)] = await at.hear(1)
        assert (horn, receipt["state"]) == ("west", "failed")
        assert receipt["reason"]
        assert at.horn.played == []


async def test_each_horn_has_its_own_time_to_play() -> None:
    slow = Timetable(Condition(play_ms=9 * SECOND))
    async with square(play_ms=2 * SECOND, conditions={"west": slow}) as at:
        await at.command("east")
        await at.command("west")
        await at.clock.run(START + HOUR)

        assert [(played.horn, played.at - START) for played in at.horn.played] == [
            ("east", 2 * SECOND),
            ("west", 9 * SECOND),
        ]


async def test_an_amplifier_fails_and_is_repaired_at_its_instants() -> None:
    """What plays as it fails has failed."""
    broken = [(START + 10 * SECOND, Condition(broken=True)), (START + 20 * SECOND, Condition())]
    async with square(conditions={"east": Timetable(Condition(), broken)}) as at:
        for command, second in (("before", 0), ("cut", 8), ("during", 12), ("after", 20)):
            await at.clock.run(START + second * SECOND)
            await at.command(id=command)
        await at.clock.run(START + HOUR)

        await at.hear(4)
        reason = "the amplifier does not answer"
        assert at.reasons() == {"before": "played", "cut": reason, "during": reason, "after": "played"}
        assert [played.id for played in at.horn.played] == ["before", "after"]


async def test_receipts_are_late_doubled_or_never_come() -> None:
    never = [(START + 10 * MINUTE, Condition(receipts=0))]
    async with square(conditions={"east": Timetable(Condition(delay=MINUTE, receipts=2), never)}) as at:
        await at.command("east", id="k1")
        await at.clock.run(START + 3 * SECOND + MINUTE - 1)
        assert at.receipts == []
        await at.clock.run(START + 10 * MINUTE)
        await at.command("east", id="k2")
        await at.clock.run(START + 20 * MINUTE)
        await at.command("west", id="k3")
        await at.clock.run(START + 30 * MINUTE)

        heard = await at.hear(3)
        assert Counter(said["id"] for _, said in heard) == {"k1": 2, "k3": 1}
        assert [said["at"] for _, said in heard if said["id"] == "k1"] == [START + 3 * SECOND] * 2
        assert [played.id for played in at.horn.played] == ["k1", "k2", "k3"]


async def test_an_unreadable_command_is_counted_and_the_next_one_is_played() -> None:
    async with square() as at:
        for payload in (b"", b"{", b"[]", b'{"id": 1}', b"\xff", b'{"id":"\xff"}', b'{"x":' + b"[" * 100_000):
            await at.client.publish("tocsin/horns/east/command", payload, qos=1)
        await at.command()
        await at.clock.run(START + 3 * SECOND)

        await at.hear(1)
        assert at.horn.unreadable == 7


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
