"""Nothing of a drill leaves: each layer between it and the public may be missing, and the others hold.

The layers: a drill's settings are written anew (`tests/tocsin/test_drill_realm.py`), settings refuse a
channel of another realm (`tests/tocsin/test_sealed_settings.py`), an outbox file is of one realm, so is each
delivery in it, the dispatcher takes the channels of its outbox's realm, and each channel refuses deliveries
of another. Here the settings are asked by nobody, so each attempt lacks these two and one layer more. What
keeps horns from a drill besides is in `test_realm_seal_horns.py`.
"""

import asyncio
import random
import re
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, LockstepClock
from ingest.registry import Registry
from notifiers.bulletin import Act, Bulletin
from notifiers.delivery import Channel, Delivery, State
from notifiers.dispatcher import Dispatcher
from notifiers.message import plain
from notifiers.outbox import Outbox
from notifiers.outbox.bulletins import record
from notifiers.outbox.deliveries import enqueue
from notifiers.outbox.schema import OutboxError
from notifiers.outcome import Outcome, Rejected, Sent
from notifiers.routes import Routes
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from rules.realm import Realm
from tests.conftest import EXAMPLES
from tests.notifiers.announced import AT, bulletin, delivery
from tests.notifiers.drawn_bulletins import BULLETINS
from tests.notifiers.last_hop import Hop, hop
from tests.notifiers.subjects import MARKS, SUBJECTS, Subject

# Over all channels together, for each layer that is taken away.
EXERCISES = max(10_000, EXAMPLES)
SHARE = EXERCISES // len(SUBJECTS) + 1
OTHERS = [realm for realm in Realm if realm is not Realm.LIVE]
EACH = pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])


def drawn(chance: random.Random, number: int, subject: Subject, realm: Realm) -> Delivery:
    """Any grade and act, to the address that the channel of `subject` reaches."""
    told = bulletin(
        incident=f"{number:016x}",
        revision=chance.randrange(9),
        act=chance.choice(list(Act)),
        grade=chance.choice([None, *Grade]),
        sent=AT - chance.randrange(HOUR),
    )
    changes = {"key": f"{chance.getrandbits(96):024x}", "attempt": chance.randrange(9)}
    return delivery(realm, told=told, address=subject.address, **changes)


@EACH
@pytest.mark.parametrize("realm", Realm)
async def test_only_the_realm_of_a_channel_leaves_it_and_only_live_without_the_mark(
    subject: Subject, realm: Realm
) -> None:
    async with hop(subject, realm) as end:
        for other in set(Realm) - {realm}:
            outcome = await end.channel.send(delivery(other, address=subject.address))
            assert outcome == Rejected(f"a {realm} channel sends nothing of the realm {other}")
        assert await end.left() == []

        own = await end.channel.send(delivery(realm, address=subject.address))
        assert isinstance(own, Sent)
        texts = await end.left()

    assert texts
    assert {text.startswith(MARKS) for text in texts} == {realm is not Realm.LIVE}


@EACH
async def test_no_live_channel_sends_an_exercise_that_reaches_it(subject: Subject) -> None:
    """Whatever else may be missing: this is the last to be asked."""
    chance = random.Random(subject.name)
    async with hop(subject, Realm.LIVE) as end:
        for number in range(SHARE):
            told = drawn(chance, number, subject, chance.choice(OTHERS))
            assert isinstance(await end.channel.send(told), Rejected)
        assert await end.left() == []


class Unsealed:
    """A channel that has forgotten to ask of what realm a delivery is."""

    def __init__(self, channel: Channel) -> None:
        self.name, self.realm = channel.name, channel.realm
        self.honours_keys, self.receipt_within = channel.honours_keys, channel.receipt_within
        self._channel = channel

    async def send(self, delivery: Delivery) -> Outcome:
        return await self._channel.send(replace(delivery, realm=self.realm))


def fill(path: Path, realm: Realm, channel: str, exercises: Iterable[Delivery]) -> None:
    """An outbox of `realm` in which these wait to be sent."""
    with closing(Outbox.open(path, realm)) as outbox, outbox.transaction() as connection:
        for each in exercises:
            record(connection, each.bulletin)
            addressee = Addressee(each.recipient, channel, each.address, tuple(each.text), "drawn")
            enqueue(connection, each.bulletin, addressee, AT)


