"""What functions of one sensor say, number by number (S16, S24, D12, D24)."""

from fractions import Fraction

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.reading import Quality
from rules.engine.nodes import Check
from rules.engine.verdict import FALSE, TRUE, UNKNOWN, verdict
from rules.engine.view import Now
from rules.engine.window_values import NEVER_REACHED
from rules.grade import Grade
from tests.rules.town import Town, at, rule, sensor

S16 = [("10:00", 1.00), ("10:07", 1.10), ("10:31", 1.50), ("10:33", 1.48), ("10:58", 1.90), ("11:10", 2.30)]
GAUGE = sensor("g", "stage", 10 * MINUTE, site={"warning_stage": "2.27 m"})


class Asked:
    """A town with one rule that is asked for the verdicts and values of its conditions."""

    def __init__(self, *texts: str, kind: str = "stage", who: object = GAUGE) -> None:
        grades = dict(zip(["blue", "yellow", "orange", "red"], texts, strict=False))
        self.town = Town([rule(kind, grades, max_age=24 * HOUR)], who)  # type: ignore[arg-type]
        self.judge = self.town.engine.judges[0]
        self.instant = 0

    def send(self, *readings: tuple[str, str | float], **more: object) -> None:
        for stamp, value in readings:
            self.town.send(stamp, value, **more)
            self.instant = at(stamp)

    @property
    def view(self) -> Now:
        board = self.judge.board
        instant = max(self.instant, int(board.newest[0]))
        return Now(board, 0, instant, instant, self.judge.patience(0), {})

    @property
    def verdicts(self) -> list[int]:
        """Of the conditions in the order given."""
        return [verdict(node, self.view) for node in reversed(self.judge.ladder.raising.values())]

    @property
    def values(self) -> list[int | Fraction | None]:
        """The left sides of the conditions in the order given."""
        nodes = list(reversed(self.judge.ladder.raising.values()))
        return [self.view.measure(node).value for node in nodes if isinstance(node, Check)]


def test_s16_rate_forecast_and_eta_on_irregular_data() -> None:
    asked = Asked(
        "rate(stage, 1h) >= 1 m/h",
        "eta(stage, site.warning_stage) <= 3h",
        "forecast(stage, 2h) >= 9 m",
        "rise(stage, 1h) >= 9 m",
    )
    found = []
    for reading in S16:
        asked.send(reading)
        found.append(asked.values)

    assert [row[:3] for row in found[:2]] == [[None] * 3] * 2
    rates, etas = [row[0] for row in found[2:]], [row[1] for row in found[2:]]
    assert rates == [976, 921, 932, 1197]
    assert [round(Fraction(ms or 0) / MINUTE, 1) for ms in etas] == [
        round(Fraction(m), 1) for m in ("47.3", "51.5", "23.8", "0")
    ]
    assert found[4][2:] == [3764, 900]


def test_s16_a_rate_whose_readings_span_less_than_half_of_its_window_is_unknown() -> None:
    asked = Asked("rate(stage, 5min) >= 1 m/h", "rate(stage, 1h) >= 0.9 m/h")
    asked.send(*S16[:4])

    assert asked.values == [None, 921]


def test_s16_a_warning_rises_with_the_eta_and_what_never_comes_is_known_only_where_reports_are() -> None:
    grades = {"blue": "eta(stage, site.warning_stage) <= 3h", "yellow": "stage >= site.warning_stage"}
    town = Town([rule("stage", grades, margin="0.1 m", after=30 * MINUTE, max_age=24 * HOUR)], GAUGE)
    for stamp, value in S16:
        town.send(stamp, value)
    assert town.lines == ["10:31 none>blue", "11:10 blue>yellow"]

    town.send("11:40", 1.20)
    judge = town.engine.judges[0]
    view = Now(judge.board, 0, at("11:40"), at("11:40"), judge.patience(0), {})
    (blue,) = [node for grade, node in judge.ladder.raising.items() if grade == min(judge.ladder.raising)]
    measured = view.measure(blue)  # type: ignore[arg-type]

    assert (measured.value, measured.covered) == (NEVER_REACHED, 30 * MINUTE)
    assert verdict(blue, view) == UNKNOWN


def test_what_never_comes_is_a_known_false_where_the_hour_is_covered() -> None:
    asked = Asked("eta(stage, 2 m) <= 3h", "eta(stage, 2 m) > 3h")
    asked.send(*[(f"10:{m:02}", 1.5) for m in range(0, 60, 10)])

    assert asked.verdicts == [FALSE, TRUE]


