"""What happens in the city: faulty sensors, alarms, a storm, and alarms to time.

Everything is set at turns of gateways, not at instants, and follows from the plan's seed.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulators.city.course import COURSES, course, texts
from simulators.city.plan import KINDS, Longs
from simulators.city.run import Event, Happening, Run
from simulators.city.speech import FIRE, GARBAGE, SPEECHES, STORM
from simulators.city.voices import Learned, Voices

# Rounds from one absurdity to the next.
SPIKES_EVERY, GARBAGE_EVERY = 10, 20
# Of an alarm that is one value all the time.
ALARM_ROUNDS = 6
# What is absurd of these is for quality control: it could be.
POSSIBLE = frozenset({"tank", "stage"})
# Courses of one trouble that differ.
VARIANTS = 4
# Of the run: when the storm begins and ends.
STORM_FROM, STORM_UNTIL = 0.4, 0.6
# Of the towns: those under it. Of one town's detectors: those in smoke.
STORM_TOWNS, STORM_SMOKE = 0.04, 0.1
NEVER = np.iinfo(np.int64).max
SMOKE = KINDS.index("smoke")
PHASES = 2


class Script:
    """The events of a run; `refused` counts messages, of those said so far, that no decoder can take.

    `happened` counts what has begun so far.
    """

    def __init__(self, voices: Voices, run: Run) -> None:
        self.refused = 0
        self.happened: Counter[Happening] = Counter()
        self._voices = voices
        self._city = voices.city
        self._run = run
        self._size = self._city.size
        # By position: its gateway. Of each gateway, by turn and position: what is to happen.
        self._gateway = np.repeat(np.arange(self._city.plan.gateways), self._size).tolist()
        self._events: dict[int, list[tuple[int, int, Event]]] = defaultdict(list)
        self._soonest: Longs = np.full(self._city.plan.gateways, NEVER)
        self._chance = np.random.default_rng([self._city.plan.seed, run.phase])
        self._courses = dict(self._learned()) if run.physics else {}
        # Each sensor has one thing at most that goes wrong.
        self._left: list[int] = self._chance.permutation(self._city.plan.sensors).tolist()
        self._free = self._city.kind == SMOKE
        self._free &= self._city.number % PHASES == run.phase % PHASES
        for event in (*self._faults(), *self._alarms(), *self._storm(), *self._to_time()):
            self._add(event)

    def before(self, gateways: Longs, counts: Longs) -> list[int]:
        """Let happen what is due in the next messages; returns the positions that say an alarm to time."""
        until = self._voices.turn[gateways] + counts
        due = np.flatnonzero(self._soonest[gateways] < until)
        timed = []
        for gateway, end in zip(gateways[due].tolist(), until[due].tolist(), strict=True):
            events = self._events[gateway]
            while events and events[0][0] < end:
                _, _, event = heapq.heappop(events)
                self._happen(event)
                timed += [event.position] if event.what is Happening.TIMED else []
            self._soonest[gateway] = events[0][0] if events else NEVER
        return timed

    def _happen(self, event: Event) -> None:
        position, size = event.position, int(self._size[self._gateway[event.position]])
        hold = event.hold
        if event.course is not None:
            self._voices.follow(position, event.course, event.turn // size)
            hold = event.course.rounds
        elif event.texts:
            self._voices.set(position, event.texts)
        else:
            self._voices.calm(position)
        if hold:
            self._add(Event(event.turn + hold * size, position, Happening.CALM))
        if event.every:
            self._add(replace(event, turn=event.turn + event.every * size))
        self.happened[event.what] += 1
        self.refused += event.what is Happening.GARBAGE or (
            event.what is Happening.ABSURD and KINDS[self._city.kind[position]] not in POSSIBLE
        )

    def _learned(self) -> Iterator[tuple[tuple[str, str], list[Learned]]]:
        """(kind, trouble) to courses that differ."""
        plan = self._city.plan
        for kind, trouble in COURSES:
            each = (np.random.default_rng([plan.seed, variant]) for variant in range(VARIANTS))
            found = [course(kind, trouble, plan.interval, chance) for chance in each]
            yield (kind, trouble), [self._voices.learn(texts(kind, values)) for values in found]

    def _add(self, event: Event) -> None:
        gateway = self._gateway[event.position]
        heapq.heappush(self._events[gateway], (event.turn, event.position, event))
        self._soonest[gateway] = min(int(self._soonest[gateway]), event.turn)

    def _turn(self, position: int, round_: int) -> int:
        """The turn at which a sensor speaks in a round."""
        gateway = self._gateway[position]
        return round_ * int(self._size[gateway]) + position - int(self._city.first[gateway])

    def _round(self, share: float) -> int:
        """The round in which the run is at `share` of its length."""
        return self._run.quiet + int(share * self._rounds(self._run.seconds))

    def _rounds(self, seconds: float) -> float:
        """How often each sensor reports in so long."""
        return seconds * self._run.rate / self._city.plan.sensors

    @property
    def _daily(self) -> int:
        """Rounds from an event to the same again; 0 is never."""
        return max(round(self._rounds(self._run.day)), 1) if self._run.daily else 0

    def _take(self) -> int:
        """A sensor of which nothing else is told."""
        position = self._left.pop()
        self._free[position] = False
        return position

    def _faults(self) -> Iterator[Event]:
        for number in range(round(self._run.faulty * self._city.plan.sensors)):
            position = self._take()
            speech = SPEECHES[KINDS[self._city.kind[position]]]
            if number % 3 == 0:
                self._voices.freeze(position)
                self.happened[Happening.STUCK] += 1
            elif number % 3 == 1:
                turn = self._turn(position, int(self._chance.integers(SPIKES_EVERY)))
                absurd = speech.texts(speech.spike)
                yield Event(turn, position, Happening.ABSURD, absurd, hold=1, every=SPIKES_EVERY)
            else:
                turn = self._turn(position, int(self._chance.integers(GARBAGE_EVERY)))
                garbled = {speech.metrics[-1][0]: GARBAGE}
                yield Event(turn, position, Happening.GARBAGE, garbled, hold=1, every=GARBAGE_EVERY)

    def _alarms(self) -> Iterator[Event]:
        """Each of a sensor of its own, at some time of the day."""
        mean = self._run.alarms * self._city.plan.sensors
        rounds = self._rounds(self._run.day)
        for _ in range(min(int(mean + self._chance.random()), len(self._left))):
            position = self._take()
            kind = KINDS[self._city.kind[position]]
            trouble = self._chance.choice(sorted(SPEECHES[kind].troubles))
            round_ = self._run.quiet + int(rounds * self._chance.random())
            turn, every = self._turn(position, round_), self._daily
            if courses := self._courses.get((kind, trouble)):
                chosen = courses[self._chance.integers(VARIANTS)]
                yield Event(turn, position, Happening.ALARM, course=chosen, every=every)
            else:
                texts_ = SPEECHES[kind].trouble(trouble)
                yield Event(turn, position, Happening.ALARM, texts_, hold=ALARM_ROUNDS, every=every)

    def _storm(self) -> Iterator[Event]:
        """Rain and rising rivers in some towns, smoke in another one."""
        if not self._run.storm:
            return
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
                texts_, hold = speech.trouble(trouble), max(end - begin, 1)
                turn = self._turn(position, begin)
                yield Event(turn, position, Happening.STORM, texts_, hold=hold, every=self._daily)

    def _to_time(self) -> Iterator[Event]:
        """Detectors that smell a fire for one report, evenly over the run, each of another gateway."""
        fire = SPEECHES["smoke"].trouble(FIRE)
        gateways = self._chance.permutation(self._city.plan.gateways)
        for number in range(int(self._run.timed * self._run.seconds)):
            gateway = int(gateways[number % len(gateways)])
            first, size = int(self._city.first[gateway]), int(self._size[gateway])
            share = number / self._run.timed * self._run.rate / self._city.plan.sensors
            round_, place = divmod(int((self._run.quiet + share) * size), size)
            position = self._next_free(first + place, first + size)
            if position is None:
                round_, position = round_ + 1, self._next_free(first, first + size)
            if position is not None:
                yield Event(self._turn(position, round_), position, Happening.TIMED, fire, hold=1)

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
                fire = SPEECHES["smoke"].trouble(FIRE)
                self._add(Event(turn + position - begin, position, Happening.TIMED, fire))
                return position, gateway, position - begin
        raise RuntimeError("every detector of the city has had its fire: time fewer alarms, or shorter")


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
