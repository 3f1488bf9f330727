"""What a horn refuses, what makes it stop, and what it says when it is asked or its button is pressed."""

import asyncio
import json

import msgspec
import pytest

from ingest.clock import HOUR, SECOND, LockstepClock
from notifiers.loudspeaker.signature import signed
from notifiers.loudspeaker.wire import Command, Poll
from simulators.horn import Condition, wire
from simulators.horn.speaker import Speaker
from simulators.horn.wire import own_key
from simulators.timetable import Timetable
from tests.simulators.square import KEY, START, command, eventually, square

DEAD = Timetable(Condition(dead=True))


async def test_a_changed_text_is_refused_with_a_reason() -> None:
    async with square() as at:
        changed = {**json.loads(at.signed("east")), "text": {"en": "Stay"}}
        await at.publish("east", "command", json.dumps(changed).encode())

        [(horn, receipt)] = await at.hear(1)
        assert (horn, receipt["state"], receipt["reason"]) == ("east", "failed", "wrong mac")
        assert (at.horn.refused, at.horn.played) == (1, [])


async def test_a_command_for_another_horn_is_refused() -> None:
    async with square() as at:
        await at.publish("west", "command", at.signed("east"))

        assert [(horn, said["reason"]) for horn, said in await at.hear(1)] == [("west", "wrong mac")]


async def test_the_key_of_a_stolen_horn_commands_no_other() -> None:
    """Neither as it is, nor taken for a fleet key."""
    async with square() as at:
        stolen = own_key(KEY, "west")
        told = json.loads(at.signed("east"))
        for key in (stolen, KEY[:16]):
            command = Command(**{**told, "mac": ""})
            await at.publish("east", "command", signed(key, "east", command))

        assert [said["reason"] for _, said in await at.hear(2)] == ["wrong mac", "wrong mac"]
        assert at.horn.played == []


async def test_a_forgery_does_not_keep_the_real_command_from_being_played() -> None:
    async with square() as at:
        forged = {**json.loads(at.signed("east")), "mac": "0" * 64}
        await at.publish("east", "command", json.dumps(forged).encode())
        await at.command()
        await at.clock.run(START + 3 * SECOND)

        assert [said["state"] for _, said in await at.hear(2)] == ["failed", "played"]


async def test_a_forgery_never_speaks_for_a_command_that_was_taken() -> None:
    async with square() as at:
        await at.command()
        forged = {**json.loads(at.signed("east")), "text": {"en": "Stay"}}
        await at.publish("east", "command", json.dumps(forged).encode())
        await at.clock.run(START + 3 * SECOND)
        await at.publish("east", "command", json.dumps(forged).encode())
        await at.command(id="k2")
        await at.clock.run(START + 6 * SECOND)

        assert [(said["id"], said["state"]) for _, said in await at.hear(2)] == [
            ("k1", "played"),
            ("k2", "played"),
        ]
        assert at.horn.refused == 2


async def test_a_nonce_serves_one_command() -> None:
    async with square() as at:
        await at.command(id="k1", nonce="once")
        await at.command(id="k1", nonce="once")
        await at.command(id="k2", nonce="once")
        await at.clock.run(START + HOUR)

        await at.hear(2)
        assert at.reasons() == {"k1": "played", "k2": "nonce used before"}
        assert (len(at.horn.played), at.horn.refused) == (1, 1)


async def test_the_all_clear_ends_the_warning_at_once_and_is_played() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="warning")
        await at.command(id="reminder")
        await at.clock.run(START + 1 * SECOND)
        await at.command(id="clear", act="clear", grade=None, revision=1, stop=True)
        assert at.reasons() == {"warning": "stopped", "reminder": "stopped"}
        await at.clock.run(START + HOUR)

        await at.hear(3)
        assert [(played.id, played.at) for played in at.horn.played] == [("clear", START + 4 * SECOND)]


async def test_what_waits_is_stopped_and_what_plays_of_another_incident_is_not() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="fire", incident="i2")
        await at.command(id="flood", incident="i1")
        await at.command(id="higher", incident="i1", act="update", revision=1, stop=True)
        await at.clock.run(START + HOUR)

        await at.hear(3)
        assert at.reasons() == {"fire": "played", "flood": "stopped", "higher": "played"}
        assert [played.at for played in at.horn.played] == [START + 3 * SECOND, START + 6 * SECOND]


async def test_what_waits_behind_a_stopped_command_moves_up() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="flood", incident="i1")
        await at.command(id="fire", incident="i2")
        await at.clock.run(START + 1 * SECOND)
        await at.command(id="clear", incident="i1", revision=1, stop=True)
        await at.clock.run(START + HOUR)

        await at.hear(3)
        assert [(played.id, played.at) for played in at.horn.played] == [
            ("fire", START + 4 * SECOND),
            ("clear", START + 7 * SECOND),
        ]


async def test_a_horn_stops_only_itself() -> None:
    async with square() as at:
        await at.command("east", id="k1")
        await at.command("west", id="k2", revision=1, stop=True)
        await at.clock.run(START + HOUR)

        await at.hear(2)
        assert at.reasons() == {"k1": "played", "k2": "played"}


async def test_a_warning_that_comes_behind_its_all_clear_is_not_played() -> None:
    async with square() as at:
        await at.command(id="clear", revision=3, grade=None, stop=True)
        await at.command(id="late", revision=2)
        await at.command(id="again", revision=3, grade=None, stop=True)
        await at.clock.run(START + HOUR)

        await at.hear(3)
        assert at.reasons() == {"clear": "played", "late": "outdated", "again": "played"}


