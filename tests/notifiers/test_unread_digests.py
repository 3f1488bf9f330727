"""A digest that nobody read: what it told of, and the end of that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from ingest.registry import Registry
from notifiers.action import Cancel
from notifiers.bulletin import Act
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outbox.deliveries import contacts
from notifiers.outcome import Rejected, Retry, Sent, Unknown
from notifiers.routes import Budgets, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import REACH, act
from tests.notifiers.duty import route as route_of
from tests.notifiers.town import ANA, NOON, RULES, ZONES, Desk, line, router, rule

YELLOW = Grade.YELLOW
MAILED = replace(ANA, email="ana@example.org")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    outbox = Outbox.open(tmp_path / "outbox.sqlite", Realm.LIVE)
    yield Desk(outbox, router(budgets=Budgets(messages=2, warnings=1_000)))
    outbox.close()


def acts(deliveries: list[Delivery]) -> list[Act]:
    return [delivery.bulletin.act for delivery in deliveries]


def made(desk: Desk, *more: str) -> Delivery:
    """Ana's second digest, of v3 and `more`, is made and being sent."""
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(3)))
    desk.tell(*(line(place, YELLOW) for place in ("v3", *more)))
    desk.now = NOON + 20 * MINUTE
    assert desk.outbox.lapse(desk.router, desk.now) > 0
    [digest] = desk.outbox.claim("sms", desk.now, 9)
    return digest


def over(desk: Desk) -> None:
    """What it tells of is over; the all-clear waits for it."""
    desk.outbox.commit(9, [line("v3", None, YELLOW, ordinal=1)])
    desk.outbox.route(desk.router, desk.now)


def test_who_never_read_a_digest_hears_of_no_end_of_what_it_told(desk: Desk) -> None:
    digest = made(desk)
    over(desk)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert desk.work() == []


def test_a_digest_that_runs_out_unsent_takes_the_end_of_what_it_told_with_it(desk: Desk) -> None:
    digest = made(desk)
    desk.outbox.settle(digest.key, Retry(2 * HOUR, "down"), desk.now)
    desk.now += MINUTE
    over(desk)
    assert desk.at(desk.now + 3 * HOUR) == []


def test_who_may_have_read_a_digest_hears_of_the_end_of_what_it_told(desk: Desk) -> None:
    digest = made(desk)
    over(desk)
    desk.outbox.settle(digest.key, Unknown("hung"), desk.now)
    assert acts(desk.work()) == [Act.CLEAR]


def test_a_digest_that_was_read_after_all_has_its_end_told(desk: Desk) -> None:
    digest = made(desk)
    over(desk)
    desk.outbox.settle(digest.key, Rejected("busy"), desk.now)
    desk.work()
    desk.outbox.receipt(digest.key, State.DELIVERED, desk.now)
    assert acts(desk.work()) == [Act.CLEAR]


def test_a_cancellation_waits_for_the_digest_and_falls_with_it(desk: Desk) -> None:
    digest = made(desk)
    act(desk.outbox, Cancel("rain-v3", "the gauge was being cleaned"), at=desk.now)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert desk.work() == []


def test_the_end_waits_until_a_lost_digest_was_followed_up(desk: Desk) -> None:
    """A round follows up a hundred failures."""
    digest = made(desk)
    over(desk)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert desk.outbox.claim("sms", desk.now, 9) == []


def test_who_was_told_before_the_digest_that_was_lost_hears_of_the_end(desk: Desk) -> None:
    """Blue was told by itself, the rise to yellow by a digest that nobody read."""
    desk.tell(line("v0", Grade.BLUE))
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(1, 4)))
    desk.tell(line("v0", YELLOW, Grade.BLUE, ordinal=1))
    desk.now = NOON + 20 * MINUTE
    assert desk.outbox.lapse(desk.router, desk.now) > 0
    [digest] = desk.outbox.claim("sms", desk.now, 9)
    desk.outbox.commit(9, [line("v0", None, YELLOW, ordinal=2)])
    desk.outbox.route(desk.router, desk.now)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert acts(desk.work()) == [Act.CLEAR]


def test_who_may_have_read_a_digest_without_a_receipt_hears_of_the_end(desk: Desk) -> None:
    digest = made(desk)
    desk.outbox.settle(digest.key, Sent("p"), desk.now, receipt_within=MINUTE)
    desk.now += MINUTE
    desk.work()
    desk.router = router(budgets=Budgets(messages=9))
    over(desk)
    assert acts(desk.work()) == [Act.CLEAR]


