"""From the alert to a person who has it: stages by their deadlines, other ways, and the next level up."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from ingest.registry import Registry
from notifiers.action import Acknowledge, Answer, Arrive, Close, Handle, Taken
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.fallback import _SLOW
from notifiers.outbox.unreached import unreached
from notifiers.outcome import Rejected, Retry, Unknown
from notifiers.routes import Reach, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import (
    ANA,
    BO,
    LIN,
    MAYOR,
    START,
    ZONES,
    act,
    commit,
    level,
    raised,
    route,
    router,
    send,
    states,
    told,
    turn,
)

BY = router(route(ANA))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


def later(outbox: Outbox, minutes: int, by: object = BY) -> list[tuple[str, str, str]]:
    """Who is sent what when so many minutes have passed."""
    now = START + minutes * MINUTE
    turn(outbox, by, now)  # type: ignore[arg-type]
    return told(send(outbox, now))


def audited(outbox: Outbox) -> list[str]:
    return [what for (what,) in outbox._connection.execute("SELECT what FROM audit ORDER BY sequence")]


def test_unanswered_those_told_are_reminded_and_level_after_level_is_asked_until_none_is_left(
    outbox: Outbox,
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    assert outbox.due(START) == START + MINUTE
    assert later(outbox, 1) == [
        ("ana", "request", "orange"),
        ("lin", "request", "orange"),
        ("wei", "request", "orange"),
    ]
    assert [r for r, *_ in later(outbox, 2)] == ["ana", "lin", "mayor", "wei"]
    assert later(outbox, 3) == []
    assert later(outbox, 60) == []
    assert audited(outbox).count("escalation") == 2
    assert "escalation: nobody left to ask" in audited(outbox)


def test_a_request_to_take_over_says_what_nobody_did_and_how_to_take_it_on(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    turn(outbox, BY, START + MINUTE)
    [first, *_] = send(outbox, START + MINUTE)
    assert first.text["en"].startswith("PLEASE TAKE OVER, nobody has acknowledged it (tocsin ack 5f2a9c0e)")
    assert first.text["zh"].startswith("请接手，尚无人确认")


def test_acknowledged_the_reminders_end_but_somebody_must_arrive_and_handle_it(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    assert act(outbox, Acknowledge("5f2a9c0e"), "ana").said == "acknowledged: orange river in riverside"
    assert later(outbox, 2) == []
    assert [r for r, *_ in later(outbox, 3)] == ["ana", "lin", "wei"]
    assert act(outbox, Arrive("5f2a9c0e"), "lin", START + 3 * MINUTE).done
    assert [r for r, *_ in later(outbox, 5)] == ["ana", "lin", "mayor", "wei"]
    assert act(outbox, Handle("5f2a9c0e", "gate shut"), "lin", START + 5 * MINUTE).done
    assert later(outbox, 60) == []


def test_the_warning_goes_on_after_it_was_acknowledged(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, Handle("5f2a9c0e"))
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "clear", "")]


def test_whoever_was_asked_to_take_over_hears_of_an_upgrade(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    later(outbox, 1)
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1), now=START + MINUTE)
    assert told(send(outbox, START + MINUTE)) == [
        ("ana", "update", "red"),
        ("lin", "update", "red"),
        ("wei", "update", "red"),
    ]


def test_the_second_to_acknowledge_hears_who_was_first_and_when(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    act(outbox, Acknowledge("5f2a9c0e"), "ana")
    assert act(outbox, Acknowledge("5f2a"), "lin", START + MINUTE) == Answer(
        False, "acknowledged already by ana at 2018-06-03T21:10:00.000+00:00"
    )
    act(outbox, Handle("5f2a9c0e"), "lin")
    assert not act(outbox, Arrive("5f2a9c0e"), "ana").done


def test_an_upgrade_needs_a_new_acknowledgement_and_a_downgrade_does_not(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, Handle("5f2a9c0e"), "ana")
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=START + 1), now=START + 1)
    send(outbox, START + 1)
    assert act(outbox, Handle("5f2a9c0e"), "ana", START + 2).done
    commit(outbox, BY, raised(Grade.RED, Grade.ORANGE, ordinal=2, at=START + 3), now=START + 3)
    send(outbox, START + 3)
    assert later(outbox, 60) == []


@pytest.mark.parametrize("after", [None, Grade.YELLOW])
def test_the_all_clear_ends_all_deadlines_and_a_downgrade_leaves_them(
    outbox: Outbox, after: Grade | None
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    commit(outbox, BY, raised(Grade.ORANGE, after, ordinal=1, at=START + 1), now=START + 1)
    send(outbox, START + 1)
    assert bool(later(outbox, 2)) == (after is not None)


@pytest.mark.parametrize("action", [Acknowledge("5f2a9c0e"), Arrive("5f2a9c0e"), Handle("5f2a9c0e")])
def test_what_is_over_cannot_be_taken_on(outbox: Outbox, action: Acknowledge | Arrive | Handle) -> None:
    commit(outbox, BY, raised())
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1))
    assert act(outbox, action) == Answer(False, "it is over since 2018-06-03T21:10:00.000+00:00")


def test_those_asked_to_take_over_hear_of_the_end(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    later(outbox, 1)
    now = START + 2 * MINUTE - 1
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=now), now=now)
    assert [r for r, *_ in told(send(outbox, now))] == ["ana", "lin", "wei"]


@pytest.mark.parametrize("outcome", [Rejected("no such number"), Unknown("hung")])
def test_whoever_was_not_reached_is_told_the_next_way(outbox: Outbox, outcome: Rejected | Unknown) -> None:
    by = router(route(ANA, otherwise=("email",)))
    commit(outbox, by, raised())
    [first] = outbox.claim("sms", START, 9)
    outbox.settle(first.key, outcome, START)
    turn(outbox, by, START)
    [second] = send(outbox)
    assert (second.recipient, second.channel, second.address) == ("ana", "email", "ana@example.org")
    assert (second.revision, second.key != first.key) == (first.revision, True)
    turn(outbox, by, START)
    assert send(outbox) == []


def test_without_a_receipt_in_time_the_next_way_is_used(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)))
    commit(outbox, by, raised())
    send(outbox, receipt_within=MINUTE // 2)
    turn(outbox, by, START + MINUTE // 2)
    assert [d.channel for d in send(outbox, START + MINUTE // 2)] == ["email"]


def test_a_way_that_is_still_being_tried_does_not_hold_up_the_next_one_once_nobody_answers(
    outbox: Outbox,
) -> None:
    by = router(route(ANA, otherwise=("email",)), levels=())
    commit(outbox, by, raised())
    [first] = outbox.claim("sms", START, 9)
    outbox.settle(first.key, Retry(HOUR, "down"), START)
    turn(outbox, by, START + MINUTE)
    assert [d.channel for d in send(outbox, START + MINUTE)] == ["email"]


def test_when_no_way_is_left_the_next_level_hears_once_who_was_not_reached(outbox: Outbox) -> None:
    by = router(route(ANA, BO, otherwise=("email",)))
    commit(outbox, by, raised())
    for _ in range(2):
        for channel in ("sms", "email"):
            for delivery in outbox.claim(channel, START, 9):
                outbox.settle(delivery.key, Rejected("no"), START)
        turn(outbox, by, START)
    asked = [d for d in send(outbox) if d.bulletin.act == "request"]
    assert {d.recipient for d in asked} == {"lin", "wei"}
    assert asked[0].text["en"].startswith("NOT REACHED: ana, bo. Please see that they know")


def test_who_was_reached_on_another_channel_is_not_unreached(outbox: Outbox) -> None:
    by = router(route(ANA, channels=("sms", "email")))
    commit(outbox, by, raised())
    [sms] = outbox.claim("sms", START, 9)
    outbox.settle(sms.key, Rejected("no"), START)
    turn(outbox, by, START)
    assert told(send(outbox)) == [("ana", "alert", "orange")]
    assert "unreached" not in audited(outbox)


def test_a_silent_horn_is_made_up_for_by_those_who_answer_for_its_zone(outbox: Outbox) -> None:
    by = router(route(channels=("loudspeaker",)))
    commit(outbox, by, raised())
    one, two = outbox.claim("loudspeaker", START, 9)
    outbox.settle(one.key, Rejected("dead"), START)
    outbox.settle(two.key, Rejected("dead"), START)
    turn(outbox, by, START)
    asked = send(outbox)
    assert {d.recipient for d in asked} == {"lin", "wei"}
    assert "horn-1, horn-2" in asked[0].text["en"]


def silence(outbox: Outbox, by: Router) -> list[Delivery]:
    """Both horns fail; what is sent in their place."""
    commit(outbox, by, raised())
    for horn in outbox.claim("loudspeaker", START, 9):
        outbox.settle(horn.key, Rejected("dead"), START)
    turn(outbox, by, START)
    return outbox.claim("sms", START, 9)


HORNS = router(route(ANA, BO, channels=("loudspeaker",), otherwise=("sms",)), levels=())


def test_in_place_of_silent_horns_people_are_told_themselves_and_once(outbox: Outbox) -> None:
    [first] = silence(outbox, HORNS)
    assert (first.recipient, first.address) == ("ana", ANA.phone)
    outbox.settle(first.key, Rejected("no"), START)
    turn(outbox, HORNS, START)
    assert [(d.recipient, d.address) for d in send(outbox)] == [("bo", BO.phone)]
    assert {u.who for u in unreached(outbox._connection, START)} >= {"horn-1", "horn-2"}


def test_whoever_was_told_in_place_of_a_horn_hears_the_all_clear(outbox: Outbox) -> None:
    [first] = silence(outbox, HORNS)
    outbox.settle(first.key, Unknown("hung"), START)
    turn(outbox, HORNS, START)
    send(outbox)
    commit(outbox, HORNS, raised(Grade.ORANGE, None, ordinal=1))
    assert [r for r, act_, _ in told(send(outbox)) if act_ == "clear"] == ["ana", "bo"]


def test_a_horn_that_gave_way_to_something_newer_has_no_need_of_people(outbox: Outbox) -> None:
    commit(outbox, HORNS, raised())
    for horn in send(outbox):
        assert outbox.receipt(horn.key, State.SUPERSEDED, START, "stopped")
    turn(outbox, HORNS, START)
    assert send(outbox) == []


def test_a_horn_that_failed_and_then_played_has_played(outbox: Outbox) -> None:
    commit(outbox, HORNS, raised())
    one, _ = send(outbox)
    outbox.receipt(one.key, State.FAILED, START, "busy")
    outbox.receipt(one.key, State.PLAYED, START)
    outbox.receipt(one.key, State.FAILED, START, "busy")
    assert states(outbox)[0] == (one.recipient, "alert", State.PLAYED)


def test_an_all_clear_that_fails_one_way_is_told_the_next(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)))
    commit(outbox, by, raised())
    send(outbox)
    commit(outbox, by, raised(Grade.ORANGE, None, ordinal=1))
    [clear] = outbox.claim("sms", START, 9)
    outbox.settle(clear.key, Rejected("no"), START)
    turn(outbox, by, START)
    assert [(d.channel, d.bulletin.act) for d in send(outbox)] == [("email", "clear")]


def test_what_has_been_overtaken_is_not_followed_up(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)))
    commit(outbox, by, raised())
    [orange] = outbox.claim("sms", START, 9)
    commit(outbox, by, raised(Grade.ORANGE, Grade.RED, ordinal=1))
    outbox.settle(orange.key, Rejected("no"), START)
    turn(outbox, by, START)
    assert [(d.channel, d.grade) for d in send(outbox)] == [("sms", Grade.RED)]


def test_an_action_that_is_replayed_changes_nothing_and_gets_its_answer(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    taken = Taken("ana", "sms:+8610000000000", Acknowledge("5f2a9c0e"))
    first = outbox.act(7, START, taken)
    assert first.done
    before = audited(outbox)
    assert outbox.act(7, START, taken) == first
    assert audited(outbox) == before


def test_what_the_engine_decides_is_recorded_with_its_answer_and_not_decided_here(outbox: Outbox) -> None:
    close = Taken("lin", "account:lin", Close("5f2a9c0e", "gauge gone"))
    with pytest.raises(ValueError, match="Close is the engine's to decide"):
        outbox.act(3, START, close)
    assert outbox.act(3, START, close, Answer(True, "closed")) == Answer(True, "closed")
    assert outbox.act(3, START, close) == Answer(True, "closed")


def test_lin_who_was_told_herself_is_asked_once_and_not_twice(outbox: Outbox) -> None:
    by = router(route(LIN))
    commit(outbox, by, raised())
    send(outbox)
    assert [r for r, *_ in later(outbox, 1, by)] == ["lin", "wei"]
    assert ("lin", "alert", State.ACCEPTED) in states(outbox)


def test_what_failed_is_not_told_another_way_once_it_is_over(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)))
    commit(outbox, by, raised())
    [alert] = outbox.claim("sms", START, 9)
    outbox.settle(alert.key, Rejected("no"), START)
    outbox.commit(9, [raised(Grade.ORANGE, None, ordinal=1)])
    outbox.route(by, START)
    turn(outbox, by, START)
    assert send(outbox) == []


def test_whoever_had_it_after_all_is_told_the_end_that_they_were_left_out_of(outbox: Outbox) -> None:
    """The gateway says busy, the alert is taken back with the all-clear, and then a receipt says it came."""
    commit(outbox, BY, raised())
    [alert] = outbox.claim("sms", START, 9)
    outbox.settle(alert.key, Retry(MINUTE, "busy"), START)
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    assert send(outbox, START + 1) == []
    assert outbox.receipt(alert.key, State.DELIVERED, START + 2)
    turn(outbox, BY, START + 2)
    assert told(send(outbox, START + 2)) == [("ana", "clear", "")]
    turn(outbox, BY, START + 3)
    assert send(outbox, START + 3) == []


def test_who_was_never_sent_the_alert_gets_the_higher_grade_as_one(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1))
    [alert] = send(outbox)
    assert (alert.bulletin.act, alert.bulletin.references) == ("alert", ())


def test_what_waits_for_a_channel_that_is_gone_fails_and_is_told_another_way(outbox: Outbox) -> None:
    by = router(route(ANA, otherwise=("email",)), route(BO), levels=())
    commit(outbox, by, raised())
    assert outbox.strand({"email", "loudspeaker"}, START) == 2
    assert outbox.strand({"email", "loudspeaker"}, START) == 0
    turn(outbox, by, START)
    assert [(d.recipient, d.channel) for d in send(outbox)] == [("ana", "email")]
    [missed] = unreached(outbox._connection, START)
    assert (missed.who, missed.detail) == ("bo", "sms: failed (no channel sms is configured)")


def test_those_told_over_a_channel_that_is_gone_are_passed_over_when_people_are_reminded(
    outbox: Outbox,
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    known = Routes(routes=(route(ANA, channels=("email",)),), levels=(level("town", MAYOR, channel="email"),))
    without = Router(known, Registry.of([], ZONES), [], UTC, {"email": Reach.EMAIL})
    assert later(outbox, 1, without) == [("mayor", "request", "orange")]


def test_what_a_crash_cut_off_is_sent_at_once_by_a_life_whose_clock_was_set_back(
    tmp_path: Path, outbox: Outbox
) -> None:
    commit(outbox, BY, raised())
    assert outbox.claim("sms", START, 9)
    with closing(Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)) as again:
        assert len(again.claim("sms", START - HOUR, 9)) == 1


def test_whoever_can_be_told_another_way_is_found_without_reading_every_delivery(outbox: Outbox) -> None:
    plan = outbox._connection.execute(f"EXPLAIN QUERY PLAN {_SLOW}", (START, 1)).fetchall()
    assert plan[0][3] == "SCAN d USING INDEX deliveries_slow"
    assert not [step for *_, step in plan[1:] if step.startswith("SCAN")]
