"""Whole lives of the daemon by seed: TOCSIN_SEEDS=100000 for more of them, TOCSIN_SEED=n for one."""

import pytest

from tests.simulation.plan import DEEDS, FAULTS, Mode
from tests.simulation.seeds import Tally, chosen, live

# In parts, so that a run shows how far it is.
PARTS = 5
SEEDS = {Mode.SAFETY: 1_500, Mode.LIVENESS: 500}
ENOUGH, MANY = 100, 300


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mode", list(Mode))
def test_no_seed_breaks_an_invariant(mode: Mode, part: int) -> None:
    """Each fault really happened: a run in which nothing goes wrong shows nothing."""
    tally = Tally()

    for seed in chosen(SEEDS[mode])[part::PARTS]:
        live(seed, mode, tally=tally)

    if tally.seeds >= ENOUGH:
        assert {fault for fault in FAULTS if not tally.happened[fault]} == set()
        assert {deed for deed in DEEDS if not tally.happened[deed]} == set()
    if tally.seeds >= MANY:
        # And what people did led to something, but for the release of what they were not shown.
        assert {deed for deed in DEEDS if not tally.happened[f"{deed} done"]} == {"release another"}


@pytest.mark.parametrize("mode", list(Mode))
def test_a_seed_tells_the_same_story_every_time(mode: Mode) -> None:
    first, again = (live(seed=5, mode=mode) for _ in range(2))

    assert first.digest == again.digest
    assert first.loop.steps == again.loop.steps
