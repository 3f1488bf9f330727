"""Whoever looks for bugs proves that they would find some: each planted one is caught, and soon."""

from collections.abc import Iterable

import pytest

from tests.simulation.life import Parts
from tests.simulation.plan import Mode
from tests.simulation.planted import PLANTED
from tests.simulation.seeds import SeedFailed, live

# The latest was found at seed 78 (docs/reliability.md).
SEEDS = 150
SAYS = {
    "ack before commit": "acknowledged, but not in the journal",
    "stale ack": "acknowledged",
    "series cursor before the write": "is not safe yet",
    "database believed before it is durable": "is not safe yet",
    "missing idempotency key": "times",
}


@pytest.mark.parametrize("bug", sorted(PLANTED))
def test_a_planted_bug_is_caught(bug: str) -> None:
    with pytest.raises(SeedFailed) as caught:
        _live_through(range(SEEDS), PLANTED[bug])

    told = str(caught.value)
    assert SAYS.get(bug, "") in told.splitlines()[0]
    assert "TOCSIN_SEED=" in told
    assert "the last events:" in told
    assert "journaled" in told


def _live_through(seeds: Iterable[int], parts: Parts) -> None:
    for seed in seeds:
        live(seed, Mode.SAFETY, parts)
