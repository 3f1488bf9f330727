"""What was wrong is taken back: one action, to everybody who was told, on every channel, never before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import MINUTE
from notifiers.action import Answer, Cancel, Release
from notifiers.contacts import Person
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.proposals import waiting
from notifiers.outcome import Outcome, Rejected, Retry, Sent
from notifiers.routes import Budgets, QuietHours
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, states, told, turn

BY = router(route(ANA, channels=("sms", "email", "loudspeaker", "feed")))
CANCEL = Cancel("5f2a9c0e", "the gauge was being cleaned")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


def test_one_action_reaches_everybody_on_every_channel_and_says_why(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    alerts = send(outbox)
    assert act(outbox, CANCEL) == Answer(True, "cancelled; 5 deliveries tell everybody who was told")
    cancels = send(outbox)
    ways = [(d.recipient, d.channel, d.address) for d in alerts]
    assert sorted((d.recipient, d.channel, d.address) for d in cancels) == sorted(ways)
    assert {str(d.bulletin.act) for d in cancels} == {"cancel"}
    [first, *_] = cancels
    assert first.text["zh"].startswith("预警取消：")
    assert "The ORANGE warning was wrong. Reason: the gauge was being cleaned." in first.text["en"]
    assert [r.revision for r in first.bulletin.references] == [0]
    assert first.grade is None


def test_it_waits_for_the_alert_that_is_being_sent(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    [alert] = outbox.claim("sms", START, 9)
    act(outbox, CANCEL)
    assert outbox.claim("sms", START, 9) == []
    outbox.settle(alert.key, Sent("p"), START)
    assert told(send(outbox)) == [("ana", "cancel", "")]


@pytest.mark.parametrize("outcome", [Rejected("no such number"), Retry(0, "busy")])
@pytest.mark.parametrize("ended", ["cancelled", "clear"])
def test_whose_alert_was_not_taken_while_it_was_taken_back_hears_nothing(
    outbox: Outbox, outcome: Outcome, ended: str
) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    [alert] = outbox.claim("sms", START, 9)
    if ended == "cancelled":
        act(outbox, CANCEL)
    else:
        commit(outbox, by, raised(Grade.ORANGE, None, ordinal=1))
    outbox.settle(alert.key, outcome, START)
    assert send(outbox) == []


@pytest.mark.parametrize("ended", ["cancelled", "clear"])
def test_whose_alert_turns_out_to_have_arrived_hears_the_end_all_the_same(outbox: Outbox, ended: str) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    [alert] = outbox.claim("sms", START, 9)
    if ended == "cancelled":
        act(outbox, CANCEL)
    else:
        commit(outbox, by, raised(Grade.ORANGE, None, ordinal=1))
    outbox.settle(alert.key, Rejected("busy"), START)
    outbox.receipt(alert.key, State.DELIVERED, START)
    turn(outbox, by, START)
    assert told(send(outbox)) == [("ana", "cancel" if ended == "cancelled" else "clear", "")]


def test_what_was_never_sent_is_withdrawn_and_nobody_is_told(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    assert act(outbox, CANCEL).done
    assert send(outbox) == []
    assert {state for _, _, state in states(outbox)} == {State.WITHDRAWN}


def test_it_is_silent_until_the_condition_lets_go_and_told_anew_after_that(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, CANCEL)
    send(outbox)
    for ordinal, after in enumerate([Grade.YELLOW, Grade.ORANGE, None], 1):
        commit(
            outbox, BY, raised(Grade.ORANGE, after, ordinal=ordinal, at=START + ordinal), now=START + ordinal
        )
        assert send(outbox, START + ordinal) == []
    commit(outbox, BY, raised(warning="77aa0000", at=START + MINUTE), now=START + MINUTE)
    assert {str(d.bulletin.act) for d in send(outbox, START + MINUTE)} == {"alert"}


def test_a_higher_grade_afterwards_needs_a_person_even_if_it_is_certain(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    send(outbox)
    act(outbox, CANCEL)
    send(outbox)
    commit(outbox, by, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=START + 1), now=START + 1)
    assert {str(d.bulletin.act) for d in send(outbox, START + 1)} == {"request"}
    [proposal] = waiting(outbox._connection, "5f2a9c0e")
    act(outbox, Release("5f2a9c0e", proposal.revision, proposal.hash), at=START + 2)
    turn(outbox, by, START + 2)
    [alert] = send(outbox, START + 2)
    assert (str(alert.bulletin.act), alert.grade, alert.bulletin.references) == ("alert", Grade.RED, ())
    commit(outbox, by, raised(Grade.RED, None, ordinal=2, at=START + 3), now=START + 3)
    assert told(send(outbox, START + 3)) == [("ana", "clear", "")]


def test_another_warning_of_the_same_hazard_and_zone_is_told_as_new(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    send(outbox)
    act(outbox, CANCEL)
    send(outbox)
    commit(outbox, by, raised(warning="77aa0000", at=START + 1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "alert", "orange")]


def test_what_waits_for_a_person_is_withdrawn_with_it(outbox: Outbox) -> None:
    by = router(route(ANA), route(BO, approval=True))
    commit(outbox, by, raised())
    act(outbox, CANCEL)
    assert ("bo", "alert", State.WITHDRAWN) in states(outbox)
    assert waiting(outbox._connection, "5f2a9c0e") == []
    turn(outbox, by, START)
    assert waiting(outbox._connection, "5f2a9c0e") == []


def test_those_who_were_asked_to_take_over_are_told_as_well_and_nobody_is_asked_again(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    send(outbox)
    turn(outbox, by, START + MINUTE)
    send(outbox, START + MINUTE)
    act(outbox, CANCEL, at=START + MINUTE + 1)
    assert [r for r, _, _ in told(send(outbox, START + MINUTE + 1))] == ["ana", "lin", "wei"]
    assert outbox.due(START + MINUTE + 1) is None
    turn(outbox, by, START + 9 * MINUTE)
    assert send(outbox, START + 9 * MINUTE) == []


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Cancel("5f2a9c0e", " "), "say why: everybody who was told is told the reason"),
        (Cancel("5f2b", "x"), "there is no incident 5f2b, or more than one begins like that"),
    ],
)
def test_what_cannot_be_cancelled_is_answered(outbox: Outbox, action: Cancel, said: str) -> None:
    commit(outbox, BY, raised())
    assert act(outbox, action) == Answer(False, said)


def test_what_is_over_or_was_told_to_nobody_is_not_cancelled(outbox: Outbox) -> None:
    commit(outbox, router(route(ANA, grades=[Grade.RED])), raised())
    assert act(outbox, CANCEL) == Answer(False, "nobody was told of it: there is nothing to cancel")
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1))
    assert act(outbox, CANCEL) == Answer(False, "it is over since 2018-06-03T21:10:00.000+00:00")


@pytest.mark.parametrize("others", [(), (BO,)])
def test_who_is_known_late_to_have_been_told_hears_that_it_was_wrong(
    outbox: Outbox, others: tuple[Person, ...]
) -> None:
    """Taken back because it was never sent, as it seemed; whether or not anybody else was told."""
    by = router(route(ANA), *(route(other, channels=("email",)) for other in others))
    commit(outbox, by, raised())
    [alert] = outbox.claim("sms", START, 9)
    outbox.settle(alert.key, Retry(MINUTE, "busy"), START)
    send(outbox)
    act(outbox, CANCEL)
    send(outbox)
    commit(outbox, by, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    assert outbox.receipt(alert.key, State.DELIVERED, START + 2)
    turn(outbox, by, START + 2)
    [late] = send(outbox, START + 2)
    assert (late.recipient, late.bulletin.act) == ("ana", "cancel")
    assert "The ORANGE warning was wrong. Reason: the gauge was being cleaned." in late.text["en"]
    assert [r.revision for r in late.bulletin.references] == [0]


def test_what_has_risen_since_it_was_cancelled_ends_with_an_all_clear(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised())
    send(outbox)
    act(outbox, CANCEL)
    send(outbox)
    commit(outbox, by, raised(warning="77aa0000", at=START + 1), now=START + 1)
    [alert] = outbox.claim("sms", START + 1, 9)
    outbox.settle(alert.key, Retry(MINUTE, "busy"), START + 1)
    commit(outbox, by, raised(Grade.ORANGE, None, ordinal=1, warning="77aa0000", at=START + 2), now=START + 2)
    assert send(outbox, START + 2) == []
    outbox.receipt(alert.key, State.DELIVERED, START + 3)
    turn(outbox, by, START + 3)
    assert told(send(outbox, START + 3)) == [("ana", "clear", "")]


def test_what_was_to_be_summed_up_is_withdrawn_with_it(outbox: Outbox) -> None:
    by = router(route(ANA), budgets=Budgets(messages=1))
    commit(outbox, by, raised(), raised(warning="77aa0000", subject="hillside"))
    act(outbox, Cancel("77aa0000", "wrong"))
    turn(outbox, by, START)
    assert {d.bulletin.act for d in send(outbox)} == {"alert"}
    assert [state for _, _, state in states(outbox, "77aa0000")] == [State.WITHDRAWN]


def test_each_who_is_known_late_to_have_been_told_hears_that_it_was_wrong(outbox: Outbox) -> None:
    by = router(route(ANA, BO))
    commit(outbox, by, raised())
    alerts = outbox.claim("sms", START, 9)
    for alert in alerts:
        outbox.settle(alert.key, Retry(MINUTE, "busy"), START)
    act(outbox, CANCEL)
    late = []
    for now, alert in enumerate(alerts, START + 1):
        assert outbox.receipt(alert.key, State.DELIVERED, now)
        turn(outbox, by, now)
        late += told(send(outbox, now))
    assert late == [("ana", "cancel", ""), ("bo", "cancel", "")]


def test_it_refers_to_nothing_that_was_cancelled_before(outbox: Outbox) -> None:
    by = router(route(ANA))
    references = []
    for number in range(3):
        warning, now = f"5f2a9c0{number}", START + number
        commit(outbox, by, raised(warning=warning, at=now), now=now)
        send(outbox, now)
        act(outbox, Cancel(warning, "the gauge was being cleaned"), at=now)
        references += [[r.revision for r in d.bulletin.references] for d in send(outbox, now)]
    assert references == [[0], [2], [4]]


def test_quiet_hours_do_not_hold_it_back(outbox: Outbox) -> None:
    """It is 21:10, and a receipt says late that the alert was heard."""
    by = router(route(ANA))
    commit(outbox, by, raised(after=Grade.YELLOW))
    [alert] = outbox.claim("sms", START, 9)
    outbox.settle(alert.key, Retry(MINUTE, "busy"), START)
    act(outbox, CANCEL)
    outbox.receipt(alert.key, State.DELIVERED, START)
    turn(outbox, router(route(ANA), quiet_hours=QuietHours(21 * 60, 7 * 60)), START)
    assert told(send(outbox)) == [("ana", "cancel", "")]


def test_what_was_cancelled_stays_so_when_another_doubt_is_released(outbox: Outbox) -> None:
    by = router(route(ANA))
    commit(outbox, by, raised(review=True))
    act(outbox, CANCEL)
    commit(outbox, by, raised(after=Grade.RED, review=True, warning="77aa0000", at=START + 1), now=START + 1)
    [proposal] = waiting(outbox._connection, "5f2a9c0e")
    assert act(outbox, Release("5f2a9c0e", proposal.revision, proposal.hash), at=START + 1).done
    turn(outbox, by, START + 1)
    send(outbox, START + 1)
    over = raised(Grade.RED, None, ordinal=1, warning="77aa0000", at=START + 2)
    commit(outbox, by, over, now=START + 2)
    assert told(send(outbox, START + 2)) == [("ana", "clear", "")]
