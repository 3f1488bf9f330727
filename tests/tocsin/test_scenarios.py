"""Test files: several rules and places in one scene, and who is told of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.finding import Finding
from rules.rulebook import read_ladders
from rules.trial import Trial
from tests.tocsin.conftest import CONFIGS
from tocsin.configuration import configure, read_bundle
from tocsin.trials import run_trials
from tocsin.trials.scenario_file import is_test_file, read_scenarios
from tocsin.trials.scenarios import Ensemble

FIRE = """\
tests:
  - name: fire
    start: "2026-11-03 14:00"
    registry: configured
    given:
      smoke-old-town-06: {smoke: "every 10s: 0.02, 0.2 x7"}
    expect:
      smoke:
        smoke-old-town-06: {"10s": none, "20s": yellow}
    deliveries:
      "19s": []
      "20s":
        - {to: [duty, fire], channels: sms, act: alert, grade: yellow, zone: old-town}
"""
EXPECT, DELIVERIES = FIRE.index("    expect"), FIRE.index("    deliveries")
OWN = """\
tests:
  - name: two gauges of two zones
    sensors: {a: {zone: valley}, b: {zone: hill}}
    given:
      a: {rain: "every 5min: 1.4 x36"}
      b: {rain: "every 5min: 0 x36"}
    expect:
      rainstorm:
        a: {"2h55min": none, "3h": orange review}
        b: {"3h": none}
      torrent:
        b: {"3h": none}
"""
Play = Callable[[str], Trial]
Check = Callable[[str], list[Finding]]


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """The rules and everything else that ships."""
    configuration = configure(read_bundle(CONFIGS / "tocsin.yaml"))
    kinds, rules = configuration.basis.kinds, CONFIGS / "rules"
    files = {path.name: path.read_text("utf-8") for path in sorted(rules.iterdir())}
    return Ensemble(kinds, read_ladders(files, kinds, None)[0], configuration)


@pytest.fixture
def play(ensemble: Ensemble) -> Play:
    """What comes of the only test of a file in which nothing is wrong."""

    def of(text: str) -> Trial:
        scenarios, found = read_scenarios("story.yaml", text)
        assert scenarios is not None, found
        assert [*ensemble.findings(scenarios)] == []
        [trial] = ensemble.play(scenarios)
        return trial

    return of


@pytest.fixture
def check(ensemble: Ensemble) -> Check:
    """What is wrong with a file."""

    def of(text: str) -> list[Finding]:
        scenarios, found = read_scenarios("story.yaml", text)
        return found if scenarios is None else [*ensemble.findings(scenarios)]

    return of


def told(trial: Trial) -> list[str]:
    """The table of a failed test, its cells a space apart."""
    return [" ".join(line.split()) for line in trial.account]


def test_several_rules_and_zones_are_expected_in_one_scene(play: Play) -> None:
    trial = play(OWN)

    assert (trial.rule, trial.test, trial.finding) == ("rainstorm, torrent", "two gauges of two zones", None)


def test_each_rule_and_subject_that_came_otherwise_is_shown(play: Play) -> None:
    trial = play(OWN.replace('b: {"3h": none}', 'b: {"3h": red}'))

    assert trial.finding is not None
    assert str(trial.finding).startswith(
        "story.yaml:10:19: E235 `two gauges of two zones`: rainstorm of b: red"
    )
    assert [line for line in trial.account if " of " in line] == ["rainstorm of b", "torrent of b"]


def test_a_warning_over_missing_data_is_expected_by_its_own_name(play: Play) -> None:
    story = """\
tests:
  - name: the gauge falls silent
    registry: configured
    given: {stage-bridge-end: {stage: "every 5min: 1 x3"}}
    expect: {river-stage/missing: {stage-bridge-end: {"29min": none, "30min": GRADE}}}