def rewritten(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


async def dispatched(path: Path, realm: Realm, channel: Channel) -> dict[State, int]:
    """How the deliveries of `channel` ended once a dispatcher has sent what is due."""
    loop, clock = asyncio.get_running_loop(), LockstepClock(AT)
    with ThreadPoolExecutor(1) as worker:
        outbox = await loop.run_in_executor(worker, Outbox.open, path, realm)
        try:
            router = Router(Routes(routes=()), Registry.of([], {}), [], UTC)
            dispatcher = Dispatcher(outbox, router, [channel], clock, worker)
            running = asyncio.create_task(dispatcher.run())
            async with asyncio.timeout(300):
                await dispatcher.drain(AT + HOUR)
            running.cancel()
            await asyncio.wait([running])
            counts = await loop.run_in_executor(worker, outbox.counts)
        finally:
            await loop.run_in_executor(worker, outbox.close)
    return counts[channel.name]


Attempt: TypeAlias = Callable[[Path, Hop, int], "asyncio.Future[None]"]


async def with_every_layer(path: Path, end: Hop, _: int) -> None:
    with pytest.raises(OutboxError, match="holds the realm drill, not live"):
        await dispatched(path, Realm.LIVE, end.channel)


async def without_the_realm_of_the_file(path: Path, end: Hop, waiting: int) -> None:
    rewritten(path, "UPDATE meta SET realm = 'live'")

    assert await dispatched(path, Realm.LIVE, end.channel) == {State.FAILED: waiting}


async def without_the_realm_of_the_deliveries(path: Path, end: Hop, _: int) -> None:
    rewritten(path, "UPDATE deliveries SET realm = 'live'")

    with pytest.raises(OutboxError, match="holds the realm drill, not live"):
        await dispatched(path, Realm.LIVE, end.channel)
    with pytest.raises(ValueError, match="realms never mix"):
        await dispatched(path, Realm.DRILL, end.channel)


async def without_the_check_of_the_dispatcher(path: Path, end: Hop, waiting: int) -> None:
    with closing(Outbox.open(path, Realm.DRILL)) as outbox:
        claimed = outbox.claim(end.channel.name, AT, waiting)

    assert len(claimed) == waiting
    assert {type(await end.channel.send(each)) for each in claimed} == {Rejected}


async def without_the_refusal_of_the_channel(path: Path, end: Hop, _: int) -> None:
    with pytest.raises(ValueError, match="realms never mix"):
        await dispatched(path, Realm.DRILL, Unsealed(end.channel))


@EACH
@pytest.mark.parametrize(
    "attempt",
    [
        with_every_layer,
        without_the_realm_of_the_file,
        without_the_realm_of_the_deliveries,
        without_the_check_of_the_dispatcher,
        without_the_refusal_of_the_channel,
    ],
)
async def test_without_any_one_of_the_layers_nothing_of_a_drill_leaves(
    tmp_path: Path, subject: Subject, attempt: Attempt
) -> None:
    chance, path = random.Random(subject.name), tmp_path / "outbox.db"
    async with hop(subject, Realm.LIVE) as end:
        exercises = (drawn(chance, number, subject, Realm.DRILL) for number in range(SHARE))
        fill(path, Realm.DRILL, end.channel.name, exercises)

        await attempt(path, end, SHARE)

        assert await end.left() == []


@EACH
async def test_what_is_of_the_realm_of_all_layers_leaves(tmp_path: Path, subject: Subject) -> None:
    """The same way as above, and at its end everything arrives."""
    path = tmp_path / "outbox.db"
    async with hop(subject, Realm.LIVE) as end:
        fill(path, Realm.LIVE, end.channel.name, [delivery(Realm.LIVE, address=subject.address)])

        assert await dispatched(path, Realm.LIVE, end.channel) == {State.ACCEPTED: 1}
        assert await end.left()


def of_one_paragraph(words: str) -> str:
    """As YAML and JSON can hold it; a blank line would be taken for the end of a language here."""
    lines = (line for line in words.encode("utf-8", "ignore").decode().splitlines() if plain(line))
    return "\n".join(lines)


def spoken(told: Bulletin) -> Bulletin:
    worded = ("title", "place", "evidence", "advice", "text")
    parts = {
        name: {language: of_one_paragraph(text) for language, text in getattr(told, name).items()}
        for name in worded
    }
    names = {name: re.sub(r"\W", "", getattr(told, name)) for name in ("incident", "hazard", "rule")}
    return msgspec.structs.replace(told, **parts, **names)


@EACH
@settings(max_examples=max(3, EXAMPLES // 10))
@given(st.lists(BULLETINS.map(spoken), max_size=8), st.sampled_from(OTHERS))
def test_whatever_is_announced_outside_live_begins_with_the_mark(
    subject: Subject, bulletins: list[Bulletin], realm: Realm
) -> None:
    async def announced() -> list[str]:
        async with hop(subject, realm) as end:
            first = await end.channel.send(delivery(realm, address=subject.address))
            assert isinstance(first, Sent)
            for number, told in enumerate(bulletins):
                key = f"{number:024x}"
                await end.channel.send(delivery(realm, told=told, key=key, address=subject.address))
            return await end.left()

    texts = asyncio.run(announced())

    assert texts
    assert [text for text in texts if not text.startswith(MARKS)] == []
