"""Two sets of rules on the same record: exactly what a slow reckoning of its own finds, and nothing else."""

import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE
from rules.grade import Grade
from rules.transition import Disposition
from simulators.readings_csv import Row
from tests.tocsin.village import START, bundle, write
from tocsin.comparison.beside import Tell, beside
from tocsin.comparison.comparing import Comparison, compare
from tocsin.comparison.episodes import Episode, Kind, Pair, Step, gravest_first, pairs
from tocsin.comparison.figures import conditions, failures, leads
from tocsin.recorded import CsvRecord, Period
from tocsin.rule_sets import Around, RuleSet, rule_set

STEP, AFTER = 5 * MINUTE, 15 * MINUTE
LADDER = """\
rules:
  - id: river
    title: {{zh: 洪水, en: River}}
    hazard: flood
    for_each: stage sensor
    grades: {{yellow: stage >= {yellow} m, red: stage >= {red} m}}
    release: {{after: {after}}}
    source: {{text: "made up", status: project}}
"""


def ladder(yellow: str = "2", red: str = "4", after: str = "15min") -> str:
    return LADDER.format(yellow=yellow, red=red, after=after)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets")


@cache
def rules_of(village: Path, text: str) -> RuleSet:
    """The village under these rules."""
    directory = village / str(abs(hash(text)))
    if not directory.exists():
        write(directory, bundle(rules=text))
    return rule_set(str(directory), Around(directory / "tocsin.yaml"))


def rows(stages: Sequence[float | None], sensor: str = "river-1") -> list[Row]:
    """Every five minutes; None is a report that never came."""
    return [
        Row(START + n * STEP, START + n * STEP, sensor, "stage", f"{stage:.3f}")
        for n, stage in enumerate(stages)
        if stage is not None
    ]


def recorded(directory: Path, found: list[Row]) -> CsvRecord:
    """As a file, which is what a record is read from."""
    path = directory / "river.csv"
    lines = [f"{row.observed},{row.sensor},{row.metric},{row.value}\n" for row in found]
    path.write_text("time,sensor,metric,value\n" + "".join(lines), encoding="utf-8")
    return CsvRecord([path])


def compared(
    village: Path,
    texts: tuple[str, str],
    found: list[Row],
    period: Period = Period(),  # noqa: B008
) -> Comparison:
    old, new = (rules_of(village, text) for text in texts)
    record = recorded(village, found)
    return compare(record, (old, new), period, (lambda _: None, lambda _: None))


# -- a set against itself

STAGES = st.lists(st.sampled_from([0.5, 1.9, 2.0, 2.4, 3.1, 3.9, 4.0, 5.5, None]), min_size=1, max_size=40)


@given(STAGES, STAGES)
def test_a_set_against_itself_shows_no_difference(village: Path, one: list, other: list) -> None:
    found = sorted([*rows([1.0, *one]), *rows(other, "river-2")], key=lambda row: row.received)
    whole = bundle().texts["rules/all.yaml"]

    comparison = compared(village, (whole, whole), found)

    assert not comparison.differs
    assert comparison.old.told == comparison.new.told
    assert [failures(comparison, condition) for condition in conditions()] == [[]] * len(conditions())


# -- a changed threshold, reckoned the slow way

Course = list[tuple[int, int]]


@dataclass
class Latch:
    """One grade: it holds from a reading at or above its threshold until a quarter of an hour below it."""

    threshold: float
    holds: bool = False
    below: int | None = None

    def hear(self, at: int, stage: float) -> None:
        if stage >= self.threshold:
            self.holds, self.below = True, None
        elif self.holds and self.below is None:
            self.below = at

    @property
    def due(self) -> int | None:
        return None if self.below is None else self.below + AFTER


