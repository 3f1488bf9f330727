"""What is wrong with a rule whose every part is right: ladders out of order, releases that never come."""

from decimal import Decimal
from itertools import product
from operator import ge, gt, le, lt

import pytest

from rules.language.tree import Comparison, Literal, Value
from rules.rulebook import read_rules
from rules.rulebook.implication import implies
from tests.rules.county import findings_of, kinds, registry, rules_of


def text_of(kind: str, grades: str, *keys: str) -> str:
    return f"rules:\n  - id: r\n    for_each: {kind}\n    grades: {{{grades}}}\n" + "".join(
        f"    {key}\n" for key in keys
    )


@pytest.mark.parametrize(
    ("kind", "grades"),
    [
        ("rain sensor", 'orange: "sum(rain, 3h) >= 60 mm", red: "sum(rain, 3h) >= 50 mm"'),
        ("rain sensor", 'orange: "sum(rain, 3h) >= 50 mm", red: "sum(rain, 3h) >= 50 mm"'),
        ("rain sensor", 'orange: "sum(rain, 3h) >= 50 mm", red: "sum(rain, 6h) >= 50 mm"'),
        ("rain sensor", 'orange: "sum(rain, 3h) > 50 mm", red: "sum(rain, 3h) >= 50 mm"'),
        ("stage sensor", 'blue: stage >= 3 m, red: "max(stage, 1h) >= 3 m"'),
        ("stage sensor", 'blue: "rise(stage, 1h) >= 1 m", red: "rise(stage, 2h) >= 0.5 m"'),
        ("stage sensor", "blue: stage >= site.warning_stage, red: stage >= site.warning_stage"),
        ("stage sensor", 'blue: "min(stage, 1h) <= 1 m", red: "min(stage, 2h) <= 1 m"'),
        ("stage sensor", 'blue: "min(stage, 2h) >= 3 m", red: "min(stage, 1h) >= 3 m"'),
        ("stage sensor", "blue: stage <= 1 m, red: stage <= 2 m"),
        ("stage sensor", 'blue: "sustained(stage >= 3 m, 2h)", red: "sustained(stage >= 3 m, 1h)"'),
        ("stage sensor", 'blue: "sustained(stage >= 3 m, 2h)", red: stage >= 2 m'),
        ("stage sensor", "blue: stage >= 3 m and stage < 9 m, red: stage >= 3 m or stage < 1 m"),
    ],
)
def test_a_weaker_grade_that_never_shows_is_a_finding(kind: str, grades: str):
    text = text_of(kind, grades)
    [finding] = findings_of(text)
    assert (finding.code, finding.line) == ("E227", 4)
    assert "is never shown" in finding.message
    assert text.splitlines()[3][: finding.column - 1].endswith(("red: ", 'red: "'))


@pytest.mark.parametrize(
    ("weak", "strong", "hidden"),
    [
        ("sensors(smoke >= 0.2 dB/m) >= 2", "sensors(smoke >= 0.15 dB/m) >= 2", True),
        ("sensors(smoke >= 0.2 dB/m) >= 2", "sensors(smoke >= 0.2 dB/m, within=3min) >= 1", True),
        ("share(smoke >= 0.2 dB/m) >= 50 %", "share(smoke >= 0.2 dB/m) >= 20 %", True),
        ("sensors(smoke >= 0.15 dB/m) >= 1", "sensors(smoke >= 0.2 dB/m) >= 1", False),
        ("sensors(smoke >= 0.2 dB/m, within=3min) >= 2", "sensors(smoke >= 0.2 dB/m) >= 1", False),
        ("sensors(leakage >= 1 A) >= 1", "sensors(smoke >= 0.2 dB/m) >= 1", False),
        ("sensors(smoke >= 0.2 dB/m) <= 1", "sensors(smoke >= 0.15 dB/m) <= 1", False),
    ],
)
def test_ladders_of_zones_are_compared_by_what_their_sensors_fulfil(weak: str, strong: str, hidden: bool):
    text = text_of("zone", f'blue: "{weak}", red: "{strong}"', "hazard: fire")
    _, findings = read_rules({"rules.yaml": text}, kinds(), registry())
    assert [finding.code for finding in findings] == (["E227"] if hidden else [])


DIRECTED = (">=", ">", "<=", "<")
MEETS = {">=": ge, ">": gt, "<=": le, "<": lt}


def test_of_one_value_everything_that_follows_is_known_to_follow():
    """Against every value of a grid twice as fine as the thresholds."""
    values = [Decimal(n) / 2 for n in range(-1, 8)]
    levels = [Comparison(Value("stage"), o, Literal(Decimal(n), "m")) for o in DIRECTED for n in range(1, 4)]
    for one, other in product(levels, levels):
        follows = all(fulfils(other, value) for value in values if fulfils(one, value))
        assert implies(one, other, kinds()["stage"]) == follows, (one, other)


def fulfils(comparison: Comparison, value: Decimal) -> bool:
    assert isinstance(comparison.right, Literal)
    return MEETS[comparison.operator](value, comparison.right.value)


