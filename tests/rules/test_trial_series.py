"""The shorthand for series of test values."""

from decimal import Decimal

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from rules.rulebook.phrases import UnreadableError
from rules.rulebook.series import parse_series


def reports(text: str, start: int = 0) -> list[tuple[int, str]]:
    return [(at, str(value)) for at, value in parse_series(text).after(start)]


def test_the_first_report_stands_one_step_after_the_start():
    assert reports("every 5min: 1.4 x2, 0") == [
        (5 * MINUTE, "1.4"),
        (10 * MINUTE, "1.4"),
        (15 * MINUTE, "0"),
    ]
    assert parse_series("every 5min: 1").step == 5 * MINUTE


def test_underscores_are_times_at_which_nothing_arrives():
    assert reports("every 1min: 1, _, 2, _ x3, -3") == [(MINUTE, "1"), (3 * MINUTE, "2"), (7 * MINUTE, "-3")]


def test_a_ramp_has_its_first_and_its_last_value():
    values = ["1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"]
    assert reports("every 10s: 1 to 5 in 9") == [
        (10 * SECOND * k, value) for k, value in enumerate(values, start=1)
    ]


def test_a_series_may_begin_later():
    assert reports("from 10min every 5min: 7") == [(15 * MINUTE, "7")]


def test_exact_times_are_those_of_the_day_from_the_start_on():
    half_past_nine = 9 * HOUR + 30 * MINUTE
    assert reports("at 10:00 310, 10:07:30 305, 09:00 1", half_past_nine) == [
        (30 * MINUTE, "310"),
        (37 * MINUTE + 30 * SECOND, "305"),
        (23 * HOUR + 30 * MINUTE, "1"),
    ]


def test_exact_times_may_be_counted_from_the_start():
    assert reports("at 0s 310, 1h5min 305", 9 * HOUR) == [(0, "310"), (65 * MINUTE, "305")]


def test_a_chinese_keyboard_is_understood():
    assert reports("every 5分钟： 1.4 x2，0") == reports("every 5min: 1.4 x2, 0")


def test_numbers_are_exact():
    assert parse_series("every 1s: 0.1 to 0.3 in 3").reports[1][1] == Decimal("0.2")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.4 x36", "is no series"),
        ("every 5: 1", "no unit of time"),
        ("every 5m: 1", "no unit of time"),
        ("every 0s: 1", "longer than 0s"),
        ("every 5min: 1.4 mm", "`1.4 mm` is no value"),
        ("every 5min: 1 x0", "stands 1 to"),
        ("every 5min: 1 x99999999", "stands 1 to"),
        ("every 5min: " + "1 x90000, 2 x90000", "more than 100000 reports"),
        ("every 5min: 1 to 2 in 1", "at least 2 values"),
        ("every 5min: 1,,2", "`` is no value"),
        ("at 10:00", "is no time and value"),
        ("at 25:00 1", "not a duration"),
        ("at 10:00 1, 5min 2", "do not mix"),
        ("at 5min 1, 4min 2", "ascend"),
        ("", "is no series"),
    ],
)
def test_what_is_no_series_is_refused_with_the_reason(text: str, reason: str):
    with pytest.raises(UnreadableError, match=reason) as error:
        parse_series(text)
    assert error.value.code == "E234"
    assert error.value.suggestion
