"""A score card in words: for a terminal and a page, in both languages, one drill or several."""

import re
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from notifiers.outbox.unreached import Why
from simulators.faults import FAULTS
from tests.tocsin.scored import BEGAN, both, card, course, item, ms
from tocsin.commands.language import Language
from tocsin.drill import card_page, card_picture, card_tables
from tocsin.drill.card import Card, Moment, Verdict
from tocsin.drill.card_page import card_page as page_of
from tocsin.drill.card_picture import MARKS, MOST, picture
from tocsin.drill.card_tables import headline, sheets, side_by_side
from tocsin.drill.card_words import clock, deed, graded, happening, hop, reason, told, verdict_of, words_of
from tocsin.drill.drill_file import ExpectedDeed, StoryEntry
from tocsin.drill.happenings import HornsEntry, NuisanceEntry, PhonesEntry, TankEntry
from tocsin.drill.running import COUNTS
from tocsin.page import Sheet

EN, ZH = Language.EN, Language.ZH
CHINESE = re.compile(r"[\u4e00-\u9fff\uff00-\uffef]")
# What stands on a card as it stands in files, and what somebody was answered.
VERBATIM = {
    "horn-2",
    "old-town",
    "smoke-1",
    "zhao",
    "lin",
    "no receipt",
    "no route",
    "acknowledged",
    "too late",
}


def by_title(shown: Card, language: Language = EN) -> dict[str, Sheet]:
    return {sheet.title: sheet for sheet in sheets(shown, language)}


def test_a_drill_is_passed_if_all_was_met_and_it_was_played_to_its_end() -> None:
    met, late = item(Verdict.MET), item(Verdict.LATE)

    assert card(items=(met, met)).passed
    assert not card(items=(met, late)).passed
    assert not card(items=(met, met), stopped=both("被人终止", "somebody ended it")).passed


def test_the_headline_says_how_much_was_met_and_played() -> None:
    shown = card(items=(item(Verdict.MET), item(Verdict.EARLY)))

    assert headline(shown, EN) == "not passed: 1 of 2 expectations met; played 1:00:00 of 1:00:00"
    assert headline(card(), ZH) == "通过：达成 1 项，共 1 项；进行 1:00:00，计划 1:00:00"


def test_the_headline_of_a_drill_that_was_ended_says_when_and_why() -> None:
    why = both("收到真实预警", "a real warning came")

    assert headline(card(stopped=why, lasted=ms(12.5)), EN).endswith(
        "played 0:12:30 of 1:00:00; stopped: a real warning came"
    )
    assert headline(card(stopped=why, lasted=ms(-0.5)), ZH).endswith(
        "进行 0:00:00，计划 1:00:00；提前终止：收到真实预警"
    )


def test_what_has_no_rows_has_no_table_and_real_warnings_come_first() -> None:
    assert [*by_title(card())] == [
        "Real warnings during the drill",
        "What was expected",
        "How long it took",
        "Not reached at the end",
        "Who did what",
        "What happened",
        "Messages",
        "Faults played",
    ]
    bare = card(real=(), courses=(), missing=(), acts=(), counts={}, faults={})
    assert [*by_title(bare)] == ["What was expected", "What happened"]


def test_an_expectation_shows_instants_but_of_handling_how_long_it_took() -> None:
    items = (
        item(Verdict.MET),
        item(Verdict.LATE, kind="handling", due=ms(1), came=ms(1.65)),
        item(Verdict.MISSED, kind="told", came=None, detail="lin"),
        item(Verdict.MET, kind="unreached", due=None, came=None),
    )

    rows = by_title(card(items=items))["What was expected"].rows

    assert [[*row[1:]] for row in rows] == [
        ["0:20:00", "0:15:00", "✓ met", ""],
        ["1min", "1min39s", "✗ late", ""],
        ["0:20:00", "–", "✗ missed", "lin"],
        ["–", "–", "✓ met", ""],
    ]


def test_stages_are_compared_with_the_deadlines_of_the_grade() -> None:
    first, second = by_title(card())["How long it took"].rows

    assert first == (
        "Fire Market Street", "red", "0:15:00", "6s", "✓ 30s / 1min", "✗ 4min / 3min", "✗ – / 5min", "5/6",
    )  # fmt: skip
    assert second[4:7] == ("–", "–", "–")


