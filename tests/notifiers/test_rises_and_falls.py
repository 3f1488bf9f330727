"""Whoever was told of an incident hears of each rise and fall of it, whoever the routes name by then."""

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Cancel, Handle, Release, Shelve
from notifiers.delivery import Delivery
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.proposals import waiting
from notifiers.outbox.unreached import Why, unreached
from notifiers.outcome import Retry
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, told, turn

BY = router(route(ANA))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


def release(outbox: Outbox, at: int) -> None:
    [proposal] = waiting(outbox._connection, "5f2a9c0e")
    assert act(outbox, Release("5f2a9c0e", proposal.revision, proposal.hash), "wei", at).done


def doubted(outbox: Outbox) -> int:
    """Orange is told to Ana, Lin and Wei are asked to take over, and then red is in doubt; when that is."""
    commit(outbox, BY, raised())
    send(outbox)
    now = START + MINUTE
    turn(outbox, BY, now)
    send(outbox, now)
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=now, review=True), now=now)
    return now


def test_whoever_was_asked_to_take_over_hears_of_a_doubtful_rise_that_was_released(outbox: Outbox) -> None:
    now = doubted(outbox)
    send(outbox, now)
    release(outbox, now)
    turn(outbox, BY, now)
    assert told(send(outbox, now)) == [
        ("ana", "update", "red"),
        ("lin", "update", "red"),
        ("wei", "update", "red"),
    ]


def test_who_was_told_a_lower_grade_by_a_route_of_that_hears_of_the_rise_that_was_released(
    outbox: Outbox,
) -> None:
    by = router(route(ANA, grades=[Grade.YELLOW]), route(BO, grades=[Grade.RED], approval=True))
    commit(outbox, by, raised(after=Grade.YELLOW))
    send(outbox)
    commit(outbox, by, raised(Grade.YELLOW, Grade.RED, ordinal=1))
    assert not [d for d in send(outbox) if d.recipient == "ana"]
    release(outbox, START)
    turn(outbox, by, START)
    assert [(r, grade) for r, _, grade in told(send(outbox))] == [("ana", "red"), ("bo", "red")]


def test_what_waits_to_be_sent_gives_way_to_what_was_released(outbox: Outbox) -> None:
    by = router(route(ANA, grades=[Grade.YELLOW]), route(BO, grades=[Grade.RED], approval=True))
    commit(outbox, by, raised(after=Grade.YELLOW), now=START)
    commit(outbox, by, raised(Grade.YELLOW, Grade.RED, ordinal=1))
    release(outbox, START)
    turn(outbox, by, START)
    assert [d.grade for d in send(outbox) if d.recipient == "ana"] == [Grade.RED]


def test_a_release_for_some_tells_those_nothing_who_have_it_already(outbox: Outbox) -> None:
    by = router(route(ANA), route(BO, grades=[Grade.RED], approval=True))
    commit(outbox, by, raised(after=Grade.RED))
    send(outbox)
    release(outbox, START)
    turn(outbox, by, START)
    assert told(send(outbox)) == [("bo", "alert", "red")]


def test_a_rise_for_which_no_route_names_anybody_is_told_to_those_who_were_told_and_is_listed(
    outbox: Outbox,
) -> None:
    by = router(route(ANA, grades=[Grade.YELLOW]), levels=())
    commit(outbox, by, raised(after=Grade.YELLOW))
    send(outbox)
    commit(outbox, by, raised(Grade.YELLOW, Grade.RED, ordinal=1))
    assert told(send(outbox)) == [("ana", "update", "red")]
    assert [u.why for u in unreached(outbox._connection, START)] == [Why.NOBODY]


def test_a_fall_is_told_to_those_of_whom_the_alert_still_waits_though_an_end_was_told_before(
    outbox: Outbox,
) -> None:
    """Cancelled, raised anew while the gateway is busy, and lower before that went out."""
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, Cancel("5f2a9c0e", "the gauge was being cleaned"))
    send(outbox)
    commit(outbox, BY, raised(warning="77aa0000", at=START + 1), now=START + 1)
    busy(outbox, START + 1)
    fall = raised(Grade.ORANGE, Grade.YELLOW, ordinal=1, warning="77aa0000", at=START + 2)
    commit(outbox, BY, fall, now=START + 2)
    assert [grade for _, _, grade in told(send(outbox, START + 2))] == ["yellow"]