def test_a_level_that_is_reached_is_reached_whatever_the_trend() -> None:
    asked = Asked("eta(stage, 2 m) <= 1min")
    asked.send(("10:00", 2.0))

    assert asked.values == [0]
    assert asked.verdicts == [TRUE]


@pytest.mark.parametrize(
    ("function", "expected"),
    [("mean", 1500), ("min", 1000), ("max", 2100), ("median", 1400), ("fall", 700), ("rise", 400)],
)
def test_windows_of_few_reports_are_exact(function: str, expected: int) -> None:
    asked = Asked(f"{function}(stage, 1h) >= 1 m")
    asked.send(("10:00", 9), *zip(["10:20", "10:30", "10:40", "11:00"], [1.0, 2.1, 1.5, 1.4], strict=True))

    assert asked.values == [expected]


def test_a_mean_is_rounded_half_to_even_before_it_is_compared() -> None:
    asked = Asked("mean(stage, 1h) >= 1.001 m", "mean(stage, 1h) > 1 m")
    asked.send(("10:10", 1.000), ("10:20", 1.001))
    assert asked.values == [1000, 1000]

    asked.send(("10:30", 1.002), ("10:40", 1.003))
    assert asked.values == [1002, 1002]
    assert asked.verdicts == [TRUE, TRUE]


DETECTOR = sensor("d", "smoke", 10 * SECOND)


def test_count_says_how_many_reports_fulfil_its_comparison() -> None:
    asked = Asked("count(smoke >= 0.15 dB/m, 1min) >= 2", kind="smoke", who=DETECTOR)
    asked.send(("10:00:00", 0.9), ("10:00:10", 0.15), ("10:00:20", 0.149), ("10:01:00", 0.2))

    assert asked.values == [2]
    assert asked.verdicts == [TRUE]


def test_a_count_below_a_number_is_not_known_while_reports_may_be_missing() -> None:
    asked = Asked(
        "count(smoke >= 0.15 dB/m, 1min) < 2",
        "count(smoke >= 0.15 dB/m, 1min) >= 2",
        kind="smoke",
        who=DETECTOR,
    )
    asked.send(("10:00:00", 0), ("10:01:00", 0))
    assert asked.verdicts == [UNKNOWN, UNKNOWN]

    asked.send(*[(f"10:01:{s}", 0) for s in (10, 20, 30, 40, 50)])
    assert asked.verdicts == [TRUE, FALSE]


def test_cells_of_a_long_window_count_and_average_every_report_in_them() -> None:
    asked = Asked(
        "count(smoke >= 0.15 dB/m, 1h) >= 2",
        "mean(smoke, 1h) >= 0.1 dB/m",
        "stuck(smoke, 1h)",
        kind="smoke",
        who=DETECTOR,
    )
    values = [0.2 if k % 3 == 0 else 0.05 for k in range(720)]
    asked.town.every(10 * SECOND, "10:00:00", values)
    asked.instant = at("11:59:50")
    ring = next(iter(asked.judge.board.rings.values()))

    assert len(ring.entries(0)) <= 66
    assert asked.values == [120, 100, 150]
    assert asked.verdicts == [TRUE, TRUE, FALSE]


def test_stuck_needs_a_window_that_is_known() -> None:
    asked = Asked("stuck(stage, 1h)", "not stuck(stage, 1h)")
    asked.send(("10:00", 1.5), ("10:30", 1.5))
    assert asked.verdicts == [UNKNOWN, UNKNOWN]

    asked.send(("10:40", 1.5), ("10:50", 1.5), ("11:00", 1.5))
    assert asked.verdicts == [UNKNOWN, UNKNOWN]

    asked.send(("11:10", 1.5), ("11:20", 1.5))
    assert asked.verdicts == [TRUE, FALSE]

    asked.send(("11:30", 1.501))
    assert asked.verdicts == [FALSE, TRUE]


def test_stuck_is_told_with_the_report_by_which_enough_of_the_window_is_known() -> None:
    town = Town([rule("stage", {"blue": "stuck(stage, 1h)"})], GAUGE)

    town.every(10 * MINUTE, "10:00", [1.5] * 8)

    # Each of five reports covers 10 minutes: 50 of 60.
    assert [(t.at, t.after) for t in town.transitions] == [(at("10:40"), Grade.BLUE)]


