"""The scenarios of the rule semantics, S1 to S24, as far as they need single sensors only."""

from decimal import Decimal

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.reading import Quality
from tests.rules.town import Town, at, rule, sensor

RAIN = sensor("g", "rain", 5 * MINUTE)
HOURLY = sensor("g", "rain", HOUR)
SMOKE = sensor("s", "smoke", 10 * SECOND)
ORANGE = {"orange": "sum(rain, 3h) >= 50 mm"}


def test_s1_a_window_is_closed_on_the_right_at_the_exact_boundary() -> None:
    town = Town([rule("rain", ORANGE, margin="20 %", after=HOUR)], RAIN)
    town.every(5 * MINUTE, "09:00", [7.0] + [1.0] * 35 + [14.9])
    assert town.lines == []

    town.send("12:05", 1.1)

    assert town.lines == ["12:05 none>orange"]
    assert "sum(rain, 3h) = 50 mm >= 50 mm" in town.transitions[0].evidence["text"]


def test_s1_stamps_are_kept_so_that_jitter_counts_one_too_many_never_one_too_few() -> None:
    town = Town([rule("rain", {"orange": "sum(rain, 3h) >= 50 mm"})], RAIN)
    town.send("09:00:01", 7.0)
    town.every(5 * MINUTE, "09:05", [1.0] * 35)

    town.send("12:00", 8.0)

    assert town.lines == ["12:00 none>orange"]


def test_s2_hourly_and_five_minute_reports_are_never_added_twice() -> None:
    town = Town([rule("rain", ORANGE), rule("rain", {"red": "sum(rain, 1h) >= 17 mm"}, name="hour")], HOURLY)
    town.every(HOUR, "10:00", [20, 20, 10], delay=40 * SECOND)
    assert town.lines == ["10:00:40 none>red", "12:00:40 none>orange"]
    assert town.transitions[1].evidence["coverage"] == 1.0

    town.send("12:05", 3, period=5 * MINUTE)
    assert total(town, 3 * HOUR) == Decimal("53.00")
    town.send("12:10", 2, period=5 * MINUTE)

    town.send("13:00", 12, received="13:00:40")

    assert total(town, HOUR) == Decimal("12.00")
    assert total(town, 3 * HOUR) == Decimal("42.00")


def total(town: Town, width: int) -> Decimal:
    """The sum that the engine keeps for the first gauge."""
    ring = town.engine.boards[0].amount_ring(0)
    assert ring is not None
    totals, _ = ring.totals(np.zeros(1, np.int64), width)
    return int(totals[0]) * Decimal("0.01")


CMA = {
    "blue": "sum(rain, 12h) >= 50 mm",
    "yellow": "sum(rain, 6h) >= 50 mm",
    "orange": "sum(rain, 3h) >= 50 mm",
    "red": "sum(rain, 3h) >= 100 mm",
}
RAINSTORM = rule("rain", CMA, only_if="sum(rain, 30min) > 0 mm", margin="20 %", after=HOUR)


def test_s3_nested_windows_rise_in_one_line_and_fall_step_by_step() -> None:
    town = Town([RAINSTORM], RAIN)

    town.every(5 * MINUTE, "00:05", [1.4] * 36 + [0] * 128)
    town.until("13:40:01")
    assert town.lines == ["03:00 none>orange", "04:40 orange>yellow", "07:40 yellow>blue", "13:40 blue>none"]


def test_s3_a_series_that_ended_is_a_silent_sensor_and_holds_for_ever() -> None:
    town = Town([RAINSTORM], RAIN)
    town.every(5 * MINUTE, "00:05", [1.4] * 36 + [0] * 12)

    town.until("240:00")

    assert town.lines == ["03:00 none>orange"]
    [warning] = town.engine.warnings()
    assert warning.blind
    assert town.engine.due is None


def test_s4_a_dip_breaks_a_sustain_and_the_deadline_goes_before_the_reading() -> None:
    leak = rule("electrical", {"yellow": "leakage >= 300 mA"}, sustain=30 * SECOND, margin="10 %")
    town = Town([leak], sensor("e", "electrical", 10 * SECOND))

    town.every(10 * SECOND, "10:00", [310, 305, 299, 320, 320, 320, 290])

    assert town.lines == ["10:01 none>yellow"]


