"""The outbox: nothing lost, nothing twice, nothing backwards."""

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE
from ingest.registry import Registry, Zone
from notifiers.contacts import Person
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outbox.reader import OutboxReader
from notifiers.outbox.schema import OutboxError
from notifiers.outcome import Rejected, Retry, Sent
from notifiers.routes import Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

START = 1_528_060_200_000
ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))
BO = Person(id="bo", name={"en": "Bo"}, phone="+8610000000002", languages=("zh", "en"))


def route(grades: list[Grade], people: tuple[Person, ...], horns: bool = False) -> Route:
    return Route(
        hazard="*",
        grades=frozenset(grades),
        zones=frozenset(),
        people=people,
        horns=horns,
        channels=("sms", "loudspeaker") if horns else ("sms",),
        file="routes.yaml",
        line=1,
    )


def router(*routes: Route) -> Router:
    zone = Zone(id="z", name={"en": "Z"}, parent=None, code="", polygon=(), horns=("horn-z-1",))
    return Router(Routes(routes=routes), Registry.of([], {"z": zone}), [], UTC)


EVERYONE = router(route(list(Grade), (ANA, BO)))


def transition(
    ordinal: int = 0,
    before: Grade | None = None,
    after: Grade | None = Grade.ORANGE,
    *,
    warning: str = "w1",
    at: int = START,
    disposition: Disposition = Disposition.AUTO,
) -> Transition:
    return Transition(
        at=at,
        rule="rainstorm",
        # A zone of its own for each other warning: one hazard in one zone is told as one.
        subject="z" if warning == "w1" else warning,
        warning=warning,
        ordinal=ordinal,
        before=before,
        after=after,
        disposition=disposition,
        reason="raised",
        evidence={"text": "sum(rain, 3h) = 57.8 mm >= 50 mm ✓", "coverage": 0.9},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(path, Realm.DRILL)
    yield opened
    opened.close()


@contextmanager
def one_disk_wait(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outbox]:
    """An outbox whose work is committed once: for examples by the dozen."""
    outbox = Outbox.open(tmp_path_factory.mktemp("outbox") / "outbox.sqlite", Realm.LIVE)
    with outbox.transaction():
        yield outbox
    outbox.close()


def tell(outbox: Outbox, *transitions: Transition, by: Router = EVERYONE, now: int = START) -> list[Delivery]:
    """Commit, route and accept everything that is to be sent by SMS."""
    outbox.commit(outbox.position + 1, transitions)
    outbox.route(by, now)
    deliveries = outbox.claim("sms", now, 100)
    for delivery in deliveries:
        outbox.settle(delivery.key, Sent("p"), now)
    return deliveries


def states(outbox: Outbox) -> list[tuple[str, Grade | None, State]]:
    return sorted(
        (p.delivery.recipient, p.delivery.grade, p.state) for p in outbox.story("w1") if p.delivery.recipient
    )


def test_transitions_and_position_come_back_as_committed_after_reopening(path: Path) -> None:
    first, second = transition(), transition(1, Grade.ORANGE, Grade.RED, at=START + MINUTE)
    outbox = Outbox.open(path, Realm.LIVE)
    assert outbox.commit(7, [first, second]) == []
    outbox.close()

    reopened = Outbox.open(path, Realm.LIVE)
    assert reopened.position == 7
    assert [t for _, t in reopened.transitions()] == [first, second]
    assert reopened.open_warnings() == [second]
    reopened.close()


def test_a_commit_that_fails_half_way_leaves_neither_transitions_nor_position(outbox: Outbox) -> None:
    unwritable = replace(transition(warning="w2"), evidence={"text": object()})
    with pytest.raises(TypeError):
        outbox.commit(9, [transition(), unwritable])
    assert outbox.position == 0
    assert outbox.transitions() == []


def test_a_full_disk_fails_the_commit_and_nothing_else(outbox: Outbox) -> None:
    storm = [transition(warning=f"w{i}") for i in range(300)]
    with outbox.transaction() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        outbox.commit(5, storm)
    assert (outbox.position, outbox.transitions()) == (0, [])
    connection.execute("PRAGMA max_page_count = 1000000")
    assert outbox.commit(5, storm) == []
    assert (outbox.position, len(outbox.transitions())) == (5, 300)


def test_replaying_the_same_transition_changes_nothing(outbox: Outbox) -> None:
    assert len(tell(outbox, transition())) == 2
    assert outbox.commit(1, [transition()]) == []
    outbox.route(EVERYONE, START)
    assert outbox.claim("sms", START, 10) == []
    assert len(outbox.transitions()) == 1


def test_a_replayed_transition_that_differs_is_a_fault_and_the_record_stands(outbox: Outbox) -> None:
    outbox.commit(1, [transition()])
    [fault] = outbox.commit(1, [transition(after=Grade.RED)])
    assert (fault.warning, fault.ordinal) == ("w1", 0)
    assert b'"to":"orange"' in fault.recorded
    assert b'"to":"red"' in fault.offered
    assert outbox.open_warnings() == [transition()]
    assert outbox.faults() == [fault]


def test_position_never_goes_back(outbox: Outbox) -> None:
    outbox.commit(9, [])
    outbox.commit(4, [])
    assert outbox.position == 9


def test_a_file_of_another_realm_is_refused(path: Path) -> None:
    Outbox.open(path, Realm.LIVE).close()
    with pytest.raises(OutboxError, match="holds the realm live, not drill"):
        Outbox.open(path, Realm.DRILL)


def test_another_thread_or_process_reads_while_the_outbox_is_written(outbox: Outbox, path: Path) -> None:
    tell(outbox, transition())
    reader = OutboxReader.reading(path)
    assert reader.open_warnings() == [transition()]
    assert reader.counts() == {"sms": {State.ACCEPTED: 2}}
    assert {p.delivery.recipient for p in reader.recent()} == {"ana", "bo"}
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM deliveries")
    reader.close()


def test_each_recipient_gets_their_own_languages_and_a_key_that_depends_on_nothing_else(
    outbox: Outbox, tmp_path: Path
) -> None:
    told = {d.recipient: d for d in tell(outbox, transition())}
    assert list(told["ana"].text) == ["en"]
    assert list(told["bo"].text) == ["zh", "en"]
    other = Outbox.open(tmp_path / "other.sqlite", Realm.LIVE)
    again = {d.recipient: d.key for d in tell(other, transition(), now=START + HOUR)}
    other.close()
    assert again == {recipient: d.key for recipient, d in told.items()}
    assert len(set(again.values())) == 2


def test_red_is_routed_and_claimed_before_everything_that_came_earlier(outbox: Outbox) -> None:
    blue = [transition(after=Grade.BLUE, warning=f"b{i}") for i in range(20)]
    outbox.commit(1, [*blue, transition(after=Grade.RED, warning="r")])
    assert outbox.route(EVERYONE, START, limit=1) == 1
    assert [d.warning for d in outbox.claim("sms", START, 9)] == ["r", "r"]
    while outbox.route(EVERYONE, START, limit=3):
        pass
    assert {d.grade for d in outbox.claim("sms", START, 9)} == {Grade.BLUE}


def test_red_is_claimed_before_blue_that_has_been_waiting(outbox: Outbox) -> None:
    outbox.commit(1, [transition(after=Grade.BLUE, warning=f"b{i}") for i in range(20)])
    outbox.route(EVERYONE, START)
    outbox.commit(2, [transition(after=Grade.RED, warning="r", at=START + 1)])
    outbox.route(EVERYONE, START + 1)
    assert [d.warning for d in outbox.claim("sms", START + 1, 2)] == ["r", "r"]


def test_only_the_last_line_of_an_instant_is_told(outbox: Outbox) -> None:
    told = tell(outbox, transition(), transition(1, Grade.ORANGE, Grade.RED))
    assert [d.grade for d in told] == [Grade.RED, Grade.RED]


def test_a_doubtful_grade_holds_back_only_itself(outbox: Outbox) -> None:
    """Orange goes out by itself, red of the same instant awaits a person."""
    red = transition(1, Grade.ORANGE, Grade.RED, disposition=Disposition.REVIEW)
    told = tell(outbox, transition(), red)
    assert [d.grade for d in told] == [Grade.ORANGE, Grade.ORANGE]
    assert outbox.awaiting() == [red]


def test_a_grade_that_no_longer_needs_a_person_is_told_then(outbox: Outbox) -> None:
    review = transition(disposition=Disposition.REVIEW)
    assert tell(outbox, review) == []
    assert len(tell(outbox, transition(1, Grade.ORANGE, Grade.ORANGE, at=START + MINUTE))) == 2
    assert outbox.awaiting() == []


def test_downgrade_and_clear_go_only_to_those_who_were_told(outbox: Outbox) -> None:
    by = router(route([Grade.RED], (ANA,)), route([Grade.YELLOW], (BO,)))
    tell(outbox, transition(after=Grade.RED), by=by)
    lowered = tell(outbox, transition(1, Grade.RED, Grade.YELLOW, at=START + 1), by=by)
    cleared = tell(outbox, transition(2, Grade.YELLOW, None, at=START + 2), by=by)
    assert [(d.recipient, d.grade) for d in lowered] == [("ana", Grade.YELLOW)]
    assert [(d.recipient, d.grade) for d in cleared] == [("ana", None)]
    assert outbox.unrouted() == []


def test_a_clear_tells_nobody_when_the_alert_was_never_sent(outbox: Outbox) -> None:
    outbox.commit(1, [transition()])
    outbox.route(EVERYONE, START)
    assert tell(outbox, transition(1, Grade.ORANGE, None, at=START + 1)) == []
    assert {state for _, _, state in states(outbox)} == {State.WITHDRAWN}


def test_an_upgrade_supersedes_what_is_still_queued(outbox: Outbox) -> None:
    outbox.commit(1, [transition()])
    outbox.route(EVERYONE, START)
    told = tell(outbox, transition(1, Grade.ORANGE, Grade.RED, at=START + 1))
    assert [d.grade for d in told] == [Grade.RED, Grade.RED]
    assert ("ana", Grade.ORANGE, State.SUPERSEDED) in states(outbox)


def test_a_clear_waits_for_the_alert_that_is_being_sent(outbox: Outbox) -> None:
    by = router(route(list(Grade), (ANA,)))
    outbox.commit(1, [transition()])
    outbox.route(by, START)
    [alert] = outbox.claim("sms", START, 9)
    outbox.commit(2, [transition(1, Grade.ORANGE, None, at=START + 1)])
    outbox.route(by, START + 1)
    assert outbox.claim("sms", START + 1, 9) == []
    outbox.settle(alert.key, Sent("p"), START + 2)
    [clear] = outbox.claim("sms", START + 2, 9)
    assert clear.grade is None


def test_a_retry_of_an_overtaken_alert_is_not_sent(outbox: Outbox) -> None:
    by = router(route(list(Grade), (ANA,)))
    outbox.commit(1, [transition()])
    outbox.route(by, START)
    [orange] = outbox.claim("sms", START, 9)
    outbox.commit(2, [transition(1, Grade.ORANGE, Grade.RED, at=START + 1)])
    outbox.route(by, START + 1)
    outbox.settle(orange.key, Retry(0, "busy"), START + 2)
    [red] = outbox.claim("sms", START + 2, 9)
    assert red.grade is Grade.RED
    assert ("ana", Grade.ORANGE, State.SUPERSEDED) in states(outbox)


def test_a_grade_that_reaches_nobody_is_listed(outbox: Outbox) -> None:
    by = router(route([Grade.RED], (ANA,)))
    assert tell(outbox, transition(), by=by) == []
    assert outbox.unrouted() == [transition()]


def test_a_rejected_delivery_has_failed_for_good_and_its_recipient_hears_of_no_clear(outbox: Outbox) -> None:
    outbox.commit(1, [transition()])
    outbox.route(router(route(list(Grade), (ANA,))), START)
    [delivery] = outbox.claim("sms", START, 9)
    outbox.settle(delivery.key, Rejected("no such number"), START)
    assert outbox.claim("sms", START + HOUR - 1, 9) == []
    assert outbox.recent()[0].detail == "no such number"
    assert tell(outbox, transition(1, Grade.ORANGE, None, at=START + 1)) == []


def test_what_was_claimed_when_the_process_died_is_sent_by_the_next_one(path: Path) -> None:
    dying = Outbox.open(path, Realm.LIVE)
    dying.commit(1, [transition()])
    dying.route(router(route(list(Grade), (ANA,))), START)
    [delivery] = dying.claim("sms", START, 9)
    dying.close()

    outbox = Outbox.open(path, Realm.LIVE)
    [again] = outbox.claim("sms", START, 9)
    assert (again.key, again.attempt) == (delivery.key, 2)
    outbox.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([None, *Grade]), min_size=1, max_size=6), st.data())
