"""A flash flood of a real stream: every crossing raises at its sample."""

from pathlib import Path

import pytest

from bench.evidence.dead_run import Sample, comes, crossings, dead_run, read_samples

RECORD = Path(__file__).parent.parent / "data" / "usgs_01589330_2018-06-03.csv"


def nothing(_: int) -> None: ...


def samples(*metres: str) -> list[Sample]:
    return [Sample(number * 300_000, stage) for number, stage in enumerate(metres)]


def test_a_crossing_comes_from_below() -> None:
    record = samples("0.9144", "0.9", "0.9145", "0.92", "0.5", "0.9144", "0.92")

    assert crossings(record) == [2 * 300_000, 5 * 300_000]


@pytest.mark.parametrize(("minute", "within"), [(0, True), (5, True), (10, False), (25, True)])
def test_a_level_comes_within_the_time_or_it_does_not(minute: int, within: bool) -> None:
    record = samples("0.5", "0.92", "0.5", "0.5", "0.5", "0.5", "0.92")

    assert comes(record, minute * 60_000, 5 * 60_000) is within


def test_every_crossing_of_the_flood_raises_at_its_sample() -> None:
    section = dead_run(read_samples(RECORD), nothing)

    assert [(claim.found, claim.holds) for claim in section.claims] == [("2 of 2", True)]


def test_the_lead_of_eta_is_stated_for_each_crossing() -> None:
    leads = dead_run(read_samples(RECORD), nothing).parts[1].splitlines()

    assert [line.split()[1:3] for line in leads[2:]] == [["2018-06-03", "18:30"], ["2018-06-03", "21:20"]]
    assert leads[2].split("|")[2].strip() == "20 min"


def test_a_stream_that_turns_below_the_level_makes_eta_a_false_alarm() -> None:
    rising = [f"{0.3 + 0.04 * step:.3f}" for step in range(15)]
    section = dead_run(samples(*["0.3"] * 12, *rising, *["0.5"] * 30), nothing)

    assert [line.split("|")[2:4] for line in section.parts[2].splitlines() if "eta-1h" in line] == [
        ["      1 ", "     1 "]
    ]
    assert section.claims[0].holds is False
