"""What must not go out by itself: held back, asked for level by level, let out by somebody else, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Answer, Refuse, Release
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.proposals import Decision, Proposal, find
from notifiers.outcome import Retry
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import (
    ANA,
    BO,
    LIN,
    START,
    act,
    commit,
    raised,
    route,
    router,
    send,
    states,
    told,
    turn,
)

BY = router(route(ANA), route(BO, grades=[Grade.RED], approval=True))
OPEN = router(route(ANA))
RED = raised(after=Grade.RED)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


def proposals(outbox: Outbox) -> list[Proposal]:
    return find(outbox._connection, "true")


def release(outbox: Outbox, user: str = "lin", at: int = START, **changes: object) -> Answer:
    """Of the newest proposal."""
    newest = proposals(outbox)[-1]
    given = {"incident": newest.incident, "revision": newest.revision, "hash": newest.hash, **changes}
    return act(outbox, Release(**given), user, at)  # type: ignore[arg-type]


def test_who_needs_no_release_is_told_at_once_and_who_does_waits(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    assert told(send(outbox)) == [
        ("ana", "alert", "red"),
        ("lin", "request", "red"),
        ("wei", "request", "red"),
    ]
    assert [s for s in states(outbox) if s[0] == "bo"] == [("bo", "alert", State.HELD)]
    [proposal] = proposals(outbox)
    assert (proposal.author, proposal.state, proposal.doubtful) == ("", Decision.WAITING, False)


def test_a_request_says_in_both_languages_what_it_is_about_and_how_to_release_it(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    [request, _] = [d for d in send(outbox) if d.bulletin.act == "request"]
    [proposal] = proposals(outbox)
    command = f"tocsin release 5f2a9c0e {proposal.revision}"
    assert command in request.text["zh"]
    assert command in request.text["en"]
    assert "RED warning" in request.text["en"]
    assert "红色预警" in request.text["zh"]


def test_released_it_goes_out_at_once_and_those_who_were_asked_hear_no_all_clear(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    send(outbox)
    assert release(outbox) == Answer(True, "released no. 1, red, to 1 addresses")
    turn(outbox, BY, START)
    assert told(send(outbox)) == [("bo", "alert", "red")]
    commit(outbox, BY, raised(Grade.RED, None, ordinal=1, at=START + 1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "clear", ""), ("bo", "clear", "")]


def test_it_is_released_once(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    assert release(outbox, "lin").done
    assert release(outbox, "wei", START + MINUTE) == Answer(
        False, "it was released by lin at 2018-06-03T21:10:00.000+00:00"
    )


def test_it_is_not_released_as_something_else_than_was_seen(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    answer = release(outbox, hash="0" * 24)
    assert not answer.done
    assert "it is not what you have seen" in answer.said
    assert told(send(outbox)) == [
        ("ana", "alert", "red"),
        ("lin", "request", "red"),
        ("wei", "request", "red"),
    ]


def test_an_address_that_was_changed_behind_its_back_is_not_released(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    with outbox.transaction() as connection:
        connection.execute("UPDATE deliveries SET address = '+8610000000666' WHERE state = 'held'")
    assert "it is not what you have seen" in release(outbox).said


def test_the_author_does_not_release_what_they_wrote(outbox: Outbox) -> None:
    commit(outbox, BY, raised(after=Grade.RED, rule="by-hand", by="lin"))
    assert release(outbox, "lin") == Answer(False, "you wrote it yourself: a second person has to release it")
    assert release(outbox, "wei").done


def test_the_author_may_break_the_glass_with_a_reason_and_everybody_above_is_told(outbox: Outbox) -> None:
    commit(outbox, BY, raised(after=Grade.RED, rule="by-hand", by="lin"))
    send(outbox)
    assert not release(outbox, "lin", break_glass=True).done
    answer = release(outbox, "lin", break_glass=True, reason="nobody else is here")
    assert answer == Answer(
        True, "released no. 1, red, to 1 addresses, by you alone: everybody above is told so"
    )
    turn(outbox, BY, START)
    sent = send(outbox)
    assert told(sent) == [
        ("bo", "alert", "red"),
        ("lin", "request", "red"),
        ("mayor", "request", "red"),
        ("wei", "request", "red"),
    ]
    [mayor] = [d for d in sent if d.recipient == "mayor"]
    assert "RELEASED BY lin ALONE" in mayor.text["en"]
    assert "nobody else is here" in mayor.text["zh"]


def test_what_is_refused_does_not_go_out_until_it_has_fallen_and_risen_again(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    answer = act(outbox, Refuse("5f2a9c0e", 1, "the gauge is broken"))
    assert answer == Answer(True, "no. 1, red, does not go out")
    turn(outbox, BY, START)
    assert ("bo", "alert", State.WITHDRAWN) in states(outbox)
    assert len(proposals(outbox)) == 1
    for ordinal, (before, after) in enumerate([(Grade.RED, Grade.ORANGE), (Grade.ORANGE, Grade.RED)], 1):
        now = START + ordinal * MINUTE
        commit(outbox, BY, raised(before, after, ordinal=ordinal, at=now), now=now)
    assert [p.state for p in proposals(outbox)] == [Decision.REFUSED, Decision.WAITING]


def test_a_doubtful_grade_waits_for_a_person_whatever_the_route_says(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    assert told(send(outbox)) == [("lin", "request", "orange"), ("wei", "request", "orange")]
    assert release(outbox).done
    turn(outbox, OPEN, START)
    assert told(send(outbox)) == [("ana", "alert", "orange")]


def test_a_released_doubt_is_a_doubt_no_more(outbox: Outbox) -> None:
    """Orange is certain, red was released: nobody is told of a fall to orange that did not happen."""
    commit(outbox, OPEN, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    send(outbox)
    release(outbox)
    turn(outbox, OPEN, START)
    assert told(send(outbox)) == [("ana", "update", "red")]
    commit(outbox, OPEN, raised(warning="77aa0000"), now=START + MINUTE - 1)
    assert send(outbox, START + MINUTE - 1) == []


def test_once_it_needs_no_person_the_proposal_is_overtaken(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    commit(outbox, OPEN, raised(Grade.ORANGE, Grade.ORANGE, ordinal=1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "alert", "orange")]
    assert [p.state for p in proposals(outbox)] == [Decision.OVERTAKEN]
    assert not release(outbox).done


def test_the_end_withdraws_what_waits_and_what_was_asked_for_it(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    commit(outbox, OPEN, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    assert send(outbox, START + 1) == []
    assert {state for _, _, state in states(outbox)} == {State.WITHDRAWN}
    assert [p.state for p in proposals(outbox)] == [Decision.OVERTAKEN]


def test_a_higher_grade_overtakes_what_waits(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    commit(outbox, OPEN, raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True), now=START + 1)
    assert [(p.grade, p.state) for p in proposals(outbox)] == [
        (Grade.ORANGE, Decision.OVERTAKEN),
        (Grade.RED, Decision.WAITING),
    ]
    assert ("ana", "alert", State.SUPERSEDED) in states(outbox)
    assert ("ana", "alert", State.HELD) in states(outbox)


def test_a_refused_doubt_leaves_what_is_certain_to_be_released(outbox: Outbox) -> None:
    by = router(route(BO, approval=True))
    commit(outbox, by, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    act(outbox, Refuse("5f2a", proposals(outbox)[0].revision, "no"))
    turn(outbox, by, START)
    assert [(p.grade, p.state) for p in proposals(outbox)] == [
        (Grade.RED, Decision.REFUSED),
        (Grade.ORANGE, Decision.WAITING),
    ]


def test_what_is_certain_does_not_wait_behind_what_is_in_doubt(outbox: Outbox) -> None:
    """And what is released later is told later, whichever was written first."""
    by = router(route(BO, approval=True))
    commit(outbox, by, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    red, orange = proposals(outbox)
    assert (red.state, orange.state) == (Decision.WAITING, Decision.WAITING)
    assert release(outbox, revision=orange.revision, hash=orange.hash).done
    turn(outbox, by, START)
    assert [r for r in told(send(outbox)) if r[0] == "bo"] == [("bo", "alert", "orange")]
    assert release(outbox, revision=red.revision, hash=red.hash).done
    turn(outbox, by, START)
    [update] = [d for d in send(outbox) if d.recipient == "bo"]
    assert (update.grade, update.bulletin.act) == (Grade.RED, "update")
    assert [r.revision for r in update.bulletin.references] == [orange.revision]
    fall = raised(Grade.RED, Grade.YELLOW, ordinal=2, at=START + 1)
    commit(outbox, by, fall, now=START + 1)
    assert told(send(outbox, START + 1)) == [("bo", "update", "yellow")]


def test_what_is_let_out_overtakes_a_lower_grade_that_waits_too(outbox: Outbox) -> None:
    by = router(route(BO, approval=True))
    commit(outbox, by, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    red, orange = proposals(outbox)
    assert release(outbox, revision=red.revision, hash=red.hash).done
    assert not release(outbox, revision=orange.revision, hash=orange.hash).done
    turn(outbox, by, START)
    assert told(send(outbox)) == [("bo", "alert", "red")]


def test_what_was_told_while_it_waited_comes_before_it(outbox: Outbox) -> None:
    """Yellow was certain all along: it is told at once, and red goes out after it, for a fall to be told."""
    commit(outbox, OPEN, raised(after=Grade.RED, review=True))
    commit(outbox, OPEN, raised(None, Grade.YELLOW, warning="77aa0000"))
    assert ("ana", "alert", "yellow") in told(send(outbox))
    assert release(outbox).done
    turn(outbox, OPEN, START)
    [update] = send(outbox)
    assert (update.grade, update.bulletin.act) == (Grade.RED, "update")
    commit(outbox, OPEN, raised(Grade.RED, None, ordinal=1, at=START + 1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "update", "yellow")]


def test_undecided_it_is_put_before_the_next_level_until_there_is_none(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    send(outbox)
    turn(outbox, BY, START + MINUTE - 1)
    assert send(outbox, START + MINUTE - 1) == []
    turn(outbox, router(route(ANA), route(BO, approval=True), deadlines=BY.routes.deadlines), START + MINUTE)
    asked = [d.recipient for d in send(outbox, START + MINUTE) if "AWAITS" in d.text["en"]]
    assert asked == ["mayor"]
    turn(outbox, BY, START + 2 * MINUTE)
    assert [d for d in send(outbox, START + 2 * MINUTE) if "AWAITS" in d.text["en"]] == []
    [proposal] = proposals(outbox)
    assert (proposal.state, proposal.level, proposal.due) == (Decision.WAITING, 2, None)


def test_what_nobody_decided_expires_and_is_put_before_everybody_anew(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    turn(outbox, OPEN, START + HOUR)
    assert [p.state for p in proposals(outbox)] == [Decision.EXPIRED, Decision.WAITING]
    assert ("ana", "alert", State.EXPIRED) in states(outbox)
    asked = [d.recipient for d in send(outbox, START + HOUR)]
    assert sorted(asked) == ["lin", "mayor", "wei"]
    assert (
        "it was expired"
        in act(outbox, Release("5f2a9c0e", 0, proposals(outbox)[0].hash), at=START + HOUR).said
    )


def test_a_release_that_is_asked_for_takes_no_alert_back(outbox: Outbox) -> None:
    """Lin is told orange herself and asked to release red: a gateway that is busy loses neither."""
    by = router(route(LIN))
    commit(outbox, by, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    for delivery in outbox.claim("sms", START, 9):
        outbox.settle(delivery.key, Retry(0, "busy"), START)
    later = START + 50_000
    sent = [d for d in send(outbox, later) if d.recipient == "lin"]
    assert told(sent) == [("lin", "alert", "orange"), ("lin", "request", "red")]


def test_what_was_released_takes_the_place_of_what_still_waits_to_be_sent(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(), raised(Grade.ORANGE, Grade.RED, ordinal=1, review=True))
    [orange] = [d for d in outbox.claim("sms", START, 9) if d.recipient == "ana"]
    outbox.settle(orange.key, Retry(MINUTE, "busy"), START)
    release(outbox)
    turn(outbox, OPEN, START)
    later = START + 2 * MINUTE
    assert [(d.recipient, d.grade) for d in send(outbox, later) if d.recipient == "ana"] == [
        ("ana", Grade.RED)
    ]


def test_who_is_asked_is_asked_no_more_once_it_was_decided(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(review=True))
    requests = outbox.claim("sms", START, 9)
    act(outbox, Refuse("5f2a9c0e", 0, "no"))
    for request in requests:
        outbox.settle(request.key, Retry(0, "busy"), START)
    assert send(outbox, START + 2 * MINUTE) == []


def test_a_certain_grade_that_is_told_does_not_take_back_what_is_asked_of_a_higher_one(
    outbox: Outbox,
) -> None:
    by = router(route(LIN))
    commit(outbox, by, raised(after=Grade.RED, review=True))
    commit(outbox, by, raised(warning="77aa0000"), now=START + 1)
    sent = [d for d in send(outbox, START + 1) if d.recipient == "lin"]
    assert told(sent) == [("lin", "alert", "orange"), ("lin", "request", "red")]


def test_what_waits_for_a_person_does_not_hide_what_waits_to_be_sent(outbox: Outbox) -> None:
    """Ana's yellow is queued and her red is held: a fall to blue still reaches her."""
    commit(outbox, OPEN, raised(after=Grade.YELLOW), raised(Grade.YELLOW, Grade.RED, ordinal=1, review=True))
    commit(outbox, OPEN, raised(Grade.RED, Grade.BLUE, ordinal=2), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "alert", "blue")]


def test_a_refused_doubt_is_asked_about_anew_once_it_has_ended_and_come_back(outbox: Outbox) -> None:
    commit(outbox, OPEN, raised(after=Grade.BLUE), raised(Grade.BLUE, Grade.RED, ordinal=1, review=True))
    act(outbox, Refuse("5f2a9c0e", proposals(outbox)[-1].revision, "no"))
    steps = [(Grade.RED, Grade.BLUE, False), (Grade.BLUE, Grade.RED, True)]
    for ordinal, (before, after, review) in enumerate(steps, 2):
        commit(outbox, OPEN, raised(before, after, ordinal=ordinal, review=review), now=START + ordinal)
    assert [p.state for p in proposals(outbox)] == [Decision.REFUSED, Decision.WAITING]


def test_what_has_expired_is_not_released(outbox: Outbox) -> None:
    commit(outbox, BY, RED)
    answer = release(outbox, at=START + HOUR)
    assert not answer.done
    assert answer.said.startswith("it expired at 2018-06-03T22:10:00")
