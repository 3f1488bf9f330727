"""All that the outbox holds of one warning: lines, deliveries, proposals, shelves, whoever was asked."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge, Refuse, Shelve, Unshelve
from notifiers.outbox import Outbox
from notifiers.outbox.desk import Desk
from notifiers.outbox.dossier import Dossier
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers import town
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, turn

BY = router(route(ANA, BO))
NUMBER = "5f2a9c0e"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox.open(tmp_path / "outbox.db", Realm.DRILL)) as found:
        yield found


def dossiers(path: Path, number: str = NUMBER, now: int = START + HOUR) -> list[Dossier]:
    with closing(Desk.reading(path / "outbox.db")) as desk:
        return desk.dossiers(number, now)


def test_lines_bulletins_and_deliveries_are_in_order_with_what_became_of_each(
    outbox: Outbox, tmp_path: Path
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    commit(outbox, BY, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=START + 1), now=START + 1)
    [found] = dossiers(tmp_path)

    assert [(told.line.after, told.routed) for told in found.lines] == [
        (Grade.ORANGE, "told"),
        (Grade.RED, "told"),
    ]
    assert [issued.bulletin.grade for issued in found.bulletins] == [Grade.ORANGE, Grade.RED]
    assert [str(sent.progress.state) for sent in found.deliveries] == ["accepted"] * 2 + ["queued"] * 2
    assert {sent.progress.why for sent in found.deliveries} == {"routes.yaml:1"}


def test_other_warnings_of_the_incident_are_named_and_each_has_its_own_lines(
    outbox: Outbox, tmp_path: Path
) -> None:
    commit(outbox, BY, raised())
    commit(outbox, BY, raised(warning="77770000", after=Grade.BLUE))
    [found] = dossiers(tmp_path, "7777")

    assert found.incident is not None
    assert (found.incident.id, [told.line.after for told in found.lines]) == (NUMBER, [Grade.BLUE])
    assert [(other.warning, other.grade) for other in found.others] == [(NUMBER, Grade.ORANGE)]


def test_a_line_that_is_not_routed_yet_is_a_dossier_without_an_incident(
    outbox: Outbox, tmp_path: Path
) -> None:
    outbox.commit(1, [raised()])
    [found] = dossiers(tmp_path)

    assert (found.incident, found.lines[0].routed, found.deliveries) == (None, "", [])


def test_what_waited_for_a_person_and_who_decided(outbox: Outbox, tmp_path: Path) -> None:
    commit(outbox, router(route(ANA, approval=True)), raised())
    act(outbox, Refuse(NUMBER, 0, "a test of the gauge"), "wei", START + MINUTE)
    [found] = dossiers(tmp_path)

    [proposal] = found.proposals
    assert (proposal.decided_by, proposal.reason) == ("wei", "a test of the gauge")
    assert found.lines[0].routed == "review"
    assert [record.what for record in found.audit][-1] == "action"


def test_shelves_of_its_time_are_part_of_it_and_those_of_another_are_not(
    outbox: Outbox, tmp_path: Path
) -> None:
    act(outbox, Shelve("sensor", "riverside", "long ago", START + MINUTE))
    act(outbox, Unshelve(1), at=START)
    act(outbox, Shelve("sensor", "hillside", "elsewhere", START + 2 * HOUR))
    act(outbox, Shelve("rule", "river", "works", START + 2 * HOUR))
    commit(outbox, BY, raised(at=START + 5 * MINUTE), now=START + 5 * MINUTE)
    [found] = dossiers(tmp_path)

    assert [(shelf.scope, shelf.reason) for shelf in found.shelves] == [("rule", "works")]
    assert [did.action for did in found.actions] == [Shelve("rule", "river", "works", START + 2 * HOUR)]
    assert found.lines[0].routed == "shelved"


def test_who_answered_what_they_typed_and_what_was_refused(outbox: Outbox, tmp_path: Path) -> None:
    commit(outbox, BY, raised())
    act(outbox, Acknowledge("5f2a"), "ana", START + MINUTE)
    act(outbox, Acknowledge(NUMBER), "bo", START + 2 * MINUTE)
    act(outbox, Acknowledge("dead"), "bo", START + 3 * MINUTE)
    [found] = dossiers(tmp_path)

    assert [(did.user, did.done) for did in found.actions] == [("ana", True), ("bo", False)]
    assert [(stage.stage, stage.user) for stage in found.stages] == [("acknowledged", "ana")]
    assert [record.user for record in found.audit if record.what == "action"] == ["ana", "bo"]


def test_nobody_answering_shows_deadlines_escalations_and_who_is_unreached(
    outbox: Outbox, tmp_path: Path
) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    turn(outbox, BY, START + 20 * MINUTE)
    [found] = dossiers(tmp_path, now=START + 20 * MINUTE)

    assert {deadline.stage for deadline in found.deadlines} == {"acknowledged", "arrived", "handled"}
    assert {(sent.progress.delivery.recipient, sent.step) for sent in found.deliveries} >= {("lin", 1)}
    assert "unanswered" in {str(unreached.why) for unreached in found.unreached}


def test_what_only_a_notice_tells_of_names_it_and_what_a_digest_tells_of_names_that(
    outbox: Outbox, tmp_path: Path
) -> None:
    budgets = town.Budgets(messages=2, warnings=5)
    desk = town.Desk(outbox, town.router(budgets=budgets))
    desk.tell(*(town.line(f"v{n}", Grade.ORANGE) for n in range(40)))
    desk.tell(*(town.line(f"v{n}", Grade.BLUE, rule="fire", at=town.NOON + n) for n in range(4)))
    [collapsed] = dossiers(tmp_path, "rain-v7", town.NOON)
    [digested] = dossiers(tmp_path, "fire-v3", town.NOON)

    assert collapsed.collapsed is not None
    assert (collapsed.collapsed.rule, collapsed.lines[0].routed) == ("rain", "flooding")
    assert [digest.recipient for digest in digested.digests] == ["ana"]
    assert dossiers(tmp_path, collapsed.collapsed.notice)[0].bulletins != []


def test_the_beginning_of_an_id_finds_all_that_begin_like_it(outbox: Outbox, tmp_path: Path) -> None:
    commit(outbox, BY, raised(), raised(warning="5f2a0000", subject="hut"))

    assert {found.warning for found in dossiers(tmp_path, "5f2a")} == {NUMBER, "5f2a0000"}
    assert dossiers(tmp_path, "5f2") == dossiers(tmp_path, "dead") == []
    assert [found.warning for found in dossiers(tmp_path, NUMBER)] == [NUMBER]


def test_shelves_and_lines_are_found_by_instant(outbox: Outbox, tmp_path: Path) -> None:
    act(outbox, Shelve("zone", "town", "works", START + HOUR))
    commit(outbox, BY, raised(at=START + MINUTE), now=START + MINUTE)
    names = {"zone": ["riverside", "town"], "rule": ["river"]}
    with closing(Desk.reading(tmp_path / "outbox.db")) as desk:
        up = [bool(desk.shelves_at(at, names)) for at in (START - 1, START, START + HOUR)]
        lines = [desk.last_line("river", "riverside", at) for at in (START, START + MINUTE)]

    assert up == [False, True, False]
    assert [line and line.after for line in lines] == [None, Grade.ORANGE]
