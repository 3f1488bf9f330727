"""The rules' own tests: what is given is played through the engine, what is expected is held against it."""

import pytest

from rules.rulebook import Ladder, read_ladders
from rules.trial import Trial, try_out
from rules.trial.boundaries import lacking
from tests.rules.county import kinds

RAIN = """\
rules:
  - id: rainstorm
    for_each: rain sensor in zone qingxi
    grades:
      blue: sum(rain, 12h) >= 50 mm
      yellow: sum(rain, 6h) >= 50 mm
      orange: sum(rain, 3h) >= 50 mm
      red: sum(rain, 3h) >= 100 mm
    only_if: sum(rain, 30min) > 0 mm
    release: {margin: 20 %, after: 60min}
    tests:
"""
STAGE = """\
rules:
  - id: level
    for_each: stage sensor with tag bank
    grades: {yellow: stage >= site.warning_stage, red: stage >= site.record_stage}
    sustain: {yellow: 60s}
    release: {margin: 0.1 m, after: 30min}
    tests:
"""
SMOKE = """\
rules:
  - id: smoke
    for_each: smoke sensor
    grades: {yellow: smoke >= 0.15 dB/m, orange: "sustained(smoke >= 0.15 dB/m, 60s)"}
    tests:
"""


def ladder(text: str) -> Ladder:
    [found], findings = read_ladders({"rules.yaml": text}, kinds(), None)
    assert findings == []
    return found


def trial(rule: str, test: str) -> Trial:
    """The one test of a rule; `test` without its name."""
    [found] = try_out(ladder(f"{rule}      - {{name: it, {test}}}\n"), kinds())
    return found


def passes(rule: str, test: str) -> bool:
    found = trial(rule, test)
    assert found.finding is None or found.finding.code == "E235", found.finding
    return found.finding is None


WET = 'given: {rain: "every 5min: 1.4 x36, 0 x128"}'


def test_expected_is_the_grade_after_everything_up_to_a_time():
    assert passes(RAIN, f'{WET}, expect: {{"2h55min": none, "3h": orange, "3h40min": orange}}')


def test_what_clears_at_that_very_time_has_cleared():
    times = '"4h39min59s": orange, "4h40min": yellow, "7h40min": blue, "13h39min": blue, "13h40min": none'
    assert passes(RAIN, f"{WET}, expect: {{{times}}}")


def test_what_raises_by_deadline_at_that_very_time_has_risen():
    given = 'site: {warning_stage: 2.27 m, record_stage: 5 m}, given: {stage: "at 10min 2.30"}'
    assert passes(STAGE, f'{given}, expect: {{"10min59s": none, "11min": yellow}}')


def test_a_series_that_has_ended_is_a_silent_sensor():
    """Orange is kept for ever: nobody knows that the rain is over."""
    assert passes(RAIN, 'given: {rain: "every 5min: 1.4 x36, 0 x12"}, expect: {"4h": orange, "30d": orange}')


@pytest.mark.parametrize(
    ("times", "passed"),
    [
        ('"3h": orange auto', True),
        ('"3h": orange review', False),
        ('"3h": orange', True),
        ('"3h": red', False),
    ],
)
def test_a_disposition_counts_where_the_test_names_it(times: str, passed: bool):
    assert passes(RAIN, f"{WET}, expect: {{{times}}}") == passed


def test_what_waits_for_a_person_is_expected_as_review():
    given = 'given: {rain: "at 5h 60"}, sensors: {g: {reporting: periodic 5h}}'
    rule = RAIN.replace("12h", "9h")
    assert passes(rule, f'{given}, expect: {{"5h": orange review}}')


def test_a_failure_is_told_at_the_first_time_that_came_otherwise_and_what_happened():
    found = trial(RAIN, f'{WET}, expect: {{"3h": orange, "4h40min": blue, "13h40min": blue}}')
    assert found.finding is not None
    assert (found.finding.code, found.finding.line) == ("E235", 12)
    assert found.finding.excerpt[found.finding.column - 1 :].startswith('blue, "13h40min"')
    assert "blue expected at 4h40min, got yellow" in found.finding.message
    assert "3h none>orange, raised: sum(rain, 3h) = 50.4 mm >= 50 mm ✓" in found.account


def test_of_several_subjects_a_failure_says_whose_it_is():
    given = 'given: {a: {smoke: "every 10s: 0.2"}, b: {smoke: "every 10s: 0.2"}}'
    found = trial(SMOKE, f'{given}, expect: {{a: {{"10s": yellow}}, b: {{"10s": red}}}}')
    assert found.finding is not None
    assert "smoke of b: red expected at 10s, got yellow auto" in found.finding.message
    assert found.account[0] == "smoke of b"


