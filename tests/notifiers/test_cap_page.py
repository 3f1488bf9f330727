"""docs/channels/cap.md against the program: its tables, and its example as it is written."""

import re
from dataclasses import fields
from pathlib import Path

from ingest.clock import MINUTE, SECOND
from notifiers.bulletin import Act
from notifiers.cap.alert import document
from notifiers.cap.check import RULES, check
from notifiers.cap.defect import Limits
from notifiers.cap.register import Issued
from notifiers.cap.terms import CERTAINTY, COLOURS, HAZARDS, SEVERITY, STATUS, URGENCY, Issuer
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.announced import AT, bulletin
from tests.notifiers.cap_office import ISSUER, LARGEST, OFFICE, against_schema

PAGE = (Path(__file__).parent.parent.parent / "docs" / "channels" / "cap.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the marks of code."""
    below = PAGE[PAGE.index(f"\n## {heading}\n") :]
    table = re.search(r"^\|---.*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert table is not None
    cut = [line.strip("|").split("|") for line in table[1].splitlines()]
    return [[cell.strip().replace("`", "") for cell in line] for line in cut]


def test_the_example_is_what_is_written() -> None:
    first = Issued("5f2a9c0e11d4b7a3", 0, ISSUER.sender, OFFICE, AT // SECOND, 0, AT, AT, "", 1)
    sent = AT + 12 * MINUTE
    second = Issued("5f2a9c0e11d4b7a3", 1, ISSUER.sender, OFFICE, sent // SECOND, 0, sent, sent, "", 0)
    told = bulletin(
        revision=1,
        act=Act.UPDATE,
        before=Grade.ORANGE,
        sent=sent,
        at=sent,
        count=2,
        title={"zh": "河道洪水预警", "en": "River flood"},
    )
    written = document(told, second, [first], ISSUER, Realm.LIVE)
    [shown] = re.findall(r"^```xml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown.strip() == written.decode()
    assert check(written, Limits(LARGEST)) == []
    assert against_schema(written) == ""


def test_the_table_of_grades_is_the_programs() -> None:
    expected = [
        [str(grade), COLOURS["zh"][grade], SEVERITY[grade], URGENCY[grade]]
        for grade in sorted(Grade, reverse=True)
    ]

    assert rows("Grades") == expected


def test_the_table_of_hazards_is_the_programs() -> None:
    expected = [
        [name, h.event["zh"], h.event["en"], ", ".join(h.categories), h.code or "none"]
        for name, h in HAZARDS.items()
    ]

    assert rows("Hazards") == expected


def test_the_table_of_certainty_names_every_rule_that_has_not_measured_it() -> None:
    shown = {rule: certainty for certainty, listed, _ in rows("Certainty") for rule in listed.split(", ")}

    assert {rule: shown[rule] for rule in CERTAINTY} == CERTAINTY
    assert set(shown) - set(CERTAINTY) == {"all others"}


def test_the_table_of_realms_is_the_programs() -> None:
    assert rows("Realms") == [[str(realm), STATUS.get(realm, "Test")] for realm in Realm]


def test_every_setting_of_the_issuer_is_explained() -> None:
    explained = {row[0] for row in rows("Settings")}

    assert {field.name for field in fields(Issuer)} <= explained
    assert {"directory", "url", "largest_area"} <= explained


def test_every_rule_of_the_check_is_listed() -> None:
    assert [row[0] for row in rows("What is refused")] == [rule.__name__.replace("_", " ") for rule in RULES]
