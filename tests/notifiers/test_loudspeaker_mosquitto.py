"""Channel and horns over a real Mosquitto."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, LockstepClock, SystemClock
from notifiers.bulletin import Act
from notifiers.delivery import Reply, State
from notifiers.outcome import Retry, Sent
from simulators.horn import Condition, Horn, wire
from simulators.mosquitto import Mosquitto
from simulators.publisher import Publisher
from simulators.timetable import Timetable
from tests.notifiers.announced import AT, bulletin, delivery
from tests.notifiers.sounding import HERE, KEY, Heard, channel_at, eventually, running

pytestmark = pytest.mark.system

HORNS = ["h-1", "h-2", "h-3"]
PLAYED = {"id": "k", "state": "played", "at": 5}


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    await broker.start()
    yield broker
    await broker.stop()


async def test_horns_play_fail_and_are_dead_and_the_channel_hears_which(mosquitto: Mosquitto) -> None:
    clock, heard = SystemClock(), Heard()
    conditions = {"h-2": Timetable(Condition(broken=True)), "h-3": Timetable(Condition(dead=True))}
    horn = Horn(
        HORNS, "127.0.0.1", mosquitto.port, clock, KEY, play_ms=0, conditions=conditions, namespace=HERE
    )
    channel = channel_at(mosquitto.port, clock, heard, horns=HORNS, poll_every=100, silent_after=1000)
    async with running(horn, channel):
        for name in HORNS:
            sent = delivery(key=f"k-{name}", address=name, expires=clock.now() + HOUR)
            assert await channel.send(sent) == Sent(f"k-{name}")
        await eventually(lambda: len(heard.receipts) == 2)
        await eventually(lambda: channel.silent(clock.now()) == ["h-3"])
        horn.press("h-1")
        await eventually(lambda: bool(heard.replies))
        await eventually(channel.idle)

    assert {(r.key, r.state, r.detail, r.address) for r in heard.receipts} == {
        ("k-h-1", State.PLAYED, "", "h-1"),
        ("k-h-2", State.FAILED, "the amplifier does not answer", "h-2"),
    }
    [reply] = heard.replies
    assert reply == Reply("sirens", "h-1", "ack", reply.at, "k-h-1")
    assert (channel.refused, horn.refused, horn.unreadable) == (0, 0, 0)


async def test_the_all_clear_ends_a_warning_that_would_play_for_an_hour(mosquitto: Mosquitto) -> None:
    clock, heard = SystemClock(), Heard()
    horn = Horn(HORNS, "127.0.0.1", mosquitto.port, clock, KEY, play_ms=HOUR, namespace=HERE)
    channel = channel_at(mosquitto.port, clock, heard)
    over = bulletin(act=Act.CLEAR, revision=1, grade=None)
    async with running(horn, channel):
        await channel.send(delivery(key="k-1", address="h-1", expires=clock.now() + HOUR))
        await channel.send(delivery(told=over, key="k-2", address="h-1", expires=clock.now() + HOUR))
        await eventually(lambda: bool(heard.receipts))

    assert [(r.key, r.state, r.detail) for r in heard.receipts] == [("k-1", State.SUPERSEDED, "stopped")]


async def test_what_no_horn_has_reason_to_say_never_comes_in(mosquitto: Mosquitto) -> None:
    """A horn that was taken apart could fill the memory of the daemon."""
    heard, topic = Heard(), f"{HERE}/horns/h-1/receipt"
    channel = channel_at(mosquitto.port, LockstepClock(AT), heard)
    publisher = Publisher("127.0.0.1", mosquitto.port, "h-1")
    await publisher.connect()
    async with running(channel):
        publisher.publish(topic, b" " * 100_000)
        publisher.publish(topic, wire.receipt(wire.own_key(KEY, "h-1"), "h-1", PLAYED))
        publisher.send()
        await eventually(lambda: bool(heard.receipts))
    await publisher.close()

    assert [(r.key, r.state) for r in heard.receipts] == [("k", State.PLAYED)]
    assert channel.refused == 0


async def test_receipts_of_a_time_without_us_follow(mosquitto: Mosquitto) -> None:
    clock, heard = SystemClock(), Heard()
    horn = Horn(HORNS, "127.0.0.1", mosquitto.port, clock, KEY, play_ms=500, namespace=HERE)
    async with running(horn):
        async with running(channel_at(mosquitto.port, clock, heard)) as [channel]:
            await channel.send(delivery(key="k-1", address="h-1", expires=clock.now() + HOUR))
        await eventually(lambda: bool(horn.played))
        assert heard.receipts == []
        async with running(channel_at(mosquitto.port, clock, heard)):
            await eventually(lambda: bool(heard.receipts))

    assert [(r.key, r.state) for r in heard.receipts] == [("k-1", State.PLAYED)]


async def test_the_channel_comes_back_after_the_broker_does(tmp_path: Path) -> None:
    broker, clock = Mosquitto(tmp_path), LockstepClock(AT)
    await broker.start()
    channel = channel_at(broker.port, clock, Heard())
    async with running(channel):
        for _ in range(2):
            assert isinstance(await channel.send(delivery(address="h-1")), Sent)
            await broker.stop()
            await eventually(lambda: not channel.connected)
            assert isinstance(await channel.send(delivery(address="h-1")), Retry)
            await broker.start()
            await eventually(lambda: channel.connected, 10)
    await broker.stop()