def test_whoever_hears_of_a_rise_only_because_they_were_told_is_told_no_grade_twice(outbox: Outbox) -> None:
    by = router(route(ANA, grades=[Grade.ORANGE]), route(BO, grades=[Grade.RED]))
    commit(outbox, by, raised())
    send(outbox)
    commit(outbox, by, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=START + 1), now=START + 1)
    send(outbox, START + 1)
    commit(outbox, by, raised(Grade.RED, Grade.ORANGE, ordinal=2, at=START + 2), now=START + 2)
    commit(outbox, by, raised(Grade.ORANGE, Grade.RED, ordinal=3, at=START + 3), now=START + 3)
    assert send(outbox, START + 3) == []


def busy(outbox: Outbox, now: int) -> list[Delivery]:
    """The gateway takes nothing for a while."""
    claimed = outbox.claim("sms", now, 9)
    for delivery in claimed:
        outbox.settle(delivery.key, Retry(MINUTE, "busy"), now)
    return claimed


def test_who_is_about_to_be_asked_to_take_over_hears_of_the_rise_in_place_of_that(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    now = START + MINUTE
    turn(outbox, BY, now)
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=now), now=now)
    assert [(r, grade) for r, _, grade in told(send(outbox, now))] == [
        ("ana", "red"),
        ("lin", "red"),
        ("wei", "red"),
    ]


def test_what_still_waits_to_be_sent_is_not_written_again_when_something_else_changes(
    outbox: Outbox,
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    commit(outbox, BY, raised(Grade.ORANGE, Grade.YELLOW, ordinal=1))
    act(outbox, Shelve("zone", "riverside", "works", START + MINUTE))
    turn(outbox, BY, START)
    assert told(send(outbox)) == [("ana", "update", "yellow")]


def test_a_doubtful_fall_below_what_was_certain_is_told(outbox: Outbox) -> None:
    commit(outbox, BY, raised(after=Grade.RED))
    send(outbox)
    commit(outbox, BY, raised(Grade.RED, Grade.YELLOW, ordinal=1, review=True))
    assert told(send(outbox)) == [("ana", "update", "yellow")]


def test_what_has_fallen_and_risen_again_must_be_taken_on_again(outbox: Outbox) -> None:
    ladder = [Grade.ORANGE, Grade.YELLOW, Grade.ORANGE]
    for ordinal, (before, after) in enumerate(pairwise([None, *ladder])):
        now = START + ordinal
        commit(outbox, BY, raised(before, after, ordinal=ordinal, at=now), now=now)
        send(outbox, now)
        act(outbox, Handle("5f2a9c0e"), "ana", now)
    last = outbox._connection.execute("SELECT grade, at FROM stages ORDER BY id DESC").fetchone()
    assert last == (Grade.ORANGE, START + 2)


def test_whoever_was_told_that_it_is_over_is_not_reminded_of_what_others_are_told_now(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, Cancel("5f2a9c0e", "the gauge was being cleaned"))
    send(outbox)
    other = router(route(BO))
    commit(outbox, other, raised(warning="77aa0000", at=START + 1), now=START + 1)
    send(outbox, START + 1)
    turn(outbox, other, START + 1 + MINUTE)
    assert {d.recipient for d in send(outbox, START + 1 + MINUTE)} == {"bo", "lin", "wei"}


def test_a_grade_that_a_crash_cut_off_is_told_after_a_rise_that_never_went_out(
    outbox: Outbox, tmp_path: Path
) -> None:
    commit(outbox, BY, raised(after=Grade.YELLOW))
    assert outbox.claim("sms", START, 9)
    with closing(Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)) as next_life:
        commit(next_life, BY, raised(Grade.YELLOW, Grade.ORANGE, ordinal=1))
        commit(next_life, BY, raised(Grade.ORANGE, Grade.YELLOW, ordinal=2))
        assert [d.grade for d in send(next_life)] == [Grade.YELLOW]


def test_whoever_may_have_been_told_when_the_process_died_hears_of_the_end(
    outbox: Outbox, tmp_path: Path
) -> None:
    commit(outbox, BY, raised())
    assert outbox.claim("sms", START, 9)
    with closing(Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)) as next_life:
        commit(next_life, BY, raised(Grade.ORANGE, None, ordinal=1))
        assert told(send(next_life)) == [("ana", "clear", "")]


def test_what_is_released_late_has_its_whole_time_to_go_out(outbox: Outbox) -> None:
    commit(outbox, BY, raised(review=True))
    late = START + 59 * MINUTE
    turn(outbox, BY, late)
    release(outbox, late)
    turn(outbox, BY, late)
    [alert] = [d for d in busy(outbox, late) if d.recipient == "ana"]
    turn(outbox, BY, late + 2 * MINUTE)
    [again] = [d for d in send(outbox, late + 2 * MINUTE) if d.recipient == "ana" and d.key == alert.key]
    assert again.expires == again.bulletin.expires == late + HOUR
