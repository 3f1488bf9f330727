"""`hours` and `season` through midnight, the year's end, and both changes of the clock (S20)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import DAY, HOUR, MINUTE
from rules.engine.calendar import FOREVER, inside, next_change
from rules.language.tree import Hours, Season

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def ms(text: str) -> int:
    """An ISO instant with its offset."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def hours(start: str, end: str, zone: str = BERLIN) -> Hours:
    at = [int(text[:2]) * 60 + int(text[3:]) for text in (start, end)]
    return Hours(at[0], at[1], zone)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-10-25T02:15+02:00", True),
        ("2026-10-25T02:45+02:00", False),
        ("2026-10-25T02:15+01:00", True),
        ("2026-10-25T02:30+01:00", False),
        ("2026-10-24T21:59:59+02:00", False),
        ("2026-10-24T22:00+02:00", True),
    ],
)
def test_s20_an_hour_that_the_clock_runs_through_twice_is_inside_twice(instant: str, expected: bool) -> None:
    assert inside(hours("22:00", "02:30"), ms(instant)) is expected


def test_s20_the_clock_that_leaps_forward_leaps_out() -> None:
    night = hours("01:00", "02:30")

    assert inside(night, ms("2026-03-29T01:59:59+01:00"))
    assert not inside(night, ms("2026-03-29T03:00:00+02:00"))
    assert next_change(night, ms("2026-03-29T01:10+01:00")) == ms("2026-03-29T03:00+02:00")


def test_s20_every_change_of_the_night_on_which_the_clock_goes_back_is_known_beforehand() -> None:
    instant, found = ms("2026-10-24T20:00+02:00"), []
    for _ in range(4):
        instant = next_change(hours("22:00", "02:30"), instant)
        found.append(instant)

    assert found == [
        ms("2026-10-24T22:00+02:00"),
        ms("2026-10-25T02:30+02:00"),
        ms("2026-10-25T02:00+01:00"),
        ms("2026-10-25T02:30+01:00"),
    ]


def test_hours_until_midnight_end_with_the_day() -> None:
    evening = Hours(18 * 60, 0, SHANGHAI)

    assert inside(evening, ms("2026-05-01T23:59:59.999+08:00"))
    assert not inside(evening, ms("2026-05-02T00:00+08:00"))
    assert next_change(evening, ms("2026-05-01T20:00+08:00")) == ms("2026-05-02T00:00+08:00")


FLOOD, WINTER = Season((5, 1), (10, 15), SHANGHAI), Season((11, 15), (3, 15), BERLIN)


@pytest.mark.parametrize(
    ("season", "instant", "expected"),
    [
        (FLOOD, "2026-04-30T23:59:59.999+08:00", False),
        (FLOOD, "2026-05-01T00:00+08:00", True),
        (FLOOD, "2026-10-15T23:59:59.999+08:00", True),
        (FLOOD, "2026-10-16T00:00+08:00", False),
        (WINTER, "2026-12-31T23:59+01:00", True),
        (WINTER, "2027-01-01T00:00+01:00", True),
        (WINTER, "2027-03-16T00:00+01:00", False),
    ],
)
def test_a_season_holds_both_of_its_days_and_may_hold_the_years_end(
    season: Season, instant: str, expected: bool
) -> None:
    assert inside(season, ms(instant)) is expected


def test_a_season_turns_at_local_midnight() -> None:
    assert next_change(FLOOD, ms("2026-01-01T00:00+08:00")) == ms("2026-05-01T00:00+08:00")
    assert next_change(FLOOD, ms("2026-05-01T00:00+08:00")) == ms("2026-10-16T00:00+08:00")
    assert next_change(WINTER, ms("2026-03-15T12:00+01:00")) == ms("2026-03-16T00:00+01:00")


def test_the_whole_year_never_turns() -> None:
    assert next_change(Season((1, 1), (12, 31), SHANGHAI), ms("2026-01-01T00:00+08:00")) == FOREVER


ZONES = [BERLIN, SHANGHAI, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"]


@given(
    st.sampled_from(ZONES),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda both: both[0] != both[1]),
    st.integers(0, 366 * 24 * 60),
    st.integers(0, MINUTE - 1),
)
def test_hours_turn_at_the_minute_that_the_wall_clock_says(
    zone: str, both: tuple[int, int], minute: int, rest: int
) -> None:
    condition = Hours(*both, zone)
    instant = ms("2026-01-01T00:00+00:00") + minute * MINUTE + rest

    def says(minute: int) -> bool:
        local = datetime.fromtimestamp(minute * 60, ZoneInfo(zone))
        now, (start, end) = local.hour * 60 + local.minute, both
        return start <= now < end if start < end else not end <= now < start

    first = instant // MINUTE
    later = next(m for m in range(first + 1, first + 3 * 24 * 60) if says(m) != says(first))

    assert inside(condition, instant) == says(first)
    assert next_change(condition, instant) == later * MINUTE


@given(st.sampled_from(ZONES), st.integers(0, 364), st.integers(0, 300), st.integers(0, 2 * 365 * 24 - 1))
def test_a_season_turns_when_the_local_date_says(zone: str, first: int, length: int, hour: int) -> None:
    days = [datetime(2026, 1, 1) + timedelta(days=first + more) for more in (0, length)]
    season = Season((days[0].month, days[0].day), (days[1].month, days[1].day), zone)
    instant = ms("2026-01-01T00:00+00:00") + hour * HOUR
    change = next_change(season, instant)

    assert instant < change <= instant + 370 * DAY
    assert inside(season, change) != inside(season, change - 1) == inside(season, instant)
    before, after = (datetime.fromtimestamp(at // 1000, ZoneInfo(zone)) for at in (change - 1, change))
    assert before.date() != after.date()
