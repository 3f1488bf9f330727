"""A rule that floods is told of by one notice, keeps its highest grade visible, and silences nothing real."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Action, Answer, Cancel, Refuse, Release, Taken
from notifiers.bulletin import Act
from notifiers.contacts import Person
from notifiers.delivery import Delivery
from notifiers.outbox import Outbox
from notifiers.outbox.proposals import Decision, Proposal, find
from notifiers.outbox.shed import Account, account, collapsed, shed, shedding, summaries
from notifiers.outbox.unreached import Why, unreached
from notifiers.routes import Budgets, Level, Route
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition
from tests.notifiers.town import ANA, BO, NOON, Desk, line, route, router

BLUE, YELLOW, ORANGE, RED = Grade
# The public has the hazards, the duty room the system.
PUBLIC, DUTY = (
    [route([ANA], hazard) for hazard in ("rain", "river", "fire", "by")],
    route([BO], "system"),
)
BUDGETS = Budgets(messages=1_000, warnings=5)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.LIVE)
    yield opened
    opened.close()


@pytest.fixture
def desk(outbox: Outbox) -> Desk:
    return watched(outbox, *PUBLIC, DUTY)


def watched(outbox: Outbox, *routes: Route) -> Desk:
    return Desk(outbox, router(*routes, budgets=BUDGETS))


def told(deliveries: list[Delivery]) -> list[tuple[str, Act, Grade | None, int]]:
    return [(d.recipient, d.bulletin.act, d.grade, d.bulletin.count) for d in deliveries]


def accounted(outbox: Outbox) -> Account:
    with outbox.transaction() as connection:
        return account(connection, "ana", "sms")


def test_a_rule_that_is_true_everywhere_tells_the_public_nothing_and_the_duty_room_once(desk: Desk) -> None:
    sent = desk.tell(*(line(f"v{n}", ORANGE) for n in range(40)))
    assert told(sent) == [("bo", Act.ALERT, ORANGE, 40)]
    assert sent[0].bulletin.hazard == "system"
    assert sent[0].text["en"] == (
        "Rule floods: Rain (rain), 2018-06-04 12:00. 40 warnings are told by this notice alone, the highest"
        " orange. Check whether it is real or a wrong rule: they go out only if an approver lets them (tocsin"
        f" release {sent[0].incident}). Id {sent[0].incident}"
    )
    assert accounted(desk.outbox) == Account(single=0, digested=0, noticed=40, waiting=0, untold=0)


def test_one_warning_less_is_no_flood(desk: Desk) -> None:
    assert {d.recipient for d in desk.tell(*(line(f"v{n}", ORANGE) for n in range(4)))} == {"ana"}


def test_what_was_told_before_stays_told_and_only_the_rest_collapses(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(4)))
    assert told(desk.tell(line("v4", ORANGE), line("v5", ORANGE))) == [("bo", Act.ALERT, ORANGE, 2)]
    assert accounted(desk.outbox) == Account(single=4, digested=0, noticed=2, waiting=0, untold=0)


def test_a_slow_trickle_is_no_flood(desk: Desk) -> None:
    for n in range(20):
        desk.at(NOON + n * 3 * MINUTE)
        desk.tell(line(f"v{n}", ORANGE, at=desk.now))
    assert {d.recipient for d in desk.sent} == {"ana"}


def test_another_rule_and_another_grade_of_the_same_rule_go_on(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(10)))
    sent = desk.tell(line("v30", YELLOW, rule="fire"), line("v31", RED))
    assert told(sent) == [("ana", Act.ALERT, RED, 1), ("ana", Act.ALERT, YELLOW, 1)]


def test_an_upgrade_out_of_the_flood_is_told(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(10)))
    assert told(desk.tell(line("v3", ORANGE, YELLOW, ordinal=1))) == [("ana", Act.ALERT, ORANGE, 1)]


def test_a_warning_that_was_told_stays_at_that_grade_while_its_rule_floods_at_a_higher_one(
    desk: Desk,
) -> None:
    desk.tell(line("v0", YELLOW))
    desk.tell(line("v0", ORANGE, YELLOW, ordinal=1), *(line(f"v{n}", ORANGE) for n in range(1, 9)))
    assert told(desk.sent) == [("ana", Act.ALERT, YELLOW, 1), ("bo", Act.ALERT, ORANGE, 9)]


def test_a_doubtful_grade_that_is_certain_by_a_further_rise_is_told_while_that_rise_collapses(
    desk: Desk,
) -> None:
    assert desk.tell(line("v9", YELLOW, disposition=Disposition.REVIEW)) == []
    sent = desk.tell(*(line(f"v{n}", ORANGE) for n in range(5)), line("v9", ORANGE, before=YELLOW, ordinal=1))
    assert told(sent) == [("bo", Act.ALERT, ORANGE, 6), ("ana", Act.ALERT, YELLOW, 1)]


def test_another_rule_in_the_same_incident_is_told(desk: Desk) -> None:
    """Of one hazard in one zone: what the flooding rule says of it does not hide what a sane one says."""
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(9)))
    [sent] = desk.tell(line("v3", YELLOW, rule="rain-fast"))
    assert (sent.recipient, sent.grade) == ("ana", YELLOW)


def test_the_notice_is_updated_when_the_count_has_doubled_or_a_higher_grade_joins(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(8)))
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(8, 15)))
    desk.tell(line("v15", YELLOW))
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(20, 25)))
    assert told(desk.sent) == [
        ("bo", Act.ALERT, YELLOW, 8),
        ("bo", Act.UPDATE, YELLOW, 16),
        ("bo", Act.UPDATE, ORANGE, 21),
    ]
    assert len({d.incident for d in desk.sent}) == 1


def test_red_collapses_only_if_it_is_half_of_all_that_the_rule_is_judged_for(desk: Desk) -> None:
    """The rule has 43 subjects: 21 reds are a catastrophe, 22 are every other place."""
    assert {d.recipient for d in desk.tell(*(line(f"v{n}", RED) for n in range(21)))} == {"ana"}
    assert told(desk.tell(line("v21", RED))) == [("bo", Act.ALERT, RED, 1)]


def flood(desk: Desk, count: int = 8) -> Proposal:
    """One that is over, with all its warnings open and nobody's decision."""
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(count)))
    assert desk.at(NOON + 11 * MINUTE) == []
    [proposal] = find(desk.outbox._connection, "state = 'waiting'")
    return proposal


