"""A dispatcher whose outbox cannot be written for a while, or is slow when it is to stop."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import SECOND
from notifiers.delivery import Delivery, Receipt, State
from notifiers.outbox import Outbox
from notifiers.recorder import Recorder
from notifiers.routes import Routes
from notifiers.routing import Router
from rules.realm import Realm
from tests.notifiers.test_dispatcher import START, Hanging, House, Locked, router, transition, until


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = House(tmp_path / "outbox.sqlite", Locked)
    built.outbox.failures = 0
    yield built
    await built.close()


async def test_a_receipt_is_recorded_once_it_can_be(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms")
    dispatcher = house.dispatch(sms)
    house.commit(transition("w1"))
    await house.run(SECOND)
    house.outbox.failures = 1
    [sent] = sms.sent
    dispatcher.receipt(Receipt(sent.key, State.DELIVERED, START, "", sent.address))
    await house.run(SECOND)
    assert house.counts() == {"sms": {State.DELIVERED: 1}}


async def test_what_became_of_a_delivery_is_recorded_once_it_can_be(house: House) -> None:
    sms = Hanging("sms")
    house.dispatch(sms)
    house.commit(transition("w1"))
    await until(sms.taken, 1)
    house.outbox.failures = 1
    sms.release.set()
    await house.run(SECOND)
    assert house.counts() == {"sms": {State.ACCEPTED: 1}}


async def test_new_routes_are_looked_at_once_it_can_be(house: House) -> None:
    sms, routed = Recorder(Realm.DRILL, "sms"), router("sms")
    dispatcher = house.dispatch(sms)
    dispatcher.reroute(Router(Routes(routes=()), routed._registry, [], routed.time_zone))
    house.commit(transition("w1"))
    await house.run(SECOND)
    house.outbox.failures = 1
    dispatcher.reroute(routed)
    await house.run(SECOND)
    assert [d.warning for d in sms.sent] == ["w1"]


class Slow(Outbox):
    """Its claims come back when `go` is set."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.asked, self.go = threading.Event(), threading.Event()

    def claim(self, channel: str, now: int, limit: int, *, red: bool = False) -> list[Delivery]:
        self.asked.set()
        self.go.wait(5)
        return super().claim(channel, now, limit, red=red)


async def test_what_is_claimed_while_a_drain_ends_is_left_to_the_next_life(tmp_path: Path) -> None:
    house = House(tmp_path / "outbox.sqlite", Slow)
    assert isinstance(house.outbox, Slow)
    sms = Recorder(Realm.DRILL, "sms")
    house.commit(transition("w1"))
    dispatcher = house.dispatch(sms)
    await asyncio.to_thread(house.outbox.asked.wait, 5)

    drained = asyncio.create_task(dispatcher.drain(house.clock.now()))
    while not dispatcher._closing:
        await asyncio.sleep(0)
    house.outbox.go.set()
    await drained

    assert sms.sent == []
    assert house.counts() == {"sms": {State.CLAIMED: 1}}
    await house.close()