def reckoned(stages: Sequence[float], thresholds: tuple[float, float]) -> list[Course]:
    """The warnings of the ladder, each as its (minutes, grade) in order; 0 is the end. No gap, no window."""
    latches = [Latch(thresholds[0]), Latch(thresholds[1])]
    warnings: list[Course] = []
    open_: Course | None = None
    for number, stage in enumerate(stages):
        at = number * STEP
        # What is due at the very instant of a reading waits for what it says.
        for due in sorted({latch.due for latch in latches if latch.due is not None and latch.due < at}):
            for latch in latches:
                if latch.due == due:
                    latch.holds, latch.below = False, None
            open_ = _tell(warnings, open_, due, latches)
        for latch in latches:
            latch.hear(at, stage)
        open_ = _tell(warnings, open_, at, latches)
    return warnings


def _tell(warnings: list[Course], open_: Course | None, at: int, latches: list[Latch]) -> Course | None:
    grade = 4 if latches[1].holds else 2 if latches[0].holds else 0
    if open_ is None and not grade:
        return None
    if open_ is None:
        open_ = []
        warnings.append(open_)
    if not open_ or open_[-1][1] != grade:
        open_.append((at // MINUTE, grade))
    return open_ if grade else None


def courses(episodes: Iterable[Episode | None]) -> list[Course]:
    return [
        [((step.at - START) // MINUTE, int(step.grade or 0)) for step in episode.course]
        for episode in episodes
        if episode is not None
    ]


LEVELS = st.lists(
    st.sampled_from([0.5, 1.6, 1.9, 2.0, 2.3, 2.6, 3.4, 3.9, 4.0, 4.4]), min_size=1, max_size=50
)


@given(LEVELS, st.sampled_from([(1.8, 4.0), (2.3, 4.0), (2.0, 3.5), (2.5, 4.4)]))
def test_a_changed_threshold_shows_what_a_slow_reckoning_shows(
    village: Path, stages: list[float], changed: tuple[float, float]
) -> None:
    # At the end everything is released before the sensor falls silent.
    levels = [0.5, *stages, *[0.5] * 5]

    comparison = compared(village, (ladder(), ladder(*map(str, changed))), rows(levels))

    old, new = reckoned(levels, (2.0, 4.0)), reckoned(levels, changed)
    assert courses(pair.old for pair in comparison.pairs) == old
    assert sorted(courses(pair.new for pair in comparison.pairs)) == sorted(new)
    differing = [pair for pair in comparison.pairs if courses([pair.old]) != courses([pair.new])]
    assert [pair for pair in comparison.pairs if pair.differs] == differing
    _assert_kinds(comparison.pairs)


def _assert_kinds(found: list[Pair]) -> None:
    """Each kind by what the word means, reckoned from the courses alone."""
    for pair in found:
        old, new = ([at for course in courses([side]) for at in course] for side in (pair.old, pair.new))
        assert (Kind.ADDED in pair.kinds) == (not old)
        assert (Kind.LOST in pair.kinds) == (not new)
        if not old or not new:
            continue
        reached = [[[at for at, grade in c if grade >= g] for g in (2, 4)] for c in (old, new)]
        both = [(was[0], now[0]) for was, now in zip(*reached, strict=True) if was and now]
        assert (Kind.EARLIER in pair.kinds) == any(now < was for was, now in both)
        assert (Kind.LATER in pair.kinds) == any(now > was for was, now in both)
        highest = [max(grade for _, grade in course) for course in (old, new)]
        assert (Kind.STRONGER in pair.kinds) == (highest[1] > highest[0])
        assert (Kind.WEAKER in pair.kinds) == (highest[1] < highest[0])


# -- two processes


def test_two_processes_come_to_what_one_comes_to(village: Path) -> None:
    found = rows([1.0, 2.5, 4.1, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0])
    old, new = rules_of(village, ladder()), rules_of(village, ladder(red="5"))
    record = recorded(village, found)
    told: list[int] = []

    one = compare(record, (old, new), Period(), (lambda _: None, lambda _: None))
    two = compare(record, (old, new), Period(), (told.append, lambda _: None), in_two=True)

    assert (two.old, two.new) == (one.old, one.new)
    assert two.pairs == one.pairs


def test_each_side_begins_as_far_back_as_its_own_rules_look(village: Path) -> None:
    """A flood before an hour of silence is known only to the rules that hold a warning for two hours."""
    found = rows([1.0, 2.5, *[None] * 12, *[1.0] * 26])
    begin = START + 13 * STEP

    comparison = compared(village, (ladder(), ladder(after="2h")), found, Period(begin, START + 40 * STEP))

    assert courses(pair.old for pair in comparison.pairs) == []
    assert courses(pair.new for pair in comparison.pairs) == [[(190, 0)]]


def test_a_process_that_is_killed_is_missed() -> None:
    def work(_: Tell) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    with pytest.raises(ChildProcessError, match="is there memory for two"), beside(work) as running:
        running.result()


# -- pairs


def episode(begin: int, end: int | None, *grades: Grade, rule: str = "river") -> Episode:
    steps = [Step(begin + k, grade, Disposition.AUTO) for k, grade in enumerate(grades or (Grade.BLUE,))]
    return Episode(rule, "river-1", (*steps, *([] if end is None else [Step(end, None, Disposition.AUTO)])))


def test_a_warning_belongs_to_the_first_of_its_rule_that_is_open_at_the_same_time() -> None:
    old = [episode(0, 100), episode(200, 300)]
    new = [episode(100, 150), episode(290, None), episode(10, 20, rule="rain")]

    found = [(p.old and p.old.begin, p.new and p.new.begin) for p in pairs(old, new)]

    assert found == [(0, None), (None, 10), (None, 100), (200, 290)]


def test_a_warning_that_became_two_keeps_the_first_and_adds_one() -> None:
    found = pairs([episode(0, 100)], [episode(0, 40), episode(60, 100)])

    assert [pair.kinds for pair in found] == [(Kind.SHORTER,), (Kind.ADDED,)]


def test_a_grade_that_waits_for_a_person_now_differs() -> None:
    waits = Episode("river", "river-1", (Step(0, Grade.RED, Disposition.REVIEW),))

    assert pairs([episode(0, None, Grade.RED)], [waits])[0].kinds == (Kind.DISPOSITION,)


def test_the_gravest_come_first_and_what_is_the_same_not_at_all() -> None:
    lost_blue, lost_red = Pair(episode(0, 1), None), Pair(episode(5, 6, Grade.RED), None)
    added_red, same = Pair(None, episode(2, 3, Grade.RED)), Pair(episode(8, 9), episode(8, 9))

    assert gravest_first([lost_blue, added_red, same, lost_red]) == [lost_red, added_red, lost_blue]


def test_lead_time_is_told_by_rule_and_grade() -> None:
    quick, slow = episode(0, 900, Grade.RED), episode(100, 900, Grade.RED)

    found = leads([Pair(slow, quick), Pair(slow, quick), Pair(quick, slow), Pair(quick, None)])

    red = next(lead for lead in found if lead.grade is Grade.RED)
    assert (red.earlier, red.later, red.median, red.most) == (2, 1, -100, -100)


# -- who would be told


def test_a_red_that_is_reached_no_more_is_told_of_with_the_messages_it_saves(village: Path) -> None:
    found = rows([1.0, 2.5, 4.1, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0])

    comparison = compared(village, (ladder(), ladder(red="5")), found)

    assert [pair.kinds for pair in comparison.pairs] == [(Kind.WEAKER,)]
    assert comparison.old.told.people.keys() == comparison.new.told.people.keys() == {"ana"}
    assert comparison.new.told.sms_parts < comparison.old.told.sms_parts
    [lost] = failures(comparison, "lost-red")
    assert lost.startswith("river river-1: red from ")
    assert failures(comparison, "sms-fewer")
    assert not failures(comparison, "sms-more")
    assert not failures(comparison, "lost")
    assert not failures(comparison, "added-red")


def test_only_the_period_counts(village: Path) -> None:
    found = rows([1.0, 2.5, *[1.0] * 20, 2.5, *[1.0] * 5])
    begin = START + 10 * STEP

    comparison = compared(village, (ladder(), ladder(yellow="3")), found, Period(begin, START + 40 * STEP))

    assert courses(pair.old for pair in comparison.pairs) == [[(110, 2), (130, 0)]]
    assert (comparison.begin, comparison.end) == (begin, START + 40 * STEP)
