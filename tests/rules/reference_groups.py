"""The slow, obvious reference of rules over places: D7, D9, D12 to D16, D27 word for word, on a grid of time.

Every place is judged at every step of the grid in all four orders of D3, and after every reading. Nothing is
shared with the engine but the tree. All instants and durations must lie on the grid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ingest.reading import Quality
from ingest.registry import Registry, Sensor
from rules.grade import Grade
from rules.language.tree import And, Comparison, Not, Or, Sensors, Share, Sustained
from rules.rule import Rule
from tests.rules.reference_members import (
    GRID,
    INVERSE,
    TESTS,
    Heard,
    Member,
    Moment,
    Report,
    Run,
    Stand,
    is_age,
    metrics,
    moved,
    near_to,
    newest,
    said,
)

# A group function of the rule by its identity, and whether its condition is moved to be easier (1) or harder.
Key = tuple[int, int]
RAISING, READING, SILENCE, CLEARING = range(4)


@dataclass
class Latch:
    run: int | None = None
    release: int | None = None
    raised: int | None = None
    auto: bool = False


class Reference:
    """One rule over places, without haste; `found`: (at, subject, from, to, disposition, late, members)."""

    def __init__(self, rule: Rule, registry: Registry, start: int) -> None:
        self.rule, self.registry, self.now = rule, registry, start
        self.sensors = {sensor.id: Heard(sensor) for sensor in registry.sensors}
        self.members: dict[Key, dict[str, Member]] = {}
        self.inners: dict[Key, Any] = {}
        self.within: dict[Key, int] = {}
        self.grades = sorted(rule.grades, reverse=True)
        zones = {z for s in registry.sensors for z in self.zones_of(s)}
        self.names = {zone: [s.id for s in registry.sensors if zone in self.zones_of(s)] for zone in zones}
        self.latches = {zone: {grade: Latch() for grade in self.grades} for zone in zones}
        self.shown: dict[str, tuple[Grade | None, Grade | None]] = dict.fromkeys(zones, (None, None))
        self.found: list[tuple[Any, ...]] = []
        for condition in [*rule.grades.values(), *([rule.only_if] if rule.only_if else [])]:
            for way in (False, True):
                for form, key in self.functions(condition, way, False):
                    self.members[key] = {name: Member() for name in self.sensors}
                    self.inners[key] = self.inner(form, key[1])
                    self.within[key] = getattr(form, "within", 0)
        for zone in sorted(zones):
            self.judge(zone, start, READING)

    def zones_of(self, sensor: Sensor) -> list[str]:
        return self.registry.ancestry(sensor.zone) if self.rule.descendants else [sensor.zone]

    def functions(self, condition: Any, clearing: bool, negated: bool) -> Iterable[tuple[Any, Key]]:
        """Every group function, and how its inner condition is to be judged."""
        match condition:
            case Not(part):
                yield from self.functions(part, clearing, not negated)
            case And(parts) | Or(parts):
                for part in parts:
                    yield from self.functions(part, clearing, negated)
            case Comparison(form, operator):
                yield form, self.key(form, INVERSE[operator] if negated else operator, clearing)

    def key(self, form: Any, operator: str, clearing: bool) -> Key:
        return id(form), {">=": 1, ">": 1, "<": -1, "<=": -1}.get(operator, 0) if clearing else 0

    def inner(self, form: Any, way: int) -> Any:
        return moved(form.condition, self.rule.release.share, way) if way else form.condition

    def until(self, instant: int) -> None:
        """All that falls due before the readings of `instant`."""
        while self.now < instant:
            if self.now % GRID == 0:
                for order in (SILENCE, CLEARING):
                    self.step(self.now, order)
            self.now += GRID
            self.step(self.now, RAISING)

    def step(self, time: int, order: int) -> None:
        if order == RAISING:
            for key, members in self.members.items():
                for name, member in members.items():
                    if any(not run.done for run in member.runs.values()):
                        self.hear(self.inners[key], name, member, time, order)
        for zone in sorted(self.latches):
            if order == CLEARING:
                self.let_go(zone, time)
            self.judge(zone, time, order)

    def read(self, name: str, stamp: int, values: dict[str, tuple[Decimal, int]]) -> None:
        seen, time = self.sensors[name], self.now
        late = seen.newest is not None and stamp < seen.newest
        for metric, (value, quality) in values.items():
            report = Report(stamp, value, bool(quality & Quality.SUSPECT))
            seen.add(metric, report)
            seen.heard[metric] = time
        if not late:
            seen.newest, seen.arrived = stamp, time
        concerned = {key: m[name] for key, m in self.members.items() if not is_age(self.inners[key])}
        concerned = {
            k: m for k, m in concerned.items() if (m.runs and not late) or metrics(self.inners[k]) & {*values}
        }
        if late:
            self.read_late(name, stamp, concerned)
            return
        before = len(self.found)
        if self.completed(seen, concerned, time):
            self.judge_all(name, time)
        for key, member in concerned.items():
            self.run_on(self.inners[key], member, seen, stamp)
            self.hear(self.inners[key], name, member, time, READING)
        self.judge_all(name, time)
        # Lines of one reading are ordered by subject (D1), whether it or what it completed led to them.
        self.found[before:] = sorted(self.found[before:], key=lambda line: str(line[1]))

    def completed(self, seen: Heard, concerned: dict[Any, Member], time: int) -> bool:
        """A run that was complete on the sensor's clock before the reading that breaks it."""
        any_complete = False
        for key, member in concerned.items():
            inner = self.inners[key]
            run = member.runs.get(inner)
            if member.stands is None and run is not None and run.start + inner.duration <= (seen.newest or 0):
                report = newest(seen, inner.condition.left.metric, Moment(0, 0, 0))
                assert report is not None
                member.stands = Stand(time, sure=not report.suspect and self.fresh(seen))
                any_complete = True
        return any_complete

    def run_on(self, inner: Any, member: Member, seen: Heard, stamp: int, late: bool = False) -> None:
        """A run goes on until a reading says false; a late one, if its metric's newest, may start it."""
        if not isinstance(inner, Sustained):
            return
        comparison = inner.condition
        report = newest(seen, comparison.left.metric, Moment(0, 0, 0))  # type: ignore[union-attr]
        assert report is not None
        if TESTS[comparison.operator](report.value, comparison.right.value):  # type: ignore[union-attr]
            if not late or report.stamp == stamp:
                member.runs.setdefault(inner, Run(stamp))
        elif not report.suspect and not late:
            member.runs.pop(inner, None)

    def fresh(self, seen: Heard) -> bool:
        return seen.arrived - (seen.newest or 0) <= self.rule.max_age

    def moment(self, seen: Heard, time: int, order: int, certain: bool = False) -> Moment:
        clock = (seen.newest or 0) + time - seen.arrived
        by = time if order >= SILENCE else time - 1
        return Moment(clock, by, self.rule.silent_after, certain)

    def hear(self, inner: Any, name: str, member: Member, time: int, order: int, late: bool = False) -> None:
        """A true stands from the reading that says it until one denies it, which no late one does."""
        seen = self.sensors[name]
        at = self.moment(seen, time, order)
        for key, run in member.runs.items():
            run.done = run.done or run.start + key.duration <= at.clock
        word = said(inner, seen, member, at)
        if word == 1:
            member.stands = member.stands or Stand(time)
            certain = said(inner, seen, member, self.moment(seen, time, order, True)) == 1
            member.stands.sure = certain and self.fresh(seen)
        elif word == -1 and member.stands is not None and not late:
            member.stands.until = time
            member.stood, member.stands = member.stands, None

    def read_late(self, name: str, stamp: int, concerned: dict[Any, Member]) -> None:
        seen, time = self.sensors[name], self.now
        points: dict[Any, bool] = {}
        for key, member in concerned.items():
            inner, within = self.inners[key], self.within[key]
            self.run_on(inner, member, seen, stamp, late=True)
            self.hear(inner, name, member, time, READING, late=True)
            stood = [s for s in (member.stands, member.stood) if s is not None and s.since <= stamp]
            if any(s.until is None or (within and stamp < s.until) for s in stood):
                continue
            for_then = Member(
                runs={k: Run(run.start) for k, run in member.runs.items() if run.start <= stamp}
            )
            at = Moment(stamp, None, self.rule.silent_after, own=stamp)
            if said(inner, seen, for_then, at) != 1:
                continue
            at.certain = True
            sure = said(inner, seen, for_then, at) == 1 and time - stamp <= self.rule.max_age
            points[key] = sure
            newer = member.stood is None or (member.stood.until or 0) < stamp
            if within and member.stands is None and newer:
                member.stood = Stand(stamp, stamp, sure)
        for zone in sorted(self.zones_of(seen.sensor)):
            self.judge(zone, time, READING, (name, stamp, points))

    def judge_all(self, name: str, time: int) -> None:
        for zone in sorted(self.zones_of(self.sensors[name].sensor)):
            self.judge(zone, time, READING)

    def counting(self, key: Key, zone: str, at: tuple[int, int]) -> dict[str, bool]:
        """The sensors for which the condition stands, or stood in (T - within, T]; which are beyond doubt."""
        time, order = at
        inner, within = self.inners[key], self.within[key]
        found = {}
        for name in self.names[zone]:
            member = self.members[key][name]
            if is_age(inner):
                seen = self.sensors[name]
                if said(inner, seen, member, self.moment(seen, time, order)) == 1:
                    found[name] = True
                continue
            stood = member.stood if within else None
            recent = stood is not None and (stood.until or 0) > time - within
            if member.stands is not None or (stood is not None and recent):
                sure = member.stands is not None and member.stands.sure
                found[name] = sure or (stood is not None and recent and stood.sure)
        return found

    def near(self, form: Any, key: Key, zone: str, time: int, late: tuple[Any, ...]) -> dict[str, bool]:
        """The sensors that count together with a late reading, at its stamp."""
        name, stamp, points = late
        if isinstance(form, Share) or key not in points:
            return {}
        within, found = form.within, {name: points[key]}
        for other in self.names[zone]:
            member = self.members[key][other]
            stands, stood = member.stands, member.stood
            if other == name:
                continue
            if stands is not None and (stands.since < stamp + within or stands.since <= stamp):
                found[other] = stands.sure
            elif within and stood is not None and near_to(stood, stamp, within):
                found[other] = stood.sure
        return found

    def count(self, comparison: Any, where: tuple[Any, ...], mode: "Mode", negated: bool) -> int:
        """One count, `not` taken into its operator; over no members what is written is false (D12)."""
        zone, time, order = where
        form, operator = comparison.left, comparison.operator
        key = self.key(form, operator, mode.clearing)
        true = self.counting(key, zone, (time, order))
        near = self.near(form, key, zone, time, mode.late) if mode.late else {}
        number, many = len(true), len(near)
        if mode.certain:
            number, many = sum(true.values()), sum(near.values())
        test, bound = TESTS[operator], comparison.right.value
        if isinstance(form, Sensors):
            number = max(number, many)
            if number and (number >= bound if operator in (">=", "<") else number > bound):
                return 1 if test(number, bound) else -1
        members, known = self.speaking(key, zone, (time, order), true)
        if not members:
            return 1 if negated else -1
        if not known:
            return 0
        holds = test(number, bound) if isinstance(form, Sensors) else test(100 * number, bound * known)
        reached = (
            isinstance(form, Share) and operator not in ("==", "!=") and holds == (operator in (">=", ">"))
        )
        return (1 if holds else -1) if known * 100 >= members * 80 or reached else 0

    def speaking(self, key: Key, zone: str, at: tuple[int, int], true: dict[str, bool]) -> tuple[int, int]:
        """The sensors that ever reported what is asked for, and those of them that are known."""
        members, known = 0, 0
        needed = metrics(self.inners[key]) - {None}
        for name in self.names[zone]:
            seen, member = self.sensors[name], self.members[key][name]
            if name in true or (seen.reports and needed <= seen.reports.keys()):
                members += 1
                known += name in true or said(self.inners[key], seen, member, self.moment(seen, *at)) != 0
        return members, known

    def word(self, condition: Any, where: tuple[Any, ...], mode: "Mode", negated: bool = False) -> int:
        match condition:
            case Not(part):
                return self.word(part, where, mode, not negated)
            case And(parts) | Or(parts):
                words = [self.word(part, where, mode, negated) for part in parts]
                return min(words) if isinstance(condition, And) != negated else max(words)
        operator = INVERSE[condition.operator] if negated else condition.operator
        return self.count(Comparison(condition.left, operator, condition.right), where, mode, negated)

    def words(self, where: tuple[Any, ...], mode: "Mode") -> dict[Grade, int]:
        found: dict[Grade, int] = {}
        for grade in self.grades:
            stronger = 1 in found.values()
            found[grade] = 1 if stronger else self.word(self.rule.grades[grade], where, mode)
        return found

    def let_go(self, zone: str, time: int) -> None:
        after = self.rule.release.after
        for latch in self.latches[zone].values():
            if latch.release is not None and latch.raised is not None:
                out = max(latch.release, latch.raised) + after <= time
                if out:
                    latch.run = latch.release = latch.raised = None
                    latch.auto = False

    def judge(self, zone: str, time: int, order: int, late: Any = None) -> None:
        where, latches, rule = (zone, time, order), self.latches[zone], self.rule
        words = self.words(where, Mode())
        for grade, latch in latches.items():
            if words[grade] == 1 and latch.run is None:
                latch.run = time
            elif words[grade] == -1:
                latch.run = None
        ripe = {
            g: words[g] for g, x in latches.items() if x.run is not None and x.run + rule.sustain[g] <= time
        }
        then = self.words(where, Mode(late=late)) if late else words
        ripe |= {g: 1 for g in then if then[g] == 1 != words[g] and not rule.sustain[g]}
        waiting = any(not latches[grade].auto for grade in ripe)
        if waiting and (rule.only_if is None or self.word(rule.only_if, where, Mode()) != -1):
            sure = self.words(where, Mode(late=late, certain=True))
            for grade, word in ripe.items():
                latch = latches[grade]
                if latch.raised is None:
                    latch.raised, latch.release, latch.auto = time, None, False
                latch.auto = latch.auto or (word == 1 and sure[grade] == 1)
        if any(latch.raised is not None for latch in latches.values()):
            self.release(where, late)
        self.tell(zone, time, order, late)

    def release(self, where: tuple[Any, ...], late: Any) -> None:
        zone, time, _ = where
        latches = self.latches[zone]
        let = self.words(where, Mode(clearing=True))
        let_then = self.words(where, Mode(clearing=True, late=late)) if late else let
        for grade, latch in latches.items():
            if late and latch.release is not None and late[1] >= latch.release and let_then[grade] == 1:
                latch.release = None
            if latch.raised is None or let[grade] != -1:
                latch.release = None
            elif latch.release is None:
                latch.release = time

    def tell(self, zone: str, time: int, order: int, late: Any) -> None:
        on = [grade for grade, latch in self.latches[zone].items() if latch.raised is not None]
        sure = max((grade for grade in on if self.latches[zone][grade].auto), default=None)
        for grade in on:
            self.latches[zone][grade].auto |= sure is not None and grade <= sure
        top = max(on, default=None)
        shown, certain = self.shown[zone]
        lines = []
        if sure is not None and sure > (certain or 0):
            lines.append((shown, sure, "auto"))
            shown = sure
        if shown != top:
            lines.append((shown, top, "auto" if top in (None, sure) else "review"))
        self.shown[zone] = (top, sure)
        for before, after, disposition in lines:
            grade = after or before
            assert grade is not None
            self.found.append(
                (
                    time,
                    zone,
                    before,
                    after,
                    disposition,
                    late is not None,
                    self.named(grade, zone, (time, order), late),
                )
            )

    def named(self, grade: Grade, zone: str, at: tuple[int, int], late: Any) -> list[str]:
        """The sensors that count for a grade, or for the weakest stronger one that makes it true."""
        said_true = {
            g for g in self.grades if self.word(self.rule.grades[g], (zone, *at), Mode(late=late)) == 1
        }
        grade = grade if grade in said_true else min((g for g in said_true if g > grade), default=grade)
        found: set[str] = set()
        for form, key in self.functions(self.rule.grades[grade], False, False):
            found |= self.counting(key, zone, at).keys()
            found |= self.near(form, key, zone, at[0], late).keys() if late else set()
        return sorted(found)


@dataclass
class Mode:
    clearing: bool = False
    certain: bool = False
    late: Any = None
