"""What happens to one town, drawn from a seed before it begins."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.simulation.town import EVERY, SENSOR_IDS, Weather
from tests.tocsin.village import START, payload, topic


class Mode(StrEnum):
    """SAFETY: faults to the end. LIVENESS: faults until half-time, then all must drain."""

    SAFETY = "safety"
    LIVENESS = "liveness"


# Kind and weight of what may go wrong.
FAULTS = {
    "kill": 5,
    "power cut": 4,
    "stop": 2,
    "disconnect": 5,
    "half-open": 2,
    "broker down": 2,
    "lose session": 2,
    "journal refuses": 2,
    "outbox refuses": 2,
    "snapshots refuse": 1,
    "damage snapshot": 1,
    "disk stalls": 2,
    "database refuses": 2,
    "database killed": 2,
    "database stalls": 1,
    "gateway trouble": 4,
    "reload": 3,
    "wall steps": 2,
    "upkeep": 2,
    "suspend": 1,
}
# What people do and how often.
DEEDS = {
    "ack": 4,
    "arrive": 2,
    "handle": 2,
    "cancel": 2,
    "raise": 4,
    "close": 3,
    "release": 4,
    "release another": 2,
    "break glass": 2,
    "refuse": 1,
    "shelve": 2,
    "agree": 3,
    "unshelve": 2,
}
STEPS = (1, 10, 60, 600, 3_600, 86_400)
LASTS = 45.0


@dataclass(frozen=True, slots=True)
class Planned:
    """`what` happens at `at` s, and `steps` steps of the loop later; `size` is a number in [0, 1)."""

    at: float
    what: str
    steps: int
    size: float


@dataclass(frozen=True, slots=True)
class Publish:
    """A device's message reaches the broker at `at` s."""

    at: float
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """One town's story of `lasts` s."""

    seed: int
    mode: Mode
    lasts: float
    faults: tuple[Planned, ...]
    publishes: tuple[Publish, ...]
    deeds: tuple[Planned, ...]
    honours_keys: bool
    renumbers: bool
    window: int
    drift: float

    @property
    def events(self) -> int:
        return len(self.faults) + len(self.publishes) + len(self.deeds)


def drawn(seed: int, mode: Mode, lasts: float = LASTS) -> Plan:
    chance = random.Random(f"{mode}:{seed}")
    until = lasts if mode is Mode.SAFETY else lasts / 2
    publishes = sorted(_publishes(chance, lasts), key=lambda p: p.at)
    busy = [publish.at for publish in publishes if publish.at < until - 1]
    drawn_faults = [_fault(chance, until, busy) for _ in range(chance.randint(4, 9))]
    faults = sorted(drawn_faults, key=lambda f: f.at)
    return Plan(
        seed=seed,
        mode=mode,
        lasts=lasts,
        faults=tuple(faults),
        publishes=tuple(publishes),
        deeds=tuple(_deeds(random.Random(f"{mode}:{seed}:people"), lasts, faults)),
        honours_keys=chance.random() < 0.7,
        renumbers=chance.random() < 0.5,
        window=chance.choice([2, 10, 1000]),
        drift=chance.uniform(-2e-4, 2e-4),
    )


def _fault(chance: random.Random, until: float, busy: list[float]) -> Planned:
    """Mostly while something is under way: most of a day nothing is."""
    [what] = chance.choices(list(FAULTS), list(FAULTS.values()))
    at = chance.uniform(0.0, until)
    if chance.random() < 0.7:
        at = chance.choice(busy) + chance.expovariate(40.0)
    return Planned(min(at, until), what, chance.randint(0, 40), chance.random())


def _deeds(chance: random.Random, lasts: float, faults: list[Planned]) -> Iterator[Planned]:
    """A third of them right before something goes wrong."""
    for _ in range(chance.randint(0, 16)):
        [what] = chance.choices(list(DEEDS), list(DEEDS.values()))
        at = chance.uniform(2.0, lasts)
        if chance.random() < 0.3:
            at = max(chance.choice(faults).at - chance.expovariate(100.0), 0.0)
        yield Planned(at, what, 0, chance.random())


def _publishes(chance: random.Random, lasts: float) -> Iterator[Publish]:
    """Rounds of reports, together or one by one; some late, some twice, some not worth the name."""
    weather = Weather(chance)
    for second in range(2, int(lasts), EVERY // 1_000):
        together = chance.random() < 0.7
        for sensor in SENSOR_IDS:
            at = min(second + chance.uniform(0.0, 0.004 if together else 8.0), lasts)
            value, roll = weather.measure(sensor), chance.random()
            if roll < 0.05:
                continue
            late = chance.uniform(0.0, min(25.0, lasts - at)) if 0.05 < roll < 0.15 else 0.0
            text = payload(sensor, START + int(at * 1_000), value)
            where = topic("river-9") if roll > 0.99 else topic(sensor)
            text = b"{broken %d" % int(at * 1000) if 0.98 < roll <= 0.99 else text
            yield Publish(at + late, where, text)
            if chance.random() < 0.1:
                yield Publish(min(at + late + chance.choice([0.0, 0.5, 20.0]), lasts), where, text)
