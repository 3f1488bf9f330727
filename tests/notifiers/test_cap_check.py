"""The rules for CAP documents: each finds what no other does, and nothing gets by that the schema refuses."""

import random
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers.cap.check import RULES, check
from notifiers.cap.defect import Limits
from notifiers.cap.parsing import NotXml, parse
from notifiers.cap.structure import LISTED
from notifiers.cap.terms import NAMESPACE
from tests.notifiers.cap_office import DATA, against_schema

LIMITS = Limits(300)
WHOLE = (DATA / "whole.xml").read_text(encoding="utf-8")
SECOND_BLOCK = WHOLE[WHOLE.index("  <info>") : WHOLE.index("  </info>") + 9]
SQUARE = "29.95,116.5 29.95,116.52 29.97,116.52 29.97,116.5 29.95,116.5"
REFERENCE = "office.example,a-1,2026-11-22T07:30:00+08:00"

# By rule: what stands in the whole document, and what in its place only this rule refuses.
REFUSED = [
    ("structure", "<note>n</note>", "<remark>n</remark>"),
    ("structure", "<source>s</source>", "<source>s</source><source>s</source>"),
    ("structure", "<code>c</code><note>n</note>", "<note>n</note><code>c</code>"),
    ("structure", "<urgency>Immediate</urgency>", ""),
    ("structure", "<event>Flood</event>", "<event>Flood</event><event>Flood</event>"),
    ("structure", "<event>Flood</event>", "<event lang='en'>Flood</event>"),
    ("structure", "<event>Flood</event>", "<event>Flood<b xmlns='urn:b'>!</b></event>"),
    ("structure", "<event>Flood</event>", "<event>Flood</event>now"),
    ("listed", "<category>Met</category>", "<category>Weather</category>"),
    ("listed", "<status>Actual</status>", "<status> Actual</status>"),
    ("identifier", "<identifier>a-2<", "<identifier>a 2<"),
    ("identifier", "<identifier>a-2<", "<identifier>a,2<"),
    ("identifier", "<identifier>a-2<", "<identifier>a&lt;2<"),
    ("identifier", "<identifier>a-2<", "<identifier>a&amp;2<"),
    ("sender", "<sender>office.example<", "<sender>an office<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-22T00:00:00Z<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-22T08:00:00.5+08:00<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-22T08:00:00<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-31T08:00:00+08:00<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-22T08:00:00+15:00<"),
    ("times", "<onset>2026-11-22T08:00:00+08:00<", "<onset>2026-11-22T08:00:00+08:60<"),
    ("lasting", "<expires>2026-11-22T09:00:00+08:00<", "<expires>2026-11-22T00:00:00-00:00<"),
    ("restricted", "<restriction>r</restriction>", ""),
    ("restricted", "<scope>Restricted<", "<scope>Public<"),
    ("addressed", "<scope>Restricted</scope><restriction>r</restriction><addresses>a</addresses>",
     "<scope>Private</scope>"),
    ("exercise", "<status>Actual</status>", "<status>Exercise</status>"),
    ("referring", f"<references>{REFERENCE}</references>", ""),
    ("references", REFERENCE, "office.example,a-1"),
    ("references", REFERENCE, "office.example,a&amp;1,2026-11-22T07:30:00+08:00"),
    ("references", REFERENCE, "office.example,a-1,2026-11-22T07:30:00Z"),
    ("others", REFERENCE, "office.example,a-2,2026-11-22T08:00:00+08:00"),
    ("earlier", REFERENCE, "office.example,a-1,2026-11-22T00:00:01-00:00"),
    ("informing", SECOND_BLOCK, ""),
    ("languages", "<language>en-US<", "<language>en_US<"),
    ("each_language_once", "</alert>", SECOND_BLOCK.replace(">The river<", ">Once more<") + "</alert>"),
    ("translated", "</alert>", SECOND_BLOCK.replace(">en-US<", ">zh-CN<") + "</alert>"),
    ("saying", "<contact>c</contact>", "<contact/>"),
    ("saying", "<areaDesc>Riverside<", "<areaDesc> <"),
    ("plain_text", ">The river<", ">The &lt;b>river&lt;/b><"),
    ("plain_text", ">The river<", ">The&amp;nbsp;river<"),
    ("plain_text", ">The river<", ">The&amp;#160;river<"),
    ("linked", "<web>https://office.example/w</web>", "<web>w.html</web>"),
    ("linked", "<web>https://office.example/w</web>", "<web>https://office.example/%zz</web>"),
    ("linked", "<web>https://office.example/w</web>", "<web>https://office.example:x/</web>"),
    ("linked", "<web>https://office.example/w</web>", "<web>https://office.example/#a#b</web>"),
    ("bounded", f"<polygon>{SQUARE}</polygon><circle>29.96,116.51 1.5</circle>", ""),
    ("pairs", SQUARE, SQUARE.replace("29.97,", "NaN,")),
    ("pairs", SQUARE, SQUARE.replace("29.97,", "inf,")),
    ("pairs", SQUARE, SQUARE.replace(" ", "  ")),
    ("pairs", SQUARE, SQUARE.replace(",", ";")),
    ("pairs", f"<polygon>{SQUARE}<", "<polygon>everywhere<"),
    ("four", SQUARE, "29.95,116.5 29.95,116.52 29.95,116.5"),
    ("closed", SQUARE, SQUARE.rsplit(" ", 1)[0]),
    ("simple", SQUARE, "29.95,116.5 29.97,116.52 29.95,116.52 29.97,116.5 29.95,116.5"),
    ("simple", SQUARE, "29.95,116.5 29.95,116.51 29.95,116.52 29.95,116.5"),
    ("on_globe", SQUARE, SQUARE.replace("29.9", "91.9")),
    ("on_globe", "<circle>29.96,116.51 1.5<", "<circle>29.96,216.51 1.5<"),
    ("on_globe", SQUARE, SQUARE.replace("116.52", "9" * 400)),
    ("modest", SQUARE, "29.9,116.4 29.9,116.6 30.1,116.6 30.1,116.4 29.9,116.4"),
    ("modest", "<circle>29.96,116.51 1.5<", "<circle>29.96,116.51 10<"),
    ("circles", "<circle>29.96,116.51 1.5<", "<circle>29.96,116.51<"),
    ("circles", "<circle>29.96,116.51 1.5<", "<circle>29.96,116.51 -1<"),
    ("heights", "<altitude>10</altitude>", ""),
    ("heights", "<altitude>10</altitude>", "<altitude>30</altitude>"),
    ("numbers", "<size>12<", "<size>12 kB<"),
    ("numbers", "<altitude>10</altitude><ceiling>20.5</ceiling>", "<altitude>high</altitude>"),
]  # fmt: skip


