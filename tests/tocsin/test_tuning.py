"""A threshold is found, changed in its text alone, and judged as an independent reckoning says."""

import csv
import itertools
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from rules.grade import Grade
from rules.rulebook import Ladder
from tests.tocsin.village import RULES, basis
from tocsin.configuration import configure, read_bundle
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, Period, Record, Rerun
from tocsin.tuning.candidates import RuleTexts
from tocsin.tuning.threshold import Untunable, comparisons, find
from tocsin.tuning.tuning import Tuner, Tuning
from tocsin.tuning.values import UnreadableValues
from tocsin.verification.alarms import Course, alarms, judged, whole
from tocsin.verification.events_file import Event, Labelled

CONFIGS = Path(__file__).parent.parent.parent / "configs"
RIVER = CONFIGS / "demo" / "river.csv"
MINUTE = 60_000
FLAT = """\
rules:
  - id: flat
    for_each: stage sensor
    grades:
      yellow: stage >= 1 m    # to be tuned
    release: {margin: 0.1 m, after: 30min}
"""


@cache
def shipped() -> Basis:
    return configure(read_bundle(CONFIGS / "tocsin.yaml")).basis


def texts(rules: str, of: Basis) -> RuleTexts:
    return RuleTexts({"rules/all.yaml": rules}, of.kinds, of.registry, of.namespace)


def ladder_of(of: RuleTexts, rule: str) -> Ladder:
    ladders, findings = of.read()
    assert findings == []
    return next(ladder for ladder in ladders if ladder.rule.id == rule)


def tuner(
    rules: str,
    rule: str,
    grade: Grade | None = None,
    metric: str = "",
    values: str = "",
    of: Basis | None = None,
) -> Tuner:
    read = texts(rules, of or basis())
    ladder = ladder_of(read, rule)
    return Tuner.of(read, ladder, find(ladder, grade, metric), values)


def on_the_river(values: str, rules: str = FLAT, labelled: Labelled | None = None) -> Tuning:
    """The rule `flat` on the shipped record."""
    record = CsvRecord([RIVER])
    return tuner(rules, "flat", values=values, of=shipped()).try_on(record, whole(record, Period()), labelled)


def slowly(threshold: Decimal) -> list[tuple[int, int | None]]:
    """The warnings of FLAT with another threshold, from its YAML and the CSV alone.

    One begins with the first stage at the threshold; it ends half an hour after the stage fell below it by
    0.1 m, unless it came back above that in the meantime.
    """
    with RIVER.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "stage"]
    found: list[tuple[int, int | None]] = []
    begin: int | None = None
    low: int | None = None
    for row in rows:
        at, stage = round(datetime.fromisoformat(row["time"]).timestamp() * 1000), Decimal(row["value"])
        # What the gauge measures to a millimetre.
        stage = round(stage, 3)
        if begin is not None and low is not None and stage < threshold - Decimal("0.1"):
            if at >= low + 30 * MINUTE:
                found.append((begin, low + 30 * MINUTE))
                begin = None
        elif begin is not None:
            low = at if stage < threshold - Decimal("0.1") else None
        if begin is None and stage >= threshold:
            begin, low = at, None
    return found + ([] if begin is None else [(begin, None)])


def test_the_counts_agree_with_an_independent_reckoning() -> None:
    tuning = on_the_river("0.2..2.0 step 0.05 m")

    assert len(tuning.rows) == 37
    end = tuning.period[1]
    for row in tuning.rows:
        expected = slowly(row.candidate.number)
        lasted = sum((end if over is None else over) - begin for begin, over in expected)
        assert row.figures is not None
        assert row.figures.alarms == len(expected), row.candidate.written
        assert row.figures.open_share == pytest.approx(lasted / (end - tuning.period[0])), (
            row.candidate.written
        )


def test_a_higher_threshold_is_never_open_longer_but_may_give_more_warnings() -> None:
    """A flood with two crests is one warning for a low threshold, and two for one that lies between them."""
    rows = on_the_river("0.2..2.0 step 0.05 m").rows
    figures = [row.figures for row in rows if row.figures]

    shares = [of.open_share for of in figures]
    assert shares == sorted(shares, reverse=True)
    counts = [of.alarms for of in figures]
    assert any(low < high for low, high in itertools.pairwise(counts))


