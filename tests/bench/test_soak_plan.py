"""Which faults a soak has, and when, follows from its seed; none is forgotten."""

from itertools import islice

from bench.soak.faults import FAULTS, nothing
from bench.soak.plan import Step, steps


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
