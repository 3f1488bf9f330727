"""Which faults a soak has, and when, follows from its seed; none is forgotten."""

from itertools import islice

from bench.soak.__main__ import between
from bench.soak.faults import FAULTS, nothing
from bench.soak.plan import Step, steps
from bench.soak.run import Options, clock
from simulators.city.plan import plan_for


def first(count: int, seed: int = 1, longest: float = 30.0) -> list[Step]:
    return list(islice(steps(seed, FAULTS, 20.0, longest), count))


def test_the_same_seed_gives_the_same_faults_at_the_same_times() -> None:
    assert first(100) == first(100)
    assert first(100) != first(100, seed=2)


def test_every_fault_comes_before_any_comes_again() -> None:
    names = [step.fault.name for step in first(2 * len(FAULTS))]

    assert len(set(names[: len(FAULTS)])) == len(FAULTS)
    assert sorted(names) == sorted(2 * [fault.name for fault in FAULTS])
    assert names[: len(FAULTS)] != names[len(FAULTS) :]


def test_rests_and_faults_keep_within_their_bounds() -> None:
    for step in first(500, longest=12.0):
        assert 10.0 <= step.rest <= 30.0
        assert step.fault.shortest <= step.hold <= max(min(step.fault.longest, 12.0), step.fault.shortest)


def test_a_fault_that_holds_has_an_end_and_one_without_is_over_at_once() -> None:
    for fault in FAULTS:
        assert (fault.end is nothing) == (fault.longest == 0), fault.name


def test_a_soak_of_days_has_rare_faults_and_a_short_one_has_some() -> None:
    assert [between(hours) for hours in (0.05, 0.25, 1, 5, 72)] == [10.0, 15.0, 60.0, 300.0, 600.0]


def test_a_soak_is_cut_into_even_watches_and_what_is_not_looked_at_is_as_long_as_a_rest() -> None:
    def options(seconds: float, rest: float) -> Options:
        return Options(
            plan=plan_for(6000, 50, 300), rate=300, seconds=seconds, watch=600, rest=rest, longest=40, seed=1
        )

    assert [options(seconds, 10).watches for seconds in (45, 600, 950, 3600)] == [1, 1, 2, 6]
    assert [options(600, rest).warm_up for rest in (10, 60, 600)] == [60, 60, 600]


def test_the_time_that_is_left_is_told_in_hours_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (-1, 59.9, 3600, 259_199)] == [
        "0:00:00", "0:00:59", "1:00:00", "71:59:59",
    ]  # fmt: skip
