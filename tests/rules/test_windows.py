"""Rings: exact totals, overlaps, cells, bounded memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from rules.engine.amount_ring import Amount, AmountRing
from rules.engine.board import cell_width
from rules.engine.nodes import Check, Term
from rules.engine.report import Report
from rules.engine.report_ring import ReportRing

WIDTHS = [30 * MINUTE, 3 * HOUR]
SPAN = 9 * HOUR
EXTREMES = frozenset({"max"})


def amounts(sensors: int = 3) -> AmountRing:
    return AmountRing(sensors, WIDTHS, SPAN, 5 * MINUTE)


def append(ring: AmountRing, slot: int, stamp: int, amount: int, period: int = 5 * MINUTE) -> None:
    ring.append(
        np.array([slot]), np.array([stamp]), np.array([amount]), np.array([period]), np.zeros(1, np.uint8)
    )


def totals(ring: AmountRing, slot: int) -> list[int]:
    return [int(ring.totals(np.array([slot]), width)[0][0]) for width in WIDTHS]


def sums(ring: AmountRing, slot: int) -> list[int]:
    """The same from the entries."""
    entries = ring.entries(slot)
    newest = entries[-1].stamp
    return [sum(e.share for e in entries if e.stamp > newest - width) for width in WIDTHS]


reports = st.tuples(
    st.integers(0, 2),
    st.sampled_from([-30, -7, -2, 0, 1, 1, 1, 1, 1, 2, 13, 150]),
    st.sampled_from([0, 0, 0, SECOND, -SECOND]),
    st.integers(0, 500),
    st.sampled_from([5 * MINUTE, 5 * MINUTE, 5 * MINUTE, MINUTE, HOUR, 4 * HOUR]),
)


@given(st.lists(reports, min_size=1, max_size=120))
def test_a_total_is_the_sum_over_the_ring_at_all_times(found: list[tuple[int, int, int, int, int]]) -> None:
    ring = amounts()
    newest = [1_000 * HOUR] * 3
    for slot, steps, jitter, amount, period in found:
        stamp = newest[slot] + steps * 5 * MINUTE + jitter
        if stamp >= newest[slot]:
            append(ring, slot, stamp, amount, period)
            newest[slot] = stamp
        else:
            ring.insert(slot, Amount(stamp, period, amount, amount, 0))
        if ring.entries(slot):
            assert totals(ring, slot) == sums(ring, slot)
            assert [e.stamp for e in ring.entries(slot)] == sorted(e.stamp for e in ring.entries(slot))


def test_totals_are_right_after_the_ring_has_gone_round() -> None:
    ring = amounts()
    for k in range(500):
        append(ring, 1, k * 5 * MINUTE, k)

    assert totals(ring, 1) == sums(ring, 1) == [sum(range(494, 500)), sum(range(464, 500))]
    assert len(ring.entries(1)) == ring.rows.capacity


def test_a_long_pause_empties_the_totals_before_a_full_ring_is_overwritten() -> None:
    ring = amounts()
    for k in range(ring.rows.capacity):
        append(ring, 0, k * 5 * MINUTE, 1)

    append(ring, 0, 10_000 * HOUR, 7)

    assert totals(ring, 0) == [7, 7]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_longer_report_adds_what_exceeds_the_shorter_in_any_order(order: tuple[int, ...]) -> None:
    ring = amounts()
    found = [
        Amount(12 * HOUR + 5 * MINUTE, 5 * MINUTE, 3, 3, 0),
        Amount(12 * HOUR + 10 * MINUTE, 5 * MINUTE, 2, 2, 0),
        Amount(13 * HOUR, HOUR, 12, 12, 0),
    ]
    for k in order:
        ring.insert(0, found[k])

    assert [entry.share for entry in ring.entries(0)] == [3, 2, 7]
    assert totals(ring, 0)[1] == 12


def test_a_longer_report_below_its_shorter_ones_adds_nothing() -> None:
    ring = amounts()
    append(ring, 0, 12 * HOUR + 5 * MINUTE, 30)
    append(ring, 0, 13 * HOUR, 12, HOUR)

    assert totals(ring, 0)[1] == 30


def test_a_device_faster_than_registered_is_counted_longer_never_lost_and_never_for_ever() -> None:
    ring = amounts()
    for k in range(300):
        append(ring, 0, k * MINUTE, 1)
    assert 180 <= totals(ring, 0)[1] <= 190

    for k in range(200):
        append(ring, 0, (300 + k) * MINUTE, 0)

    assert totals(ring, 0) == [0, 0]
    assert len(ring.entries(0)) <= ring.rows.capacity


def test_a_report_older_than_what_is_kept_is_refused() -> None:
    ring = amounts()
    append(ring, 0, 100 * HOUR, 1)

    assert not ring.insert(0, Amount(91 * HOUR, 5 * MINUTE, 9, 9, 0))
    assert ring.insert(0, Amount(91 * HOUR + 1, 5 * MINUTE, 9, 9, 0))


def test_memory_is_taken_by_sensors_that_report() -> None:
    ring = AmountRing(100_000, WIDTHS, SPAN, 5 * MINUTE)
    append(ring, 50_000, 0, 1)

    assert ring.rows.used == 1
    assert ring.nbytes < 100_000 * 4 + 64 * 1024


@given(st.lists(st.integers(0, 2), min_size=1, max_size=300))
def test_a_snapshot_holds_what_was_written_and_no_more(sensors: list[int]) -> None:
    ring, again = amounts(), amounts()
    for k, sensor in enumerate(sensors):
        append(ring, sensor, k * 5 * MINUTE, 1)

    state = ring.snapshot()
    again.restore(state)

    most = max(sensors.count(sensor) for sensor in sensors)
    assert state["stamp"].shape[1] <= min(2 * most, ring.rows.capacity)
    assert [again.entries(sensor) for sensor in range(3)] == [ring.entries(sensor) for sensor in range(3)]


@pytest.mark.parametrize(
    ("width", "cell"),
    [(HOUR, 100_000), (24 * HOUR, 2_000_000), (64 * SECOND, 1_000), (65 * SECOND, 2_000), (640, 10)],
)
def test_cells_are_a_64th_of_the_window_rounded_up_to_1_2_5(width: int, cell: int) -> None:
    assert cell_width(width) == cell


def values(ring: ReportRing, stamps: list[int], found: list[int]) -> None:
    for stamp, value in zip(stamps, found, strict=True):
        ring.append(np.zeros(1, np.int64), np.array([stamp]), np.array([value]), np.zeros(1, np.uint8))


def test_a_cell_keeps_its_extremes_and_its_newest_value() -> None:
    ring = ReportRing(1, 64 * MINUTE, SECOND, MINUTE, EXTREMES)

    values(ring, [60_000, 70_000, 119_000, 120_000], [5, 9, 2, 4])

    assert ring.entries(0) == [Report(119_000, 59_000, 9, 2, 2, 0), Report(120_000, 0, 4, 4, 4, 0)]


def test_the_oldest_cell_counts_whole_while_its_newest_stamp_is_inside() -> None:
    ring = ReportRing(1, 64 * MINUTE, SECOND, MINUTE, EXTREMES)
    values(ring, [60_000, 119_000, 179_000], [9, 1, 1])

    high, low, known = ring.extremes(np.zeros(1, np.int64), MINUTE + 1)

    assert (int(high[0]), int(low[0]), bool(known[0])) == (9, 1, True)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), min_size=1, max_size=80),
    st.sampled_from([0, 5_000]),
)
def test_a_newest_report_goes_where_an_inserted_one_goes(found: list[tuple[int, int]], cell: int) -> None:
    quick, slow = (ReportRing(1, 60_000, 10_000, cell, EXTREMES) for _ in range(2))
    stamp = 0
    for steps, value in found:
        stamp += steps * 4_000
        values(quick, [stamp], [value])
        slow.insert(0, Report(stamp, 0, value, value, value, 0))

    assert quick.entries(0) == slow.entries(0)


def test_a_fast_device_never_freezes_an_old_extreme_in_the_window() -> None:
    ring = ReportRing(1, 60_000, 10_000, 0, EXTREMES)
    values(ring, [k * 1_000 for k in range(300)], [99] + [1] * 299)

    high, _, _ = ring.extremes(np.zeros(1, np.int64), 60_000)

    assert int(high[0]) == 1


def test_a_report_older_than_a_full_ring_is_refused() -> None:
    ring = ReportRing(1, 30_000, 10_000, 0, EXTREMES)
    values(ring, [k * 10_000 for k in range(20)], [1] * 20)

    assert not ring.insert(0, Report(0, 0, 9, 9, 9, 0))
    assert ring.insert(0, Report(165_000, 0, 9, 9, 9, 0))


COUNTED = Check(Term(0), ">=", 5)


def test_a_cell_counts_and_adds_up_all_of_its_reports() -> None:
    ring = ReportRing(1, 64 * MINUTE, SECOND, MINUTE, frozenset({"mean", "count"}))
    ring.watch(COUNTED)

    values(ring, [60_000, 70_000, 119_000, 120_000], [5, 9, 2, 4])

    first, second = ring.entries(0)
    assert (first.last, first.others, first.rest, first.hits_of(COUNTED, 0)) == (2, 2, 14, 2)
    assert (second.last, second.others, second.rest, second.hits_of(COUNTED, 0)) == (4, 0, 0, 0)


def test_a_ring_keeps_only_what_rules_ask_of_it() -> None:
    plain, full = (ReportRing(1, HOUR, MINUTE, 0, frozenset(f)) for f in ([], ["max", "mean"]))
    for ring in (plain, full):
        values(ring, [0], [1])

    assert plain.rows.fields.keys() == {"stamp", "reach", "last", "flags"}
    assert full.nbytes - plain.nbytes == plain.rows.capacity * (4 + 4 + 4 + 8)


def test_a_comparison_cannot_be_counted_once_reports_have_come() -> None:
    ring = ReportRing(1, HOUR, MINUTE, 0)
    values(ring, [0], [1])

    with pytest.raises(AssertionError, match="before reports are counted"):
        ring.watch(COUNTED)


@given(
    st.lists(st.tuples(st.integers(-6, 4), st.integers(0, 9)), min_size=1, max_size=80),
    st.sampled_from([0, 5_000]),
)
def test_sums_and_hits_forget_no_report_that_is_merged(found: list[tuple[int, int]], cell: int) -> None:
    ring = ReportRing(1, 60_000, 10_000, cell, frozenset({"mean"}))
    ring.watch(COUNTED)
    newest, said = 0, []
    for steps, value in found:
        stamp = newest + steps * 1_000
        if stamp >= newest:
            values(ring, [stamp], [value])
            kept, newest = True, stamp
        else:
            kept = ring.insert(0, Report(stamp, 0, value, value, value, 0))
        said += [value] if kept else []
    entries = ring.entries(0)

    if newest <= 60_000:
        assert sum(e.others + 1 for e in entries) == len(said)
        assert sum(e.last + e.rest for e in entries) == sum(said)
        assert sum(e.hits_of(COUNTED, 0) for e in entries) == sum(value >= 5 for value in said)


def test_rings_with_different_contents_have_different_shapes() -> None:
    one, other = ReportRing(1, HOUR, MINUTE, 0), ReportRing(1, HOUR, MINUTE, 0)
    assert one.shape == other.shape

    other.watch(COUNTED)
    assert one.shape != other.shape