def act(desk: Desk, action: Action, user: str = "lin") -> Answer:
    position = desk.outbox.position + 1
    desk.outbox.commit(position, [])
    return desk.outbox.act(position, desk.now, Taken(user, f"account:{user}", action))


def open_notices(desk: Desk) -> int:
    (count,) = desk.outbox._connection.execute(
        "SELECT count(*) FROM incidents WHERE hazard = 'system' AND closed IS NULL"
    ).fetchone()
    return int(count)


def test_what_is_open_when_the_flood_is_over_stays_untold_until_it_clears(desk: Desk) -> None:
    flood(desk)
    assert desk.at(NOON + 10 * HOUR) == []
    clears = [line(f"v{n}", None, ORANGE, ordinal=1, at=desk.now) for n in range(8)]
    assert desk.tell(*clears[:7]) == []
    assert open_notices(desk) == 1
    assert told(desk.tell(clears[7])) == [("bo", Act.CLEAR, None, 8)]
    assert open_notices(desk) == 0
    assert find(desk.outbox._connection, "state = 'waiting'") == []
    assert accounted(desk.outbox) == Account(single=0, digested=0, noticed=8, waiting=0, untold=0)


def test_one_command_lets_all_of_it_out_through_the_budgets(outbox: Outbox) -> None:
    tight = Budgets(messages=2, warnings=5)
    desk = Desk(outbox, router(*PUBLIC, DUTY, budgets=tight))
    proposal = flood(desk)
    answer = act(desk, Release(proposal.incident, proposal.revision, proposal.hash))
    assert answer == Answer(True, "released no. 0, orange, 8 warnings that were collapsed")
    sent = desk.work()
    assert ("bo", Act.CLEAR, None, 8) in told(sent)
    assert Counter(d.bulletin.act for d in sent if d.recipient == "ana") == {Act.ALERT: 2, Act.DIGEST: 6}
    assert accounted(outbox) == Account(single=2, digested=6, noticed=0, waiting=0, untold=0)


