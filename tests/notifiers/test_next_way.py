"""The next way for whoever was not reached, when the first try comes late."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outcome import Rejected
from notifiers.routes import QuietHours
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, START, commit, raised, route, router, send, turn

# It is 21:10.
NIGHT = QuietHours(21 * 60, 7 * 60)
MORNING = START + 9 * HOUR + 50 * MINUTE


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


def test_what_waited_for_the_morning_and_is_not_taken_then_goes_the_next_way(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)), levels=(), quiet_hours=NIGHT)
    commit(outbox, by, raised(after=Grade.YELLOW))
    turn(outbox, by, MORNING)
    [sms] = outbox.claim("sms", MORNING, 9)
    outbox.settle(sms.key, Rejected("no such number"), MORNING)
    turn(outbox, by, MORNING)
    [email] = send(outbox, MORNING)
    assert (email.channel, email.grade, email.expires) == ("email", Grade.YELLOW, sms.expires)


def test_what_has_run_out_goes_no_other_way(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)), levels=(), quiet_hours=NIGHT)
    commit(outbox, by, raised(after=Grade.YELLOW))
    turn(outbox, by, MORNING + HOUR)
    assert send(outbox, MORNING + HOUR) == []
