"""The next way for whoever was not reached, when the first try comes late."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.unreached import unreached
from notifiers.outcome import Rejected, Retry
from notifiers.routes import Budgets, QuietHours
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, turn

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


def test_of_one_order_a_level_is_asked_once_about_who_was_not_reached(outbox: Outbox) -> None:
    by = router(route(ANA, BO))
    commit(outbox, by, raised())
    asked = []
    for alert in outbox.claim("sms", START, 9):
        outbox.settle(alert.key, Rejected("no"), START)
        turn(outbox, by, START)
        asked += [d.recipient for d in outbox.claim("sms", START, 9)]
    assert asked == ["lin", "wei"]
    assert {u.who for u in unreached(outbox._connection, START)} == {"ana", "bo"}


def test_of_a_higher_grade_a_level_is_asked_about_it_again(outbox: Outbox) -> None:
    by = router(route(ANA))
    asked = []
    for now, (before, after) in enumerate([(None, Grade.ORANGE), (Grade.ORANGE, Grade.RED)], START):
        commit(outbox, by, raised(before, after, ordinal=now - START, at=now), now=now)
        for alert in outbox.claim("sms", now, 9):
            outbox.settle(alert.key, Rejected("no"), now)
        turn(outbox, by, now)
        asked += [(d.recipient, d.grade) for d in send(outbox, now) if d.text["en"].startswith("NOT REACHED")]
    assert asked == [(who, grade) for grade in (Grade.ORANGE, Grade.RED) for who in ("lin", "wei")]


def test_who_has_it_in_a_digest_to_come_is_reached_all_the_same(outbox: Outbox) -> None:
    by = router(
        route(ANA, grades=[Grade.YELLOW]),
        route(ANA, grades=[Grade.ORANGE], channels=("sms", "email")),
        budgets=Budgets(messages=1),
    )
    commit(outbox, by, raised(after=Grade.YELLOW, subject="hillside", warning="77aa0000"))
    outbox.commit(2, [raised()])
    outbox.route(by, START)
    [email] = outbox.claim("email", START, 9)
    outbox.settle(email.key, Rejected("no such mailbox"), START)
    turn(outbox, by, START)
    assert {d.bulletin.act for d in send(outbox)} == {"alert", "digest"}


ALONE = router(route(ANA, otherwise=("email",)), levels=())


def test_who_is_behind_many_at_a_gateway_is_told_the_next_way_once_nobody_answers(outbox: Outbox) -> None:
    commit(outbox, ALONE, raised())
    turn(outbox, ALONE, START + MINUTE)
    assert [d.channel for d in send(outbox, START + MINUTE)] == ["sms", "email"]


def test_what_is_tried_in_vain_after_the_last_was_asked_goes_the_next_way_too(outbox: Outbox) -> None:
    commit(outbox, ALONE, raised())
    [sms] = outbox.claim("sms", START, 9)
    turn(outbox, ALONE, START + MINUTE)
    outbox.settle(sms.key, Retry(HOUR, "busy"), START + 2 * MINUTE)
    turn(outbox, ALONE, START + 2 * MINUTE)
    assert [d.channel for d in send(outbox, START + 2 * MINUTE)] == ["email"]


def test_what_waits_for_the_morning_is_not_told_another_way_in_the_night(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)), levels=(), quiet_hours=NIGHT)
    commit(outbox, by, raised(after=Grade.YELLOW))
    turn(outbox, by, MORNING - 1)
    assert send(outbox, MORNING - 1) == []


def test_who_acknowledged_leaves_nothing_to_be_told_another_way(outbox: Outbox) -> None:
    commit(outbox, ALONE, raised())
    act(outbox, Acknowledge("5f2a9c0e"), "ana")
    turn(outbox, ALONE, START + HOUR // 2)
    assert [d.channel for d in send(outbox, START + HOUR // 2)] == ["sms"]


def test_a_fall_that_waits_for_the_morning_is_not_told_another_way_though_nobody_answers(
    outbox: Outbox,
) -> None:
    by = router(route(ANA, otherwise=("email",)), levels=(), quiet_hours=NIGHT)
    commit(outbox, by, raised())
    send(outbox)
    commit(outbox, by, raised(Grade.ORANGE, Grade.YELLOW, ordinal=1))
    turn(outbox, by, START + MINUTE)
    assert send(outbox, START + MINUTE) == []


def test_a_grade_that_has_passed_is_hurried_no_other_way(tmp_path: Path) -> None:
    """A crash cut off the yellow alert, and orange waits behind it, when nobody acknowledges in time."""
    path, by = tmp_path / "outbox.sqlite", router(route(ANA, otherwise=("email",)))
    outbox = Outbox.open(path, Realm.DRILL)
    commit(outbox, by, raised(after=Grade.YELLOW))
    outbox.claim("sms", START, 9)
    commit(outbox, by, raised(Grade.YELLOW, Grade.ORANGE, ordinal=1))
    outbox.close()

    outbox = Outbox.open(path, Realm.DRILL)
    turn(outbox, by, START + MINUTE)
    assert [d.grade for d in outbox.claim("email", START + MINUTE, 9)] == [Grade.ORANGE]
    outbox.close()


def test_whoever_is_asked_about_who_was_not_reached_is_asked_about_the_grade_that_holds(
    outbox: Outbox,
) -> None:
    """Yellow came and went while the blue alert was on its way: nobody has heard of it."""
    by = router(route(ANA))
    commit(outbox, by, raised(after=Grade.BLUE))
    [alert] = outbox.claim("sms", START, 9)
    commit(outbox, by, raised(Grade.BLUE, Grade.YELLOW, ordinal=1))
    commit(outbox, by, raised(Grade.YELLOW, Grade.BLUE, ordinal=2))
    outbox.settle(alert.key, Rejected("no such number"), START)
    turn(outbox, by, START)
    asked = [d for d in send(outbox) if d.recipient != "ana"]
    assert {(d.recipient, d.grade) for d in asked} == {("lin", Grade.BLUE), ("wei", Grade.BLUE)}
