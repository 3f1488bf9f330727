"""A machine that stands still and goes on: the silence was its own, not the sensors'."""

import os
import random
from collections import Counter
from dataclasses import replace

import pytest

from ingest.journal import EntryKind
from tests.simulation.plan import Mode, Plan, Planned, drawn
from tests.simulation.world import World
from tests.tocsin.village import START
from tocsin.outages import RULE
from tocsin.sight import read_blind

# TOCSIN_SEEDS=10000 for more; each is a minute of the town, lived twice.
SEEDS = int(os.environ.get("TOCSIN_SEEDS", "60"))
PARTS = 3


def lived(plan: Plan) -> World:
    world = World(plan)
    world.run()
    return world


def silent_and_cleared(world: World) -> Counter[tuple[str, str, str]]:
    """Warnings of silence, and ends of warnings: what a pause alone can bring about.

    Once the story is over the sensors are silent indeed, which is told 30 s later. That Tocsin itself was
    blind is told as what it is, and ends.
    """
    until = START + int(world.over * 1_000) + 25_000
    lines = [t for _, t in world.disk.outbox.transitions() if t.at <= until and t.rule != RULE.id]
    found = Counter((t.rule, t.subject, "raised") for t in lines if t.rule.endswith("/missing"))
    return found + Counter((t.rule, t.subject, "ended") for t in lines if t.after is None)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_machine_that_was_suspended_finds_nobody_silent_and_clears_nothing(part: int) -> None:
    noted = 0
    for seed in range(part, SEEDS, PARTS):
        chance = random.Random(seed)
        plan = replace(drawn(seed, Mode.SAFETY), faults=())
        pause = Planned(chance.uniform(5.0, 40.0), "suspend", chance.randrange(40), chance.random())
        suspended = lived(replace(plan, faults=(pause,)))

        more = silent_and_cleared(suspended) - silent_and_cleared(lived(plan))
        assert not more, f"seed {seed}: {pause} brought about {more}"
        noted += any(entry.kind is EntryKind.BLIND for entry in suspended.disk.journal.everything)

    assert noted > SEEDS // PARTS // 2


def test_the_pause_stands_in_the_journal_before_what_arrived_in_it() -> None:
    plan = replace(drawn(1, Mode.SAFETY), faults=(Planned(30.0, "suspend", 0, 0.5),))

    entries = lived(plan).disk.journal.everything

    first = next(n for n, entry in enumerate(entries) if entry.kind is EntryKind.BLIND)
    begun, ended, *_ = (read_blind(e.data) for e in entries[first:] if e.kind is EntryKind.BLIND)
    gap = entries[first].received - entries[first - 1].received
    assert gap > 75_000
    assert entries[first - 1].received <= begun.since < entries[first].received - 75_000
    assert (begun.ended, ended.ended) == (False, True)
