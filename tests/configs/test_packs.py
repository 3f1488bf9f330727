"""The rules that ship: sourced, in both languages, tested, and at one with the files around them."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE
from ingest.kinds import Kinds
from ingest.reading import Quality, Readings
from ingest.registry import Registry
from rules.engine import Engine
from rules.grade import Grade
from rules.language.printed import printed
from rules.rule import Rule
from rules.rulebook import Ladder, read_ladders
from rules.rulebook.trial_file import Expected
from rules.rulebook.walk import kinds_looked_at
from tests.tocsin.program import Tocsin, program
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.trials import run_trials
from tocsin.wiring import router_of

CONFIGS = Path(__file__).parents[2] / "configs"
SETTINGS = CONFIGS / "tocsin.yaml"
HAN = re.compile(r"[\u4e00-\u9fff]")
# Raised by quality flags, which the series of a rule's own tests do not carry.
BY_FLAGS = {"rain-doubtful"}


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    return configure(read_bundle(SETTINGS))


@pytest.fixture(scope="module")
def ladders(shipped: Configuration) -> tuple[Ladder, ...]:
    files = {path.name: path.read_text("utf-8") for path in sorted((CONFIGS / "rules").iterdir())}
    found, findings = read_ladders(files, shipped.basis.kinds, shipped.basis.registry)
    assert findings == []
    return found


def rule_of(shipped: Configuration, name: str) -> Rule:
    [rule] = [rule for rule in shipped.basis.rules if rule.id == name]
    return rule


def test_every_rule_names_its_source_and_how_far_that_was_checked(ladders: tuple[Ladder, ...]) -> None:
    stated = re.compile(r"\S.* \((verified|secondary|memory|project)\)", re.DOTALL)
    assert [ladder.rule.id for ladder in ladders if not stated.fullmatch(ladder.rule.source)] == []


def test_every_rule_speaks_chinese_and_english(ladders: tuple[Ladder, ...]) -> None:
    for rule in (ladder.rule for ladder in ladders):
        for texts in (rule.title, rule.advice):
            assert set(texts) == {"zh", "en"}, rule.id
            assert HAN.search(texts["zh"]), rule.id
            assert not HAN.search(texts["en"]), rule.id


def test_the_rules_own_tests_pass_and_none_is_without() -> None:
    told: list[str] = []
    for of_file in run_trials([], SETTINGS):
        told += [f"{trial.finding}\n" + "\n".join(trial.account) for trial in of_file.trials if trial.finding]
        told += [str(finding) for _, finding in of_file.lacking]
    assert told == []


def timelines(ladder: Ladder) -> Iterator[list[Grade | None]]:
    """The grades that its tests expect of each subject, in the order of time."""
    for test in ladder.tests:
        expected = test.expect or {}
        alone = {time: each for time, each in expected.items() if isinstance(each, Expected)}
        several = [part for part in expected.values() if isinstance(part, dict)]
        for times in [alone] if alone else several:
            yield [times[time].grade for time in sorted(times)]


def test_every_grade_is_raised_in_a_test(ladders: tuple[Ladder, ...]) -> None:
    unseen = {
        ladder.rule.id: set(ladder.rule.grades) - {grade for line in timelines(ladder) for grade in line}
        for ladder in ladders
        if ladder.rule.id not in BY_FLAGS
    }
    assert {name: grades for name, grades in unseen.items() if grades} == {}


def test_every_rule_is_seen_at_rest_and_cleared_in_a_test(ladders: tuple[Ladder, ...]) -> None:
    for ladder in ladders:
        lines = list(timelines(ladder))
        assert any(line[0] is None for line in lines), ladder.rule.id
        cleared = any(any(line) and line[-1] is None for line in lines)
        assert cleared or ladder.rule.id in BY_FLAGS, ladder.rule.id


def test_every_kind_of_sensor_has_a_rule(shipped: Configuration) -> None:
    served = {rule.kind for rule in shipped.basis.rules if rule.hazard not in ("system", "blind")}
    assert served - {""} == set(shipped.basis.kinds.kinds)


def test_the_shipped_configuration_is_fine_to_the_last_route_and_parameter(tocsin: Tocsin) -> None:
    ended = tocsin("check", CONFIGS)
    assert (ended.code, ended.err) == (0, "")
    assert ": fine: " in ended.out


def test_the_public_hears_nothing_of_the_system_s_own_health(shipped: Configuration) -> None:
    router = router_of(shipped)
    for hazard in ("system", "blind"):
        told = router.who("old-town", hazard, Grade.ORANGE, 0)
        assert told
        assert all(addressee.channel == "sms" for addressee in told)
    assert any(a.channel == "loudspeaker" for a in router.who("old-town", "torrent", Grade.ORANGE, 0))


def test_the_county_table_holds_where_a_place_has_no_row(shipped: Configuration) -> None:
    parameters = rule_of(shipped, "torrent").parameters
    assert parameters.zones["qingxi"].keys() == parameters.defaults.keys()
    levels = ("blue", "yellow", "orange", "red")
    table = [
        [int(parameters.defaults[f"{level}_{hours}h"][0]) for hours in (1, 3, 6, 24)] for level in levels
    ]
    assert table == [[35, 55, 70, 100], [45, 75, 95, 130], [60, 100, 120, 160], [80, 120, 150, 200]]


def test_a_fire_is_confirmed_by_all_that_smoke_sensors_report(shipped: Configuration) -> None:
    rule = rule_of(shipped, "fire-confirmed")
    assert kinds_looked_at(rule.grades[Grade.RED]) == {"smoke"}


def test_level_two_of_every_gas_at_two_detectors_confirms_a_leak(shipped: Configuration) -> None:
    confirmed = printed(rule_of(shipped, "gas-confirmed").grades[Grade.RED])
    single = [rule for rule in shipped.basis.rules if rule.id.startswith("gas-") and rule.kind == "gas"]
    for rule in single:
        if Grade.ORANGE in rule.grades and rule.id != "gas-oxygen":
            assert f"sensors({printed(rule.grades[Grade.ORANGE])}) >= 2" in confirmed


@pytest.mark.parametrize(
    ("quality", "raised"), [(Quality.OK, []), (Quality.SUSPECT | Quality.NEIGHBOUR, [Grade.BLUE])]
)
def test_a_gauge_that_its_neighbours_contradict_is_told(
    shipped: Configuration, quality: Quality, raised: list[Grade]
) -> None:
    kinds, registry = shipped.basis.kinds, shipped.basis.registry
    engine = Engine(kinds, registry, (rule_of(shipped, "rain-doubtful"),))
    lines = engine.advance(rain(kinds, registry, quality))
    assert [line.after for line in lines] == raised


def rain(kinds: Kinds, registry: Registry, quality: Quality) -> Readings:
    """5 mm at one gauge."""
    at = np.array([HOUR], np.int64)
    return Readings(
        sequence=0,
        received=HOUR,
        message=np.zeros(1, np.int32),
        slot=np.array([registry.slots["rain-tea-hill-01"]], np.int32),
        column=np.array([kinds["rain"].metrics["rain"].column], np.int16),
        value=np.array([500], np.int64),
        stamp=at,
        observed=at.copy(),
        period=np.array([5 * MINUTE], np.int64),
        quality=np.array([quality], np.uint8),
    )