@pytest.mark.parametrize(
    ("kind", "grades", "keys"),
    [
        ("rain sensor", 'orange: "sum(rain, 3h) >= 50 mm", red: "sum(rain, 3h) > 50 mm"', ()),
        ("rain sensor", 'orange: "sum(rain, 6h) >= 50 mm", red: "sum(rain, 3h) >= 50 mm"', ()),
        ("rain sensor", 'orange: "sum(rain, 6h) < 50 mm", red: "sum(rain, 3h) < 50 mm"', ()),
        ("stage sensor", 'blue: "max(stage, 1h) >= 3 m", red: stage >= 3 m', ()),
        ("stage sensor", "blue: stage >= 3 m, red: stage >= site.warning_stage", ()),
        ("stage sensor", 'blue: "min(stage, 1h) >= 3 m", red: "min(stage, 2h) >= 3 m"', ()),
        ("stage sensor", 'blue: stage >= 3 m, red: "sustained(stage >= 3 m, 1h)"', ()),
        ("stage sensor", "blue: stage >= 3 m, red: stage >= 3 m", ("sustain: {red: 1h}",)),
        ("stage sensor", "blue: stage >= 3 m or stage < 1 m, red: stage >= 2 m", ()),
        ("stage sensor", "blue: not stage >= 3 m, red: not stage >= 4 m", ()),
    ],
)
def test_a_ladder_of_which_every_grade_can_show_is_none(kind: str, grades: str, keys: tuple[str, ...]):
    assert len(rules_of(text_of(kind, grades, *keys))) == 1


@pytest.mark.parametrize(
    ("kind", "grades", "margin"),
    [
        ("stage sensor", 'blue: "rise(stage, 1h) >= 0.3 m"', "0.3 m"),
        ("stage sensor", 'blue: "stage >= 3 m or rise(stage, 1h) >= 0.3 m"', "30 cm"),
        ("rain sensor", 'blue: "sum(rain, 3h) >= 5 mm"', "5 mm"),
        ("smoke sensor", "blue: smoke >= 0.15 dB/m", "0.2 dB/m"),
        ("smoke sensor", 'blue: "sustained(smoke >= 0.15 dB/m, 60s)"', "0.2 dB/m"),
        ("smoke sensor", "blue: not smoke < 0.15 dB/m", "0.15 dB/m"),
        ("zone", 'blue: "sensors(smoke >= 0.15 dB/m) >= 2"', "0.2 dB/m"),
    ],
)
def test_a_warning_that_its_margin_never_lets_go_is_a_finding(kind: str, grades: str, margin: str):
    text = text_of(kind, grades, f"release: {{margin: {margin}}}", "hazard: fire")
    [finding] = findings_of(text)
    assert (finding.code, finding.line) == ("E228", 5)
    assert text.splitlines()[4][finding.column - 1 :].startswith(margin)


@pytest.mark.parametrize(
    ("kind", "grades", "margin"),
    [
        ("stage sensor", 'blue: "rise(stage, 1h) >= 0.3 m"', "0.2 m"),
        ("rain sensor", 'blue: "sum(rain, 3h) >= 5 mm"', "4.99 mm"),
        ("smoke sensor", 'blue: "smoke >= 0.15 dB/m and temperature >= 40 degC"', "0.2 dB/m"),
        ("smoke sensor", 'blue: "not (smoke < 0.15 dB/m or temperature < 54 degC)"', "0.2 dB/m"),
    ],
)
def test_a_margin_that_leaves_a_way_out_is_none(kind: str, grades: str, margin: str):
    assert len(rules_of(text_of(kind, grades, f"release: {{margin: {margin}}}"))) == 1


GOOD = text_of("rain sensor", 'blue: "sum(rain, 12h) >= 50 mm"', "release: {margin: 20 %, after: 1h}")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("after: 1h", "after: &one 1h}\n    sustain: {blue: *one", "E105"),
        ("after: 1h", "after: 1h, after: 2h", "E102"),
        ("after: 1h", "aftre: 1h", "E110"),
        ("50 mm", "50 mA", "E205"),
        ("50 mm", "50", "E205"),
        ('12h) >= 50 mm"', '12h) >= 50 mm", red: "sum(rain, 24h) >= 50 mm"', "E227"),
        ("20 %", "50 mm", "E228"),
        ("12h", "1min", "E214"),
        ("rain sensor", "rain gauge", "E221"),
        ("id: r", "id: r r", "E112"),
        ("12h", "12x", "E206"),
    ],
)
def test_each_mistake_has_its_code(old: str, new: str, code: str):
    assert old in GOOD
    assert [finding.code for finding in findings_of(GOOD.replace(old, new, 1))] == [code]


MANY = """\
rules:
  - id: Storm
    for_each: rian sensor
    grades: {blue: "sum(rain, 12h) >= 50 mm"}
    release: {after: 1x}
  - id: level
    for_each: stage sensor
    grades: {blue: stage >= 1 m, red: stage >= 1}
    sustian: 5s
  - id: order
    for_each: stage sensor
    grades: {blue: stage >= 2 m, red: stage >= 1 m}
  - {use: nothing, id: other}
"""


def test_a_file_with_many_mistakes_tells_them_all_and_gives_no_rule():
    found, findings = read_rules({"rules.yaml": MANY}, kinds(), registry())
    assert found == ()
    assert [(finding.line, finding.code) for finding in findings] == [
        (2, "E112"),
        (3, "E221"),
        (5, "E150"),
        (8, "E205"),
        (9, "E110"),
        (12, "E227"),
        (13, "E229"),
    ]


def test_a_rule_that_counts_sensors_around_one_compares_nothing_else():
    grades = 'orange: "sum(rain, 3h) >= 50 mm", red: "sensors(sum(rain, 3h) >= 50 mm, radius=10 km) >= 3"'
    [finding] = findings_of(text_of("rain sensor", grades))
    assert (finding.code, finding.line) == ("E213", 4)
    assert "confirm" in finding.suggestion


def test_a_rule_whose_every_grade_goes_by_a_baseline_is_a_finding():
    grades = 'yellow: "leakage - baseline(leakage, 7d, default=100 mA) >= 300 mA"'
    [finding] = findings_of(text_of("electrical sensor", grades))
    assert (finding.code, finding.line) == ("E236", 4)
    assert rules_of(text_of("electrical sensor", f"{grades}, orange: leakage >= 500 mA"))
