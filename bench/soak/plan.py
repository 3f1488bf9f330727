"""Which fault comes when: all of it follows from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.soak.faults import Fault


@dataclass(frozen=True, slots=True)
class Step:
    """After `rest` seconds without a fault, `fault` for `hold` seconds."""

    rest: float
    fault: Fault
    hold: float


def steps(seed: int, faults: Sequence[Fault], rest: float, longest: float) -> Iterator[Step]:
    """Without end. Rests are `rest` seconds on average, by half of it more or less; no fault holds longer
    than `longest`, but for what its kind takes at least.

    The faults come as from a deck of cards that is shuffled anew when it is used up: so many of them as the
    table has cover every kind, and no kind is rare by chance.
    """
    chance = random.Random(seed)
    while True:
        for fault in chance.sample(faults, len(faults)):
            most = max(min(fault.longest, longest), fault.shortest)
            yield Step(chance.uniform(0.5, 1.5) * rest, fault, chance.uniform(fault.shortest, most))
