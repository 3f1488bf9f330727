"""Both sides of a threshold: which grades of a rule its tests raise, and which they see stay just below."""

import pytest

from rules.rulebook import read_ladders
from rules.trial.boundaries import lacking
from tests.rules.county import kinds

RULE = """\
rules:
  - id: rain
    for_each: rain sensor
    grades:
      yellow: sum(rain, 3h) >= 50 mm
      red: sum(rain, 3h) >= 100 mm
"""
RAIN = 'given: {rain: "every 5min: 10 x12"}'
NEVER = "no test of rule `rain` raises {}"
NOT_BELOW = "no test of rule `rain` stays just below {}"


def told(*tests: str, rule: str = RULE) -> list[str]:
    """What is lacking to a rule with these tests, each without its name."""
    text = rule + "    tests:\n" + "".join(f"      - {{name: it, {test}}}\n" for test in tests)
    [ladder], findings = read_ladders({"rules.yaml": text}, kinds(), None)
    assert findings == []
    return [finding.message for finding in lacking(ladder)]


def expecting(times: str) -> list[str]:
    return told(f"{RAIN}, expect: {{{times}}}")


def test_one_test_that_climbs_the_ladder_shows_both_sides_of_every_grade() -> None:
    assert expecting('"20min": none, "25min": yellow, "50min": red') == []


def test_a_grade_that_no_test_expects_is_never_raised() -> None:
    assert expecting('"20min": none, "25min": yellow') == [NEVER.format("red")]
    assert expecting('"20min": none, "50min": red') == [NEVER.format("yellow")]


def test_a_grade_is_just_below_where_a_weaker_one_or_none_comes_first() -> None:
    assert expecting('"25min": yellow, "50min": red') == [NOT_BELOW.format("yellow")]


def test_what_comes_after_the_grade_is_its_release() -> None:
    assert expecting('"50min": red, "4h": yellow, "9h": none') == [
        NOT_BELOW.format("yellow"),
        NOT_BELOW.format("red"),
    ]


def test_two_tests_may_share_the_sides() -> None:
    low = f'{RAIN}, expect: {{"20min": none}}'
    high = f'{RAIN}, expect: {{"25min": yellow, "50min": red}}'
    assert told(low, high) == []


def test_no_warning_before_the_first_reading_is_no_side() -> None:
    assert expecting('"0s": none, "4min59s": none, "50min": red') == [
        NEVER.format("yellow"),
        NOT_BELOW.format("yellow"),
        NOT_BELOW.format("red"),
    ]


def test_a_series_of_clock_times_begins_at_its_first() -> None:
    late = 'start: "2026-07-01 10:00", given: {rain: "at 10:20 60, 10:30 60"}'
    sides = '"20min": yellow, "30min": red'
    assert told(f'{late}, expect: {{"19min": none, {sides}}}') == [NOT_BELOW.format("yellow")]
    assert told(f'{late}, expect: {{"20min": none, {sides.replace("20", "21")}}}') == []


def test_each_subject_has_its_own_course() -> None:
    given = 'given: {a: {rain: "every 5min: 50 x2"}, b: {rain: "every 5min: 49 x2"}}'
    assert told(f'{given}, expect: {{a: {{"5min": yellow, "10min": red}}, b: {{"5min": none}}}}') == []


def test_what_is_expected_of_the_silence_counts_for_no_grade() -> None:
    silent = f'{RAIN}, expect_missing: {{"20min": none, "75min": yellow}}'
    rule = RULE + "    missing: {after: 3 reports, raise: yellow}\n"
    assert len(told(silent, rule=rule)) == 4


def test_a_grade_that_asks_for_a_flag_cannot_be_raised_and_need_not_be() -> None:
    rule = RULE.replace("sum(rain, 3h) >= 50 mm", "flagged(rain, neighbour)")
    assert told(f'{RAIN}, expect: {{"20min": none, "50min": red}}', rule=rule) == []


def test_the_finding_stands_at_the_grade() -> None:
    text = f'{RULE}    tests:\n      - {{name: it, {RAIN}, expect: {{"20min": none, "25min": yellow}}}}\n'
    [ladder], _ = read_ladders({"rules.yaml": text}, kinds(), None)

    [finding] = lacking(ladder)

    assert (finding.code, finding.line) == ("E238", 6)
    assert finding.suggestion == 'expect it of readings that reach it: expect: {"3h": red}'


@pytest.mark.parametrize("tests", ["", "    tests: []\n"])
def test_a_rule_without_any_test_is_told_once(tests: str) -> None:
    [ladder], _ = read_ladders({"rules.yaml": RULE + tests}, kinds(), None)

    assert [finding.code for finding in lacking(ladder)] == ["E233"]


def test_what_a_test_file_expects_counts() -> None:
    [ladder], _ = read_ladders({"rules.yaml": RULE}, kinds(), None)
    climbing = f'{RULE}    tests:\n      - {{name: it, {RAIN}, expect: {{"20min": none, "25min": yellow}}}}\n'
    [of_test], _ = read_ladders({"rules.yaml": climbing}, kinds(), None)
    [test] = of_test.tests
    assert test.expect is not None

    assert [finding.message for finding in lacking(ladder, [(test, test.expect)])] == [NEVER.format("red")]