def changed(old: str, new: str) -> bytes:
    """The whole document with `new` for `old`."""
    assert old in WHOLE
    document = WHOLE.replace(old, new, 1)
    if "Exercise" in new:
        document = document.replace("<note>n</note>", "")
    return document.encode()


def objecting(document: bytes) -> list[str]:
    return [rule.__name__ for rule in RULES if check(document, LIMITS, [rule])]


def test_a_document_with_every_element_of_cap_is_right_by_schema_and_rules() -> None:
    assert check(WHOLE.encode(), LIMITS) == []
    assert against_schema(WHOLE.encode()) == ""


@pytest.mark.parametrize(("rule", "old", "new"), REFUSED)
def test_each_rule_refuses_what_all_others_let_pass(rule: str, old: str, new: str) -> None:
    document = changed(old, new)
    others = [each for each in RULES if each.__name__ != rule]

    assert objecting(document) == [rule]
    assert check(document, LIMITS, others) == []
    for defect in check(document, LIMITS):
        assert all((defect.element, defect.reason, defect.way_out))


def test_there_is_such_a_document_for_every_rule() -> None:
    assert {rule for rule, _, _ in REFUSED} == {rule.__name__ for rule in RULES}


def test_another_version_of_cap_is_refused() -> None:
    document = WHOLE.replace("cap:1.2", "cap:1.1").encode()

    assert "the root is no alert of CAP 1.2" in str(check(document, LIMITS)[0])


def test_a_cancel_needs_no_block_and_no_area() -> None:
    """Such ones are sent: all that they say is in their references."""
    document = WHOLE.replace(SECOND_BLOCK, "").replace(">Update<", ">Cancel<")

    assert check(document.encode(), LIMITS) == []
    assert against_schema(document.encode()) == ""