def test_all_candidates_in_one_pass_come_to_what_each_comes_to_alone_among_all_the_shipped_rules() -> None:
    read = _shipped_texts()
    ladder = ladder_of(read, "river-rise")
    of = Tuner.of(read, ladder, find(ladder, Grade.YELLOW, ""), "0.4..0.8 step 0.2")
    record = CsvRecord([RIVER])
    period = whole(record, Period())
    tuning = of.try_on(record, period, None)

    for row in tuning.rows:
        edited = of.threshold.edited(read.files["rules/river.yaml"], row.candidate.number)
        ladders, _ = read.with_file("rules/river.yaml", edited).read()
        rules = tuple(rule for each in ladders for rule in each.rules)
        courses = _judged(record, Basis("alone", read.kinds, read.registry, rules, read.namespace), period)
        own = alarms([c for c in courses if c.rule == "river-rise"], Grade.YELLOW, period[1])
        assert row.figures is not None
        assert row.figures.alarms == len(own) != 0
        assert row.figures.open_share == pytest.approx(
            sum(alarm.end - alarm.begin for alarm in own) / (period[1] - period[0])
        )


def test_without_values_eleven_around_the_one_in_force_are_tried() -> None:
    of = tuner(RULES, "river", Grade.RED)

    assert [each.written for each in of.candidates] == [
        "2 m", "2.4 m", "2.8 m", "3.2 m", "3.6 m", "4 m", "4.4 m", "4.8 m", "5.2 m", "5.6 m", "6 m"
    ]  # fmt: skip


def test_values_that_are_finer_than_the_metric_are_left_out_unless_they_are_asked_for() -> None:
    rules = FLAT.replace("stage >= 1 m", "stage >= 0.012 m")

    assert [str(each.number) for each in tuner(rules, "flat").candidates if each.refused] == []
    [fine] = [each for each in tuner(rules, "flat", values="0.0125").candidates if each.refused]
    assert [finding.code for finding in fine.refused] == ["E208"]


def test_a_candidate_that_check_would_refuse_is_shown_and_not_judged() -> None:
    rules = FLAT.replace("# to be tuned", "\n      red: stage >= 1.5 m")
    record = CsvRecord([RIVER])

    of = tuner(rules, "flat", Grade.YELLOW, values="1.4, 1.5, 99999", of=shipped())
    tuning = of.try_on(record, whole(record, Period()), None)

    told = {row.candidate.written: [f.code for f in row.candidate.refused] for row in tuning.rows}
    assert told["1 m"] == told["1.4 m"] == []
    assert told["1.5 m"] == ["E227"]
    assert told["99999 m"]
    assert [row.figures is None for row in tuning.rows] == [False, False, True, True]


def test_the_comparison_is_named_by_its_left_side_by_more_of_it_or_by_the_grade() -> None:
    rules = FLAT.replace("stage >= 1 m ", "stage >= 1 m or rise(stage, 1h) >= 0.3 m or stage < 0.1 m")
    ladder = ladder_of(texts(rules, basis()), "flat")

    assert find(ladder, None, "rise(stage,1h)").right == "0.3 m"
    assert find(ladder, Grade.YELLOW, "stage <").right == "0.1 m"
    with pytest.raises(
        Untunable, match=r"several thresholds(?s:.)*yellow: stage >= 1 m\n  yellow: stage < 0.1 m"
    ):
        find(ladder, None, "stage")
    with pytest.raises(Untunable, match="no threshold for --grade red; there are"):
        find(ladder, Grade.RED, "")


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        ("yellow: stage >= 1 m", "yellow: stage >= 2 m"),
        ("yellow: 'stage >= 1m'", "yellow: 'stage >= 2m'"),
        (">-\n        stage\n        >=\n        1 m\n        or stage < 0 m", None),
        ("yellow: sustained(stage >= 1 m, 10min)", "yellow: sustained(stage >= 2 m, 10min)"),
        ("yellow: stage ≥ 1 m", "yellow: stage ≥ 2 m"),
        ("yellow: not stage < 1 m", "yellow: not stage < 2 m"),
    ],
)
def test_one_number_of_the_file_is_changed_and_nothing_else(condition: str, written: str | None) -> None:
    condition = f"yellow: {condition}" if condition.startswith(">") else condition
    rules = FLAT.replace("yellow: stage >= 1 m    # to be tuned", condition)
    read = texts(rules, basis())
    ladder = ladder_of(read, "flat")
    comparison = next(each for each in comparisons(ladder, Grade.YELLOW) if each.right in ("1 m", "1m"))

    of = Tuner.of(read, ladder, comparison, "2")
    changed = of.threshold.edited(rules, Decimal(2))

    expected = condition.replace("1 m", "2 m") if written is None else written
    assert changed == rules.replace(condition, expected)
    assert [rule.rule for rule in of.candidates if rule.refused] == []