async def test_a_stopped_command_that_comes_again_gets_its_receipt_again() -> None:
    async with square() as at:
        await at.command(id="k1")
        await at.command(id="k2", revision=1, stop=True)
        await at.command(id="k1")
        await at.clock.run(START + HOUR)

        assert [said["id"] for _, said in await at.hear(3)] == ["k1", "k1", "k2"]
        assert at.reasons() == {"k1": "stopped", "k2": "played"}


async def test_an_all_clear_that_cannot_be_played_stops_the_warning_all_the_same() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="k1")
        await at.command(id="k2", revision=1, stop=True, expires=START)
        await at.clock.run(START + HOUR)

        await at.hear(2)
        assert at.reasons() == {"k1": "stopped", "k2": "expired"}


async def test_what_waits_goes_on_when_the_command_that_stopped_another_is_not_played() -> None:
    async with square(play_ms=3 * SECOND) as at:
        await at.command(id="flood", incident="i1")
        await at.command(id="fire", incident="i2")
        await at.command(id="clear", incident="i1", revision=1, stop=True, expires=START)
        await at.clock.run(START + HOUR)

        await at.hear(3)
        assert at.reasons() == {"flood": "stopped", "clear": "expired", "fire": "played"}


async def test_what_has_expired_on_arrival_is_refused_while_another_is_played() -> None:
    async with square() as at:
        await at.command(id="k1")
        await at.command(id="k2", expires=START)

        await at.hear(1)
        assert at.reasons() == {"k2": "expired"}


async def test_a_horn_that_plays_answers_a_poll() -> None:
    async with square() as at:
        await at.command()
        await at.poll("east", "there?")

        await eventually(lambda: bool(at.states))
        [(horn, state)] = at.states
        assert (horn, state["nonce"], state["at"], state["volume"]) == ("east", "there?", START, 80)


async def test_a_poll_that_was_not_signed_for_it_is_not_answered() -> None:
    async with square() as at:
        await at.publish("east", "poll", signed(KEY, "west", Poll(nonce="forged", at=START)))
        await at.poll("east", "real")

        await eventually(lambda: bool(at.states))
        assert [state["nonce"] for _, state in at.states] == ["real"]
        assert at.horn.refused == 1


async def test_a_speaker_is_busy_before_it_plays_and_when_it_has_played() -> None:
    """Or simulated time could move past the end of what it plays."""
    clock, said = LockstepClock(START), list[str]()
    speaker = Speaker(
        "h",
        own_key(KEY, "h"),
        clock,
        lambda *said_: said.append(said_[1]),
        lambda *_: None,
        condition=Timetable(Condition()),
    )
    async with asyncio.TaskGroup() as group:
        speaker.take(msgspec.json.decode(command("h"), type=wire.Command), group)
        assert not speaker.idle()
        await asyncio.sleep(0)
        assert speaker.idle()
        clock.catch_up(START + 3 * SECOND)
        assert not speaker.idle()
        await clock.run(START + 4 * SECOND)
    assert speaker.idle()
    assert said == ["receipt"]


async def test_a_dead_horn_hears_plays_and_says_nothing() -> None:
    async with square(conditions={"west": DEAD}) as at:
        await at.command("west")
        await at.poll("west", "there?")
        await at.command("east")
        await at.poll("east", "there?")
        await at.clock.run(START + 3 * SECOND)

        assert [horn for horn, _ in await at.hear(1)] == ["east"]
        assert [horn for horn, _ in at.states] == ["east"]
        assert [played.horn for played in at.horn.played] == ["east"]


async def test_a_horn_that_comes_back_knows_nothing_of_what_it_did_not_hear() -> None:
    revives = Timetable(Condition(dead=True), [(START + SECOND, Condition())])
    async with square(conditions={"west": revives}) as at:
        await at.command("west", id="k1")
        await at.clock.run(START + SECOND)
        await at.command("west", id="k2")
        await at.clock.run(START + HOUR)

        await at.hear(1)
        assert at.reasons() == {"k2": "played"}


async def test_a_horn_that_dies_while_it_plays_says_nothing_of_it() -> None:
    dies = Timetable(Condition(), [(START + SECOND, Condition(dead=True))])
    async with square(conditions={"west": dies}) as at:
        await at.command("west")
        await at.command("east")
        await at.clock.run(START + 3 * SECOND)

        assert [horn for horn, _ in await at.hear(1)] == ["east"]
        assert [played.horn for played in at.horn.played] == ["east"]


async def test_the_button_names_what_is_played_and_then_what_was_played_last() -> None:
    async with square(play_ms=3 * SECOND) as at:
        for command in ("k1", "k2"):
            await at.command(id=command)
        at.horn.press("east")
        await at.clock.run(START + 4 * SECOND)
        at.horn.press("east")
        await at.clock.run(START + 10 * SECOND)
        at.horn.press("east")
        await eventually(lambda: len(at.presses) == 3)

        assert [(horn, said["id"], said["at"] - START) for horn, said in at.presses] == [
            ("east", "k1", 0),
            ("east", "k2", 4 * SECOND),
            ("east", "k2", 10 * SECOND),
        ]


async def test_a_horn_that_has_played_nothing_has_nothing_to_acknowledge() -> None:
    async with square() as at:
        with pytest.raises(LookupError, match="east has played nothing"):
            at.horn.press("east")