def test_refused_it_is_silent_and_asked_for_no_more(desk: Desk) -> None:
    proposal = flood(desk)
    refused = act(desk, Refuse(proposal.incident, proposal.revision, "a wrong rule"))
    assert refused == Answer(True, "no. 0: 8 warnings stay untold until they clear")
    assert desk.work() == []
    assert desk.at(NOON + 48 * HOUR) == []
    assert not unreached(desk.outbox._connection, desk.now)
    desk.tell(*(line(f"v{n}", None, ORANGE, ordinal=1, at=desk.now) for n in range(8)))
    assert open_notices(desk) == 0


def test_what_rises_after_the_flood_is_told(desk: Desk) -> None:
    flood(desk)
    assert told(desk.tell(line("v30", ORANGE, at=desk.now))) == [("ana", Act.ALERT, ORANGE, 1)]
    assert told(desk.tell(line("v3", RED, ORANGE, ordinal=1, at=desk.now))) == [("ana", Act.ALERT, RED, 1)]


def test_what_rises_while_a_flood_that_was_let_out_goes_on_is_told(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(8)))
    [proposal] = find(desk.outbox._connection, "state = 'waiting'")
    assert act(desk, Release(proposal.incident, proposal.revision, proposal.hash)).done
    desk.work()
    assert told(desk.tell(line("v30", ORANGE))) == [("ana", Act.ALERT, ORANGE, 1)]


def test_a_release_is_of_what_was_collapsed_when_it_was_looked_at(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(8)))
    [before] = find(desk.outbox._connection, "state = 'waiting'")
    desk.tell(line("v8", ORANGE))
    stale = act(desk, Release(before.incident, before.revision, before.hash))
    assert not stale.done
    assert "look at it again" in stale.said
    [after] = find(desk.outbox._connection, "state = 'waiting'")
    assert act(desk, Release(after.incident, after.revision, after.hash)).done


def test_undecided_it_is_listed_with_how_many_are_untold_and_proposed_anew(desk: Desk) -> None:
    proposal = flood(desk)
    [listed] = unreached(desk.outbox._connection, desk.now)
    assert (listed.why, listed.incident) == (Why.UNDECIDED, proposal.incident)
    assert listed.detail == "no. 0: 8 warnings of rain are collapsed and told to nobody"
    assert told(desk.at(NOON + 25 * HOUR)) == [("bo", Act.UPDATE, ORANGE, 8)]
    states = [p.state for p in find(desk.outbox._connection, "true")]
    assert states == [Decision.EXPIRED, Decision.WAITING]


def test_whoever_answers_for_its_zones_is_asked_level_by_level(outbox: Outbox) -> None:
    lin = Person(id="lin", name={}, phone="+8610000000003", languages=("en",))
    levels = tuple(
        Level(zones=frozenset({zone}), people=(person,), channels=("sms",), file="r", line=1)
        for zone, person in (("east", lin), ("west", BO), ("district", ANA))
    )
    desk = Desk(outbox, router(*PUBLIC, DUTY, budgets=BUDGETS, levels=levels))
    sent = desk.tell(*(line(f"v{n}", ORANGE) for n in range(15, 25)))
    asked = [d for d in sent if d.bulletin.act is Act.REQUEST]
    assert {d.recipient for d in asked} == {"lin", "bo"}
    assert "10 warnings are told by this notice alone" in asked[0].text["en"]
    assert [d.recipient for d in desk.at(NOON + 2 * MINUTE)] == ["ana"]
    assert desk.at(NOON + HOUR) == []


def test_a_notice_is_not_cancelled(desk: Desk) -> None:
    assert not act(desk, Cancel(flood(desk).incident, "wrong")).done


def test_a_rule_may_flood_again_at_the_instant_its_flood_is_over(desk: Desk) -> None:
    first = flood(desk)
    again = [line(f"v{n}", YELLOW, rule="rain-fast", at=desk.now) for n in range(8)]
    desk.tell(*again)
    desk.tell(*(line(f"v{n}", ORANGE, at=desk.now) for n in range(20, 28)))
    waiting = find(desk.outbox._connection, "state = 'waiting'")
    assert len({p.incident for p in waiting}) == 3
    assert first.incident in {p.incident for p in waiting}