def test_who_read_in_a_digest_that_it_is_over_has_been_told_the_end(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(3)))
    desk.tell(line("v3", YELLOW))
    desk.tell(line("v3", None, YELLOW, ordinal=1))
    assert acts(desk.at(NOON + 5 * MINUTE)) == [Act.DIGEST]
    ana = contacts(desk.outbox._connection, "rain-v3")["ana", "sms"]
    assert (ana.reached, ana.told) == (True, None)


def test_who_never_read_a_digest_hears_of_the_lower_grade_that_waits_behind_it(desk: Desk) -> None:
    digest = made(desk)
    desk.outbox.commit(9, [line("v3", Grade.BLUE, YELLOW, ordinal=1)])
    desk.outbox.route(desk.router, desk.now)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert [d.grade for d in desk.work()] == [Grade.BLUE]


def by_mail_else(desk: Desk) -> Desk:
    """Whom no SMS reaches has a mailbox."""
    routes = Routes(
        routes=(route_of(MAILED, otherwise=("email",)),), budgets=Budgets(messages=2, warnings=1_000)
    )
    return replace(
        desk, router=Router(routes, Registry.of([], ZONES), [rule(name) for name in RULES], UTC, REACH)
    )


def mailed(desk: Desk) -> list[Delivery]:
    """Do all that is due; what went by mail."""
    desk.work()
    taken = desk.outbox.claim("email", desk.now, 9)
    for delivery in taken:
        desk.outbox.settle(delivery.key, Sent("p"), desk.now)
    return taken


def test_a_digest_that_did_not_arrive_is_summed_up_anew_over_the_next_way(desk: Desk) -> None:
    """Of two in it, one is over meanwhile: only the other is told by mail."""
    desk = by_mail_else(desk)
    digest = made(desk, "v4")
    over(desk)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)

    [mail] = mailed(desk)
    assert "rain-v3" in digest.text["en"]
    assert ("rain-v3" in mail.text["en"], "rain-v4" in mail.text["en"]) == (False, True)


def test_what_was_told_anew_meanwhile_is_not_summed_up_anew(desk: Desk) -> None:
    """It has risen: the newer message goes its own way."""
    desk = by_mail_else(desk)
    digest = made(desk)
    desk.outbox.commit(9, [line("v3", Grade.RED, YELLOW, ordinal=1)])
    desk.outbox.route(desk.router, desk.now)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)

    assert mailed(desk) == []
    assert [(d.bulletin.act, d.grade) for d in desk.sent if d.incident == "rain-v3"] == [
        (Act.UPDATE, Grade.RED)
    ]


def test_a_digest_of_which_all_is_over_goes_no_other_way(desk: Desk) -> None:
    desk = by_mail_else(desk)
    digest = made(desk)
    over(desk)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)

    assert mailed(desk) == []
    assert desk.sent[len(desk.sent) - 1].bulletin.act is not Act.CLEAR


def test_the_end_of_what_a_digest_told_by_mail_comes_by_mail(desk: Desk) -> None:
    desk = by_mail_else(desk)
    digest = made(desk)
    desk.outbox.settle(digest.key, Rejected("no such number"), desk.now)
    assert acts(mailed(desk)) == [Act.DIGEST]

    over(desk)
    assert [(d.bulletin.act, d.incident) for d in mailed(desk)] == [(Act.CLEAR, "rain-v3")]
    assert [d for d in desk.sent if d.bulletin.act is Act.CLEAR] == []


def test_a_digest_waits_for_the_one_that_told_of_the_same_and_is_still_being_sent(desk: Desk) -> None:
    """Its gateway hangs; meanwhile what it told of is over, and the next digest would say so."""
    first = made(desk)
    desk.tell(line("v5", YELLOW), line("v6", YELLOW), line("v3", None, YELLOW, ordinal=1))
    assert desk.at(NOON + 50 * MINUTE) == []
    desk.outbox.settle(first.key, Sent("p"), desk.now)
    assert acts(desk.work()) == [Act.DIGEST]


def test_a_digest_of_an_end_waits_for_the_alert_that_a_crash_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    outbox = Outbox.open(path, Realm.LIVE)
    desk = Desk(outbox, router(budgets=Budgets(messages=1, warnings=1_000)))
    outbox.commit(1, [line("v1", Grade.BLUE)])
    outbox.route(desk.router, NOON)
    outbox.claim("sms", NOON, 1)
    outbox.commit(2, [line("v1", None, Grade.BLUE, ordinal=1), line("v2", YELLOW)])
    outbox.route(desk.router, NOON)
    outbox.close()

    desk = Desk(Outbox.open(path, Realm.LIVE), desk.router)
    assert acts(desk.work()) == [Act.ALERT, Act.DIGEST]
    desk.outbox.close()
