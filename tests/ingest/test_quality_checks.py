"""What each check says, case by case."""

from dataclasses import replace

import pytest

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.kinds import Kinds
from ingest.quality import QualityControl
from ingest.reading import Quality
from ingest.registry import Registry
from tests.ingest.gauges import (
    BATTERY,
    INTERVAL,
    KINDS,
    METRICS,
    RAIN,
    REGISTRY,
    RIVER,
    STAGE,
    START,
    STUCK,
    TOTAL,
    Seen,
    Told,
    block,
    kind,
    seen,
    sensor,
)

CLOCK = int(Quality.CLOCK)
DOUBT = int(Quality.SUSPECT)


@pytest.fixture
def control() -> QualityControl:
    return QualityControl(KINDS, REGISTRY)


def one(control: QualityControl, received: int, *told: Told) -> list[Seen]:
    return seen(control.check(block(received, [list(told)])))


def totals(control: QualityControl, *reports: tuple[int, int]) -> list[tuple[int, int, int]]:
    """(value, period in minutes, quality) of the amounts of counter reports (minute, value)."""
    found = []
    for minute, value in reports:
        at = START + minute * MINUTE
        found += one(control, at, Told(0, TOTAL, value, at))
    assert all(each.column == RAIN for each in found)
    return [(each.value, each.period // MINUTE, each.quality) for each in found]


def stages(control: QualityControl, *values: int, every: int = INTERVAL) -> list[int]:
    """The quality of each of a river's reports."""
    return [
        one(control, at, Told(RIVER, STAGE, value, at))[0].quality
        for value, at in zip(values, range(START, START + DAY, every), strict=False)
    ]


def test_a_counter_becomes_the_amounts_it_feeds(control: QualityControl) -> None:
    """Scenario S12: rollover, differences, reset, gap."""
    reports = [(0, 990), (5, 4), (10, 34), (15, 0), (20, 20), (320, 620)]

    assert totals(control, *reports) == [(14, 5, 0), (30, 5, 0), (0, 5, DOUBT), (20, 5, 0), (600, 300, 0)]
    assert control.flags["counter"] == 1


@pytest.mark.parametrize(
    ("old", "new", "amount"),
    [
        (900, 100, (200, 5, 0)),
        (899, 100, (100, 5, DOUBT)),
        (900, 101, (101, 5, DOUBT)),
        (500, 40, (40, 5, DOUBT)),
        (800, 661, (0, 5, DOUBT)),
        (0, 660, (660, 5, 0)),
        (0, 661, (661, 5, DOUBT)),
    ],
)
def test_a_fall_is_a_rollover_or_a_reset_and_a_rise_has_its_limit(
    control: QualityControl, old: int, new: int, amount: tuple[int, int, int]
) -> None:
    """198 mm in 15 min is the record: 66 mm in 5."""
    assert totals(control, (0, old), (5, new)) == [amount]


def test_tips_within_a_second_are_no_record(control: QualityControl) -> None:
    one(control, START, Told(0, TOTAL, 0, START))
    [tip] = one(control, START + SECOND, Told(0, TOTAL, 5, START + SECOND))
    assert (tip.value, tip.period, tip.quality) == (5, SECOND, 0)


def test_a_counter_report_behind_a_newer_one_changes_nothing(control: QualityControl) -> None:
    totals(control, (0, 10), (10, 30))
    assert one(control, START + 11 * MINUTE, Told(0, TOTAL, 20, START + 5 * MINUTE)) == []
    assert totals(control, (15, 36)) == [(6, 5, 0)]
    assert control.flags["out_of_order"] == 1


def test_an_amount_that_is_stated_beats_the_counter_beside_it(control: QualityControl) -> None:
    totals(control, (0, 10))
    at = START + INTERVAL
    [only] = one(control, at, Told(0, RAIN, 7, at), Told(0, TOTAL, 20, at))
    assert (only.column, only.value) == (RAIN, 7)
    assert totals(control, (10, 26)) == [(6, 5, 0)]


def test_a_counter_that_feeds_nothing_stays_what_it_is() -> None:
    aside = Kinds({"rain": kind("rain", METRICS[0])}, METRICS[:1], ("rain",))
    readings = block(START, [[Told(0, RAIN, 7, START)]])
    assert QualityControl(aside, REGISTRY).check(readings).column.tolist() == [RAIN]


def test_a_slow_clock_is_known_by_its_pace_and_believed_again(control: QualityControl) -> None:
    """Scenario S11: from the third arrival on."""
    found = []
    for k, lag in enumerate([0, 2 * HOUR, 2 * HOUR, 2 * HOUR, 2 * HOUR, 4 * MINUTE, 2 * HOUR]):
        at = START + k * INTERVAL
        [told] = one(control, at, Told(RIVER, BATTERY, k, at - lag))
        found.append((at - told.observed, told.quality))
    late = (2 * HOUR, 0)
    assert found == [(0, 0), late, late, (0, CLOCK), (0, CLOCK), (4 * MINUTE, 0), late]
    assert control.flags["clock"] == 2


def test_all_values_of_a_slow_reading_move_together(control: QualityControl) -> None:
    for k in range(3):
        at, stamp = START + k * INTERVAL, START + k * INTERVAL - HOUR
        found = one(control, at, Told(RIVER, STAGE, k, stamp), Told(RIVER, BATTERY, k, stamp))
    assert [(told.observed, told.stamp, told.quality) for told in found] == [(at, stamp, CLOCK)] * 2


def test_messages_of_one_stamp_are_one_arrival(control: QualityControl) -> None:
    found = []
    for k in range(4):
        at, stamp = START + k * INTERVAL, START + k * INTERVAL - HOUR
        found += one(control, at, Told(RIVER, STAGE, k, stamp))
        found += one(control, at + 40 * SECOND, Told(RIVER, BATTERY, k, stamp))
    assert [told.quality for told in found] == [0, 0, 0, 0, *[CLOCK] * 4]


def test_a_stamp_that_comes_again_with_a_newer_one_leaves_the_newer_arrival(control: QualityControl) -> None:
    found = []
    for seconds, told in ((0, [0]), (100, [0, 100]), (400, [400]), (700, [700])):
        said = [[Told(RIVER, BATTERY, seconds, START - HOUR + s * SECOND)] for s in told]
        found += seen(control.check(block(START + seconds * SECOND, said)))
    assert [told.quality for told in found] == [0, 0, 0, 0, CLOCK]


def test_a_backlog_between_two_reports_breaks_the_pace(control: QualityControl) -> None:
    for k in range(4):
        at = START + k * INTERVAL
        lagging = [[Told(RIVER, BATTERY, n, at - lag)] for n, lag in enumerate((HOUR, HOUR - 20 * SECOND))]
        assert {told.quality for told in seen(control.check(block(at, lagging)))} == {0}


def test_a_clock_that_is_right_again_has_late_data_like_any_other(control: QualityControl) -> None:
    """Both in one block: the reading of now ends the fault, the old one behind it is late."""
    for k in range(4):
        one(control, START + k * INTERVAL, Told(RIVER, BATTERY, k, START + k * INTERVAL - HOUR))
    at = START + 4 * INTERVAL
    told = [[Told(RIVER, BATTERY, n, at - lag)] for n, lag in enumerate((HOUR, 0, HOUR))]
    assert [each.quality for each in seen(control.check(block(at, told)))] == [CLOCK, 0, 0]


def test_the_readings_of_a_pack_change_places_with_their_times(control: QualityControl) -> None:
    for k in range(3):
        at = START + k * INTERVAL
        found = one(control, at, Told(RIVER, BATTERY, k, at - HOUR), Told(RIVER + 1, BATTERY, k, at - 1))
    assert [(told.slot, at - told.observed) for told in found] == [(RIVER + 1, 1), (RIVER, 0)]


@pytest.mark.parametrize("every", [0, SECOND])
def test_a_backlog_keeps_its_stamps(control: QualityControl, every: int) -> None:
    """Scenario S9: in one block, or in blocks a second apart."""
    stamps = [START - HOUR + k * INTERVAL for k in range(12)]
    for k, stamp in enumerate(stamps):
        [told] = one(control, START + k * every, Told(RIVER, BATTERY, k, stamp))
        assert (told.observed, told.quality) == (stamp, 0)


def test_a_leap_is_doubted_until_a_second_report_agrees(control: QualityControl) -> None:
    doubtful = int(Quality.STEP) | DOUBT
    assert stages(control, 100, 500, 501, 502, 300) == [0, doubtful, 0, 0, doubtful]


def test_a_spike_is_doubted_and_what_follows_it_is_not(control: QualityControl) -> None:
    doubtful = int(Quality.STEP) | DOUBT
    assert stages(control, 100, 500, 101, 500, 102, 302) == [0, doubtful, 0, doubtful, 0, 0]


def test_after_a_silence_nothing_is_a_leap(control: QualityControl) -> None:
    assert stages(control, 100, 500, every=3 * INTERVAL) == [0, int(Quality.STEP) | DOUBT]
    assert stages(QualityControl(KINDS, REGISTRY), 100, 500, every=3 * INTERVAL + 1) == [0, 0]


def test_a_value_that_never_changes_is_stuck_until_it_does(control: QualityControl) -> None:
    stuck = int(Quality.STUCK) | DOUBT
    assert stages(control, *[7] * 8, 8, 8) == [0] * 6 + [stuck] * 2 + [0] * 2
    assert control.flags["stuck"] == 2


def test_the_first_report_begins_the_time_whatever_it_says(control: QualityControl) -> None:
    assert stages(control, *[0] * 6) == [0] * 6


def test_few_reports_are_not_stuck_however_far_apart(control: QualityControl) -> None:
    assert stages(control, *[7] * 6, every=STUCK) == [0] * 5 + [int(Quality.STUCK) | DOUBT]


def rained(control: QualityControl, at: int, around: int, odd: int, *, gauges: int = 7) -> int:
    """The quality of gauge 7's amount where `gauges` around it, heard just before, had theirs."""
    one(control, at - 1, *(Told(n, RAIN, around, at - 1) for n in range(gauges)))
    return one(control, at, Told(7, RAIN, odd, at))[0].quality


NEIGHBOUR = int(Quality.NEIGHBOUR) | DOUBT


def test_seven_zeros_while_it_rains_around_are_faulty(control: QualityControl) -> None:
    found = [rained(control, START + k * INTERVAL, 1, 0) for k in range(8)]
    assert found == [0] * 6 + [NEIGHBOUR] * 2
    assert rained(control, START + 8 * INTERVAL, 1, 1) == 0
    assert rained(control, START + 9 * INTERVAL, 1, 0) == 0


def test_zeros_in_dry_weather_are_zeros(control: QualityControl) -> None:
    assert [rained(control, START + k * INTERVAL, 0, 0) for k in range(9)] == [0] * 9


@pytest.mark.parametrize(
    ("around", "odd", "quality"),
    [
        (3, 100, 0),
        (3, 101, NEIGHBOUR),
        (4, 101, NEIGHBOUR),
        (4, 100, 0),
        (8, 200, 0),
        (8, 201, NEIGHBOUR),
    ],
)
def test_what_exceeds_the_neighbours_by_far_is_doubted(
    control: QualityControl, around: int, odd: int, quality: int
) -> None:
    assert rained(control, START, around, odd) == quality


def test_of_an_even_number_of_neighbours_the_median_lies_between(control: QualityControl) -> None:
    one(control, START, *(Told(n, RAIN, 4 if n < 3 else 8, START) for n in range(6)))
    assert one(control, START + 1, Told(7, RAIN, 150, START + 1))[0].quality == 0
    assert one(control, START + 2, Told(7, RAIN, 151, START + 2))[0].quality == NEIGHBOUR


def test_reports_of_one_instant_say_nothing_about_each_other(control: QualityControl) -> None:
    """However often a gauge reports in it: what counts is what was reported before."""
    one(control, START, *(Told(n, RAIN, 8, START) for n in range(7)))
    at = START + INTERVAL
    for _ in range(2):
        one(control, at, *(Told(n, RAIN, 0, at) for n in range(7)))
    assert one(control, at, Told(7, RAIN, 200, at))[0].quality == 0


def test_four_neighbours_are_too_few(control: QualityControl) -> None:
    assert rained(control, START, 0, 1000, gauges=4) == 0
    assert rained(control, START + HOUR, 0, 1000, gauges=5) == NEIGHBOUR


def test_neighbours_count_for_three_intervals(control: QualityControl) -> None:
    one(control, START, *(Told(n, RAIN, 0, START) for n in range(7)))
    for late, quality in ((3 * INTERVAL, NEIGHBOUR), (3 * INTERVAL + 1, 0)):
        assert one(control, START + late, Told(7, RAIN, 1000, START + late))[0].quality == quality


def test_old_amounts_are_not_compared_with_the_present(control: QualityControl) -> None:
    one(control, START, *(Told(n, RAIN, 0, START) for n in range(7)))
    stamp = START - 3 * INTERVAL
    assert one(control, START + 1, Told(7, RAIN, 1000, stamp))[0].quality == 0
    assert one(control, START + 1, Told(7, RAIN, 1000, stamp + 1))[0].quality == NEIGHBOUR


def test_a_gauge_far_away_has_no_neighbours(control: QualityControl) -> None:
    one(control, START, *(Told(n, RAIN, 0, START) for n in range(8)))
    assert one(control, START + 1, Told(8, RAIN, 1000, START + 1))[0].quality == 0


def test_amounts_are_compared_per_five_minutes(control: QualityControl) -> None:
    one(control, START, *(Told(n, RAIN, 0, START) for n in range(7)))
    at = START + 1
    assert one(control, at, Told(7, RAIN, 1200, at, HOUR))[0].quality == 0
    assert one(control, at + 1, Told(7, RAIN, 1201, at + 1, HOUR))[0].quality == NEIGHBOUR
    assert one(control, at + 2, Told(7, RAIN, 4000, at + 2, HOUR + 1))[0].quality == 0


def test_a_reload_carries_what_is_known_of_a_sensor_to_its_new_place(control: QualityControl) -> None:
    totals(control, (0, 10))
    stages(control, *[7] * 6)
    others = [s for s in REGISTRY.sensors if s.id not in ("gauge-1", "river-1")]
    later = Registry.of([*others, sensor("a-new-gauge", "rain", 30.0), sensor("a-new-river", "stage")], {})

    control = control.carry(KINDS, later)

    at = START + STUCK
    slot = later.slots["gauge-0"]
    [amount] = one(control, at, Told(slot, TOTAL, 16, at))
    assert (amount.slot, amount.value) == (slot, 6)
    [stage] = one(control, at, Told(later.slots["river-0"], STAGE, 7, at))
    assert stage.quality == int(Quality.STUCK) | DOUBT


def test_a_sensor_that_changes_its_kind_begins_again(control: QualityControl) -> None:
    totals(control, (0, 10))
    stages(control, *[7] * 6)
    others = [s for s in REGISTRY.sensors if s.id not in ("gauge-0", "river-0")]
    later = Registry.of([*others, sensor("gauge-0", "stage"), sensor("river-0", "rain")], {})

    control = control.carry(KINDS, later)

    at = START + STUCK
    assert one(control, at, Told(later.slots["river-0"], TOTAL, 16, at)) == []
    assert one(control, at, Told(later.slots["gauge-0"], STAGE, 7, at))[0].quality == 0


def test_a_metric_that_changes_its_meaning_begins_again(control: QualityControl) -> None:
    stages(control, *[7] * 6)
    renamed = [m if m.name != "stage" else replace(m, unit="cm") for m in METRICS]
    kinds = Kinds(
        {"rain": kind("rain", *renamed[:2]), "stage": kind("stage", *renamed[2:])},
        tuple(renamed),
        KINDS.column_kind,
    )
    control = control.carry(kinds, REGISTRY)
    assert one(control, START + STUCK, Told(RIVER, STAGE, 7, START + STUCK))[0].quality == 0
