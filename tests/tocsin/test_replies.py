"""What recipients answer, and what they acknowledge by it."""

import asyncio
from pathlib import Path

import pytest

from notifiers.action import Acknowledge, Answer, Taken
from notifiers.contacts import Contacts, Person
from notifiers.delivery import Reply
from tests.tocsin.bureau import CONTACTS as STAFF
from tests.tocsin.bureau import opened
from tocsin.desk.replies import NotUnderstood, Replies, acknowledgement

ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))
CONTACTS = Contacts({"ana": ANA}, {})
TOLD = {
    "+8610000000001": ["5f2a9c0e11d4b7a3", "77aa000000000000"],
    "horn-1": ["5f2a9c0e11d4b7a3"],
}
PLAYED = {("horn-1", "key-1"): "77aa000000000000"}


def told(address: str, start: str, key: str) -> str | None:
    if key:
        return PLAYED[address, key]
    return next((known for known in TOLD.get(address, []) if known.startswith(start)), None)


def taken(text: str, address: str = ANA.phone, *, horn: bool = False) -> Taken:
    return acknowledgement(Reply("sms", address, text, 0), CONTACTS, told, horn=horn)


@pytest.mark.parametrize("text", ["1", " OK ", "ok.", "Yes", "收到", "确认。", "已收到！", "１", "ＯＫ"])
def test_a_yes_acknowledges_the_newest_incident_that_the_number_was_told_of(text: str) -> None:
    assert taken(text) == Taken("ana", "sms:+8610000000001", Acknowledge("5f2a9c0e11d4b7a3"))


@pytest.mark.parametrize(
    "text",
    ["77aa", "77AA ok", "确认 77aa0000", "收到77aa", "77aa收到。", "收到，77aa", "ok, 77aa", "７７ａａ"],
)
def test_a_text_can_name_another_by_the_beginning_of_its_number(text: str) -> None:
    assert taken(text).action == Acknowledge("77aa000000000000")


@pytest.mark.parametrize(
    "text", ["", "no", "stop", "who is this", "ok but which one", "77", "不", "没收到77aa", "ok77aa"]
)
def test_anything_else_acknowledges_nothing(text: str) -> None:
    with pytest.raises(NotUnderstood):
        taken(text)


def test_a_number_that_was_not_told_of_it_acknowledges_nothing() -> None:
    with pytest.raises(NotUnderstood, match="was not told of any incident dead"):
        taken("dead")


def test_a_stranger_acknowledges_nothing() -> None:
    with pytest.raises(NotUnderstood, match="is nobody's"):
        taken("ok", "+8619999999999")


def test_the_button_of_a_horn_acknowledges_in_the_name_of_the_horn() -> None:
    assert taken("ack", "horn-1", horn=True) == Taken(
        "horn:horn-1", "horn:horn-1", Acknowledge("5f2a9c0e11d4b7a3")
    )


def test_a_button_acknowledges_what_the_horn_has_played_not_what_it_was_told_since() -> None:
    reply = Reply("loudspeaker", "horn-1", "ack", 0, "key-1")

    assert acknowledgement(reply, CONTACTS, told, horn=True).action == Acknowledge("77aa000000000000")


async def test_an_acknowledgement_that_was_not_taken_is_noted_as_one_that_counts_for_nothing(
    tmp_path: Path,
) -> None:
    noted: list[tuple[str, dict[str, object]]] = []

    async def refuse(_: Taken) -> Answer:
        return Answer(False, "nothing was recorded: the disk is full")

    async def note(what: str, user: str, facts: dict[str, object]) -> None:
        noted.append((what, facts))

    at = opened(tmp_path)
    at.told()
    replies = Replies(lambda: STAFF, at.reading, refuse, note)
    replies.hear(Reply("sms", STAFF.people["ana"].phone, "ok", 0), horn=False)
    async with asyncio.timeout(10):
        while not replies.idle():
            await asyncio.sleep(0.002)
    at.outbox.close()

    assert replies.refused == 1
    [(what, facts)] = noted
    assert (what, facts["reason"]) == ("reply refused", "nothing was recorded: the disk is full")