def test_s5_a_sustain_shorter_than_the_interval_completes_by_its_deadline() -> None:
    river = rule(
        "stage",
        {"yellow": "stage >= site.warning_stage"},
        sustain=MINUTE,
        margin="0.1 m",
        after=30 * MINUTE,
    )
    town = Town([river], sensor("w", "stage", 10 * MINUTE, site={"warning_stage": "2.27 m"}))

    town.every(10 * MINUTE, "10:00", [2.30, 2.16, 2.15, 2.15, 2.15, 2.15])

    assert town.lines == ["10:01 none>yellow", "10:40 yellow>none"]
    assert "site.warning_stage (2.27 m)" in town.transitions[0].evidence["text"]


LEAKAGE = rule("electrical", {"yellow": "leakage >= 300 mA"}, margin="10 %")


@pytest.mark.parametrize(("returns", "cleared"), [("10:15", "10:25"), ("10:08", "10:12"), ("10:09", "10:12")])
def test_s6_silence_voids_a_release_and_what_stands_completes_it(returns: str, cleared: str) -> None:
    town = Town([LEAKAGE], sensor("e", "electrical", MINUTE))
    town.every(MINUTE, "10:00", [320, 280, 265, 260, 260, 260, 260])
    assert town.lines == ["10:00 none>yellow"]

    town.every(MINUTE, returns, [255] * 16)

    assert town.lines == ["10:00 none>yellow", f"{cleared} yellow>none"]


def test_s6_a_backlog_cannot_clear_over_the_gap_in_it() -> None:
    """The reports before and after the gap arrive together; what lies between is as silent as it was."""
    town = Town([LEAKAGE], sensor("e", "electrical", MINUTE))
    town.every(MINUTE, "10:00", [320, 280])
    late = [town.row(at("10:02") + k * MINUTE, 260, message=k) for k in range(5)]
    later = [town.row(at("10:15") + k * MINUTE, 255, message=10 + k) for k in range(6)]

    town.receive(at("10:20"), late + later)
    town.every(MINUTE, "10:21", [255] * 6)

    assert town.lines == ["10:00 none>yellow", "10:25 yellow>none"]


def test_s7_missing_data_hold_a_warning_until_the_window_is_covered_again() -> None:
    town = Town([rule("rain", ORANGE, margin="20 %", after=HOUR)], RAIN)
    town.every(5 * MINUTE, "09:05", [1.4] * 35 + [2.6], delay=20 * SECOND)
    assert town.lines == ["12:00:20 none>orange"]
    town.until("12:15:20")
    assert not town.engine.warnings()[0].blind
    town.until("12:15:21")
    assert town.engine.warnings()[0].blind

    town.every(5 * MINUTE, "18:05", [0] * 42, delay=20 * SECOND)
    town.until("22:00")

    assert town.lines == ["12:00:20 none>orange", "21:25:20 orange>none"]


S8 = rule("rain", ORANGE, only_if="sum(rain, 30min) > 0 mm", margin="20 %", after=HOUR)


def hourly(town: Town, first: str, *values: float) -> None:
    town.every(HOUR, first, values, delay=40 * SECOND)


def test_s8_in_order() -> None:
    town = Town([S8], HOURLY)
    hourly(town, "06:00", 0, 25, 30, 0, 0, 0, 0)

    town.until("14:00")

    assert town.lines == ["08:00:40 none>orange", "11:00:40 orange>none"]


def test_s8_a_late_report_that_holds_at_a_fresh_newest_reading_goes_out_by_itself() -> None:
    town = Town([S8], HOURLY)
    hourly(town, "06:00", 0)
    hourly(town, "08:00", 30)

    town.send("07:00", 25, received="08:30")

    assert town.lines == ["08:30 none>orange"]
    assert town.transitions[0].reason == "raised, late"
    assert town.transitions[0].evidence["late"] is True


def test_s8_a_late_report_that_held_long_ago_goes_to_review_and_releases_from_its_arrival() -> None:
    town = Town([S8], HOURLY)
    hourly(town, "06:00", 0)
    hourly(town, "08:00", 30, 0, 0, 0, 0)
    town.send("07:00", 25, received="12:10")
    assert town.lines == ["12:10 none>orange review"]
    assert town.transitions[0].evidence["observed"] == at("08:00")

    hourly(town, "13:00", 0, 0)

    assert town.lines == ["12:10 none>orange review", "13:10 orange>none"]


