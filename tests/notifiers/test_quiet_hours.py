"""Quiet hours: when they end, over changes of the clocks too."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE
from notifiers.quiet_hours import end_of_quiet
from notifiers.routes import QuietHours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(22 * 60, 7 * 60)
NOON = QuietHours(12 * 60, 14 * 60)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("quiet", "at", "end"),
    [
        (NIGHT, "2018-06-03T22:00:00+08:00", "2018-06-04T07:00:00+08:00"),
        (NIGHT, "2018-06-04T03:00:00+08:00", "2018-06-04T07:00:00+08:00"),
        (NIGHT, "2018-06-04T07:00:00+08:00", "2018-06-04T07:00:00+08:00"),
        (NIGHT, "2018-06-04T21:59:59+08:00", "2018-06-04T21:59:59+08:00"),
        (NOON, "2018-06-04T13:59:59+08:00", "2018-06-04T14:00:00+08:00"),
        (NOON, "2018-06-04T11:59:59+08:00", "2018-06-04T11:59:59+08:00"),
        (QuietHours(22 * 60, 24 * 60), "2018-06-03T23:00:00+08:00", "2018-06-04T00:00:00+08:00"),
        (QuietHours(8 * 60, 8 * 60), "2018-06-03T08:00:00+08:00", "2018-06-03T08:00:00+08:00"),
        (None, "2018-06-04T03:00:00+08:00", "2018-06-04T03:00:00+08:00"),
    ],
)
def test_they_end_at_the_local_hour(quiet: QuietHours | None, at: str, end: str) -> None:
    assert end_of_quiet(quiet, ms(at), SHANGHAI) == ms(end)


@pytest.mark.parametrize(
    ("evening", "morning", "hours"),
    [
        ("2018-03-24T22:00:00+01:00", "2018-03-25T07:00:00+02:00", 8),
        ("2018-10-27T22:00:00+02:00", "2018-10-28T07:00:00+01:00", 10),
    ],
)
def test_the_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer(
    evening: str, morning: str, hours: int
) -> None:
    assert end_of_quiet(NIGHT, ms(evening), BERLIN) == ms(morning) == ms(evening) + hours * HOUR


def test_an_end_in_the_hour_that_comes_twice_is_never_in_the_past() -> None:
    early = QuietHours(22 * 60, 2 * 60 + 30)
    second_pass = ms("2018-10-28T02:15:00+01:00")
    assert end_of_quiet(early, second_pass, BERLIN) == second_pass + 15 * MINUTE


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2037, 1, 1)),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_nobody_waits_longer_than_the_quiet_hours_last(at: datetime, begin: int, end: int, name: str) -> None:
    """And an hour, where the clocks change."""
    quiet, zone = QuietHours(begin, end), ZoneInfo(name)
    instant = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    waits = end_of_quiet(quiet, instant, zone) - instant
    assert 0 <= waits <= (end - begin) % 1440 * MINUTE + HOUR
    if waits:
        local = datetime.fromtimestamp(instant / 1000, zone)
        minute = local.hour * 60 + local.minute
        assert (minute - begin) % 1440 < (end - begin) % 1440
