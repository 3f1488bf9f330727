"""The arithmetic of the figures, and what counts as lost."""

import math
from dataclasses import replace

import pytest

from bench.figures import Counts, percentile

FINE = Counts(
    published=10, journaled=12, lost=0, duplicates=2, foreign=0, unjudged=0, quarantined=1, absurd=1,
    raising=3, unraised=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.501, 51.0), (0.99, 99.0), (1.0, 100.0)]
)
def test_a_percentile_is_a_value_that_occurred(share: float, expected: float) -> None:
    values = [float(number) for number in range(100, 0, -1)]

    assert percentile(values, share) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7.0


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert math.isnan(percentile([], 0.99))


@pytest.mark.parametrize(
    ("counts", "complete"),
    [
        (FINE, True),
        (replace(FINE, lost=1), False),
        (replace(FINE, foreign=1), False),
        (replace(FINE, unjudged=1), False),
        (replace(FINE, quarantined=0), False),
        (replace(FINE, quarantined=2), False),
        (replace(FINE, unraised=1), False),
    ],
)
def test_what_is_lost_unjudged_not_raised_or_wrongly_refused_fails_a_run_and_duplicates_do_not(
    counts: Counts, complete: bool
) -> None:
    assert counts.complete is complete