def test_stuck_is_about_values_that_are_suspected_of_it() -> None:
    asked = Asked("stuck(stage, 1h)")
    stuck = int(Quality.SUSPECT | Quality.STUCK)
    asked.send(*[(f"10:{m:02}", 1.5) for m in range(0, 60, 10)], quality=stuck)

    assert asked.verdicts == [TRUE]


def test_flagged_says_what_is_known_against_the_newest_value() -> None:
    asked = Asked("flagged(stage, step)", "not flagged(stage, step)", "flagged(stage, clock)")
    asked.send(("10:00", 1.5), quality=int(Quality.STEP | Quality.SUSPECT))
    assert asked.verdicts == [TRUE, FALSE, FALSE]

    asked.send(("10:10", 1.5))
    assert asked.verdicts == [FALSE, TRUE, FALSE]


def test_an_age_goes_on_in_silence_and_turns_at_the_instant_itself() -> None:
    asked = Asked("age(stage) >= 3 reports", "age(stage) > 30min", "age() < 30min")
    asked.send(("10:00", 1.5))
    turns = []
    for instant in (at("10:30") - 1, at("10:30"), at("10:30") + 1):
        asked.instant = instant
        turns.append(asked.verdicts)

    assert turns == [[FALSE, FALSE, TRUE], [TRUE, FALSE, FALSE], [TRUE, TRUE, FALSE]]


def test_a_sensor_that_never_reported_has_no_age() -> None:
    asked = Asked("age(battery) >= 1h", "not age(battery) >= 1h", kind="smoke", who=DETECTOR)
    asked.send(("10:00:00", 0.0))

    assert asked.verdicts == [FALSE, FALSE]
    assert asked.judge.ladder.unheard(asked.judge.board) == 1


def test_s24_a_rate_converts_its_unit_of_time_and_length() -> None:
    asked = Asked("rate(stage, 1h) >= 1 cm/min", "rate(stage, 1h) >= 0.61 m/h")
    asked.send(*[(f"10:{m:02}", f"1.{m:02}") for m in range(0, 60, 10)])

    assert asked.values == [600, 600]
    assert asked.verdicts == [TRUE, FALSE]


def test_a_suspect_value_may_raise_as_review_and_denies_nothing() -> None:
    asked = Asked("stage >= 2 m", "stage < 2 m")
    asked.send(("10:00", 2.5), quality=int(Quality.SUSPECT))

    assert asked.verdicts == [TRUE, UNKNOWN]
    assert asked.town.transitions[0].disposition == "review"


def test_the_time_of_a_suspect_report_is_not_covered() -> None:
    asked = Asked("max(stage, 1h) >= 2 m")
    asked.send(*[(f"10:{m:02}", 1.5) for m in range(0, 60, 10)])
    assert asked.verdicts == [FALSE]

    asked.send(("11:00", 1.5), ("11:10", 1.5), quality=int(Quality.SUSPECT))
    assert asked.verdicts == [UNKNOWN]


def test_blind_time_belongs_to_no_window() -> None:
    asked = Asked("max(stage, 1h) >= 2 m")
    asked.send(("09:50", 1.5), ("10:00", 1.5), ("10:50", 1.5))
    assert asked.verdicts == [UNKNOWN]
    board = asked.judge.board

    board.blind.append((at("10:00"), at("10:30")))
    # An interval longer: until 10:40 no report can be missed. What is left is covered by 10:00 and 10:50.
    measured = asked.view.measure(next(iter(asked.judge.ladder.checks)))
    assert (measured.covered, measured.width) == (20 * MINUTE, 20 * MINUTE)
    assert asked.verdicts == [FALSE]

    board.blind[:] = [(at("09:00"), at("10:50"))]
    assert asked.verdicts == [UNKNOWN]


def test_evidence_shows_what_a_formula_was_calculated_from() -> None:
    asked = Asked("stage - min(stage, 1h) >= 0.5 m")
    asked.send(("10:00", 1.5), ("10:10", 2.25))

    text = asked.town.transitions[0].evidence["text"]

    assert text == "stage (2.25 m) - min(stage, 1h) (1.5 m) = 0.75 m >= 0.5 m ✓"


def test_a_rate_that_reaches_its_threshold_by_rounding_raises() -> None:
    town = Town([rule("stage", {"yellow": "rate(stage, 1h) >= 1 m/h"}, max_age=24 * HOUR)], GAUGE)
    town.send("10:00", "1.000")
    town.send(at("10:30") + SECOND // 2, "1.500")

    assert 999.5 < Fraction(500 * HOUR, 30 * MINUTE + SECOND // 2) < 1000
    assert town.lines == ["10:30:00.500 none>yellow"]