def test_a_flood_that_goes_on_goes_on(desk: Desk) -> None:
    for n in range(30):
        desk.at(NOON + n * MINUTE)
        desk.tell(line(f"v{n}", ORANGE, at=desk.now))
    assert [d.recipient for d in desk.sent if d.recipient == "ana"] == ["ana"] * 4
    assert not any(d.bulletin.act is Act.CLEAR for d in desk.sent)


def test_nothing_collapses_when_there_is_nobody_to_notify(outbox: Outbox) -> None:
    desk = watched(outbox, *PUBLIC)
    assert {d.recipient for d in desk.tell(*(line(f"v{n}", ORANGE) for n in range(10)))} == {"ana"}


def test_what_a_person_raises_never_collapses(outbox: Outbox) -> None:
    desk = Desk(outbox, router(*PUBLIC, DUTY, budgets=BUDGETS, rules=("by-hand",)))
    sent = desk.tell(*(line(f"v{n}", ORANGE, rule="by-hand") for n in range(10)))
    assert {d.recipient for d in sent} == {"ana"}


def test_what_collapsed_is_marked_and_listed(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(6)))
    with desk.outbox.transaction() as connection:
        [flood] = summaries(connection)
        shed = collapsed(connection, flood)
        marked = connection.execute("SELECT DISTINCT routed FROM transitions").fetchall()
    assert [(s.warning, s.grade) for s in shed] == [(f"rain-v{n}", ORANGE) for n in range(6)]
    assert marked == [("flooding",)]


def test_doubtful_warnings_of_a_flood_collapse_too(desk: Desk) -> None:
    doubtful = Disposition.REVIEW
    sent = desk.tell(*(line(f"v{n}", ORANGE, disposition=doubtful) for n in range(6)))
    assert told(sent) == [("bo", Act.ALERT, ORANGE, 6)]


def test_what_is_shed_is_counted_and_sums_up(outbox: Outbox) -> None:
    tight = Budgets(messages=2, warnings=5)
    desk = Desk(outbox, router(*PUBLIC, DUTY, budgets=tight))
    desk.tell(*(line(f"v{n}", YELLOW, rule="river") for n in range(4)))
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(8)), line("v0", None, ORANGE, ordinal=1))
    with outbox.transaction() as connection:
        found = shedding(connection, NOON)
        [digest], [notice] = found.digests, found.floods
        assert [len(shed(connection, one.id)) for one in (digest, notice)] == [2, 8]
    assert (digest.recipient, digest.place, digest.incidents, digest.warnings) == ("ana", "east", 2, 2)
    assert (notice.rule, notice.collapsed, notice.untold, notice.decision) == ("rain", 8, 7, "waiting")
    [counted] = found.accounts
    assert counted.account == Account(single=2, digested=2, noticed=8, waiting=0, untold=0)
    assert counted.warnings == 12


def test_what_collapsed_and_rises_with_the_flood_stays_collapsed_whole(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(8)))
    desk.tell(*(line(f"v{n}", ORANGE, YELLOW, ordinal=1) for n in range(8)))
    assert {d.recipient for d in desk.sent} == {"bo"}
    assert told(desk.tell(line("v3", BLUE, rule="rain-fast"))) == [("ana", Act.ALERT, BLUE, 2)]


def test_nothing_collapses_when_whoever_would_be_notified_waits_for_a_release(outbox: Outbox) -> None:
    desk = watched(outbox, *PUBLIC, replace(DUTY, approval=True))
    assert {d.recipient for d in desk.tell(*(line(f"v{n}", ORANGE) for n in range(10)))} == {"ana"}


def test_a_notice_that_rises_to_a_higher_grade_is_put_before_people_anew(outbox: Outbox) -> None:
    levels = (Level(zones=frozenset({"east"}), people=(ANA,), channels=("sms",), file="r", line=1),)
    desk = Desk(outbox, router(DUTY, budgets=BUDGETS, levels=levels))
    asked = [d.grade for d in desk.tell(*(line(f"v{n}", YELLOW) for n in range(8))) if d.recipient == "ana"]
    asked += [
        d.grade
        for d in desk.tell(*(line(f"v{n}", ORANGE, YELLOW, ordinal=1) for n in range(8)))
        if d.recipient == "ana"
    ]
    assert asked == [YELLOW, ORANGE]
    [proposal] = find(outbox._connection, "state = 'waiting'")
    assert proposal.grade is ORANGE
