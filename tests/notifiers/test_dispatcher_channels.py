"""A dispatcher whose configuration lost a channel."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import SECOND
from notifiers.delivery import State
from notifiers.recorder import Recorder
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
