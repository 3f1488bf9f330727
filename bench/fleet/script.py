"""What happens in the city: faulty sensors, alarms, a storm, and alarms to time.

Everything is set at turns of gateways, not at instants, and follows from the plan's seed.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.fleet.city import KINDS, Longs
from bench.fleet.speech import FIRE, GARBAGE, SPEECHES, STORM
from bench.fleet.voices import Voices

SECONDS_A_DAY = 86_400
# Of all sensors: a third of them is stuck, a third says something absurd now and then, a third no JSON.
FAULTY = 0.01
# Rounds from one absurdity to the next.
SPIKES_EVERY, GARBAGE_EVERY = 10, 20
# For each sensor.
ALARMS_A_DAY = 0.01
ALARM_ROUNDS = 6
# Of the run: when the storm begins and ends.
STORM_FROM, STORM_UNTIL = 0.4, 0.6
# Of the towns: those under it. Of one town's detectors: those in smoke.
STORM_TOWNS, STORM_SMOKE = 0.04, 0.1
NEVER = np.iinfo(np.int64).max
SMOKE = KINDS.index("smoke")
PHASES = 2


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """Before the message at `turn` the sensor at `position` changes to `texts`; empty is its quiet day.

    `hold` rounds later it calms down; `every` rounds later it does so again; 0 is never.
    """

    turn: int
    position: int
    texts: Mapping[str, str] = field(compare=False)
    hold: int = field(default=0, compare=False)
    every: int = field(default=0, compare=False)
    timed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Course:
    """How long a run is to be (s), how many messages/s it is to have, and alarms to time a second.

    Nothing but faults happens in the `quiet` rounds before. Runs one after the other in one city are of
    another `phase` each, so that each times other sensors than the one before it.
    """

    seconds: float
    rate: float
    timed: float = 0.0
    phase: int = 0
    quiet: int = 0


class Script:
    """The events of a run; `refused` counts messages, of those said so far, that no decoder can take."""

    def __init__(self, voices: Voices, course: Course) -> None:
        self.refused = 0
        self._voices = voices
        self._city = voices.city
        self._course = course
        self._size = self._city.size
        self._events: dict[int, list[_Event]] = defaultdict(list)
        self._soonest: Longs = np.full(self._city.plan.gateways, NEVER)
        self._chance = np.random.default_rng([self._city.plan.seed, course.phase])
        # Each sensor has one thing at most that goes wrong.
        self._left: list[int] = self._chance.permutation(self._city.plan.sensors).tolist()
        self._free = self._city.kind == SMOKE
        self._free &= self._city.number % PHASES == course.phase % PHASES
        for event in (*self._faults(), *self._alarms(), *self._storm(), *self._to_time()):
            self._add(event)

    def before(self, gateways: Longs, counts: Longs) -> list[int]:
        """Let happen what is due in the next messages; returns the positions that say an alarm to time."""
        until = self._voices.turn[gateways] + counts
        due = np.flatnonzero(self._soonest[gateways] < until)
        timed = []
        for gateway, end in zip(gateways[due].tolist(), until[due].tolist(), strict=True):
            events = self._events[gateway]
            while events and events[0].turn < end:
                event = heapq.heappop(events)
                self._happen(event)
                timed += [event.position] if event.timed else []
            self._soonest[gateway] = events[0].turn if events else NEVER
        return timed

    def _happen(self, event: _Event) -> None:
        position, size = event.position, int(self._size[self._gateway(event.position)])
        if event.texts:
            self._voices.set(position, event.texts)
        else:
            self._voices.calm(position)
        if event.hold:
            self._add(_Event(event.turn + event.hold * size, position, {}))
        if event.every:
            again = event.turn + event.every * size
            self._add(_Event(again, position, event.texts, event.hold, event.every))
        # A garbled or absurd report is one report: what holds on is neither.
        self.refused += _refused(KINDS[self._city.kind[position]], event.texts)

    def _add(self, event: _Event) -> None:
        gateway = self._gateway(event.position)
        heapq.heappush(self._events[gateway], event)
        self._soonest[gateway] = min(int(self._soonest[gateway]), event.turn)

    def _gateway(self, position: int) -> int:
        return int(np.searchsorted(self._city.first, position, side="right")) - 1

    def _turn(self, position: int, round_: int) -> int:
        """The turn at which a sensor speaks in a round."""
        gateway = self._gateway(position)
        return round_ * int(self._size[gateway]) + position - int(self._city.first[gateway])

    def _round(self, share: float) -> int:
        """The round in which the run is at `share` of its length."""
        messages = share * self._course.seconds * self._course.rate
        return self._course.quiet + int(messages / self._city.plan.sensors)

    def _take(self) -> int:
        """A sensor of which nothing else is told."""
        position = self._left.pop()
        self._free[position] = False
        return position

    def _faults(self) -> Iterator[_Event]:
        for number in range(round(FAULTY * self._city.plan.sensors)):
            position = self._take()
            speech = SPEECHES[KINDS[self._city.kind[position]]]
            if number % 3 == 0:
                self._voices.freeze(position)
            elif number % 3 == 1:
                turn = self._turn(position, int(self._chance.integers(SPIKES_EVERY)))
                yield _Event(turn, position, speech.texts(speech.spike), 1, SPIKES_EVERY)
            else:
                turn = self._turn(position, int(self._chance.integers(GARBAGE_EVERY)))
                yield _Event(turn, position, {speech.metrics[-1][0]: GARBAGE}, 1, GARBAGE_EVERY)

    def _alarms(self) -> Iterator[_Event]:
        mean = ALARMS_A_DAY * self._city.plan.sensors * self._course.seconds / SECONDS_A_DAY
        for _ in range(self._chance.poisson(mean)):
            position = self._take()
            speech = SPEECHES[KINDS[self._city.kind[position]]]
            trouble = self._chance.choice(sorted(speech.troubles))
            round_ = self._round(self._chance.random())
            texts = speech.texts(speech.troubles[trouble])
            yield _Event(self._turn(position, round_), position, texts, ALARM_ROUNDS)

    def _storm(self) -> Iterator[_Event]:
        """Rain and rising rivers in some towns, smoke in another one."""
        begin, end = self._round(STORM_FROM), self._round(STORM_UNTIL)
        towns = max(round(STORM_TOWNS * self._city.plan.gateways), 1)
        first = int(self._chance.integers(max(self._city.plan.gateways - towns, 1)))
        wet = range(int(self._city.first[first]), int(self._city.first[first + towns]))
        burning = (first + towns) % self._city.plan.gateways
        smoky = range(int(self._city.first[burning]), int(self._city.first[burning + 1]))
        free = set(self._left)
        for position in (*wet, *smoky):
            speech = SPEECHES[KINDS[self._city.kind[position]]]
            trouble = STORM if position in wet else FIRE
            caught = trouble == STORM or self._chance.random() < STORM_SMOKE
            if position in free and trouble in speech.troubles and caught:
                self._free[position] = False
                texts = speech.texts(speech.troubles[trouble])
                yield _Event(self._turn(position, begin), position, texts, max(end - begin, 1))

    def _to_time(self) -> Iterator[_Event]:
        """Detectors that smell a fire for one report, evenly over the run, each of another gateway."""
        texts = SPEECHES["smoke"].texts(SPEECHES["smoke"].troubles[FIRE])
        gateways = self._chance.permutation(self._city.plan.gateways)
        for number in range(int(self._course.timed * self._course.seconds)):
            gateway = int(gateways[number % len(gateways)])
            first, size = int(self._city.first[gateway]), int(self._size[gateway])
            share = number / self._course.timed * self._course.rate / self._city.plan.sensors
            round_, place = divmod(int((self._course.quiet + share) * size), size)
            position = self._next_free(first + place, first + size)
            if position is None:
                round_, position = round_ + 1, self._next_free(first, first + size)
            if position is not None:
                yield _Event(self._turn(position, round_), position, texts, 1, timed=True)

    def _next_free(self, begin: int, end: int) -> int | None:
        """The next detector of which nothing is told; from now on a fire is."""
        found = np.flatnonzero(self._free[begin:end])
        if not len(found):
            return None
        self._free[begin + found[0]] = False
        return begin + int(found[0])

    def closing(self) -> tuple[int, int, int]:
        """One more fire, to tell that everything before was judged.

        Its position, its gateway, and how many messages of that gateway come before it in this round.
        """
        for gateway in range(self._city.plan.gateways):
            first, size = int(self._city.first[gateway]), int(self._size[gateway])
            turn = int(self._voices.turn[gateway])
            begin = first + turn % size
            if (position := self._next_free(begin, first + size)) is not None:
                texts = SPEECHES["smoke"].texts(SPEECHES["smoke"].troubles[FIRE])
                self._add(_Event(turn + position - begin, position, texts, timed=True))
                return position, gateway, position - begin
        raise RuntimeError("every detector of the city has had its fire: time fewer alarms, or shorter")


def _refused(kind: str, texts: Mapping[str, str]) -> bool:
    """Whether a report with these texts is garbage, or says what cannot be."""
    absurd = SPEECHES[kind].texts(SPEECHES[kind].spike)
    return GARBAGE in texts.values() or (texts == absurd and kind not in {"tank", "stage"})


def blocks(voices: Voices, script: Script, size: int, burst: int, stamps: Iterator[int]) -> Iterator[bytes]:
    """Blocks of `size` messages as a broker hands them on: a short burst of one gateway after the other."""
    every, at = voices.city.plan.gateways, 0
    while True:
        held, missing = list[bytes](), size
        while missing:
            some = np.arange(at, min(at + max(missing // burst, 1), every))
            at = (at + len(some)) % every
            counts = np.minimum(min(burst, missing), voices.room(some))
            script.before(some, counts)
            held += map(bytes, voices.say(some, counts, next(stamps)))
            missing -= int(counts.sum())
        yield b"".join(held)