def test_what_is_done_exactly_at_the_deadline_is_done_in_time() -> None:
    rows = by_title(card(courses=(course(acknowledged=ms(16)),)))["How long it took"].rows

    assert rows[0][4] == "✓ 1min / 1min"


def test_without_a_recipient_it_is_everybody_there_who_does_not_know() -> None:
    rows = by_title(card())["Not reached at the end"].rows

    assert [[*row] for row in rows] == [
        ["horn-2", "Market Street", "red", "missed", "no receipt", "yes"],
        ["everybody there", "old-town", "", "nobody", "no receipt", "no"],
    ]


def test_a_deed_that_was_refused_has_another_sign() -> None:
    rows = by_title(card())["Who did what"].rows

    assert [row[2] for row in rows] == ["✓ ack", "✗ release"]


def test_a_real_warning_says_so_once() -> None:
    [row] = by_title(card())["Real warnings during the drill"].rows

    assert row == ("0:40:00", "red", "Riverside", "REAL: flood")


def english(shown: Sheet) -> set[str]:
    """Cells of a table with a Latin word in it, but for what is said verbatim."""
    cells = {shown.title, *shown.columns, *(cell for row in shown.rows for cell in row)}
    left = {re.sub(r"\d+(min|s|h)", "", cell) for cell in cells - VERBATIM}
    return {cell for cell in left if re.search("[A-Za-z]{2}", cell) and not CHINESE.search(cell)}


def test_in_chinese_nothing_but_ids_and_answers_is_english() -> None:
    shown = card(items=tuple(item(verdict) for verdict in Verdict))
    tables = [*sheets(shown, ZH), side_by_side([shown], UTC, ZH)]

    assert {text for sheet in tables for text in english(sheet)} == set()


def literals(module: object) -> set[str]:
    """What its source looks up by `words("...")`."""
    return set(re.findall(r"""\bwords\(\s*["']([^"']+)["']""", Path(str(module.__file__)).read_text("utf-8")))  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [card_tables, card_picture, card_page], ids=lambda module: module.__name__)
def test_every_text_is_there_in_chinese(module: object) -> None:
    chinese = words_of(ZH)

    assert literals(module)
    assert {text for text in literals(module) if not CHINESE.search(chinese(text))} == set()


def choices(model: type, field: str) -> tuple[str, ...]:
    return get_args(model.model_fields[field].annotation)  # type: ignore[attr-defined]


def test_every_name_of_a_file_or_a_record_is_there_in_chinese() -> None:
    names = {
        happening: [
            *(key for key in StoryEntry.model_fields if key != "at"),
            *FAULTS,
            *choices(HornsEntry, "are"),
            *choices(PhonesEntry, "answer"),
            *choices(NuisanceEntry, "cause"),
            *choices(TankEntry, "cause"),
        ],
        deed: [*choices(ExpectedDeed, "does"), "agree", "unshelve"],
        reason: [*Why],
        hop: [*COUNTS],
    }

    assert [name for of, each in names.items() for name in each if not CHINESE.search(of(name, ZH))] == []
    assert [name for of, each in names.items() for name in each if of(name, EN) != name] == []


def test_an_id_stands_for_itself_and_a_grade_for_its_colour() -> None:
    assert happening("smoke-1", ZH) == "smoke-1"
    assert (graded("red", ZH), graded("red", EN), graded("", ZH)) == ("红色", "red", "")


def test_a_text_that_is_not_in_a_language_is_told_in_the_other() -> None:
    assert told({"zh": "火灾"}, EN) == "火灾"
    assert told({}, EN) == ""


def test_a_verdict_has_a_sign_for_whoever_sees_no_colours() -> None:
    assert [verdict_of(verdict, EN) for verdict in Verdict] == ["✓ met", "✗ early", "✗ late", "✗ missed"]


def test_a_time_after_the_start_has_hours_and_what_never_was_has_none() -> None:
    assert [clock(each) for each in (0, ms(65.5), -1000, None)] == ["0:00:00", "1:05:30", "-0:00:01", "–"]


def test_drills_stand_side_by_side_the_oldest_first() -> None:
    missed = item(Verdict.MISSED)
    earlier = card(held=BEGAN - ms(60 * 24 * 30), items=(missed, missed), others=("smoke smoke-1 red",))

    table = side_by_side([card(), earlier], UTC, EN)

    assert [[row[0], *row[2:]] for row in table.rows] == [
        ["Fire in Market Street", "0/2", "1", "1", "6s", "30s", "1/1 0/1 0/1"],
        ["Fire in Market Street", "1/1", "0", "1", "6s", "30s", "1/1 0/1 0/1"],
    ]
    assert table.rows[0][1] < table.rows[1][1]