def test_a_failure_without_any_warning_says_so_and_what_the_sensor_lacks():
    found = trial(STAGE, 'given: {stage: "every 5min: 9"}, expect: {"1h": red}')
    assert found.account[-3:] == (
        "nothing was raised",
        "sensor has no site.record_stage; write site: {record_stage: ...} in the test",
        "sensor has no site.warning_stage; write site: {warning_stage: ...} in the test",
    )


def test_several_sensors_have_their_series_and_expectations():
    given = (
        'given: {a: {smoke: "every 10s: 0.02, 0.2 x12"}, b: {smoke: "every 10s: 0.02 x13", '
        'temperature: "every 10s: 20 x13"}}'
    )
    assert passes(SMOKE, f'{given}, expect: {{a: {{"20s": yellow, "80s": orange}}, b: {{"2min": none}}}}')
    assert not passes(SMOKE, f'{given}, expect: {{a: {{"20s": yellow}}, b: {{"2min": yellow}}}}')


def test_sensors_have_site_parameters_of_their_own():
    given = 'given: {a: {stage: "every 5min: 3 x4"}, b: {stage: "every 5min: 3 x4"}}'
    sites = "site: {warning_stage: 2 m, record_stage: 9 m}, sensors: {b: {site: {warning_stage: 400 cm}}}"
    assert passes(STAGE, f'{sites}, {given}, expect: {{a: {{"20min": yellow}}, b: {{"20min": none}}}}')


def test_a_sensor_reports_at_the_pace_of_its_series():
    """At 10 s a reading stands for 30 s, less than the sustain; by its kind, at 5 min, it would stand."""
    rule = SMOKE.replace("tests:", "missing: {after: 3 reports}\n    release: {after: 30s}\n    tests:")
    silent = 'given: {smoke: "every 10s: 0.2, 0"}'
    assert passes(rule, f'{silent}, expect: {{"10s": yellow, "49s": yellow, "10min": yellow}}')
    heard = 'given: {smoke: "every 10s: 0.2, 0"}, sensors: {s: {reporting: periodic 1min}}'
    assert passes(rule, f'{heard}, expect: {{"49s": yellow, "50s": none}}')


def test_a_test_starts_at_midnight_of_the_year_unless_it_says_when():
    given = 'start: "2026-07-01 21:30", given: {rain: "at 22:00 60"}'
    assert passes(RAIN, f'{given}, expect: {{"29min": none, "30min": orange}}')


TWO = 'given: {a: {rain: "every 5min: 1"}, b: {rain: "every 5min: 1"}}'
NONE = 'expect: {"1h": none}'


def test_the_warning_over_missing_data_has_expectations_of_its_own():
    """Three intervals after the last report the gauge is blind; it sees again once the rain is known."""
    rule = RAIN.replace("    only_if: sum(rain, 30min) > 0 mm\n", "    missing: {raise: yellow}\n")
    given = 'given: {rain: "every 5min: 1.4 x36, _ x72, 0 x60"}'
    expected = '"3h14min": none, "3h15min": yellow, "10h4min": yellow, "10h5min": none'
    assert passes(rule, f'{given}, expect: {{"9h": orange}}, expect_missing: {{{expected}}}')
    assert not passes(rule, f'{given}, expect_missing: {{"3h14min": yellow}}')


ZONE = """\
rules:
  - id: fire
    hazard: fire
    for_each: zone
    grades:
      yellow: sensors(smoke >= 0.15 dB/m) >= 1
      red: sensors(smoke >= 0.15 dB/m, within=3min) >= 2
    tests:
"""
HALL = 'a: {smoke: "every 10s: 0.2 x30"}, b: {smoke: "every 10s: 0 x6, 0.2 x30"}'


def test_the_only_zone_need_not_be_named():
    assert passes(ZONE, f'given: {{{HALL}}}, expect: {{"10s": yellow, "69s": yellow, "70s": red}}')


def test_of_several_zones_each_has_its_expectations():
    places = "sensors: {a: {zone: hall}, b: {zone: hall}, c: {zone: yard}}"
    given = f'{places}, given: {{{HALL}, c: {{smoke: "every 10s: 0 x6"}}}}'
    assert passes(ZONE, f'{given}, expect: {{hall: {{"70s": red}}, yard: {{"5min": none}}}}')
    assert not passes(ZONE, f'{given}, expect: {{hall: {{"70s": red}}, yard: {{"5min": red}}}}')