def test_a_signature_may_stand_at_the_end_and_nowhere_else() -> None:
    """The standard's sequence says so; libxml2 lets it stand before a block too."""
    signature = (
        "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'><d:SignedInfo a='1'/></d:Signature>"
    )
    behind = WHOLE.replace("</alert>", signature + "</alert>").encode()
    before = WHOLE.replace("  <info>", signature + "<info>", 1).encode()

    assert (objecting(behind), against_schema(behind)) == ([], "")
    assert objecting(before) == ["structure"]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE alert [<!ENTITY x SYSTEM "file://{secret}">]><alert>&x;</alert>',
        '<!DOCTYPE alert SYSTEM "file://{secret}"><alert/>',
        '<!DOCTYPE alert [<!ENTITY % x SYSTEM "file://{secret}"> %x;]><alert/>',
        '<!DOCTYPE alert [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><alert>&b;</alert>',
        "<!DOCTYPE alert><alert/>",
    ],
)
def test_a_document_type_is_refused_before_anything_of_it_is_read(tmp_path: Path, attack: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary", encoding="utf-8")
    document = attack.format(secret=secret).encode()

    with pytest.raises(NotXml, match="declares a document type"):
        parse(document)
    [defect] = check(document, LIMITS)
    assert "canary" not in str(defect)


@pytest.mark.parametrize(
    "document",
    [b"", b"<alert", b"\xff", b"<alert>&nbsp;</alert>", b"<?xml version='1.0' encoding='x-none'?><a/>"],
)
def test_what_is_no_xml_is_one_finding(document: bytes) -> None:
    [defect] = check(document, LIMITS)

    assert defect.reason.startswith("is no XML")


TEXTS = [
    *["", " ", "x", "1.5", "+4", "-3", ".5", "5.", "1e5", "NaN", "12 ", "٣"],
    *[value for values in LISTED.values() for value in values.split()],
    *["Actual ", "fire", "zh-CN", "zh_CN", "a-verylongsubtag", "x y"],
    *[
        "https://a.example/b",
        "http://a b",
        "http://[",
        "%zz",
        "http://a.example/#b#c",
        "1:2",
        "//",
        "http://例子/",
    ],
    *[
        "2026-11-22T08:00:00+08:00",
        " 2026-11-22T08:00:00+08:00",
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00",
    ],
    *["2026-11-22T24:00:00+08:00", "2026-11-22T08:00:60+08:00", "2026-02-30T08:00:00+08:00"],
    *["2026-11-22T08:00:00+14:01", "2026-11-22T08:00:00+08:60", "2026-11-22T08:00:00,08:00"],
    *["0000-01-01T00:00:00+00:00", "2026-11-22T08:00:00.5+08:00", "２026-11-22T08:00:00+08:00"],
]
ATTRIBUTES = ["a", *(f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}" for name in ("nil", "type"))]
NAMES = ["{%s}value", "{%s}event", "{%s}info", "{%s}bogus", "event", "{http://www.w3.org/2000/09/xmldsig#}%s"]


def retold(root: ET.Element, pick: random.Random) -> None:
    pick.choice([element for element in root.iter() if not len(element)]).text = pick.choice(TEXTS)


def removed(root: ET.Element, pick: random.Random) -> None:
    parent = pick.choice([element for element in root.iter() if len(element)])
    parent.remove(pick.choice(list(parent)))


def repeated(root: ET.Element, pick: random.Random) -> None:
    parent = pick.choice([element for element in root.iter() if len(element)])
    parent.insert(pick.randrange(len(parent) + 1), pick.choice(list(parent)))


def moved(root: ET.Element, pick: random.Random) -> None:
    parent = pick.choice([element for element in root.iter() if len(element)])
    child = pick.choice(list(parent))
    parent.remove(child)
    parent.insert(pick.randrange(len(parent) + 1), child)


def added(root: ET.Element, pick: random.Random) -> None:
    parent = pick.choice(list(root.iter()))
    name = pick.choice(NAMES)
    child = ET.Element(name % NAMESPACE if "%s" in name else name)
    parent.insert(pick.randrange(len(parent) + 1), child)


def marked(root: ET.Element, pick: random.Random) -> None:
    pick.choice(list(root.iter())).set(pick.choice(ATTRIBUTES), "true")


def muttered(root: ET.Element, pick: random.Random) -> None:
    pick.choice(list(root.iter())[1:]).tail = "words"


MUTATIONS: list[Callable[[ET.Element, random.Random], None]] = [
    *[retold] * 4,
    removed,
    repeated,
    moved,
    added,
    marked,
    muttered,
]


@given(st.randoms(use_true_random=False), st.integers(0, 2))
def test_what_passes_the_rules_is_valid_by_the_schema(pick: random.Random, times: int) -> None:
    """The rules run where there is no schema, so they must refuse all that it would."""
    root = parse(WHOLE.encode())
    for _ in range(times):
        pick.choice(MUTATIONS)(root, pick)
    document: bytes = ET.tostring(root)

    if not check(document, LIMITS):
        assert against_schema(document) == ""
