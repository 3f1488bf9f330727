"""The words people get, and what they cost as SMS."""

import unicodedata
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.registry import Zone
from notifiers.message import LANGUAGES, Segments, Told, alternatives, compose, plain, segments
from notifiers.seal import marked
from rules.grade import Grade
from rules.language.tree import Comparison, Literal, Value
from rules.realm import Realm
from rules.rule import Release, Rule
from rules.transition import Disposition, Transition

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULE = Rule(
    id="rainstorm",
    title={"zh": "暴雨", "en": "Rainstorm"},
    hazard="rain",
    kind="rain",
    tag=None,
    zone=None,
    grades={Grade.ORANGE: Comparison(Value("rain"), ">=", Literal(Decimal(1), "mm"))},
    only_if=None,
    sustain={Grade.ORANGE: 0},
    release=Release(0),
    silent_after=3,
    max_age=1,
    advice={"zh": "请立即转移低洼地带人员。", "en": "Move people out of low ground now."},
    source="",
    meaning="",
    file="rules.yaml",
    line=1,
)
ZONES = [
    Zone(id="riverside", name={"zh": "河滨村", "en": "Riverside"}, parent="qingxi", code="", polygon=()),
    Zone(id="qingxi", name={"zh": "青溪县", "en": "Qingxi"}, parent=None, code="", polygon=()),
]
RAISED = Transition(
    at=1_528_060_200_000,  # 2018-06-03 21:10 UTC, the next morning in Shanghai
    rule="rainstorm",
    subject="rain-riverside-1",
    warning="8f14e45fceea167a",
    ordinal=0,
    before=None,
    after=Grade.ORANGE,
    disposition=Disposition.AUTO,
    reason="raised",
    evidence={"text": "sum(rain, 3h) = 57.8 mm >= 50 mm ✓"},
)


def words(transition: Transition, rule: Rule | None = RULE) -> dict[str, str]:
    told = Told(transition, transition.after, transition.before, transition.warning)
    return compose(told, rule, None, ZONES, SHANGHAI).text


def test_a_raise_says_grade_hazard_place_time_value_and_advice_in_both_languages() -> None:
    assert words(RAISED) == {
        "zh": "橙色预警（Ⅱ级）：暴雨，青溪县河滨村rain-riverside-1，6月4日05:10。"
        "sum(rain, 3h) = 57.8 mm >= 50 mm。请立即转移低洼地带人员。编号8f14e45fceea167a",
        "en": "ORANGE warning (level II): Rainstorm, Riverside, Qingxi, rain-riverside-1, 2018-06-04 05:10. "
        "sum(rain, 3h) = 57.8 mm >= 50 mm. Move people out of low ground now. Id 8f14e45fceea167a",
    }


def test_an_upgrade_says_so() -> None:
    text = words(replace(RAISED, before=Grade.YELLOW))
    assert text["zh"].startswith("升级为橙色预警")
    assert text["en"].startswith("Upgraded to ORANGE")


def test_a_downgrade_says_so_and_gives_no_advice() -> None:
    text = words(replace(RAISED, before=Grade.RED))
    assert text["zh"].startswith("降级为橙色预警")
    assert text["en"].startswith("Downgraded to ORANGE")
    assert "转移" not in text["zh"]
    assert "Move" not in text["en"]


def test_a_condition_that_ended_is_not_told_as_if_it_held() -> None:
    ended = {"text": "stage = 1.174 m >= 1.5 m ✗"}

    text = words(replace(RAISED, before=Grade.RED, evidence=ended))

    assert "stage = 1.174 m >= 1.5 m (已不成立，解除前保持)" in text["zh"]
    assert "stage = 1.174 m >= 1.5 m (no longer, held until released)" in text["en"]


def test_the_part_of_a_condition_that_does_not_hold_is_told_as_such() -> None:
    either = {"text": "smoke = 0.21 dB/m >= 0.15 dB/m ✓ or temperature = 21 degC >= 54 degC ✗"}

    assert "54 degC (not met)" in words(replace(RAISED, evidence=either))["en"]


