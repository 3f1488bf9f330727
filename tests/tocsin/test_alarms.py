"""Warnings become the times in which they stood at a grade, whatever of them lies outside the period."""

from pathlib import Path

import pytest

from rules.grade import Grade
from tests.tocsin.village import START, basis
from tocsin.recorded import CsvRecord, Period, Rerun
from tocsin.verification.alarms import Alarm, Course, Judgement, alarms, judged, whole
from tocsin.verification.figures import figures

MINUTE = 60_000
STAGES = [1.0, 2.1, 2.6, 4.2, 4.3, 4.2, 2.6, 2.6, 1.0, 1.0, 1.0, 1.0, 1.0]


def at(minutes: int) -> int:
    return START + minutes * MINUTE


@pytest.fixture
def river(tmp_path: Path) -> CsvRecord:
    """A reading every five minutes: yellow from 5 to 40, red from 15 to 30, and the release of 15 minutes."""
    csv = tmp_path / "river.csv"
    rows = [f"{at(5 * number)},river-1,stage,{stage}\n" for number, stage in enumerate(STAGES)]
    csv.write_text("time,sensor,metric,value\n" + "".join(rows), encoding="utf-8")
    return CsvRecord([csv])


def judgement(record: CsvRecord, begin: int | None = None, end: int | None = None) -> Judgement:
    by = basis()
    period = whole(record, Period(begin, end))
    return judged(Rerun(record, lambda _: by, Period(*period)), period[0])


def spans(found: list[Alarm]) -> list[tuple[int, int, str, bool]]:
    return [(a.begin, a.end, str(a.highest), a.is_open) for a in found]


def test_a_warning_stands_at_a_grade_while_it_is_that_or_a_stronger_one(river: CsvRecord) -> None:
    courses = judgement(river).courses

    assert spans(alarms(courses, Grade.YELLOW, at(60))) == [(at(5), at(55), "red", False)]
    assert spans(alarms(courses, Grade.RED, at(60))) == [(at(15), at(45), "red", False)]


def test_what_was_open_before_the_period_stands_from_its_begin(river: CsvRecord) -> None:
    courses = judgement(river, begin=at(20)).courses

    assert spans(alarms(courses, Grade.YELLOW, at(60))) == [(at(20), at(55), "red", False)]


def test_what_the_whole_period_left_as_it_was_stands_all_the_time(river: CsvRecord) -> None:
    courses = judgement(river, begin=at(20), end=at(28)).courses

    assert spans(alarms(courses, Grade.RED, at(28))) == [(at(20), at(28), "red", True)]


def test_only_sensors_that_reported_in_the_period_are_told(river: CsvRecord) -> None:
    assert judgement(river).sensors == {"river-1"}


def test_a_grade_that_is_lost_and_reached_again_is_two_alarms() -> None:
    course = Course("r", "s", ((0, Grade.RED), (10, Grade.BLUE), (20, Grade.ORANGE), (30, None)))

    assert spans([*course.alarms(Grade.YELLOW, 99)]) == [(0, 10, "red", False), (20, 30, "orange", False)]
    assert spans([*course.alarms(Grade.BLUE, 99)]) == [(0, 30, "red", False)]


def test_time_in_which_two_subjects_stand_counts_once() -> None:
    both = [
        Alarm("r", "a", 0, 10, Grade.RED),
        Alarm("r", "b", 5, 20, Grade.RED),
        Alarm("r", "a", 30, 40, Grade.RED),
    ]

    found = figures(both, 0, 100)

    assert (found.alarms, found.most, found.lasted, found.open_share) == (3, 2, 10, 0.3)
    assert figures([], 0, 100).lasted is None
