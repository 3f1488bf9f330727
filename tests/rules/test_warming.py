"""Which windows are still to fill, and for how long (D11, D30): until then a rule may raise, not clear."""

from ingest.clock import DAY, HOUR, MINUTE
from rules.engine.warming import Filling
from rules.rule import Rule
from tests.rules.town import Town, at, rule, sensor

GAUGE = sensor("g", "rain", 5 * MINUTE)
STORM = rule("rain", {"orange": "sum(rain, 3h) >= 50 mm"}, name="storm", after=MINUTE)


def filling(town: Town) -> list[Filling]:
    return town.engine.filling()


def test_a_window_of_which_nothing_is_known_takes_its_coverage_to_fill() -> None:
    town = Town([STORM], GAUGE)

    assert filling(town) == [Filling("storm", "rain", "rain", 3 * HOUR, 144 * MINUTE)]


def test_what_is_left_shrinks_with_what_was_reported_and_the_window_is_gone_from_the_list_when_known() -> (
    None
):
    town = Town([STORM], GAUGE)

    town.every(5 * MINUTE, "09:05", [1.0] * 12)
    assert [each.left for each in filling(town)] == [84 * MINUTE]
    town.every(5 * MINUTE, "10:05", [1.0] * 17)
    assert filling(town) == []


def test_a_window_that_a_reload_makes_longer_is_known_as_far_as_the_shorter_one_was() -> None:
    town = Town([_rained("1h")], GAUGE)
    town.every(5 * MINUTE, "09:05", [1.0] * 36)
    assert filling(town) == []

    town.reload("12:00", _rained("24h"))

    [left] = filling(town)
    assert (left.rule, left.width) == ("r", DAY)
    assert 15 * HOUR <= left.left < DAY * 80 // 100


def test_a_rule_that_looks_at_no_window_is_not_listed() -> None:
    town = Town([rule("stage", {"red": "stage >= 3 m"})], sensor("s", "stage", 5 * MINUTE))

    assert filling(town) == []


def test_a_baseline_fills_with_half_of_its_hours() -> None:
    usual = {"yellow": "leakage - baseline(leakage, 4h, default=100 mA) >= 300 mA"}
    town = Town([rule("electrical", usual, name="usual")], sensor("c", "electrical", 30 * MINUTE))
    metric = "leakage"

    assert filling(town) == [Filling("usual", "electrical", metric, 4 * HOUR, 2 * HOUR)]
    for k in range(4):
        stamp = at("09:00") + k * 30 * MINUTE
        town.receive(stamp, [town.row(stamp, 180)])
    assert filling(town) == []


def _rained(width: str) -> Rule:
    return rule("rain", {"orange": f"sum(rain, {width}) >= 50 mm"})
