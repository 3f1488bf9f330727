"""contacts.yaml: who can be told, who may act, and who is on duty when."""

from datetime import datetime
from pathlib import Path

import pytest

from notifiers.contacts import Contacts, Role, masked
from notifiers.contacts_file import read_contacts
from notifiers.finding_codes import CODES

CONTACTS = """\
people:
  ana: {name: {zh: 安娜, en: Ana}, phone: "+8610000000001", languages: [en, zh]}
  bo: {name: {en: Bo}, phone: "+8610000000002", languages: [zh]}
  cy: {name: {en: Cy}, email: cy@town.example, languages: [zh], account: cy, roles: [operator, approver]}
groups:
  duty: [ana, watch]
rosters:
  watch: {from: 2026-11-02T08:00+08:00, shift: 12h, turns: [ana, [bo, cy]]}
"""
HOUR = 3_600_000


def contacts(text: str = CONTACTS) -> Contacts:
    read, found = read_contacts("contacts.yaml", text)
    assert found == []
    assert read is not None
    return read


def findings(text: str) -> list[tuple[str, int, str]]:
    read, found = read_contacts("contacts.yaml", text)
    assert read is None
    return [(f.code, f.line, f.suggestion) for f in found]


def codes(text: str) -> list[tuple[str, int]]:
    return [(code, line) for code, line, _ in findings(text)]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_people_groups_and_rosters_are_found_by_name() -> None:
    known = contacts()
    ana, watch = known.people["ana"], known.rosters["watch"]

    assert (ana.phone, ana.email, ana.languages, ana.roles) == (
        "+8610000000001",
        "",
        ("en", "zh"),
        frozenset(),
    )
    assert known.named("ana") == (ana,)
    assert known.named("watch") == (watch,)
    assert known.named("duty") == (ana, watch)
    assert known.named("nobody") is None


def test_a_person_may_act_by_their_account_and_roles_and_need_no_phone() -> None:
    known = contacts()
    cy = known.people["cy"]

    assert (cy.phone, cy.email, cy.account) == ("", "cy@town.example", "cy")
    assert cy.roles == {Role.OPERATOR, Role.APPROVER}
    assert known.of_account("cy") is cy
    assert known.of_phone("+8610000000002") is known.people["bo"]
    assert known.of_account("") is known.of_phone("") is None


@pytest.mark.parametrize(
    ("instant", "on"),
    [
        ("2026-11-02T08:00+08:00", ["ana"]),
        ("2026-11-02T19:59+08:00", ["ana"]),
        ("2026-11-02T20:00+08:00", ["bo", "cy"]),
        ("2026-11-03T08:00+08:00", ["ana"]),
        ("2026-11-02T07:59+08:00", ["bo", "cy"]),
        ("2018-06-04T08:00+08:00", ["ana"]),
    ],
)
def test_a_roster_goes_round_from_its_first_turn_and_back_before_it(instant: str, on: list[str]) -> None:
    watch = contacts().rosters["watch"]

    assert [person.id for person in watch.on(at(instant))] == on
    assert 0 < watch.next_change(at(instant)) - at(instant) <= 12 * HOUR


def test_addresses_stay_out_of_logs_and_are_shown_masked() -> None:
    assert "+86" not in repr(contacts())
    assert "cy@" not in repr(contacts())
    assert masked("+8610000000001") == "+86…001"
    assert masked("cy@town.example") == "c…@town.example"


def test_an_unknown_member_is_found_with_a_suggestion() -> None:
    text = CONTACTS.replace("[ana, watch]", "[ana, wacht]").replace("[bo, cy]", "[boo, duty]")

    assert findings(text) == [
        ("E301", 6, "did you mean watch?"),
        ("E301", 8, "did you mean bo?"),
        ("E301", 8, "known: ana, bo, cy"),
    ]


def test_names_that_are_taken_or_reserved_are_found_together() -> None:
    text = CONTACTS.replace("duty: [ana, watch]", "ana: [bo]\n  horns: [bo]\n  watch: [bo]\n  public: [bo]")

    assert codes(text) == [("E302", 6), ("E302", 7), ("E302", 8), ("E302", 9)]
    assert codes(CONTACTS.replace("  bo: {", "  horns: {").replace("[bo, cy]", "cy")) == [("E302", 3)]


def test_a_phone_or_account_of_two_people_is_found_at_the_second() -> None:
    text = CONTACTS.replace("000002", "000001").replace("languages: [en, zh]", "languages: [zh], account: cy")

    assert codes(text) == [("E303", 3), ("E304", 4)]


def test_who_can_be_told_nothing_and_do_nothing_is_found() -> None:
    text = CONTACTS.replace(
        '{name: {en: Bo}, phone: "+8610000000002", languages', "{name: {en: Bo}, languages"
    )

    assert findings(text) == [("E305", 3, "give a phone, an email or an account")]


def test_roles_without_an_account_are_found() -> None:
    assert codes(CONTACTS.replace("account: cy, ", "")) == [("E306", 4)]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"+8610000000002"', "13800000000", 3),
        ('"+8610000000002"', '"138 0000 0000"', 3),
        ("cy@town.example", "cy", 4),
        ("cy@town.example", '"cy@town.example, bo@town.example"', 4),
        ("account: cy", 'account: "cy; rm"', 4),
        ("[operator, approver]", "[boss]", 4),
        ("languages: [zh]}", "languages: [fr]}", 3),
        ("turns: [ana, [bo, cy]]", "turns: []", 8),
        ("turns: [ana, [bo, cy]]", "turns: [ana, []]", 8),
        ("turns: [ana, [bo, cy]]", "turns: ana", 8),
        ("2026-11-02T08:00+08:00", "2026-11-02T08:00", 8),
        ("2026-11-02T08:00+08:00", "Monday", 8),
        ("2026-11-02T08:00+08:00", "5", 8),
        ("shift: 12h", "shift: 0s", 8),
        ("duty: [ana, watch]", "duty: []", 6),
    ],
)
def test_a_value_that_cannot_be_used_is_found_in_its_line(old: str, new: str, line: int) -> None:
    assert old in CONTACTS
    assert codes(CONTACTS.replace(old, new)) == [("E112", line)]


def test_a_shift_without_a_unit_and_an_unknown_key_are_found() -> None:
    text = CONTACTS.replace("shift: 12h", 'shift: "12"').replace("groups:", "group:")
    assert sorted(codes(text)) == [("E110", 5), ("E150", 8)]


def test_the_shipped_contacts_are_fine() -> None:
    known = contacts(Path("configs/contacts.yaml").read_text("utf-8"))

    assert set(known.groups) >= {"duty", "flood", "fire", "works"}
    assert known.rosters


def test_every_code_has_a_meaning_of_its_own() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert all(code.startswith("E3") for code in CODES)
