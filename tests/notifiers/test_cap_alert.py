"""Bulletins as CAP: whatever the words, right by schema and rules, and what was meant."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import SECOND
from notifiers.bulletin import Act, Bulletin
from notifiers.cap.alert import document, headline, timed, worded
from notifiers.cap.check import check
from notifiers.cap.defect import Limits
from notifiers.cap.register import Issued
from notifiers.cap.terms import Hazard, Issuer
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.announced import AT, RIVERSIDE, bulletin
from tests.notifiers.cap_office import ISSUER, LARGEST, OFFICE, against_schema, parameters, values
from tests.notifiers.drawn_bulletins import BULLETINS


def issued(told: Bulletin, second: int | None = None, serial: int = 0) -> Issued:
    second = told.sent // SECOND if second is None else second
    return Issued(
        told.incident, told.revision, "a.example", OFFICE, second, serial, told.sent, told.expires, "t", 0
    )


FIRST = issued(bulletin())
SECOND_ONE = issued(bulletin(revision=1, sent=AT + SECOND))


def written(
    told: Bulletin,
    earlier: tuple[Issued, ...] = (),
    issuer: Issuer = ISSUER,
    realm: Realm = Realm.LIVE,
) -> bytes:
    return document(told, issued(told, serial=len(earlier)), earlier, issuer, realm)


@pytest.mark.parametrize(
    ("grade", "severity", "urgency"),
    [
        (Grade.RED, "Extreme", "Immediate"),
        (Grade.ORANGE, "Severe", "Expected"),
        (Grade.YELLOW, "Moderate", "Expected"),
        (Grade.BLUE, "Minor", "Future"),
    ],
)
def test_the_colour_sets_severity_and_urgency_and_stands_by_itself(
    grade: Grade, severity: str, urgency: str
) -> None:
    alert = written(bulletin(grade=grade, before=Grade.YELLOW))

    assert values(alert, "severity") == [severity] * 2
    assert values(alert, "urgency") == [urgency] * 2
    assert parameters(alert) == {
        "warningColour": str(grade),
        "previousColour": "yellow",
        "openWarnings": "1",
    }


@pytest.mark.parametrize(
    ("realm", "status"),
    [
        (Realm.LIVE, "Actual"),
        (Realm.DRILL, "Exercise"),
        (Realm.REPLAY, "Test"),
        (Realm.SHADOW, "Test"),
        (Realm.CANARY, "Test"),
    ],
)
def test_only_live_is_actual_and_all_else_says_so_in_every_text(realm: Realm, status: str) -> None:
    alert = written(bulletin(), realm=realm)

    assert values(alert, "status") == [status]
    for name in ("headline", "description", "instruction"):
        chinese, english = values(alert, name)
        assert chinese.startswith("【演练】") == (realm is not Realm.LIVE)
        assert english.startswith("EXERCISE ") == (realm is not Realm.LIVE)


def test_a_drill_names_its_exercise_and_nothing_else_does() -> None:
    assert values(written(bulletin(), realm=Realm.DRILL), "note") == ["演练 2026-QX-03。EXERCISE 2026-QX-03."]
    assert values(written(bulletin()), "note") == []


def test_an_update_refers_to_all_that_is_out_of_its_incident() -> None:
    told = bulletin(revision=2, act=Act.UPDATE, sent=AT + 2 * SECOND)
    alert = written(told, (FIRST, SECOND_ONE))

    assert values(alert, "msgType") == ["Update"]
    assert values(alert, "references") == [
        f"a.example,{OFFICE}_20180604051000_0,2018-06-04T05:10:00+08:00"
        f" a.example,{OFFICE}_20180604051001_0,2018-06-04T05:10:01+08:00"
    ]
    assert values(alert, "incidents") == [told.incident]


def test_an_incident_whose_id_has_spaces_is_one_incident() -> None:
    assert values(written(bulletin(incident="by hand 7")), "incidents") == ['"by hand 7"']


def test_an_update_of_what_no_reader_has_seen_is_their_alert() -> None:
    alert = written(bulletin(revision=3, act=Act.UPDATE))

    assert values(alert, "msgType") == ["Alert"]
    assert values(alert, "references") == []


@pytest.mark.parametrize(
    ("act", "certainty", "note"),
    [(Act.CLEAR, "Observed", "It is over"), (Act.CANCEL, "Unlikely", "It was wrong")],
)
def test_what_is_over_and_what_was_wrong_are_cancels_that_say_which(
    act: Act, certainty: str, note: str
) -> None:
    alert = written(bulletin(revision=1, act=act, grade=None, before=Grade.RED), (FIRST,))

    assert values(alert, "msgType") == ["Cancel"]
    assert values(alert, "responseType") == ["AllClear"] * 2
    assert (values(alert, "urgency"), values(alert, "severity")) == (["Past"] * 2, ["Minor"] * 2)
    assert values(alert, "certainty") == [certainty] * 2
    assert note in values(alert, "note")[0]
    assert check(alert, Limits(LARGEST)) == []


def test_a_cancel_may_be_over_at_once_and_a_warning_may_not() -> None:
    over = written(bulletin(revision=1, act=Act.CLEAR, grade=None, expires=AT), (FIRST,))
    dead = written(bulletin(expires=AT))

    assert (values(over, "expires"), check(over, Limits(LARGEST))) == ([], [])
    assert {defect.element for defect in check(dead, Limits(LARGEST))} == {"expires"}


@pytest.mark.parametrize(
    ("rule", "certainty"), [("river-stage", "Observed"), ("river-eta", "Likely"), ("smoke", "Possible")]
)
def test_certainty_follows_how_the_rule_knows(rule: str, certainty: str) -> None:
    assert values(written(bulletin(rule=rule)), "certainty") == [certainty] * 2


def test_the_settings_stand_before_the_tables() -> None:
    office = Issuer(
        sender="a.example",
        office=OFFICE,
        name={},
        hazards={"flood": Hazard(("Geo",), {"zh": "洪涝"}, "11A01")},
        certainty={"river-stage": "Likely"},
    )
    alert = written(bulletin(), issuer=office)

    assert values(alert, "category") == ["Geo"] * 2
    assert values(alert, "event") == ["洪涝", "River stage"]
    assert values(alert, "certainty") == ["Likely"] * 2
    assert values(alert, "valueName")[0] == "eventType"
    assert values(alert, "value")[0] == "11A01"


def test_a_hazard_without_a_national_code_has_no_event_code() -> None:
    assert values(written(bulletin(hazard="rain")), "eventCode") != []
    assert values(written(bulletin(hazard="flood")), "eventCode") == []


def test_latitude_comes_first_and_holes_are_left_out() -> None:
    hole = ((116.505, 29.955), (116.51, 29.955), (116.51, 29.96), (116.505, 29.955))
    area = msgspec.structs.replace(RIVERSIDE, rings=(*RIVERSIDE.rings, hole))
    alert = written(bulletin(area=area))

    assert values(alert, "polygon") == ["29.95,116.5 29.95,116.52 29.97,116.52 29.97,116.5 29.95,116.5"] * 2


def test_the_place_has_its_name_in_each_language_and_its_code() -> None:
    alert = written(bulletin())

    assert values(alert, "areaDesc") == ["滨河村", "Riverside"]
    assert (
        re.findall(r"<valueName>GB/T 2260</valueName>\s*<value>(\d+)<", alert.decode())
        == ["361199001203"] * 2
    )


def test_an_identifier_of_another_second_says_so() -> None:
    told = bulletin()
    alert = document(told, issued(told, told.sent // SECOND + 2, 3), (), ISSUER, Realm.LIVE)

    assert values(alert, "identifier") == [f"{OFFICE}_20180604051002_3"]
    assert values(alert, "sent") == ["2018-06-04T05:10:00+08:00"]
    assert parameters(alert)["identifierTime"] == "2018-06-04T05:10:02+08:00"


def test_time_is_beijing_time_in_whole_seconds() -> None:
    assert timed(AT + 999) == "2018-06-04T05:10:00+08:00"


def test_a_language_without_words_has_no_block_and_two_of_the_same_words_have_one() -> None:
    assert values(written(bulletin(text={"en": "RED"})), "language") == ["en-US"]
    assert values(written(bulletin(text={"zh": "红色", "en": "红色"})), "language") == ["zh-CN"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stage < 3 m & rising", "stage < 3 m & rising"),
        ("<b>now</b>", "< b>now< /b>"),
        ("a&nbsp;b&#160;c", "a& nbsp;b& #160;c"),
        ("one\r\ntwo\x00\x1b\ufffe\ud800", "one two"),
    ],
)
def test_what_looks_like_markup_is_parted_and_all_else_kept(text: str, shown: str) -> None:
    assert worded(text) == shown


def test_a_headline_is_cut_where_receivers_would_cut_it() -> None:
    long = headline(bulletin(title={"en": "flood " * 100}), "en", Realm.DRILL)

    assert len(long) == 160
    assert long.endswith("…")


@given(BULLETINS, st.sampled_from(Realm), st.booleans())
def test_whatever_the_words_the_document_is_right(told: Bulletin, realm: Realm, out: bool) -> None:
    earlier = (FIRST,) if out or told.act in (Act.CLEAR, Act.CANCEL) else ()
    alert = document(told, issued(told, serial=1), earlier, ISSUER, realm)

    assert check(alert, Limits(LARGEST)) == []
    assert against_schema(alert) == ""
    said = {Realm.LIVE: "Actual", Realm.DRILL: "Exercise"}.get(realm, "Test")
    assert values(alert, "status") == [said]
    assert values(alert, "description")
