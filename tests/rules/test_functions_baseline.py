"""`baseline`: what is usual for a sensor, learnt from its own hours (D25, S17)."""

from decimal import Decimal
from fractions import Fraction
from statistics import median_low

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import DAY, HOUR, MINUTE
from ingest.reading import Quality
from rules.engine import Engine
from rules.engine.baseline import HourlyMeans, median_before
from tests.rules.town import KINDS, MIDNIGHT, Town, clock, rule, sensor

S17 = {
    "yellow": "leakage - baseline(leakage, 7d, default=100 mA) >= 300 mA",
    "orange": "leakage >= 500 mA",
}
CABINET = sensor("c", "electrical", 5 * MINUTE)
MONDAY = MIDNIGHT


def value_at(stamp: int) -> str:
    """S17: 180 mA, one 420 on Monday 12:30, one 480 on Thursday 14:00, from Friday on 420."""
    single = {MONDAY + 12 * HOUR + 30 * MINUTE: "420", MONDAY + 3 * DAY + 14 * HOUR: "480"}
    return single.get(stamp, "180" if stamp < MONDAY + 4 * DAY else "420")


def known_baselines(town: Town, until: int, step: int = 5 * MINUTE) -> list[tuple[int, int | None]]:
    """The baseline after each reading up to `until`, where it turns."""
    ring = town.engine.boards[0].baselines["r"].rings[KINDS["electrical"].metrics["leakage"].column, 7 * DAY]
    found: list[tuple[int, int | None]] = []
    for stamp in range(MONDAY, until, step):
        town.receive(stamp, [town.row(stamp, value_at(stamp))])
        baseline = ring.median(0)
        if not found or found[-1][1] != baseline:
            found.append((stamp, baseline))
    return found


def test_s17_a_baseline_is_known_from_half_its_span_and_learns_a_creeping_fault() -> None:
    town = Town([rule("electrical", S17)], CABINET)

    found = known_baselines(town, MONDAY + 8 * DAY)

    assert found == [
        (MONDAY, None),
        (MONDAY + 3 * DAY + 13 * HOUR, 1800),
        (MONDAY + 7 * DAY + 12 * HOUR, 4200),
    ]
    raised = [t for t in town.transitions if t.before is None]
    assert [clock(t.at) for t in raised] == ["12:30", "86:00"]
    assert raised[0].evidence["quality"] == ["warming up"]
    assert raised[1].evidence["quality"] == []
    assert "baseline(leakage, 7d, default=100 mA) (180 mA) = 300 mA" in raised[1].evidence["text"]


def learn(ring: HourlyMeans, stamp: int, value: int, flags: int = 0, slot: int = 0) -> None:
    ring.learn(np.array([slot]), np.array([stamp]), np.array([value]), np.array([flags], np.uint8))


def test_hours_with_a_suspect_value_or_a_warning_and_the_current_hour_are_left_out() -> None:
    ring = HourlyMeans(1, 4 * HOUR)
    for hour, value, flags in [(100, 10, 0), (101, 20, int(Quality.SUSPECT)), (102, 30, 0), (103, 40, 0)]:
        learn(ring, hour * HOUR, value, flags)
    assert ring.median(0) == 10

    ring.mark(0, 100 * HOUR + 5)
    assert ring.median(0) is None

    learn(ring, 104 * HOUR, 99)
    assert ring.median(0) == 30


def test_a_late_report_of_a_kept_hour_counts_and_an_older_one_does_not() -> None:
    ring = HourlyMeans(1, 2 * HOUR)
    for hour in (100, 101, 102):
        learn(ring, hour * HOUR, hour)
    learn(ring, 101 * HOUR + 1, 201)
    assert [(c.hour, c.total, c.reports) for c in ring.cells(0)] == [
        (100, 100, 1),
        (101, 302, 2),
        (102, 102, 1),
    ]

    learn(ring, 99 * HOUR, 1)
    assert ring.median(0) == 100


def test_only_sensors_that_report_take_memory_and_a_snapshot_holds_it() -> None:
    ring = HourlyMeans(100_000, 7 * DAY)
    for hour in range(200):
        learn(ring, hour * HOUR, hour, slot=70_000)

    assert ring.nbytes < 100_000 * 4 + 16 * 2_000
    other = HourlyMeans(100_000, 7 * DAY)
    other.restore(ring.snapshot())
    assert other.median(70_000) == ring.median(70_000) == 114
    moved = HourlyMeans(5, 7 * DAY)
    moved.take_over(ring, np.array([70_000]), np.array([3]))
    assert moved.median(3) == 114


reports = st.tuples(
    st.integers(0, 2),
    st.sampled_from([0, 0, 1, 1, 1, 2, 5, 30, -1, -2, -3, -9]),
    st.integers(-50, 50),
    st.sampled_from([0] * 8 + [int(Quality.SUSPECT)]),
)


@given(st.lists(reports, min_size=1, max_size=60), st.integers(1, 12))
def test_the_baseline_is_the_lower_median_of_the_means_of_good_hours(
    found: list[tuple[int, int, int, int]], hours: int
) -> None:
    ring = HourlyMeans(3, hours * HOUR)
    said = [dict[int, list[tuple[int, int]]]() for _ in range(3)]
    for slot, steps, value, flags in found:
        hour = max(said[slot], default=1000) + steps
        learn(ring, hour * HOUR + 7, value, flags, slot)
        said[slot].setdefault(hour, []).append((value, flags))

        newest = max(said[slot])
        means = [
            round(Fraction(sum(value for value, _ in values), len(values)))
            for hour, values in said[slot].items()
            if newest - hours <= hour < newest and not any(flags for _, flags in values)
        ]
        expected = median_low(means) if 2 * len(means) >= hours else None
        assert ring.median(slot) == median_before(ring.cells(slot), newest, hours) == expected


def test_a_restart_forgets_nothing_of_what_was_learnt() -> None:
    town = Town([rule("electrical", S17)], CABINET)
    known_baselines(town, MONDAY + 4 * DAY, step=30 * MINUTE)
    again = Engine(KINDS, town.registry, (rule("electrical", S17),))
    again.restore(town.engine.snapshot())
    town.engine = again
    stamp = MONDAY + 4 * DAY

    town.receive(stamp, [town.row(stamp, Decimal("480"))])

    assert town.transitions[-1].evidence["quality"] == []
    assert town.lines[-1] == "96:00 none>yellow"