def drawn(shown: Card, language: Language = EN) -> ET.Element:
    return ET.fromstring(picture(shown, UTC, language))


def texts(svg: ET.Element, style: str) -> list[str]:
    return ["".join(each.itertext()) for each in svg.iter("text") if each.get("class") == style]


def test_each_incident_is_a_ribbon_of_its_grade_from_its_raise_to_its_end() -> None:
    first, second = drawn(card()).iter("rect")

    assert (first.get("class"), second.get("class")) == ("red", "blue")
    left, width = float(first.get("x", "")), float(first.get("width", ""))
    # Of 70 minutes the first 15, and what is open lasts to the end.
    assert (left - card_picture.LEFT) / (card_picture.MIDDLE - card_picture.LEFT) == pytest.approx(
        15 / 70, abs=0.01
    )
    assert left + width == card_picture.MIDDLE
    assert float(second.get("width", "")) < width / 2


def test_each_stage_is_a_mark_and_a_late_one_stands_out_behind_its_deadline() -> None:
    svg = drawn(card(courses=(course(),)))

    on_time, late = texts(svg, "stage"), texts(svg, "late")
    assert on_time == ["▼delivered 0:00:06", "◆acknowledged 0:00:30"]
    assert late == ["■arrived 0:04:00 ✗"]
    lines = [float(each.get("x1", "")) for each in svg.iter("line") if each.get("class") == "mark red"]
    [mark] = [float(each.get("x", "")) for each in svg.iter("text") if each.get("class") == "late"]
    assert len(lines) == 3
    assert lines[1] < mark < lines[2]


def test_the_storyline_stands_above_and_no_label_lies_on_another() -> None:
    story = tuple(
        Moment(at=ms(minute), what="nuisance", text=both("", "")) for minute in (1, 1.5, 2, 2.5, 3, 40, 69)
    )

    svg = drawn(card(story=story))

    labels = [each for each in svg.iter("text") if "nuisance" in (each.text or "")]
    assert len(labels) == len(story)
    lines: dict[str, list[float]] = {}
    for label in labels:
        lines.setdefault(label.get("y", ""), []).append(float(label.get("x", "")))
    assert all(after - before > 8 * 6 for line in lines.values() for before, after in pairwise(line))
    assert len(lines) > 3


def test_many_incidents_are_drawn_in_part_and_the_picture_says_so() -> None:
    many = card(courses=(course(),) * (MOST + 3))

    svg = drawn(many)

    assert len([*svg.iter("rect")]) == MOST
    assert "3 more are not drawn" in " ".join(texts(svg, "tick"))
    assert "未画出" in picture(many, UTC, ZH)


def test_the_picture_of_a_drill_in_which_nothing_was_raised_is_one() -> None:
    svg = drawn(card(courses=(), story=()))

    assert [*svg.iter("rect")] == []
    assert all(sign in " ".join(texts(svg, "tick")) for sign in MARKS.values())


def test_a_name_that_is_too_long_for_its_place_is_cut_and_told_in_full() -> None:
    long = "Very long name of a warning that nobody can read in time"

    [label] = texts(drawn(card(courses=(course(title=both(long, long)),))), "side")

    assert label.startswith("Very long name")
    assert "…" in label
    assert label.endswith(f"{long} Market Street")


def test_the_page_has_headline_picture_and_tables_and_nothing_to_fetch() -> None:
    shown = card(title={"en": "<Fire> & smoke"})

    page = page_of(shown, UTC, EN)

    assert "<title>EXERCISE &lt;Fire&gt; &amp; smoke</title>" in page
    assert '<p class="head agrees">passed: 1 of 1 expectations met' in page
    assert page.count("<svg") == 1
    assert page.count("<h2>") == len(sheets(shown, EN))
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert '<p class="head differs">' in page_of(card(items=(item(Verdict.LATE),)), UTC, EN)


def test_the_page_is_in_the_language_that_is_asked_for() -> None:
    page = page_of(card(), UTC, ZH)

    assert '<html lang="zh">' in page
    assert "【演练】 集市街火灾" in page
    assert "各环节用时" in page
