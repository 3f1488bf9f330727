"""An open warning that no route named anybody for, once the routes are mended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.clock import MINUTE, SECOND
from notifiers.dispatcher import Dispatcher
from notifiers.outbox import Outbox
from notifiers.outbox.unreached import unreached
from notifiers.recorder import Recorder
from notifiers.routes import Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, commit, raised, route, router, send, told, turn
from tests.notifiers.test_dispatcher import House, transition
from tests.notifiers.test_dispatcher import router as house_router

NOBODY = router(route(ANA, grades=[Grade.YELLOW]))
MENDED = router(route(ANA))
LATER = START + MINUTE


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = House(tmp_path / "house.sqlite")
    yield built
    await built.close()


def mend(outbox: Outbox, by: Router = MENDED) -> list[tuple[str, str, str]]:
    """What is sent once the routes are others."""
    outbox.reroute()
    turn(outbox, by, LATER)
    return told(send(outbox, LATER))


def test_it_is_told_to_those_they_name_now_and_listed_no_more(outbox: Outbox) -> None:
    commit(outbox, NOBODY, raised())
    assert send(outbox) == []
    assert mend(outbox) == [("ana", "alert", "orange")]
    assert [u for u in unreached(outbox._connection, LATER) if u.who == ""] == []


def test_as_long_as_they_name_nobody_it_stays_listed(outbox: Outbox) -> None:
    commit(outbox, NOBODY, raised())
    assert mend(outbox, NOBODY) == []
    assert [u.why for u in unreached(outbox._connection, LATER)] == ["nobody"]


def test_what_is_over_is_told_to_nobody(outbox: Outbox) -> None:
    commit(outbox, NOBODY, raised())
    commit(outbox, NOBODY, raised(Grade.ORANGE, None, ordinal=1))
    assert mend(outbox) == []


def test_what_somebody_was_told_is_told_to_nobody_else_and_stays_listed(outbox: Outbox) -> None:
    commit(outbox, NOBODY, raised(after=Grade.YELLOW))
    commit(outbox, NOBODY, raised(Grade.YELLOW, Grade.RED, ordinal=1))
    assert told(send(outbox)) == [("ana", "alert", "red")]
    outbox.reroute()
    turn(outbox, router(route(ANA), route(BO)), START)
    assert send(outbox) == []
    assert [u.why for u in unreached(outbox._connection, START)] == ["nobody"]


async def test_the_dispatcher_looks_at_it_when_it_is_given_new_routes(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms")
    dispatcher: Dispatcher = house.dispatch(sms)
    routed = house_router("sms")
    dispatcher.reroute(Router(Routes(routes=()), routed._registry, [], routed.time_zone))
    house.commit(transition("w1"))
    await house.run(SECOND)
    assert sms.sent == []
    dispatcher.reroute(routed)
    await house.run(SECOND)
    assert [d.warning for d in sms.sent] == ["w1"]