def test_what_is_added_to_a_site_parameter_can_be_tuned() -> None:
    of = tuner(RULES, "river", Grade.YELLOW, values="-0.5, 0, 0.25 m")

    assert [each.written for each in of.candidates] == [
        "site.warning_stage - 0.5 m",
        "site.warning_stage",
        "site.warning_stage + 0.25 m",
    ]
    around = [each.written for each in tuner(RULES, "river", Grade.YELLOW).candidates]
    assert (around[0], around[5], around[-1]) == (
        "site.warning_stage - 0.5 m",
        "site.warning_stage",
        "site.warning_stage + 0.5 m",
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("stage >= site.warning_stage * 2", "is calculated"),
        ("stage >= 1 m and age(stage) < 1h30min", "is calculated"),
        ("stage >= 1 m or rise(stage, 1h) >= 1 m and stage >= 1 m", "stands there twice"),
    ],
)
def test_what_is_not_one_number_cannot_be_tuned(condition: str, said: str) -> None:
    read = texts(FLAT.replace("stage >= 1 m", condition), basis())
    ladder = ladder_of(read, "flat")

    with pytest.raises(Untunable, match=said):
        Tuner.of(read, ladder, [*comparisons(ladder, Grade.YELLOW)][-1], "")


def test_a_threshold_of_a_template_is_not_changed_for_every_rule_that_uses_it() -> None:
    read = _shipped_texts()
    ladder = ladder_of(read, "gas-co")

    with pytest.raises(Untunable, match="stands in a template"):
        Tuner.of(read, ladder, find(ladder, Grade.YELLOW, ""), "")


def _judged(record: Record, by: Basis, period: tuple[int, int]) -> tuple[Course, ...]:
    return judged(Rerun(record, lambda _: by, Period(*period)), period[0]).courses


def _shipped_texts() -> RuleTexts:
    bundle = read_bundle(CONFIGS / "tocsin.yaml")
    files = {name: text for name, text in bundle.texts.items() if name.startswith("rules/")}
    return RuleTexts(files, shipped().kinds, shipped().registry, shipped().namespace)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ("1..2 step 0.5 m", ["1", "1.0", "1.5", "2.0"]),
        ("3, 2,3 m", ["1", "2", "3"]),
        ("2m，4", ["1", "2", "4"]),
    ],
)
def test_values_are_a_range_or_a_list_and_the_one_in_force_is_always_among_them(
    values: str, numbers: list[str]
) -> None:
    found = [each.number for each in tuner(FLAT, "flat", values=values).candidates]

    assert found == sorted({Decimal(number) for number in numbers})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("many", "`many` is no value; write `300..600 step 50 m`"),
        ("1, 2 mm", "`mm` is not the unit of the rule, which says `1 m`"),
        ("2..1 step 1", "the smaller number first"),
        ("1..2 step 0", "a step above 0"),
        ("1..2 step 0.0001", "10001 values; at most 200"),
    ],
)
def test_values_that_cannot_be_read_say_how_to_write_them(values: str, said: str) -> None:
    with pytest.raises(UnreadableValues, match=said):
        tuner(FLAT, "flat", values=values)


def test_with_events_the_best_value_has_the_highest_success_index_and_is_nearest_to_the_one_in_force() -> (
    None
):
    """Only the second crest was a flood: 1.3 m is the lowest value that is silent at the first, of 1.25 m."""
    at = round(datetime.fromisoformat("2018-06-03T21:30:00+00:00").timestamp() * 1000)
    flood = Labelled([Event(at, at + 60 * MINUTE, "stage-dead-run")], lead=0)

    tuning = on_the_river("0.9..2.0 step 0.1 m", labelled=flood)

    assert tuning.best is not None
    assert tuning.rows[tuning.best].candidate.written == "1.3 m"
    pairing = tuning.rows[tuning.best].pairing
    assert pairing is not None
    assert (pairing.contingency.hits, pairing.contingency.false_alarms) == (1, 0)


def test_without_a_hit_no_value_is_the_best() -> None:
    day = 24 * 60 * MINUTE
    begin = round(datetime.fromisoformat("2018-06-05T10:00:00+00:00").timestamp() * 1000)

    tuning = on_the_river("1.5 m", labelled=Labelled([Event(begin, begin + day, "stage-dead-run")], lead=0))

    assert (tuning.events, tuning.best) == (1, None)