def backlog(town: Town, first: int = 0, last: int = 36) -> list[object]:
    return [
        town.row(at("09:05") + k * 5 * MINUTE, 2.0 if k < 30 else 0, message=k) for k in range(first, last)
    ]


@pytest.mark.parametrize("cut", range(0, 37, 4))
def test_s9_a_backlog_in_one_block_or_two_tells_the_same(cut: int) -> None:
    town = Town([rule("rain", ORANGE)], RAIN)
    town.send("09:00", 0)

    town.receive(at("12:00:05"), backlog(town, 0, cut))
    town.receive(at("12:00:05"), backlog(town, cut))

    assert town.lines == ["12:00:05 none>orange review", "12:00:05 orange>orange"]
    assert [t.evidence["observed"] for t in town.transitions] == [at("11:05"), at("11:55")]


def test_s9_three_blocks_oldest_first() -> None:
    town = Town([rule("rain", ORANGE)], RAIN)
    for k in range(3):
        town.receive(at("12:00:05") + k * SECOND, backlog(town, 12 * k, 12 * k + 12))

    assert town.lines == ["12:00:07 none>orange review", "12:00:07 orange>orange"]


def test_s9_three_blocks_newest_first() -> None:
    town = Town([rule("rain", ORANGE)], RAIN)
    for k in range(3):
        town.receive(at("12:00:05") + k * SECOND, backlog(town, 24 - 12 * k, 36 - 12 * k))

    assert town.lines == ["12:00:07 none>orange"]
    assert town.transitions[0].reason == "raised, late"


@pytest.mark.parametrize("late", [False, True])
def test_s9_smoke_and_its_end_in_one_block(late: bool) -> None:
    town = Town([rule("smoke", {"yellow": "smoke >= 0.15 dB/m"})], SMOKE)
    fire, end = (
        town.row(at("10:00"), 0.20, message=int(late)),
        town.row(at("10:00:10"), 0.02, message=int(not late)),
    )
    town.receive(at("10:00:11"), [fire, end])
    town.every(10 * SECOND, "10:00:20", [0.02] * 61, delay=SECOND)

    assert town.lines == ["10:00:11 none>yellow", "10:10:11 yellow>none"]
    assert town.transitions[0].evidence["late"] is late


def test_s10_a_second_value_at_a_stamp_is_one_more_reading() -> None:
    town = Town([rule("smoke", {"yellow": "smoke >= 0.15 dB/m"})], SMOKE)
    town.send("10:00", 0.02)
    town.send("10:00", 0.20)

    assert town.lines == ["10:00 none>yellow"]


def test_s10_a_second_amount_at_a_stamp_replaces_a_smaller_one_and_is_suspect() -> None:
    town = Town([rule("rain", {"yellow": "sum(rain, 1h) >= 6 mm"})], RAIN)
    for value in (2.0, 2.0, 6.0, 1.0):
        town.send("10:05", value)

    assert town.lines == ["10:05 none>yellow review"]
    assert town.transitions[0].evidence["quality"] == ["suspect"]
    assert total(town, HOUR) == Decimal("6.00")


def test_s11_a_clock_far_ahead_is_taken_at_received_and_one_behind_is_late() -> None:
    town = Town([rule("smoke", {"yellow": "smoke >= 0.15 dB/m"}, max_age=24 * HOUR)], SMOKE)
    town.send("10:00", 0.20, quality=int(Quality.CLOCK))
    town.every(10 * SECOND, "10:00:10", [0.02] * 61)
    town.until("10:19:59")
    assert town.lines == ["10:00 none>yellow", "10:10:10 yellow>none"]
    assert town.transitions[0].evidence["quality"] == ["clock"]

    town.send("08:20", 0.21, received="10:20")

    assert town.lines[2:] == ["10:20 none>yellow"]
    assert town.transitions[2].reason == "raised, late"


def test_s11_with_the_default_age_a_reading_two_hours_late_goes_to_review() -> None:
    town = Town([rule("smoke", {"yellow": "smoke >= 0.15 dB/m"})], SMOKE)
    town.every(10 * SECOND, "10:19:30", [0.02] * 3)

    town.send("08:20", 0.21, received="10:20")

    assert town.lines == ["10:20 none>yellow review"]


