"""What a dispatcher was told while its outbox could not be written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import SECOND
from notifiers.delivery import Receipt, State
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
