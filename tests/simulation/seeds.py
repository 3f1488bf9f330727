"""Running seeds, and what a failing one tells."""

import os
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.checks import verify
from tests.simulation.deeds import verify_deeds
from tests.simulation.life import Parts
from tests.simulation.plan import Mode, drawn
from tests.simulation.world import World

TOLD = 40


class SeedFailed(AssertionError):
    """Carries the command that shows it again, and the last events."""


@dataclass
class Tally:
    """What a number of seeds amounted to."""

    seeds: int = 0
    events: int = 0
    steps: int = 0
    transitions: int = 0
    sent: int = 0
    happened: Counter[str] = field(default_factory=Counter)


def live(seed: int, mode: Mode, parts: Parts | None = None, tally: Tally | None = None) -> World:
    """One seed; raises SeedFailed."""
    world = World(drawn(seed, mode), parts)
    try:
        world.run()
        verify(world)
        verify_deeds(world)
    except Exception as error:
        raise SeedFailed(_account(world, error)) from error
    if tally is not None:
        tally.seeds += 1
        tally.events += world.plan.events
        tally.steps += world.loop.steps
        tally.transitions += len(world.disk.outbox.rows("SELECT id FROM transitions"))
        tally.sent += sum(gateway.seen.attempts for gateway in world.around.gateways.values())
        tally.happened.update(world.happened)
    return world


def chosen(default: int) -> range:
    """TOCSIN_SEED names one seed; TOCSIN_SEEDS says how many."""
    if (one := os.environ.get("TOCSIN_SEED")) is not None:
        return range(int(one), int(one) + 1)
    return range(int(os.environ.get("TOCSIN_SEEDS", default)))


def _account(world: World, error: Exception) -> str:
    command = (
        f"TOCSIN_SEED={world.plan.seed} .venv/bin/pytest tests/simulation/test_seeds.py"
        f" -k 'invariant and {world.plan.mode}'"
    )
    last = "\n".join(list(world.trace)[-TOLD:])
    return f"{error}\n\nonce more with:\n  {command}\n\nthe last events:\n{last}"
