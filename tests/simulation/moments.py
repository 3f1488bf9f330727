"""Instants at which calendars and clocks have surprised people."""

from datetime import datetime

from ingest.clock import HOUR


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000


BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "America/New_York", "Asia/Shanghai"

# Name -> (zone, start of the story), two hours before the moment where there is one.
MOMENTS = {
    "Berlin, an hour is left out": (BERLIN, _at("2026-03-29T01:00:00+00:00") - 2 * HOUR),
    "Berlin, an hour comes twice": (BERLIN, _at("2026-10-25T01:00:00+00:00") - 2 * HOUR),
    "New York, an hour is left out": (NEW_YORK, _at("2026-03-08T07:00:00+00:00") - 2 * HOUR),
    "New York, an hour comes twice": (NEW_YORK, _at("2026-11-01T06:00:00+00:00") - 2 * HOUR),
    "the leap second of 2016": (SHANGHAI, _at("2017-01-01T00:00:00+00:00") - 2 * HOUR),
    "29 February": (SHANGHAI, _at("2028-02-28T16:00:00+00:00") - 2 * HOUR),
    "the day after 29 February": (SHANGHAI, _at("2028-02-29T16:00:00+00:00") - 2 * HOUR),
    "the end of 32-bit time": (BERLIN, _at("2038-01-19T03:00:00+00:00") - 2 * HOUR),
    "after the end of 32-bit time": (BERLIN, _at("2041-01-19T23:00:00+00:00") - 2 * HOUR),
    "an ordinary night": (SHANGHAI, _at("2024-06-10T16:00:00+00:00") - 2 * HOUR),
}
