"""A wall clock that is set, wanders or is right again: not one warning more, not one cleared."""

import os
import random

import pytest

from ingest.clock import DAY, HOUR
from tests.simulation.clockwork import LASTS, Step, story, told
from tests.simulation.moments import MOMENTS

# TOCSIN_SEEDS=10000 for more. Each is 5 hours of three sensors, lived twice.
SEEDS = int(os.environ.get("TOCSIN_SEEDS", "200"))
PARTS = 5
STEPS = (-DAY, -HOUR, HOUR, DAY)


@pytest.mark.parametrize("part", range(PARTS))
def test_steps_of_the_wall_clock_raise_nothing_and_clear_nothing(part: int) -> None:
    """Any number of them, at any instant, over every change of the local clock; slewed all along."""
    raised = 0
    for seed in range(part, SEEDS, PARTS):
        chance = random.Random(seed)
        zone, start = chance.choice(list(MOMENTS.values()))
        measured = story(chance, start)
        steps = [
            Step(start + chance.randrange(LASTS), chance.choice(STEPS)) for _ in range(chance.randint(1, 3))
        ]
        drift = chance.uniform(-5e-4, 5e-4)

        undisturbed = told(zone, start, measured, [])
        assert told(zone, start, measured, steps, drift) == undisturbed, f"seed {seed}: {steps}"
        raised += len(undisturbed)

    assert raised > SEEDS // PARTS


@pytest.mark.parametrize("by", [-DAY, -HOUR])
def test_a_wall_clock_set_back_over_a_restart_raises_nothing_and_clears_nothing(by: int) -> None:
    for seed in range(SEEDS // 20):
        chance = random.Random(seed)
        zone, start = chance.choice(list(MOMENTS.values()))
        measured = story(chance, start)
        steps = [Step(start + chance.randrange(LASTS), by, restart=True)]

        assert told(zone, start, measured, steps) == told(zone, start, measured, []), f"seed {seed}: {steps}"