def test_whatever_happens_everyone_reached_ends_knowing_the_last_grade(
    tmp_path_factory: pytest.TempPathFactory, grades: list[Grade | None], data: st.DataObject
) -> None:
    """Over random ladders and gateway failures, once every gateway works again."""
    ladder = [Grade.BLUE, *(g for g in grades if g is not None), None]
    ladder = [grade for grade, _ in itertools.groupby(ladder)]
    with one_disk_wait(tmp_path_factory) as outbox:
        last = heard(outbox, ladder, data)
    for told in last.values():
        assert not told or told[-1] is None
        assert all(a != b for a, b in itertools.pairwise(told))


def heard(outbox: Outbox, ladder: list[Grade | None], data: st.DataObject) -> dict[str, list[Grade | None]]:
    """What each recipient was sent by a gateway that works now and then, and always at the end."""
    last: dict[str, list[Grade | None]] = {"ana": [], "bo": []}
    for ordinal, (before, after) in enumerate(itertools.pairwise([None, *ladder])):
        now = START + ordinal * MINUTE
        outbox.commit(ordinal, [transition(ordinal, before, after, at=now)])
        outbox.route(EVERYONE, now)
        for delivery in outbox.claim("sms", now, 9):
            works = after is None or data.draw(st.booleans())
            outbox.settle(delivery.key, Sent("p") if works else Retry(0, "down"), now)
            if works:
                last[delivery.recipient].append(delivery.grade)
    return last
