"""What the duty officer asks, and is answered from another connection while the outbox is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge, Cancel, Refuse, Shelve
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.audit import Broken
from notifiers.outbox.desk import Desk, Hidden
from notifiers.outbox.unreached import Why
from notifiers.outcome import Rejected, Retry
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, turn

BY = router(route(ANA))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    opened.close()


@pytest.fixture
def desk(outbox: Outbox, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk.reading(tmp_path / "outbox.sqlite")
    yield opened
    opened.close()


def test_an_open_incident_shows_who_has_it_what_is_due_and_how_its_deliveries_stand(
    outbox: Outbox, desk: Desk
) -> None:
    commit(outbox, BY, raised(), raised(warning="77aa0000"))
    send(outbox)
    act(outbox, Acknowledge("5f2a9c0e"), "ana")
    [found] = desk.incidents()
    assert (found.id, found.zone, found.announced, found.warnings) == (
        "5f2a9c0e",
        "riverside",
        Grade.ORANGE,
        2,
    )
    assert (found.stage, found.by, found.at) == ("acknowledged", "ana", START)
    assert found.deadlines == {"arrived": START + 3 * MINUTE, "handled": START + 5 * MINUTE}
    assert found.deliveries == {State.ACCEPTED: 1}


def test_what_was_done_of_a_lower_grade_counts_no_more_after_an_upgrade(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised())
    act(outbox, Acknowledge("5f2a9c0e"), "ana")
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1), now=START + 1)
    [found] = desk.incidents()
    assert (found.stage, found.by, found.at) == ("", "", None)


def test_what_is_over_is_no_longer_shown_and_the_strongest_comes_first(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised(), raised(warning="77aa0000", subject="hillside", after=Grade.RED))
    assert [i.id for i in desk.incidents()] == ["77aa0000", "5f2a9c0e"]
    commit(outbox, BY, raised(Grade.RED, None, ordinal=1, warning="77aa0000", subject="hillside"))
    assert [i.id for i in desk.incidents()] == ["5f2a9c0e"]


def test_first_come_those_whom_nobody_is_left_to_ask_about(outbox: Outbox, desk: Desk) -> None:
    """One abandoned, one unanswered, one undecided, one silent zone, one without a route."""
    late = router(route(ANA), levels=())
    commit(outbox, late, raised(subject="hillside", warning="abandoned"))
    send(outbox)
    turn(outbox, late, START + MINUTE)
    mixed = router(route(channels=("loudspeaker",), grades=[Grade.ORANGE]))
    now = START + MINUTE
    commit(outbox, mixed, raised(warning="silent00", rule="dam"), now=now)
    commit(outbox, mixed, raised(warning="nobody00", rule="rain", after=Grade.BLUE), now=now)
    commit(outbox, late, raised(warning="undecided", rule="gas", review=True), now=now)
    for horn in outbox.claim("loudspeaker", now, 9):
        outbox.settle(horn.key, Rejected("dead"), now)
    turn(outbox, mixed, now + MINUTE)
    found = desk.unreached(now + MINUTE)
    assert [(u.why, u.incident) for u in found if u.why not in (Why.MISSED,)] == [
        (Why.ABANDONED, "abandoned"),
        (Why.UNDECIDED, "undecided"),
        (Why.UNANSWERED, "silent00"),
        (Why.SILENT, "silent00"),
        (Why.NOBODY, "nobody00"),
    ]
    missed = [(u.who, u.detail) for u in found if u.why is Why.MISSED]
    assert missed == [("horn-1", "loudspeaker: failed (dead)"), ("horn-2", "loudspeaker: failed (dead)")]


def test_a_zone_is_silent_only_if_all_its_horns_are(outbox: Outbox, desk: Desk) -> None:
    by = router(route(channels=("loudspeaker",)))
    commit(outbox, by, raised())
    one, two = outbox.claim("loudspeaker", START, 9)
    outbox.settle(one.key, Rejected("dead"), START)
    outbox.settle(two.key, Rejected("dead"), START)
    assert outbox.receipt(two.key, State.PLAYED, START)
    assert [(u.why, u.who) for u in desk.unreached(START)] == [(Why.MISSED, "horn-1")]


def test_a_horn_stays_silent_though_the_people_of_its_zone_were_told_in_its_place(
    outbox: Outbox, desk: Desk
) -> None:
    by = router(route(ANA, channels=("loudspeaker",), otherwise=("sms",)))
    commit(outbox, by, raised())
    for horn in outbox.claim("loudspeaker", START, 9):
        outbox.settle(horn.key, Rejected("dead"), START)
    turn(outbox, by, START)
    assert {d.address for d in send(outbox)} == {ANA.phone}
    silent, *horns = desk.unreached(START)
    assert silent.why is Why.SILENT
    assert [(u.who, u.detail) for u in horns] == [
        ("horn-1", "loudspeaker: failed (dead)"),
        ("horn-2", "loudspeaker: failed (dead)"),
    ]


def test_an_answer_to_a_delivery_is_about_what_that_one_told(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised())
    [first] = send(outbox)
    commit(outbox, BY, raised(warning="77aa0000", subject="hillside"))
    send(outbox)
    assert desk.told(ANA.phone) == "77aa0000"
    assert desk.told(ANA.phone, key=first.key) == "5f2a9c0e"
    assert desk.told(BO.phone, key=first.key) is None


def test_who_was_reached_on_any_channel_is_reached_and_who_is_still_being_tried_is_not(
    outbox: Outbox, desk: Desk
) -> None:
    by = router(route(ANA, channels=("sms", "email")), route(BO))
    commit(outbox, by, raised())
    for delivery in outbox.claim("sms", START, 9):
        outbox.settle(delivery.key, Retry(MINUTE, "busy"), START)
    for delivery in outbox.claim("email", START, 9):
        outbox.receipt(delivery.key, State.DELIVERED, START)
    [bo] = desk.unreached(START)
    assert (bo.why, bo.who, bo.detail, bo.since) == (Why.MISSED, "bo", "sms: queued (busy)", START)


def test_what_waits_for_a_person_shows_its_words_and_whom_it_goes_to(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised(review=True))
    commit(outbox, router(route(ANA), levels=()), raised(warning="77aa0000", rule="dam", review=True))
    first, second = desk.proposals()
    assert (first.proposal.incident, first.proposal.due) == ("77aa0000", None)
    assert (second.proposal.incident, second.to) == ("5f2a9c0e", [("ana", "sms")])
    assert "ORANGE warning" in second.bulletin.text["en"]


def test_a_shelf_shows_what_it_hides(outbox: Outbox, desk: Desk) -> None:
    act(outbox, Shelve("zone", "town", "works", START + HOUR))
    commit(outbox, BY, raised(), raised(warning="77aa0000", subject="hillside", after=Grade.RED))
    [shelf] = desk.shelves(START)
    assert (shelf.id, shelf.user, shelf.reason) == (1, "lin", "works")
    assert shelf.hides == [Hidden("5f2a9c0e", "5f2a9c0e", "river", "riverside", "riverside", Grade.ORANGE)]
    assert desk.shelves(START + HOUR) == []


def test_actions_are_listed_with_their_answers_and_what_was_refused_among_them(
    outbox: Outbox, desk: Desk
) -> None:
    commit(outbox, BY, raised())
    act(outbox, Acknowledge("5f2a9c0e"), "ana", START)
    act(outbox, Acknowledge("5f2a9c0e"), "bo", START + 1)
    assert [(a.user, a.action, a.done) for a in desk.actions(START)] == [
        ("ana", Acknowledge("5f2a9c0e"), True),
        ("bo", Acknowledge("5f2a9c0e"), False),
    ]
    assert [a.user for a in desk.actions(START + 1)] == ["bo"]


def test_the_handover_tells_what_happened_in_the_watch_and_what_is_left(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised(warning="before00", rule="dam"))
    since = START + MINUTE
    commit(outbox, BY, raised(at=since), now=since)
    act(outbox, Acknowledge("5f2a9c0e"), "ana", since)
    commit(outbox, BY, raised(warning="doubt000", rule="gas", review=True, at=since), now=since)
    act(outbox, Refuse("doubt000", 0, "sensor drifts"), "lin", since + 1)
    act(outbox, Cancel("before00", "wrong gauge"), "lin", since + 2)
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, warning="before00", rule="dam"), now=since + 3)
    act(outbox, Shelve("rule", "rain", "works", since + HOUR), "wei", since + 4)
    report = desk.handover(since, since + 5)
    assert [(t.incident, t.highest) for t in report.raised] == [
        ("5f2a9c0e", Grade.ORANGE),
        ("doubt000", None),
    ]
    assert [(t.incident, t.cancelled) for t in report.ended] == [("before00", "wrong gauge")]
    assert [t.incident for t in report.open] == ["5f2a9c0e", "doubt000"]
    assert [(s.incident, s.stage, s.user) for s in report.stages] == [("5f2a9c0e", "acknowledged", "ana")]
    assert [(p.incident, p.decided_by, p.reason) for p in report.decided] == [
        ("doubt000", "lin", "sensor drifts")
    ]
    assert [(s.name, s.user) for s in report.shelved] == [("rain", "wei")]
    assert report.unreached == desk.unreached(since + 5)


def test_an_incident_is_named_by_any_of_its_warnings_or_their_first_characters(
    outbox: Outbox, desk: Desk
) -> None:
    commit(outbox, BY, raised(), raised(warning="5f2a0000"), raised(warning="5f2b0000", rule="dam"))
    assert desk.incident_of("5f2a0000") == "5f2a9c0e"
    assert desk.incident_of("5f2a") == "5f2a9c0e"
    assert desk.incident_of("5f2b") == "5f2b0000"
    assert desk.incident_of("5f2b0") == "5f2b0000"
    commit(outbox, BY, raised(warning="99990000", rule="gas"))
    assert desk.incident_of("999") is None
    assert [desk.incident_of(number) for number in ("5f2", "", "0000", "%%%%")] == [None] * 4
    commit(outbox, BY, raised(warning="5f2a1111", rule="dam"))
    assert desk.incident_of("5f2a") is None


def test_an_answer_is_about_the_newest_incident_that_its_address_was_told_of(
    outbox: Outbox, desk: Desk
) -> None:
    commit(outbox, BY, raised())
    assert desk.told(ANA.phone) is None
    send(outbox)
    commit(outbox, BY, raised(warning="77aa0000", rule="dam"))
    send(outbox)
    assert desk.told(ANA.phone) == "77aa0000"
    assert desk.told(ANA.phone, "5f2a") == "5f2a9c0e"
    assert desk.told(ANA.phone, "%") is None
    assert desk.told(BO.phone) is None


def test_what_was_given_up_is_listed_with_the_reason(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised())
    [delivery] = outbox.claim("sms", START, 9)
    assert desk.dead_letters() == []
    outbox.settle(delivery.key, Rejected("no such number"), START)
    [dead] = desk.dead_letters()
    assert (dead.delivery.key, dead.state, dead.detail) == (delivery.key, State.FAILED, "no such number")


def test_every_bulletin_outcome_receipt_action_and_step_is_in_the_audit(outbox: Outbox, desk: Desk) -> None:
    outbox.note(START, "configuration", "", {"bundle": "b1"})
    commit(outbox, BY, raised())
    [delivery] = send(outbox)
    outbox.receipt(delivery.key, State.DELIVERED, START)
    outbox.receipt(delivery.key, State.DELIVERED, START)
    turn(outbox, BY, START + MINUTE)
    act(outbox, Acknowledge("5f2a9c0e"), "ana", START + MINUTE)
    recorded = [w for (w,) in outbox._connection.execute("SELECT what FROM audit ORDER BY sequence")]
    assert recorded == [
        "configuration", "bulletin", "outcome", "receipt", "bulletin", "escalation", "action",
    ]  # fmt: skip
    head = desk.audit_head()
    assert desk.verify(head) is None
    with outbox.transaction() as connection:
        connection.execute("UPDATE audit SET user = 'bo' WHERE what = 'action'")
    assert desk.verify() == Broken(7, "does not follow from the one before it")


def test_what_has_risen_to_a_grade_that_is_routed_is_told_to_somebody(outbox: Outbox, desk: Desk) -> None:
    by = router(route(ANA, grades=[Grade.RED]))
    commit(outbox, by, raised())
    assert [u.why for u in desk.unreached(START)] == [Why.NOBODY]
    commit(outbox, by, raised(Grade.ORANGE, Grade.RED, ordinal=1))
    send(outbox)
    assert desk.unreached(START) == []


def test_nobody_is_unreached_of_what_is_over(outbox: Outbox, desk: Desk) -> None:
    commit(outbox, BY, raised())
    [alert] = outbox.claim("sms", START, 9)
    outbox.settle(alert.key, Rejected("no such number"), START)
    assert [u.why for u in desk.unreached(START)] == [Why.MISSED]
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1))
    assert desk.unreached(START) == []
