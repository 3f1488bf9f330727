"""The overview as text: on a terminal and in lines."""

import io
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from console.overview import LastDelivery, Online, OpenWarning, Overview, clock_time, draw, line
from ingest.clock import HOUR, MINUTE
from rules.grade import Grade

# 2018-06-03 05:10:00 in Shanghai, still the day before in UTC.
NOW = 1_527_973_800_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


def warning(grade: Grade, place: str, since: int = NOW - HOUR, review: bool = False) -> OpenWarning:
    return OpenWarning(grade, "River flood", place, since, "stage = 2.31 m", review)


def delivery(text: str, at: int = NOW, grade: Grade | None = Grade.RED) -> LastDelivery:
    return LastDelivery(at, "sms", "lin-duty", grade, "delivered", text)


EMPTY = Overview(
    now=NOW,
    zone=SHANGHAI,
    realm="drill",
    rate=0.0,
    journaled=0,
    quarantined=0,
    online=(),
    warnings=(),
    deliveries=(),
)
BUSY = replace(
    EMPTY,
    rate=1234.6,
    journaled=1_000_000,
    quarantined=17,
    online=(Online("smoke", 149, 160), Online("stage", 4, 4)),
    warnings=(
        warning(Grade.BLUE, "upper-valley"),
        warning(Grade.RED, "lower-town", NOW - MINUTE),
        warning(Grade.RED, "old-town", NOW - HOUR),
        warning(Grade.YELLOW, "works", review=True),
    ),
    deliveries=(delivery("【红色】newest", NOW), delivery("older", NOW - MINUTE)),
)


def drawn(view: Overview, rows: int = 10, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(draw(view, rows))
    return console.export_text()


def test_the_head_shows_realm_time_rate_and_counts() -> None:
    text = drawn(BUSY)

    assert "DRILL" in text
    assert "06-03 05:10:00 Asia/Shanghai" in text
    assert "1,235 readings/s" in text
    assert "journaled 1,000,000" in text
    assert "quarantined 17" in text


def test_each_kind_shows_how_many_of_its_sensors_are_heard() -> None:
    text = drawn(BUSY)

    assert "149/160 online 93%" in text
    assert "4/4 online 100%" in text


@pytest.mark.parametrize(
    ("grade", "name"),
    [
        (Grade.BLUE, "Ⅳ 蓝 blue"),
        (Grade.YELLOW, "Ⅲ 黄 yellow"),
        (Grade.ORANGE, "Ⅱ 橙 orange"),
        (Grade.RED, "Ⅰ 红 red"),
    ],
)
def test_a_grade_is_a_number_and_a_word_beside_its_colour(grade: Grade, name: str) -> None:
    """Colour alone says nothing to one in twelve men, nor on paper."""
    assert name in drawn(replace(EMPTY, warnings=(warning(grade, "works"),)))


def test_the_strongest_warnings_stand_first_and_among_equals_the_oldest() -> None:
    text = drawn(BUSY)

    places = ["old-town", "lower-town", "works", "upper-valley"]
    assert sorted(places, key=text.index) == places


def test_a_warning_shows_title_since_and_value() -> None:
    text = drawn(replace(EMPTY, warnings=(warning(Grade.RED, "works"),)))

    [row] = [row for row in text.splitlines() if "works" in row]
    assert "River flood" in row
    assert "06-03 04:10:00" in row
    assert "stage = 2.31 m" in row


def test_a_warning_that_waits_for_a_person_says_so() -> None:
    [row] = [row for row in drawn(BUSY).splitlines() if "works" in row]

    assert "待核实 review" in row
    assert drawn(BUSY).count("待核实") == 1


def test_what_does_not_fit_is_counted_and_is_the_weakest() -> None:
    text = drawn(BUSY, rows=2)

    assert "and 2 more" in text
    assert "old-town" in text
    assert "upper-valley" not in text


def test_deliveries_stand_newest_first_with_their_state() -> None:
    text = drawn(BUSY)

    assert text.index("newest") < text.index("older")
    [row] = [row for row in text.splitlines() if "older" in row]
    for part in ("06-03 05:09:00", "sms", "lin-duty", "delivered"):
        assert part in row


def test_only_the_newest_deliveries_are_shown() -> None:
    assert "older" not in drawn(BUSY, rows=1)


def test_a_long_text_takes_one_row() -> None:
    view = replace(EMPTY, deliveries=(delivery("long " * 200), delivery("next")))

    text = drawn(view)

    assert len([row for row in text.splitlines() if "long long" in row]) == 1
    assert "…" in text
    assert "next" in text


def test_square_brackets_in_a_text_are_shown_as_they_are() -> None:
    """Text from sensors, rules and people is never read as markup."""
    view = replace(
        EMPTY,
        warnings=(
            replace(warning(Grade.RED, "[bold]place[/bold]"), title="[red]title", value="[/] [a=b] >= 2"),
        ),
        deliveries=(replace(delivery("[link=x]text"), recipient="[dim]who", state="[x]", channel="[sms]"),),
    )

    text = drawn(view)

    for part in ("[bold]place[/bold]", "[red]title", "[/] [a=b] >= 2", "[link=x]text", "[dim]who", "[x]"):
        assert part in text


def test_nothing_yet_can_be_drawn() -> None:
    text = drawn(EMPTY)

    assert "0 readings/s" in text
    assert "open warnings" in text


def test_the_line_says_it_all_in_one() -> None:
    assert line(BUSY) == (
        "06-03 05:10:00  1,235 readings/s  online 153/164  red 2  orange 0  yellow 1  blue 1  quarantined 17"
    )


def test_times_are_those_of_the_place() -> None:
    assert clock_time(NOW, SHANGHAI) == "06-03 05:10:00"
    assert clock_time(NOW, ZoneInfo("UTC")) == "06-02 21:10:00"
