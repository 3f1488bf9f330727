from pathlib import Path

from notifiers.contacts_file import read_contacts
from notifiers.finding_codes import CODES

CONTACTS = """\
people:
  ana: {name: {zh: 安娜, en: Ana}, phone: "+8610000000001", languages: [en, zh]}
  bo: {name: {en: Bo}, phone: "+8610000000002", languages: [zh]}
groups:
  duty: [ana, bo]
"""


def findings(text: str) -> list[tuple[str, int, str]]:
    contacts, found = read_contacts("contacts.yaml", text)
    assert contacts is None
    return [(f.code, f.line, f.suggestion) for f in found]


def test_people_and_groups_are_found_by_name() -> None:
    contacts, found = read_contacts("contacts.yaml", CONTACTS)
    assert found == []
    assert contacts is not None
    ana = contacts.people["ana"]
    assert (ana.phone, ana.languages) == ("+8610000000001", ("en", "zh"))
    assert contacts.named("ana") == (ana,)
    assert contacts.named("duty") == (ana, contacts.people["bo"])
    assert contacts.named("nobody") is None


def test_a_phone_stays_out_of_logs() -> None:
    contacts, _ = read_contacts("contacts.yaml", CONTACTS)
    assert "+86" not in repr(contacts)


def test_an_unknown_member_is_found_with_a_suggestion() -> None:
    assert findings(CONTACTS.replace("[ana, bo]", "[ana, boo]")) == [("E301", 5, "did you mean bo?")]


def test_names_that_are_taken_or_reserved_are_found_together() -> None:
    text = CONTACTS.replace("duty: [ana, bo]", "ana: [bo]\n  horns: [bo]")
    assert [(code, line) for code, line, _ in findings(text)] == [("E302", 5), ("E302", 6)]
    person = CONTACTS.replace("  bo: {", "  horns: {").replace("[ana, bo]", "[ana]")
    assert [(code, line) for code, line, _ in findings(person)] == [("E302", 3)]


def test_a_phone_that_is_no_international_number_is_found_in_its_line() -> None:
    assert [(c, n) for c, n, _ in findings(CONTACTS.replace('"+8610000000002"', "13800000000"))] == [
        ("E112", 3)
    ]


def test_an_unknown_language_and_an_unknown_key_are_found() -> None:
    text = CONTACTS.replace("languages: [zh]", "languages: [fr]").replace("groups:", "group:")
    assert sorted(code for code, _, _ in findings(text)) == ["E110", "E112"]


def test_the_shipped_contacts_are_fine() -> None:
    name = "configs/contacts.yaml"
    contacts, found = read_contacts(name, Path(name).read_text("utf-8"))
    assert found == []
    assert contacts is not None
    assert set(contacts.groups) >= {"duty", "flood", "fire", "works"}


def test_every_code_has_a_meaning_of_its_own() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert all(code.startswith("E3") for code in CODES)