def test_of_many_alternatives_those_that_plainly_do_not_hold_are_left_out() -> None:
    """Fifteen gases would make an SMS of twenty parts."""
    parts = [
        "co = 1 >= 2 ✗",
        "h2s = 3 >= 2 ✓",
        "not (cl2 = 1 >= 2 ✗)",
        "so2 = ? >= 2 ?",
        "a >= 1 ✓ and b >= 1 ✗",
    ]
    many = {"text": " or ".join(parts)}

    text = words(replace(RAISED, evidence=many))["en"]

    assert "co = 1" not in text
    assert (
        "h2s = 3 >= 2 or not (cl2 = 1 >= 2 (not met)) or so2 = ? >= 2 ? or a >= 1 and b >= 1 (not met)"
        in text
    )
    assert "co = 1 >= 2 (no longer" in words(replace(RAISED, before=Grade.RED, evidence=many))["en"]


def test_where_no_alternative_holds_all_are_told() -> None:
    none = {"text": " or ".join(f"g{n} = 1 >= 2 ✗" for n in range(5))}

    assert all(f"g{n} = 1" in words(replace(RAISED, evidence=none))["en"] for n in range(5))


def test_alternatives_within_parentheses_are_one() -> None:
    assert alternatives("sensors(a >= 1 or b >= 1) >= 2 or c >= 1") == [
        "sensors(a >= 1 or b >= 1) >= 2",
        "c >= 1",
    ]
    assert alternatives("") == [""]


def test_the_all_clear_names_what_it_ends_and_gives_no_advice() -> None:
    text = words(replace(RAISED, before=Grade.RED, after=None))
    assert text["zh"].startswith("预警解除：暴雨，青溪县河滨村")
    assert "此前为红色预警" in text["zh"]
    assert text["en"].startswith("ALL CLEAR: Rainstorm, Riverside")
    assert "Was: RED warning" in text["en"]
    assert "Move" not in text["en"]


def test_a_removed_rule_is_named_by_its_id() -> None:
    assert "rainstorm, Riverside" in words(RAISED, None)["en"]


def test_a_language_without_a_title_borrows_another() -> None:
    assert "暴雨" in words(RAISED, replace(RULE, title={"zh": "暴雨"}))["en"]


def test_a_name_cannot_add_a_line_or_turn_the_text_around() -> None:
    sly = replace(RULE, title={"zh": "暴雨\r\nBcc: x", "en": "Rain\u202estorm\u0007\x00"})
    assert "暴雨 Bcc: x" in words(RAISED, sly)["zh"]
    assert "Rainstorm" in words(RAISED, sly)["en"]


@given(st.text())
def test_plain_text_holds_no_control_character_and_one_line(text: str) -> None:
    cleaned = plain(text)
    assert not any(unicodedata.category(c)[0] == "C" for c in cleaned)
    assert cleaned.splitlines() in ([], [cleaned])
    assert plain(cleaned) == cleaned


@pytest.mark.parametrize("realm", [r for r in Realm if r is not Realm.LIVE])
def test_everything_that_is_not_live_says_so_first(realm: Realm) -> None:
    assert marked("zh", "红色预警", realm) == "【演练】红色预警"
    assert marked("en", "RED warning", realm) == "EXERCISE RED warning"


def test_live_text_carries_no_mark_and_every_language_has_one() -> None:
    assert marked("zh", "红色预警", Realm.LIVE) == "红色预警"
    assert all(marked(language, "", Realm.DRILL) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 1)),
        ("a" * 160, Segments("GSM-7", 1)),
        ("a" * 161, Segments("GSM-7", 2)),
        ("a" * 306, Segments("GSM-7", 2)),
        ("a" * 307, Segments("GSM-7", 3)),
        ("€" * 80, Segments("GSM-7", 1)),
        ("€" * 81, Segments("GSM-7", 2)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 3)),
        ("雨" * 70, Segments("UCS-2", 1)),
        ("雨" * 71, Segments("UCS-2", 2)),
        ("雨" * 134, Segments("UCS-2", 2)),
        ("雨" * 135, Segments("UCS-2", 3)),
        ("🌊" * 35, Segments("UCS-2", 1)),
        ("🌊" * 36, Segments("UCS-2", 2)),
        ("雨" * 66 + "🌊" + "雨" * 66, Segments("UCS-2", 3)),
        ("a`", Segments("UCS-2", 1)),
    ],
)
def test_segments_are_counted_as_the_network_cuts_them(text: str, expected: Segments) -> None:
    assert segments(text) == expected


def test_an_english_warning_stays_in_the_cheap_alphabet() -> None:
    assert segments(words(RAISED)["en"]) == Segments("GSM-7", 2)
