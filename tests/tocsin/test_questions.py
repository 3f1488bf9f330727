"""What the desk is asked, and answers from the outbox and the daemon, as plain JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge, Cancel, Raise, Shelve
from notifiers.outbox.desk import Acted
from notifiers.outcome import Rejected
from rules.grade import Grade
from tests.notifiers.duty import START, commit, raised, send, turn
from tests.tocsin.bureau import BY, CONTACTS, LIN, WU, Bureau, opened
from tocsin.desk import Question, Request
from tocsin.desk.questions import ALL, _approvers, plain


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Bureau]:
    found = opened(tmp_path)
    yield found
    found.outbox.close()


async def ask(at: Bureau, question: str, since: int = 0, about: str = "") -> Any:
    found = await at.questions().answer(Request(ask=question, since=since, about=about), LIN)
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    return found


async def test_a_question_that_is_not_known_names_those_that_are(at: Bureau) -> None:
    with pytest.raises(Question) as raised_:
        await ask(at, "weather")

    assert all(known in str(raised_.value) for known in ALL)


async def test_whoever_asks_is_told_that_the_outbox_cannot_be_read(at: Bureau, tmp_path: Path) -> None:
    at.state = tmp_path / "elsewhere"

    with pytest.raises(Question, match="cannot be looked into"):
        await ask(at, "status")


@pytest.mark.parametrize("question", sorted(ALL))
async def test_every_question_has_an_answer_even_when_nothing_happened(at: Bureau, question: str) -> None:
    assert await ask(at, question) is not None


async def test_status_shows_the_daemon_the_incidents_and_who_is_on_duty(at: Bureau) -> None:
    at.told()
    at.act(Acknowledge("5f2a9c0e"))
    found = await ask(at, "status")

    [incident] = found["incidents"]
    assert (found["realm"], found["problems"]) == ("drill", {"broker": "away"})
    assert (incident["announced"], incident["stage"], incident["by"]) == ("orange", "acknowledged", "lin")
    assert incident["deliveries"] == {"accepted": 1}
    assert found["duty"] == [{"roster": "nights", "on": ["lin"], "until": START + 7 * HOUR, "next": ["wu"]}]


async def test_who_is_on_duty_follows_the_clock(at: Bureau) -> None:
    await at.clock.run(START + 8 * HOUR)
    [found] = await ask(at, "roster")

    assert (found["on"], found["next"]) == (["wu"], ["lin"])


async def test_a_warning_names_its_incident(at: Bureau) -> None:
    at.warnings = [*at.warnings, {**at.warnings[0], "id": "unknown0"}]
    at.told()

    assert [w["incident"] for w in await ask(at, "warnings")] == ["5f2a9c0e", None]


def test_nobody_is_said_to_be_able_to_release_what_they_wrote() -> None:
    assert _approvers(CONTACTS, "") == ["lin", "wu"]
    assert _approvers(CONTACTS, "wu") == ["lin"]


async def test_a_proposal_shows_what_a_person_must_check_before_it_goes_out(at: Bureau) -> None:
    at.proposed()
    await at.clock.run(START + 2 * MINUTE)
    [found] = await ask(at, "proposals")

    assert "ORANGE" in found["text"]["en"]
    assert found["area"] == {"zone": "riverside", "code": "", "name": {"en": "Riverside"}}
    assert (found["to"], found["author"], found["level"]) == ([["ana", "sms"]], "", 1)
    assert (found["asked"], found["may_release"]) == (["lin", "wei"], ["lin", "wu"])
    assert found["left"] == found["expires"] - START - 2 * MINUTE
    assert len(found["hash"]) == 24


async def test_proposals_can_be_narrowed_to_one_incident_by_the_number_of_any_of_its_warnings(
    at: Bureau,
) -> None:
    at.proposed()

    assert len(await ask(at, "proposals", about="5f2a")) == 1
    assert await ask(at, "proposals", about="dead") == []


async def test_shelves_actions_unreached_and_the_hand_over_are_told(at: Bureau) -> None:
    at.told()
    at.act(Shelve("sensor", "riverside", "works", START + HOUR))
    at.act(Cancel("nothing1", "a mistake"), "wu")
    await at.clock.run(START + MINUTE)
    turn(at.outbox, BY, at.clock.now())

    [shelf] = await ask(at, "shelves")
    done, refused = await ask(at, "actions")
    unreached = await ask(at, "unreached")
    handover = await ask(at, "handover", since=START)

    assert (shelf["user"], shelf["hides"][0]["grade"]) == ("lin", "orange")
    assert (done["done"], refused["done"], refused["user"]) == (True, False, "wu")
    assert refused["action"] == {"type": "cancel", "incident": "nothing1", "reason": "a mistake"}
    assert await ask(at, "actions", since=START + 1) == []
    assert {u["why"] for u in unreached} == {"unanswered"}
    assert [told["highest"] for told in handover["open"]] == ["orange"]


async def test_a_dead_letter_says_for_whom_and_why_but_not_the_number(at: Bureau) -> None:
    commit(at.outbox, BY, raised())
    send(at.outbox, outcome=Rejected("no such number"))
    [found] = await ask(at, "deadletters")

    assert (found["recipient"], found["detail"], found["grade"]) == ("ana", "no such number", "orange")
    assert "+86" not in str(found)


async def test_the_audit_is_shown_from_an_instant_on_with_its_head(at: Bureau) -> None:
    at.outbox.note(START - 1, "started", "", {"realm": "drill"})
    at.outbox.note(START, "configuration", "", {"applied": True})

    [record] = await ask(at, "audit", since=START)
    assert (record["sequence"], record["what"], record["facts"]) == (2, "configuration", {"applied": True})
    assert (await ask(at, "audit-head"))["sequence"] == 2


async def test_who_asks_is_told_who_they_are(at: Bureau) -> None:
    found = await at.questions().answer(Request(ask="whoami"), WU)

    assert found == {"id": "wu", "name": {"en": "Wu"}, "account": "wu", "roles": ["approver"]}


def test_grades_are_told_by_name_within_actions_too() -> None:
    acted = Acted(1, 2, "lin", "account:lin", Raise("flood", "town", Grade.RED, {"en": "x"}), True, "ok")

    assert plain(acted)["action"] == {
        "type": "raise", "hazard": "flood", "zone": "town", "grade": "red", "text": {"en": "x"},
    }  # fmt: skip
