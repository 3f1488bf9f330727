"""A dispatcher whose configuration lost a channel, or whose gateway asks to wait for long."""

from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from notifiers.delivery import State
from notifiers.outcome import Retry
from notifiers.recorder import Recorder
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.test_dispatcher import START, House, router, transition


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = House(tmp_path / "outbox.sqlite")
    yield built
    await built.close()


async def test_what_waits_for_a_channel_that_an_earlier_life_had_fails(house: House) -> None:
    house.commit(transition("w1"))
    house.worker.submit(house.outbox.route, router("loudspeaker"), START).result()
    house.dispatch(Recorder(Realm.DRILL, "sms"))
    await house.run(SECOND)
    assert house.counts()["loudspeaker"] == {State.FAILED: 1}


async def test_numbers_that_a_gateway_limits_hold_up_no_other(house: House) -> None:
    limited = [Retry(30 * MINUTE, "too many to this number", lone=True)] * 6
    sms = Recorder(Realm.DRILL, "sms", deque(limited))
    house.dispatch(sms)
    house.commit(*(transition(f"w{i}") for i in range(6)))
    await house.run(SECOND)
    house.commit(transition("w6", Grade.RED))
    await house.run(SECOND)
    assert [d.warning for d in sms.sent] == ["w6"]


async def test_a_gateway_that_asks_for_a_day_is_probed_after_ten_seconds(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Retry(24 * HOUR, "busy")] * 6))
    house.dispatch(sms)
    house.commit(*(transition(f"w{i}") for i in range(6)))
    await house.run(SECOND)
    house.commit(transition("w6", Grade.RED))
    await house.run(8 * SECOND)
    assert sms.sent == []
    await house.run(2 * SECOND)
    assert [d.warning for d in sms.sent] == ["w6"]
