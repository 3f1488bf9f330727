"""The overview as text: on a terminal and in lines."""

import io
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from console.overview import (
    Incident,
    LastDelivery,
    Missing,
    Online,
    Overview,
    Waiting,
    clock_time,
    draw,
    line,
    told,
)
from ingest.clock import HOUR, MINUTE
from rules.grade import Grade

# 2018-06-03 05:10:00 in Shanghai, still the day before in UTC.
NOW = 1_527_973_800_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


def incident(grade: Grade, place: str, since: int = NOW - HOUR, review: bool = False) -> Incident:
    return Incident(
        id="5f2a9c0e11111111",
        grade=grade,
        title="River flood",
        place=place,
        since=since,
        value="stage = 2.31 m",
        warnings=1,
        review=review,
        stage="",
        by="",
        due=None,
    )


def delivery(text: str, at: int = NOW, grade: Grade | None = Grade.RED) -> LastDelivery:
    return LastDelivery(at, "sms", "lin-duty", grade, ("queued", "delivered"), text)


EMPTY = Overview(
    now=NOW,
    zone=SHANGHAI,
    realm="drill",
    rate=0.0,
    journaled=0,
    quarantined=0,
    online=(),
    unreached=(),
    waiting=(),
    incidents=(),
    deliveries=(),
)
BUSY = replace(
    EMPTY,
    rate=1234.6,
    journaled=1_000_000,
    quarantined=17,
    online=(Online("smoke", 149, 160), Online("stage", 4, 4)),
    incidents=(
        incident(Grade.BLUE, "upper-valley"),
        incident(Grade.RED, "lower-town", NOW - MINUTE),
        incident(Grade.RED, "old-town", NOW - HOUR),
        incident(Grade.YELLOW, "works", review=True),
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
    assert name in drawn(replace(EMPTY, incidents=(incident(grade, "works"),)))


def test_the_strongest_incidents_stand_first_and_among_equals_the_oldest() -> None:
    text = drawn(BUSY)

    places = ["old-town", "lower-town", "works", "upper-valley"]
    assert sorted(places, key=text.index) == places


def test_an_incident_shows_title_since_and_value() -> None:
    text = drawn(replace(EMPTY, incidents=(incident(Grade.RED, "works"),)))

    [row] = [row for row in text.splitlines() if "works" in row]
    assert "River flood" in row
    assert "06-03 04:10" in row
    assert "stage = 2.31 m" in row


def test_an_incident_that_a_person_has_to_look_at_says_so() -> None:
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
    for part in ("06-03 05:09:00", "sms", "lin-duty", "queued → delivered"):
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
        incidents=(
            replace(incident(Grade.RED, "[bold]place[/bold]"), title="[red]title", value="[/] [a=b] >= 2"),
        ),
        deliveries=(
            replace(delivery("[link=x]text"), recipient="[dim]who", states=("[x]",), channel="[sms]"),
        ),
    )

    text = drawn(view)

    for part in ("[bold]place[/bold]", "[red]title", "[/] [a=b] >= 2", "[link=x]text", "[dim]who", "[x]"):
        assert part in text


def test_nothing_yet_can_be_drawn() -> None:
    text = drawn(EMPTY)

    assert "0 readings/s" in text
    assert "incidents" in text


def test_the_line_says_it_all_in_one() -> None:
    assert line(BUSY) == (
        "06-03 05:10:00  1,235 readings/s  online 153/164  red 2  orange 0  yellow 1  blue 1  quarantined 17"
        "  unreached 0  waiting 0"
    )


MISSED = Missing("5f2a9c0e11111111", Grade.RED, "sun-river", "sms: failed (500)", NOW - MINUTE)
SILENT = Missing("", None, "horn-1", "answers no poll", None)
HELD = Waiting("7b2a9c0e11111111", Grade.RED, "River flood", "public (board)", "wu", NOW + HOUR)


def test_who_does_not_know_stands_above_all_else() -> None:
    text = drawn(replace(BUSY, unreached=(MISSED, SILENT), waiting=(HELD,)))

    order = ["未通知到: 2", "sun-river", "horn-1: answers no poll", "待审批: 1", "public (board)", "old-town"]
    assert sorted(order, key=text.index) == order
    [row] = [row for row in text.splitlines() if "sun-river" in row]
    assert "Ⅰ 红 red" in row
    assert "5f2a9c0e, since 05:09:00: sms: failed (500)" in row


def test_what_waits_says_to_whom_it_goes_who_was_asked_and_until_when() -> None:
    [row] = [row for row in drawn(replace(EMPTY, waiting=(HELD,))).splitlines() if "7b2a9c0e" in row]

    for part in ("Ⅰ 红 red", "to public (board)", "until 06:10:00", "asked: wu", "River flood"):
        assert part in row


def test_that_nobody_is_missing_and_nothing_waits_is_said() -> None:
    text = drawn(EMPTY)

    assert "未通知到: none" in text
    assert "待审批: none" in text


def test_of_many_to_see_to_the_weightiest_are_shown_and_all_are_counted() -> None:
    text = drawn(replace(EMPTY, unreached=tuple(replace(SILENT, who=f"horn-{n}") for n in range(9))))

    assert "未通知到: 9" in text
    assert "horn-3" in text
    assert "horn-4" not in text


def test_an_incident_says_who_has_it_and_by_when_the_next_is_due() -> None:
    orphan = replace(incident(Grade.RED, "old-town"), due=NOW + MINUTE)
    had = replace(incident(Grade.RED, "works"), stage="arrived", by="lin", due=NOW + 2 * MINUTE, warnings=3)
    rows = drawn(replace(EMPTY, incidents=(orphan, had)), width=180).splitlines()

    assert ["nobody yet, due 05:11:00" in row for row in rows if "old-town" in row] == [True]
    assert [
        "lin arrived, due 05:12:00" in row and "River flood ×3" in row for row in rows if "works" in row
    ] == [True]


def test_a_small_screen_leaves_the_values_out() -> None:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(draw(BUSY, small=True))
    text = console.export_text()

    assert "nobody yet" in text
    assert "value" not in text


def test_each_change_is_told_once_and_by_what_it_is_known() -> None:
    queued = replace(delivery("text"), states=("queued",))
    stage = replace(incident(Grade.RED, "works"), stage="arrived", by="lin")
    view = replace(EMPTY, unreached=(MISSED,), waiting=(HELD,), incidents=(stage,), deliveries=(queued,))
    later = replace(view, deliveries=(delivery("text"),))

    assert [words for _, words in told(view)] == [
        "  UNREACHED sun-river, 5f2a9c0e: sms: failed (500)",
        "  WAITS for wu, 7b2a9c0e, to public (board): River flood",
        "  arrived by lin, 5f2a9c0e: Ⅰ 红 red, River flood, works",
        "  06-03 05:10:00  sms to lin-duty: queued: text",
    ]
    known = {about for about, _ in told(view)}
    assert [words for about, words in told(later) if about not in known] == [
        "  06-03 05:10:00  sms to lin-duty: queued → delivered: text"
    ]


def test_times_are_those_of_the_place() -> None:
    assert clock_time(NOW, SHANGHAI) == "06-03 05:10:00"
    assert clock_time(NOW, ZoneInfo("UTC")) == "06-02 21:10:00"