"""
    assert play(story.replace("GRADE", "yellow")).finding is None
    assert play(story.replace("GRADE", "none")).finding is not None


def test_only_the_rules_that_are_named_play(play: Play) -> None:
    """Both devices together confirm a fire, which is red; by the rule of one device it is yellow."""
    two = FIRE.replace(
        "    expect", '      smoke-old-town-07: {smoke: "every 10s: 0.02, 0.2 x7"}\n    expect'
    )

    assert play(two).finding is not None
    assert play(two.replace("    given", "    rules: [smoke]\n    given")).finding is None


def test_who_is_told_is_expected_by_recipient_channel_act_and_grade(play: Play) -> None:
    assert play(FIRE).finding is None
    assert play(FIRE.replace(", zone: old-town", "")).finding is None


@pytest.mark.parametrize(
    ("written", "instead", "mark"),
    [
        ("[duty, fire]", "duty", "> sms zhao-fire alert yellow (old-town) - at 20s"),
        ("[duty, fire]", "[duty, fire, flood]", "> sms chen-flood alert yellow (old-town) yes -"),
        ("sms, act", "[sms, mail], act", "> mail lin-duty alert yellow (old-town) yes -"),
        ("act: alert", "act: update", "> 20s sms lin-duty update yellow (old-town) yes -"),
        ("yellow, zone", "orange, zone", "> 20s sms lin-duty alert orange (old-town) yes -"),
        ("grade: yellow, zone", "zone", "> 20s sms lin-duty alert (old-town) yes -"),
        ("zone: old-town", "zone: riverside", "> 20s sms lin-duty alert yellow (riverside) yes -"),
        ('"19s": []', '"20s": []', "> 20s sms lin-duty alert yellow (old-town) - at 20s"),
    ],
)
def test_what_is_told_otherwise_is_marked_in_the_table(
    play: Play, written: str, instead: str, mark: str
) -> None:
    story = FIRE.replace(written, instead)
    trial = play(story.replace('\n      "20s":\n', '\n      "21s":\n') if instead == '"20s": []' else story)

    assert trial.finding is not None
    assert trial.finding.code == "E235"
    assert mark in told(trial)


def test_a_message_is_expected_as_often_as_it_is_sent(play: Play) -> None:
    line = FIRE.splitlines()[-1]

    trial = play(f"{FIRE}{line}\n")

    assert trial.finding is not None
    assert "sms lin-duty alert yellow (old-town) expected by 20s, not told" in trial.finding.message
    assert "> sms lin-duty alert yellow (old-town) yes -" in told(trial)


def test_nobody_is_expected_where_nobody_may_be_told(play: Play) -> None:
    trial = play(FIRE[: FIRE.index('      "20s"')] + '      "20s": []\n')

    assert trial.finding is not None
    assert "sms lin-duty alert yellow (old-town) told by 20s, not expected" in trial.finding.message
    assert (trial.finding.line, trial.finding.column) == (12, 14)


def test_a_roster_is_whoever_is_on_duty_then(play: Play) -> None:
    """Wang by day, Ma by night."""
    by_day, by_night = FIRE, FIRE.replace("14:00", "20:30")

    assert play(by_day.replace("[duty, fire]", "[lin-duty, wang-watch, zhao-fire]")).finding is None
    assert play(by_night.replace("[duty, fire]", "[lin-duty, ma-watch, zhao-fire]")).finding is None
    assert play(by_night).finding is None


def test_horns_are_those_of_the_zone(play: Play) -> None:
    orange = f"""{FIRE}\
      "80s":
        - {{to: [duty, fire], channels: sms, act: update, grade: orange}}
        - {{to: horns, channels: loudspeaker, act: update, grade: orange, zone: old-town}}
