"""What is told to nobody for a while, and is told again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Agree, Answer, Shelve, Unshelve
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.proposals import waiting
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, START, act, commit, raised, route, router, send, told, turn

BY = router(route(ANA))
UNTIL = START + 8 * HOUR


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    yield opened
    assert verify(opened._connection) is None
    opened.close()


@pytest.mark.parametrize(
    ("scope", "name", "hides"),
    [
        ("zone", "riverside", True),
        ("zone", "town", True),
        ("zone", "hillside", False),
        ("rule", "river", True),
        ("rule", "rain", False),
        ("sensor", "riverside", True),
        ("sensor", "hillside", False),
    ],
)
def test_a_sensor_a_rule_and_a_zone_with_what_lies_in_it_are_told_to_nobody(
    outbox: Outbox, scope: str, name: str, hides: bool
) -> None:
    act(outbox, Shelve(scope, name, "works", UNTIL))  # type: ignore[arg-type]
    commit(outbox, BY, raised())
    assert told(send(outbox)) == ([] if hides else [("ana", "alert", "orange")])
    [routed] = [r for (r,) in outbox._connection.execute("SELECT routed FROM transitions")]
    assert routed == ("shelved" if hides else "told")


def test_red_is_told_all_the_same_unless_two_persons_want_it_hidden(outbox: Outbox) -> None:
    shelf = act(outbox, Shelve("zone", "town", "drill", UNTIL, red=True))
    assert "red is told until a second person agrees: tocsin agree 1" in shelf.said
    commit(outbox, BY, raised(after=Grade.RED))
    assert told(send(outbox)) == [("ana", "alert", "red")]
    assert act(outbox, Agree(1), "lin") == Answer(
        False, "you put it up yourself: a second person has to agree"
    )
    assert act(outbox, Agree(1), "wei") == Answer(True, "shelf 1 now hides red as well")
    commit(outbox, BY, raised(after=Grade.RED, subject="hillside", warning="77aa0000"))
    assert send(outbox) == []


def test_a_person_agrees_once_and_only_to_what_hides_red(outbox: Outbox) -> None:
    act(outbox, Shelve("rule", "rain", "works", UNTIL))
    act(outbox, Shelve("rule", "river", "works", UNTIL, red=True))
    assert act(outbox, Agree(1), "wei") == Answer(False, "shelf 1 hides no red: nobody has to agree")
    assert act(outbox, Agree(2), "wei").done
    assert act(outbox, Agree(2), "mayor") == Answer(False, "wei has agreed to shelf 2 already")
    assert act(outbox, Agree(9), "wei") == Answer(False, "there is no shelf 9, or it is over")


@pytest.mark.parametrize("by_hand", [True, False])
def test_at_its_end_what_is_still_open_is_told(outbox: Outbox, by_hand: bool) -> None:
    act(outbox, Shelve("rule", "river", "works", START + HOUR))
    commit(outbox, BY, raised())
    assert outbox.due(START) == START + HOUR
    end = START + MINUTE if by_hand else START + HOUR
    if by_hand:
        assert act(outbox, Unshelve(1), "wei", end).done
    turn(outbox, BY, end)
    assert told(send(outbox, end)) == [("ana", "alert", "orange")]
    assert act(outbox, Unshelve(1)) == Answer(False, "there is no shelf 1, or it is over")


def test_what_ended_meanwhile_is_told_to_nobody(outbox: Outbox) -> None:
    act(outbox, Shelve("rule", "river", "works", START + HOUR))
    commit(outbox, BY, raised())
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    turn(outbox, BY, START + HOUR)
    assert send(outbox, START + HOUR) == []


def test_who_was_told_before_hears_of_the_end_but_of_no_end_that_did_not_happen(outbox: Outbox) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    act(outbox, Shelve("rule", "river", "works", UNTIL))
    turn(outbox, BY, START)
    assert send(outbox) == []
    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)
    assert told(send(outbox, START + 1)) == [("ana", "clear", "")]


def test_nobody_is_asked_to_release_what_is_hidden(outbox: Outbox) -> None:
    commit(outbox, BY, raised(review=True))
    assert waiting(outbox._connection, "5f2a9c0e")
    act(outbox, Shelve("rule", "river", "works", START + HOUR))
    turn(outbox, BY, START)
    assert waiting(outbox._connection, "5f2a9c0e") == []
    assert send(outbox) == []
    turn(outbox, BY, START + HOUR)
    assert waiting(outbox._connection, "5f2a9c0e")


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (Shelve("rule", "river", "works", START), "it would be over already: give a later end"),
        (Shelve("rule", "river", " ", UNTIL), "say why: what is hidden must have a reason"),
    ],
)
def test_a_shelf_has_a_reason_and_an_end_to_come(outbox: Outbox, shelf: Shelve, said: str) -> None:
    assert act(outbox, shelf) == Answer(False, said)
    assert outbox.due(START - 1) is None


def test_nobody_is_asked_to_release_a_red_that_two_persons_hide(outbox: Outbox) -> None:
    commit(outbox, BY, raised(after=Grade.RED, review=True))
    assert act(outbox, Shelve("rule", "river", "works", UNTIL, red=True)).done
    turn(outbox, BY, START)
    assert waiting(outbox._connection, "5f2a9c0e")
    assert act(outbox, Agree(outbox.position), "wei").done
    turn(outbox, BY, START)
    assert waiting(outbox._connection, "5f2a9c0e") == []