def test_a_zone_may_lie_in_another():
    rule = ZONE.replace("for_each: zone", "for_each: zone with descendants")
    places = "zones: {hall: works, yard: works}, sensors: {a: {zone: hall}, b: {zone: yard}}"
    expected = 'works: {"70s": red}, hall: {"70s": yellow}, yard: {"70s": yellow}'
    assert passes(rule, f"{places}, given: {{{HALL}}}, expect: {{{expected}}}")


def test_hours_are_those_of_the_local_time_of_the_start():
    rule = """\
time_zone: Europe/Berlin
rules:
  - id: work
    for_each: workshop sensor
    grades: {yellow: headcount > 0}
    only_if: hours(22:00-06:00)
    tests:
"""
    given = 'start: "2026-07-01 21:30", given: {headcount: "at 0s 2"}, sensors: {w: {reporting: periodic 1h}}'
    assert passes(rule, f'{given}, expect: {{"29min59s": none, "30min": yellow}}')


@pytest.mark.parametrize(
    ("test", "reason", "at"),
    [
        (f'given: {{rian: "every 5min: 1"}}, {NONE}', "`rian` is not a metric of rain", "every"),
        (f'given: {{rain: "every 5min: 9999"}}, {NONE}', "9999 mm is not plausible", "every"),
        (f'given: {{rain_total: "every 5min: 1"}}, {NONE}', "`rain_total` is not a metric", "every"),
        (f'{WET}, expect: {{roof: {{"1h": none}}}}', "`roof` is no sensor", '{"1h"'),
        (f'{WET}, expect_missing: {{"1h": none}}', "does not warn of missing data", '{"1h"'),
        (f"{WET}, sensors: {{a: {{}}, b: {{}}}}, {NONE}", "which of the 2 sensors", "{rain"),
        (f"{TWO}, {NONE}", "the rule is for 2 sensors of the test", '{"1h"'),
        (f"{WET}, sensors: {{a: {{kind: rian}}}}, {NONE}", "unknown kind `rian`", "rian"),
        (f"{WET}, sensors: {{a: {{zone: z}}}}, {NONE}", "the rule is for 0 sensors", '{"1h"'),
    ],
)
def test_a_test_that_cannot_be_run_is_a_finding_at_its_place(test: str, reason: str, at: str):
    found = trial(RAIN, test)
    assert found.finding is not None
    assert (found.finding.code, found.finding.line) == ("E234", 12)
    assert reason in found.finding.message
    assert found.finding.excerpt[found.finding.column - 1 :].startswith(at)


def codes(test: str) -> list[str]:
    """What is wrong with a file that holds the test, which stands in its line 12."""
    found, findings = read_ladders({"rules.yaml": f"{RAIN}      - {{name: it, {test}}}\n"}, kinds(), None)
    assert (found == ()) == (findings != [])
    assert {finding.line for finding in findings} <= {12}
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    "test",
    [
        f'{WET}, expect: {{"3h": purple}}',
        f'{WET}, expect: {{"3h": none review}}',
        f'{WET}, expect: {{"3h": orange}}, start: yesterday',
        f'{WET}, expect: {{"3h": orange}}, start: "2026-07-01T00:00Z"',
        'given: {rain: "every 5min 1"}, expect: {"3h": orange}',
    ],
)
def test_a_test_that_cannot_be_read_is_a_finding_of_its_file(test: str):
    assert codes(test) == ["E234"]


@pytest.mark.parametrize("test", [WET, f"{WET}, expect: {{}}", f"{WET}, expect: {{sensor: {{}}}}"])
def test_a_test_without_any_expectation_is_a_finding_of_its_file(test: str):
    assert codes(test) == ["E237"]


@pytest.mark.parametrize(
    ("expect", "asserts"),
    [
        ('"0s": none, "4min59s": none', False),
        ('"5min": none', True),
        ('"0s": none, "3h": orange', True),
        ('"0s": none, "4h": orange', True),
    ],
)
def test_no_warning_before_the_first_reading_asserts_nothing_by_itself(expect: str, asserts: bool):
    found = trial(RAIN, f"{WET}, expect: {{{expect}}}")
    assert ("" if found.finding is None else found.finding.code) == ("" if asserts else "E237")


def test_a_rule_without_a_test_is_told():
    [finding] = lacking(ladder(RAIN.replace("    tests:\n", "")))
    assert (finding.code, finding.line) == ("E233", 2)
    assert "rainstorm" in finding.message