def test_s15_sustained_completes_by_deadline_for_a_sensor_that_reports_on_change() -> None:
    town = Town([rule("smoke", {"orange": "sustained(smoke >= 0.15 dB/m, 60s)"})], sensor("e", "smoke", 0))
    town.send("10:00", 0.20)
    town.send("10:04", 0.01)

    town.until("10:15")

    assert town.lines == ["10:01 none>orange", "10:14 orange>none"]


def test_s15_a_sensor_that_burns_keeps_its_last_word() -> None:
    town = Town([rule("smoke", {"orange": "sustained(smoke >= 0.15 dB/m, 60s)"})], SMOKE)
    town.every(10 * SECOND, "10:00", [0.20, 0.30])

    town.until("40:00")

    assert town.lines == ["10:01 none>orange"]
    assert town.engine.warnings()[0].blind


@pytest.mark.parametrize(("threshold", "raises"), [("0.90 m", True), ("0.901 m", False)])
def test_s16_rise_is_newest_less_lowest_in_the_window(threshold: str, raises: bool) -> None:
    town = Town(
        [rule("stage", {"blue": f"rise(stage, 1h) >= {threshold}"})], sensor("w", "stage", 10 * MINUTE)
    )
    for time, value in (("10:00", 1.00), ("10:07", 1.10), ("10:31", 1.50), ("10:33", 1.48), ("10:58", 1.90)):
        town.send(time, value)

    assert bool(town.lines) is raises


def test_s18_only_if_is_looked_at_in_the_moment_of_raising() -> None:
    town = Town(
        [rule("rain", {"blue": CMA["blue"]}, only_if="sum(rain, 30min) > 0 mm", margin="20 %", after=HOUR)],
        RAIN,
    )

    town.every(5 * MINUTE, "00:05", [1.4] * 35 + [0.8] + [0] * 48 + [0.2] + [0] * 100)

    assert town.lines == ["07:05 none>blue", "13:40 blue>none"]


def test_s18_an_only_if_that_is_unknown_does_not_block() -> None:
    wet = "sum(rain, 30min) > 0 mm"
    town = Town([rule("rain", {"blue": "sum(rain, 12h) >= 50 mm"}, only_if=wet)], RAIN)
    town.every(5 * MINUTE, "00:05", [1.4] * 35 + [0.8] + [0] * 39)
    town.send("07:05", 0)

    town.reload("07:10", rule("rain", {"blue": "sum(rain, 12h) >= 45 mm"}, only_if=wet))

    assert town.lines == ["07:10 none>blue"]
    assert town.transitions[0].reason == "rule changed"


@pytest.mark.parametrize(
    ("count", "value", "step", "raised"),
    [(36, "1.4", 5 * MINUTE, ["yellow"]), (125, "0.4", MINUTE, ["blue"])],
)
def test_s23_sums_are_exact_on_the_threshold(count: int, value: str, step: int, raised: list[str]) -> None:
    grades = {"blue": "sum(rain, 3h) >= 50 mm", "yellow": "sum(rain, 3h) >= 50.4 mm"}
    town = Town([rule("rain", grades)], sensor("g", "rain", step))

    town.every(step, "06:00", [value] * count)

    assert [str(t.after) for t in town.transitions][-1:] == raised
    assert town.transitions[-1].evidence["observed"] == at("06:00") + (count - 1) * step


def test_s24_units_are_converted_exactly() -> None:
    river = rule("stage", {"yellow": "stage >= site.warning_stage", "red": "stage >= 228 cm"})
    town = Town([river], sensor("w", "stage", 10 * MINUTE, site={"warning_stage": "227 cm"}))
    town.send("10:00", "2.269")
    assert town.lines == []

    town.send("10:10", "2.270")
    town.send("10:20", "2.280")

    assert town.lines == ["10:10 none>yellow", "10:20 yellow>red"]


def test_s24_mass_concentrations_compare_as_registered_in_ppm() -> None:
    gas = rule("gas", {"yellow": "h2s >= 10 mg/m3", "orange": "h2s >= 20 mg/m3"})
    town = Town([gas], sensor("h", "gas", 10 * SECOND))
    town.send("10:00", "9.99")
    town.send("10:00:10", "10.01")

    assert town.lines == ["10:00:10 none>yellow"]
