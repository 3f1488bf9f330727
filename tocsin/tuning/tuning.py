"""A threshold against the warnings its rule would have raised on a record, and the events they told of."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ingest.registry import Registry
from rules.grade import Grade
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.rulebook.walk import conditions, kinds_looked_at
from tocsin.recorded import Period, Record, Rerun
from tocsin.tuning.candidates import Candidate, RuleTexts, candidates, numbers_of, together, tuned
from tocsin.tuning.threshold import Comparison, Threshold
from tocsin.verification.alarms import Alarm, Course, alarms, judged
from tocsin.verification.events_file import Labelled
from tocsin.verification.figures import Figures, figures
from tocsin.verification.pairing import Pairing, pair
from tocsin.verification.places import relation


@dataclass(frozen=True, slots=True)
class Row:
    """A value and what came of it; `figures` is None where it was refused, `pairing` without events too."""

    candidate: Candidate
    figures: Figures | None = None
    pairing: Pairing | None = None


@dataclass(frozen=True, slots=True)
class Tuning:
    """The rows of a threshold in the order of their numbers; `present` is the one in force, `best` by CSI.

    `period` is what was judged, from and to (ms); `events` how many were looked for, None if none were given;
    `sensors` how many of the kinds that the rule looks at reported in it.
    """

    rule: Rule
    threshold: Threshold
    text: str
    period: tuple[int, int]
    sensors: int
    events: int | None
    lead: int
    rows: tuple[Row, ...]
    present: int
    best: int | None

    @property
    def grade(self) -> Grade:
        return self.threshold.comparison.grade


@dataclass(frozen=True, slots=True)
class Tuner:
    """A threshold of one of the rules in `texts`, and what it is tried with."""

    texts: RuleTexts
    ladder: Ladder
    threshold: Threshold
    candidates: tuple[Candidate, ...]

    @classmethod
    def of(cls, texts: RuleTexts, ladder: Ladder, comparison: Comparison, values: str) -> "Tuner":
        """`values` as typed, "" for those around the one in force. Raises Untunable, UnreadableValues."""
        threshold, least = tuned(ladder, comparison, texts.registry)
        found = candidates(texts, ladder, threshold, numbers_of(values, threshold, least))
        if not values:
            # Nobody asked for what is finer than the metric is measured.
            found = [each for each in found if not each.is_too_fine]
        return cls(texts, ladder, threshold, tuple(found))

    def try_on(
        self,
        record: Record,
        period: tuple[int, int],
        labelled: Labelled | None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Tuning:
        """All candidates in one pass over the record; `advance` is told how far (ms) it is."""
        rule, grade, registry = self.ladder.rule, self.threshold.comparison.grade, self.texts.registry
        basis = together(self.candidates, self.texts)
        judgement = judged(Rerun(record, lambda _: basis, Period(*period)), period[0], advance)
        known = None if labelled is None else labelled.within(*period)
        pairing = _pairing(known, grade, rule.hazard, registry)
        rows = [*_rows(self.candidates, grade, judgement.courses, period, pairing)]
        [present] = [n for n, row in enumerate(rows) if row.candidate.number == self.threshold.number]
        return Tuning(
            rule=rule,
            threshold=self.threshold,
            text=self.texts.files[rule.file],
            period=period,
            sensors=_looked_at(rule, judgement.sensors, registry),
            events=None if known is None else len(known.asking_for(grade, rule.hazard)),
            lead=0 if known is None else known.lead,
            rows=tuple(rows),
            present=present,
            best=best(rows, present),
        )


def _looked_at(rule: Rule, sensors: Iterable[str], registry: Registry) -> int:
    """How many of the sensors are of a kind that the rule looks at."""
    kinds = {rule.kind}.union(*map(kinds_looked_at, conditions(rule)))
    return sum(registry.sensors[registry.slots[each]].kind in kinds for each in sensors)


def _rows(
    found: Sequence[Candidate],
    grade: Grade,
    courses: Sequence[Course],
    period: tuple[int, int],
    pairing: Callable[[Sequence[Alarm]], Pairing | None],
) -> Iterator[Row]:
    """A row for each candidate; the courses are those of all, their rule the number of the candidate."""
    of_candidate: dict[str, list[Course]] = defaultdict(list)
    for course in courses:
        of_candidate[course.rule].append(course)
    for number, candidate in enumerate(found):
        if candidate.rule is None:
            yield Row(candidate)
        else:
            own = alarms(of_candidate[str(number)], grade, period[1])
            yield Row(candidate, figures(own, *period), pairing(own))


def _pairing(
    labelled: Labelled | None, grade: Grade, hazard: str, registry: Registry
) -> Callable[[Sequence[Alarm]], Pairing | None]:
    """How alarms of a grade are paired with what really happened; with None where that is not known."""
    if labelled is None:
        return lambda _: None
    events, lead, related = labelled.asking_for(grade, hazard), labelled.lead, relation(registry)
    return lambda found: pair(found, events, lead, related)


def best(of: Sequence[Row], present: int) -> int | None:
    """The number of the row with the highest critical success index; None without events or hits.

    Of several the one with fewer false alarms, then the nearest to the threshold in force. Lead times are for
    a person to weigh: the lowest threshold nearly always has the longest.
    """

    def rank(number: int) -> tuple[float, int, Decimal]:
        pairing = of[number].pairing
        assert pairing is not None
        counts = pairing.contingency
        return (
            counts.success_index or 0.0,
            -counts.false_alarms,
            -abs(of[number].candidate.number - of[present].candidate.number),
        )

    scored = [number for number, row in enumerate(of) if row.pairing and row.pairing.contingency.hits]
    return max(scored, key=rank, default=None)
