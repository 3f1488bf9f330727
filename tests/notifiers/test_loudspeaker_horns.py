"""The channel and horns that share nothing with it but the key."""

import asyncio

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from notifiers.bulletin import Act
from notifiers.delivery import Delivery, Reply, State
from notifiers.loudspeaker import Heard
from notifiers.outcome import Sent
from rules.grade import Grade
from simulators.horn import Condition
from simulators.timetable import Timetable
from tests.notifiers.announced import AT, bulletin, delivery
from tests.notifiers.sounding import Sirens, eventually, sirens


def told(key: str, act: Act = Act.ALERT, revision: int = 0, horn: str = "east") -> Delivery:
    over = act in (Act.CLEAR, Act.CANCEL)
    announced = bulletin(act=act, revision=revision, grade=None if over else Grade.RED)
    return delivery(told=announced, key=key, channel="sirens", address=horn)


async def receipts(at: Sirens, number: int) -> dict[str, str]:
    """By key, the reason of a failure, or `played`."""
    await eventually(lambda: len(at.heard.receipts) >= number)
    assert len(at.heard.receipts) == number
    return {r.key: r.detail if r.state is State.FAILED else str(r.state) for r in at.heard.receipts}


async def test_what_is_sent_is_played_with_the_mark_of_a_drill_and_receipted() -> None:
    async with sirens() as at:
        sent = delivery(address="east", text={"en": "Move now.", "zh": "请立即转移。"})
        assert await at.channel.send(sent) == Sent(sent.key)
        await at.clock.run(AT + 3 * SECOND)
        await eventually(lambda: bool(at.heard.receipts))

        [played], [receipt] = at.horn.played, at.heard.receipts
        assert list(played.text.items()) == [("en", "EXERCISE Move now."), ("zh", "【演练】请立即转移。")]
        assert (receipt.key, receipt.state, receipt.address) == (sent.key, State.PLAYED, "east")


@pytest.mark.parametrize("act", [Act.UPDATE, Act.CLEAR, Act.CANCEL])
async def test_what_replaces_a_warning_ends_it_before_it_is_played(act: Act) -> None:
    async with sirens() as at:
        await at.channel.send(told("old"))
        await at.channel.send(told("new", act, 1))
        await at.clock.run(AT + MINUTE)

        assert await receipts(at, 2) == {"old": "superseded", "new": "played"}
        assert [(played.id, played.at) for played in at.horn.played] == [("new", AT + 3 * SECOND)]


@pytest.mark.parametrize("act", [Act.ALERT, Act.REQUEST, Act.DIGEST])
async def test_what_replaces_nothing_waits_its_turn(act: Act) -> None:
    async with sirens() as at:
        await at.channel.send(told("old"))
        await at.channel.send(told("new", act, 1))
        await at.clock.run(AT + MINUTE)

        assert await receipts(at, 2) == {"old": "played", "new": "played"}


async def test_the_same_delivery_sent_again_is_played_once() -> None:
    async with sirens() as at:
        for _ in range(2):
            assert await at.channel.send(told("k")) == Sent("k")
        await at.clock.run(AT + MINUTE)
        await at.channel.send(told("k"))

        assert await receipts(at, 2) == {"k": "played"}
        assert len(at.horn.played) == 1
        assert (at.horn.refused, at.channel.refused) == (0, 0)


async def test_the_button_acknowledges_what_was_played() -> None:
    async with sirens() as at:
        await at.channel.send(told("k"))
        await at.clock.run(AT + 10 * SECOND)
        at.horn.press("east")
        await eventually(lambda: bool(at.heard.replies))

        assert at.heard.replies == [Reply("sirens", "east", "ack", AT + 10 * SECOND, "k")]


async def test_a_horn_that_dies_is_silent_within_a_minute_and_no_other_is() -> None:
    """F13 of the failures we plan for."""
    dies = Timetable(Condition(), [(AT + 10 * SECOND, Condition(dead=True))])
    async with sirens({"west": dies}) as at:
        await at.clock.run(AT + MINUTE - 1)
        assert at.channel.silent(at.clock.now()) == []
        await at.clock.run(AT + 10 * SECOND + MINUTE)

        assert at.channel.silent(at.clock.now()) == ["west"]
        assert at.channel.heard("east") == Heard(AT + MINUTE, volume=80)
        assert at.channel.heard("west") == Heard(AT, volume=80)


async def test_a_horn_that_comes_back_is_silent_no_more() -> None:
    revives = Timetable(Condition(dead=True), [(AT + 5 * MINUTE + 1, Condition())])
    async with sirens({"west": revives}) as at:
        await at.clock.run(AT + 5 * MINUTE)
        assert at.channel.silent(at.clock.now()) == ["west"]
        await at.clock.run(AT + 5 * MINUTE + 30 * SECOND)

        assert at.channel.silent(at.clock.now()) == []


async def test_living_horns_are_never_silent_for_an_hour() -> None:
    async with sirens() as at:
        for minute in range(60):
            await at.clock.run(AT + minute * MINUTE + 29_999)
            assert at.channel.silent(at.clock.now()) == []
        assert (at.channel.refused, at.horn.refused) == (0, 0)


async def test_while_we_are_not_connected_every_horn_falls_silent() -> None:
    async with sirens() as at:
        await at.broker.stop()
        await eventually(lambda: not at.channel.connected)
        await at.clock.run(AT + MINUTE)

        assert at.channel.silent(at.clock.now()) == ["east", "west"]


async def test_a_connection_that_stands_again_asks_at_once() -> None:
    async with sirens() as at:
        await at.clock.run(AT + 10 * SECOND)
        at.broker.drop("tocsin-sirens")
        await eventually(lambda: not at.channel.connected)
        await eventually(lambda: at.channel.heard("west") == Heard(AT + 10 * SECOND, volume=80))


async def test_after_a_reload_the_new_horns_are_asked_and_the_old_ones_are_not() -> None:
    dead = Timetable(Condition(dead=True))
    async with sirens({"east": dead, "west": dead}, horns=["east"]) as at:
        await at.clock.run(AT + HOUR)
        assert at.channel.silent(at.clock.now()) == ["east"]
        at.channel.know(["west"])
        assert at.channel.silent(at.clock.now()) == []
        await at.clock.run(AT + HOUR + MINUTE)

        assert at.channel.silent(at.clock.now()) == ["west"]
        assert at.channel.heard("east") is None


async def test_a_receipt_is_a_sign_of_life() -> None:
    """Between two polls, of which none is ever answered."""
    async with sirens(poll_every=50 * SECOND) as at:
        await at.clock.run(AT + 20 * SECOND)
        await at.channel.send(told("k"))
        await at.clock.run(AT + 23 * SECOND)
        await eventually(lambda: bool(at.heard.receipts))

        assert at.channel.heard("east") == Heard(AT + 23 * SECOND, volume=80)
        assert at.channel.heard("west") == Heard(AT, volume=80)


async def test_a_channel_is_busy_while_it_asks() -> None:
    """Or simulated time could move past the answers."""
    async with sirens() as at:
        await at.clock.settle()
        at.broker.hold_acks("tocsin-sirens", True)
        passing = asyncio.create_task(at.clock.run(AT + 30 * SECOND))
        await eventually(lambda: at.channel.heard("east") == Heard(AT + 30 * SECOND, volume=80))
        await eventually(lambda: at.clock.busy() == ["channel"])
        at.broker.hold_acks("tocsin-sirens", False)
        await passing

        assert at.channel.heard("west") == Heard(AT + 30 * SECOND, volume=80)