"""
    assert play(orange).finding is None
    assert play(orange.replace("horns", "[horn-old-town-1, horn-old-town-2]")).finding is None
    assert play(orange.replace("horns", "horn-old-town-1")).finding is not None


@pytest.mark.parametrize(
    ("written", "instead", "finding"),
    [
        ("smoke:\n", "smok:\n", "9:9: E234 `smok` is no rule of the test"),
        ("    given", "    rules: [smok]\n    given", "5:13: E234 `smok` is no rule of the test"),
        ("    given", "    rules: [torrent]\n    given", "10:9: E234 `smoke` is no rule of the test"),
        ("fire]", "fires]", "13:23: E234 `fires` is no recipient of the configuration"),
        ("sms, act", "smss, act", "13:40: E234 `smss` is no channel of the configuration"),
        ("zone: old-town", "zone: old-twn", "78: E234 `old-twn` is no zone of the configuration"),
        ("[duty, fire], channels: sms", "horns, channels: sms", "13:11: E234 it is not said whose"),
        (", zone: old-town", ", zones: old-town", "E110 unknown key tests[0].deliveries.20s[0].zones"),
        ("grade: yellow", "grade: amber", "E112 tests[0].deliveries.20s[0].grade"),
        ("act: alert", "act: alarm", "E112 tests[0].deliveries.20s[0].act"),
        ('"19s"', '"19"', "E150"),
        ('"10s": none', '"10s": nothing', "E234"),
        ("    registry: configured\n", "", "10:7: E234 who is told follows from the zones"),
        ("    given", "    zones: {a: b}\n    given", "5:12: E234 zones has no part in a test"),
        ("configured", "configurd", "E112 tests[0].registry"),
        ("tests:", "time_zone: Asia/Shangai\ntests:", "E226 time_zone: unknown time zone `Asia/Shangai`"),
        (FIRE[EXPECT:], "", "2:5: E237"),
        (FIRE[EXPECT:], "    deliveries: {}\n", "2:5: E237"),
        (FIRE[EXPECT:], "    expect: {smoke: {}}\n", "7:21: E237"),
    ],
)
def test_what_is_wrong_with_the_file_is_a_finding_at_its_place(
    check: Check, written: str, instead: str, finding: str
) -> None:
    story = FIRE.replace(written, instead, 1)
    if "whose" in finding:
        story = story.replace(", zone: old-town", "")

    [found] = check(story)

    assert finding in str(found).splitlines()[0]


def test_all_names_that_nothing_has_are_told_at_once_with_the_likely_ones(check: Check) -> None:
    found = check(FIRE.replace("smoke:\n", "smok:\n").replace("fire]", "fires]").replace("sms,", "smss,"))

    assert [finding.suggestion for finding in found] == [
        "did you mean smoke?",
        "did you mean fire?",
        "did you mean sms?",
    ]


def test_a_sensor_that_is_not_configured_is_told(play: Play) -> None:
    trial = play(FIRE.replace("smoke-old-town-06: {smoke:", "smoke-old-town-6: {smoke:"))

    assert trial.finding is not None
    assert "E234 `smoke-old-town-6` is no sensor of the configuration" in str(trial.finding)
    assert "did you mean smoke-old-town-" in trial.finding.suggestion


def test_a_metric_that_no_rule_looks_at_is_told(play: Play) -> None:
    trial = play(OWN.replace("{rain:", "{rian:", 1))

    assert trial.finding is not None
    assert "E234 no kind of sensor that the rules look at reports rian" in str(trial.finding)
    assert trial.finding.suggestion == "did you mean rain?"


def test_nobody_told_before_the_first_reading_asserts_nothing_by_itself(play: Play) -> None:
    early = FIRE[:EXPECT] + '    deliveries: {"9s": []}\n'
    finding = play(early).finding

    assert finding is not None
    assert str(finding).startswith(
        "story.yaml:2:5: E237 `fire`: nothing can be raised before the first reading"
    )
    assert play(early.replace("9s", "10s")).finding is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (FIRE, True),
        ("{tests: []}", True),
        ("time_zone: UTC\ntests: [", False),
        ("rules: []\ntests: []\n", False),
        ("rules:\n  - tests: []\n", False),
    ],
)
def test_a_file_is_a_test_file_by_its_key(text: str, is_one: bool) -> None:
    assert is_test_file(text) == is_one


def test_the_directory_tests_beside_the_settings_is_found_without_paths(configs: Path) -> None:
    for path in (configs / "tests").iterdir():
        path.unlink()
    story = configs / "tests" / "story.yaml"
    story.write_text(FIRE.replace("yellow}", "red}"), encoding="utf-8")

    of_files = {of_file.file: of_file for of_file in run_trials([], configs / "tocsin.yaml")}

    assert len(of_files) > 5
    [trial] = of_files[str(story)].trials
    assert trial.finding is not None
    assert trial.finding.file == str(story)


def test_rules_that_are_given_play_in_place_of_the_configured(configs: Path, tmp_path: Path) -> None:
    rules, story = tmp_path / "rules", tmp_path / "story.yaml"
    rules.mkdir()
    text = (configs / "rules" / "smoke.yaml").read_text("utf-8")
    (rules / "smoke.yaml").write_text(text.replace("smoke >= 0.15 dB/m", "smoke >= 0.19 dB/m"), "utf-8")
    story.write_text(FIRE.replace("0.02, 0.2 x7", "0.16, 0.2 x7"), encoding="utf-8")

    with_them = [*run_trials([rules, story], configs / "tocsin.yaml")][-1]
    without = [*run_trials([story], configs / "tocsin.yaml")][-1]

    assert [trial.finding for trial in with_them.trials] == [None]
    assert [trial.finding is None for trial in without.trials] == [False]


def test_a_rule_that_a_test_file_expects_something_of_is_tested(tmp_path: Path) -> None:
    rules, story = tmp_path / "storm.yaml", tmp_path / "story.yaml"
    rules.write_text(
        """\
rules:
  - {id: storm, for_each: rain sensor, grades: {red: "sum(rain, 3h) >= 100 mm"}}
  - {id: rain, for_each: rain sensor, grades: {blue: "sum(rain, 3h) >= 1 mm"}}
"""
    )
    story.write_text(
        """\
tests:
  - {name: wet, given: {a: {rain: "every 5min: 50 x2"}}, expect: {storm: {a: {"10min": red}}}}
"""
    )

    [of_rules, of_story] = run_trials([rules, story], CONFIGS / "tocsin.yaml")

    assert of_rules.untested == ("rain",)
    assert [trial.finding for trial in of_story.trials] == [None]
