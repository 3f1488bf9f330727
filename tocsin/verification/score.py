"""The rules as they are against what really happened: by rule, by hazard and zone, and case by case."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.clock import MINUTE
from ingest.registry import Registry
from rules.grade import Grade
from rules.rule import Rule
from rules.rulebook.silence import HAZARD
from tocsin.verification.alarms import Alarm, Course, alarms
from tocsin.verification.events_file import Event, Labelled
from tocsin.verification.figures import Figures, figures
from tocsin.verification.pairing import Contingency, Pairing, pair, tells
from tocsin.verification.places import relation


@dataclass(frozen=True, slots=True)
class OfRule:
    """What one rule did."""

    rule: str
    hazard: str
    figures: Figures
    pairing: Pairing


@dataclass(frozen=True, slots=True)
class OfZone:
    """What all rules of a hazard did for a zone; lead times and `evacuation` in ms.

    `evacuation` is what its people need to leave, or those of the nearest zone above that says so, None where
    none does; `too_short` how many events were told of in less time.
    """

    hazard: str
    zone: str
    contingency: Contingency
    leads: tuple[int, ...]
    evacuation: int | None

    @property
    def too_short(self) -> int | None:
        if self.evacuation is None:
            return None
        return sum(lead < self.evacuation for lead in self.leads)


@dataclass(frozen=True, slots=True)
class Missed:
    """An event without a warning, or with too weak a one: `closest` is the strongest that told of it."""

    event: Event
    hazard: str
    closest: Grade | None


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """A warning that told of no event."""

    alarm: Alarm
    hazard: str


@dataclass(frozen=True, slots=True)
class Score:
    """`grade` is the weakest that counts as a warning, `period` what was judged, from and to (ms)."""

    grade: Grade
    period: tuple[int, int]
    events: int
    lead: int
    rules: tuple[OfRule, ...]
    zones: tuple[OfZone, ...]
    missed: tuple[Missed, ...]
    false_alarms: tuple[FalseAlarm, ...]


def score(
    courses: Iterable[Course],
    rules: Sequence[Rule],
    registry: Registry,
    labelled: Labelled,
    setting: tuple[Grade, tuple[int, int]],
) -> Score:
    """`setting` is the weakest grade that counts, and from when to when (ms) the warnings were judged.

    The warnings over silent sensors tell of no hazard and are left out, as is what people raised by hand.
    """
    grade, period = setting
    of_rule: dict[str, list[Course]] = defaultdict(list)
    for course in courses:
        of_rule[course.rule].append(course)
    known = labelled.within(*period)
    hazards: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        hazards[rule.hazard].append(rule.id)
    hazards.pop(HAZARD, None)
    of = [
        _Hazard(name, {each: of_rule[each] for each in ids}, registry, known, setting)
        for name, ids in sorted(hazards.items())
    ]
    return Score(
        grade=grade,
        period=period,
        events=sum(event.asks_for(grade) for event in known.events),
        lead=known.lead,
        rules=tuple(each for hazard in of for each in hazard.of_rules()),
        zones=tuple(each for hazard in of for each in hazard.of_zones()),
        missed=tuple(each for hazard in of for each in hazard.missed()),
        false_alarms=tuple(each for hazard in of for each in hazard.false_alarms()),
    )


class _Hazard:
    """The warnings of the rules of one hazard, by rule, and what happened of it."""

    def __init__(
        self,
        name: str,
        courses: Mapping[str, Sequence[Course]],
        registry: Registry,
        labelled: Labelled,
        setting: tuple[Grade, tuple[int, int]],
    ) -> None:
        grade, self._period = setting
        self._name = name
        self._courses = courses
        self._registry = registry
        self._before = labelled.lead
        self._events = labelled.asking_for(grade, name)
        self._related = relation(registry)
        self._grade = grade
        self._alarms = self._of(grade, [course for of in courses.values() for course in of])
        self._pairing = self._paired(self._alarms)

    def of_rules(self) -> Iterator[OfRule]:
        """A rule that did nothing where nothing happened is left out."""
        for rule, courses in self._courses.items():
            found = self._of(self._grade, courses)
            if found or self._events:
                yield OfRule(rule, self._name, figures(found, *self._period), self._paired(found))

    def of_zones(self) -> Iterator[OfZone]:
        """The zones where anything happened or anybody was warned, by name."""
        pairing = self._pairing
        happened = [self._zone(event.place) for event in self._events]
        warned = [self._zone(alarm.place) for alarm in self._alarms]
        for zone in sorted({*happened, *warned}):
            numbers = [number for number, place in enumerate(happened) if place == zone]
            leads = [self._lead_of(number) for number in numbers if pairing.told[number]]
            false = sum(warned[number] == zone for number in pairing.false)
            counts = Contingency(len(leads), len(numbers) - len(leads), false, warned.count(zone))
            yield OfZone(self._name, zone, counts, tuple(leads), self._evacuation(zone))

    def missed(self) -> Iterator[Missed]:
        """The events that got less than they called for, in the order of the file."""
        every = self._of(Grade.BLUE, [course for of in self._courses.values() for course in of])
        for event in self._events:
            near = [alarm for alarm in every if self._related(alarm.place, event.place)]
            told = [alarm.highest for alarm in near if tells(alarm, event, self._before)]
            closest = max(told, default=None)
            if closest is None or closest < max(self._grade, event.grade or Grade.BLUE):
                yield Missed(event, self._name, closest)

    def false_alarms(self) -> Iterator[FalseAlarm]:
        """In the order of their begins."""
        return (FalseAlarm(self._alarms[number], self._name) for number in self._pairing.false)

    def _of(self, grade: Grade, courses: Iterable[Course]) -> list[Alarm]:
        return alarms(courses, grade, self._period[1])

    def _paired(self, found: Sequence[Alarm]) -> Pairing:
        return pair(found, self._events, self._before, self._related)

    def _lead_of(self, number: int) -> int:
        """The lead time (ms) of an event that is hit."""
        first = self._alarms[self._pairing.told[number][0]]
        return self._events[number].begin - first.begin

    def _zone(self, place: str) -> str:
        """The zone of a place; "" for a gateway of several."""
        return self._registry.place(place) or ""

    def _evacuation(self, zone: str) -> int | None:
        above = (self._registry.zones[each].evacuation for each in self._registry.ancestry(zone))
        return next((minutes * MINUTE for minutes in above if minutes is not None), None)
