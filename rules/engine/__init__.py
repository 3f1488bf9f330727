"""Readings -> transitions of warnings: a pure function of readings and time (design 3.4, semantics)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.reading import Readings
from ingest.registry import Registry
from rules.engine import reload, saved
from rules.engine.blindness import Blindness, stand_still
from rules.engine.board import Board, Needs
from rules.engine.closing import BROKE, CUT_OFF, Closing, StaysOpenError, close_sensor, closing_line
from rules.engine.deadlines import Deadlines, Order
from rules.engine.event import Event
from rules.engine.groups import GroupJudge, Setting, group_needs, is_group_rule
from rules.engine.groups.closing import close_place
from rules.engine.in_order import InOrder
from rules.engine.isolation import BREAKS, Isolation
from rules.engine.kind_judge import KindJudge
from rules.engine.ladder import Ladder, add_needs
from rules.engine.late import Late
from rules.engine.ledger import Ledger
from rules.engine.moved import Moved, moved
from rules.engine.normal_form import Fault
from rules.engine.open_warnings import open_warning
from rules.engine.ring import NEVER
from rules.engine.rule_judge import RuleJudge
from rules.engine.warming import Filling, filling
from rules.engine.waves import runs
from rules.rule import Rule
from rules.transition import Transition
from rules.warning import ZoneWarning

State: TypeAlias = dict[str, npt.NDArray[np.generic] | bytes]


class Engine:
    """All rules over all sensors. Instants are engine time, ms; they must never decrease."""

    def __init__(self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...]) -> None:
        self.now = NEVER
        self.orphans: dict[str, ZoneWarning] = {}
        self._deadlines = Deadlines()
        self._ledger = Ledger()
        self._blindness = Blindness()
        self._too_late = 0
        self._flooded: set[Fault] = set()
        self._isolation = Isolation(self._deadlines, self._sort_out)
        self.of_kinds, self.registry = kinds, registry
        self._starts = np.array(sorted(r.start for r in registry.ranges.values()), np.int64)
        self.kinds: list[KindJudge] = []
        # The rules over single sensors, and over places, in the order of their numbers.
        self.judges: list[RuleJudge] = []
        self.groups: list[GroupJudge] = []
        across = [rule for rule in rules if is_group_rule(rule)]
        needs: dict[str, dict[int, Needs]] = {name: {} for name in registry.ranges}
        for rule in across:
            group_needs(rule, kinds, needs)
        for name in sorted(registry.ranges, key=lambda kind: registry.ranges[kind].start):
            own = [rule for rule in rules if rule.kind == name and rule not in across]
            self._add_kind(name, (kinds, registry), own, needs[name])
        setting = Setting(kinds, registry, {kind.name: kind.board for kind in self.kinds})
        for number, rule in enumerate(across, start=len(self.judges)):
            self.groups.append(GroupJudge(number, rule, setting, (self._deadlines, self._ledger)))
        self._ordered = np.array([kind.is_ordered(self.groups) for kind in self.kinds], np.bool_)
        self._in_order = InOrder(self.kinds, self.groups, self._isolation)

    def _add_kind(
        self, name: str, basis: tuple[Kinds, Registry], rules: list[Rule], needs: dict[int, Needs]
    ) -> None:
        kind, registry = basis[0][name], basis[1]
        slots = registry.ranges[name]
        sensors = registry.sensors[slots.start : slots.stop]
        for rule in rules:
            add_needs(rule, kind, needs)
        board = Board(kind, sensors, needs)
        board.blind = self._blindness.periods
        told = self._deadlines, self._ledger
        judges: list[RuleJudge] = []
        for number, rule in enumerate(rules, start=len(self.judges)):
            ladder = Ladder.of(rule, kind, registry, sensors)
            board.watch(*ladder.nodes)
            judges.append(RuleJudge(number, ladder, board, registry, told))
        self.kinds.append(KindJudge(name, board, judges, self._isolation))
        self.judges += judges

    def _sort_out(self) -> None:
        for kind in self.kinds:
            kind.sort_out()

    @property
    def boards(self) -> list[Board]:
        """What is known of the sensors, by kind."""
        return [kind.board for kind in self.kinds]

    @property
    def too_late(self) -> int:
        """Late readings that were too old to be judged."""
        return self._too_late + sum(kind.too_late for kind in self.kinds)

    @property
    def due(self) -> int | None:
        """The next instant at which `advance_to` would do something; None if nothing is pending, or blind."""
        return None if self._blindness.since is not None else self._deadlines.due

    @property
    def blind_since(self) -> int | None:
        """Since when (ms) nothing is seen, None while Tocsin sees."""
        return self._blindness.since

    def advance(self, readings: Readings) -> list[Transition]:
        """Settle what falls due before the readings, then judge them in journal order.

        Raises ValueError if `received` lies before what has been settled.
        """
        received = readings.received
        self._see(received)
        self._settle(received)
        for run in runs(readings, self._starts, self._ordered):
            if self._ordered[run[0].kind]:
                self._in_order.take(run, received)
            else:
                self.kinds[run[0].kind].take(run[0], received, _nobody)
        return self._ledger.take()

    def advance_to(self, instant: int) -> list[Transition]:
        """Settle raising deadlines up to and including `instant`, all others before it (D3)."""
        self._settle(instant)
        return self._ledger.take()

    def blind(self, since: int, now: int) -> list[Transition]:
        """Tocsin sees nothing from `since` on: nothing falls due until a reading or `sighted` (D31)."""
        self._settle(max(since, self.now))
        self._blindness.begin(self.now)
        self.now = max(now, self.now)
        return self._ledger.take()

    def sighted(self, now: int) -> list[Transition]:
        """Tocsin sees again: what stood still goes on one interval later."""
        self._see(now)
        self._settle(now)
        return self._ledger.take()

    def close(self, closing: Closing, at: int) -> tuple[list[Transition], str]:
        """A person ends a warning at `at` (ms), if it cannot end by itself.

        Returns the lines, also those of what was due before, and why it stays open; "" when it is closed.
        """
        self._settle(at)
        refused = ""
        try:
            self._close(closing, Event(at, Order.READING))
        except StaysOpenError as reason:
            refused = str(reason)
        return self._ledger.take(), refused

    def _close(self, closing: Closing, event: Event) -> None:
        if (orphan := self.orphans.pop(closing.warning, None)) is not None:
            self._ledger.write(event, closing_line(orphan, event.instant, closing))
            return
        judges: list[RuleJudge | GroupJudge] = [*self.judges, *self.groups]
        found = [(judge, key) for judge in judges for key in _holders(judge, closing)]
        if not found:
            raise StaysOpenError("is not open")
        judge, key = found[0]
        if self._blindness.since is not None and not judge.off:
            raise StaysOpenError(CUT_OFF)
        told = self._ledger, event, closing
        try:
            if isinstance(judge, RuleJudge):
                close_sensor(judge, key, *told)
            else:
                close_place(judge, key, *told)
        except BREAKS as error:
            self._isolation.switch_off(judge, error, event.instant)
            if _holders(judge, closing):
                raise StaysOpenError(BROKE) from error

    def _see(self, now: int) -> None:
        period = self._blindness.end(now)
        if period is None:
            return
        for board in self.boards:
            stand_still(board, period)
        attempt = self._isolation.attempt
        for judge in self.judges:
            attempt(judge, now, judge.hold, period)
            attempt(judge, now, judge.start, (period[1], Order.READING))
        for group in self.groups:
            attempt(group, now, group.hold, *period)

    def _settle(self, instant: int) -> None:
        if instant < self.now:
            raise ValueError(f"engine time would go back from {self.now} to {instant} ms")
        if self.now == NEVER:
            self._start(instant)
        self.now = instant
        if self._blindness.since is not None:
            return
        while (found := self._deadlines.pop((instant, Order.READING))) is not None:
            (due, order), number, slot = found
            of_sensors = number < len(self.judges)
            judge = self.judges[number] if of_sensors else self.groups[number - len(self.judges)]
            try:
                judge.fire(slot, Event(due, order))
            except BREAKS as error:
                self._isolation.switch_off(judge, error, due)

    def _start(self, instant: int, kept: Mapping[str, reload.Kept] = MappingProxyType({})) -> None:
        """`kept` are the rules over places, by id, that go on behind another engine."""
        for judge in self.judges:
            self._isolation.attempt(judge, instant, judge.start, (instant, Order.READING))
        for group in self.groups:
            if group.rule.id in kept:
                self._isolation.attempt(group, instant, group.go_on, *kept[group.rule.id], instant)
            else:
                self._isolation.attempt(group, instant, group.start, instant)

    def warnings(self) -> list[ZoneWarning]:
        """The open warnings, orphans too, by rule and subject."""
        found = [*self.orphans.values()]
        for judge in self.judges:
            shown = (open_warning(judge, slot, subject, self.now) for slot, subject in judge.subjects.items())
            found += [warning for warning in shown if warning is not None]
        for group in self.groups:
            found += group.warnings(self.now)
        return sorted(found, key=lambda warning: (warning.rule, warning.subject, warning.since))

    def falling(self) -> dict[str, int]:
        """By warning whose grade does not hold any more after how long (ms) without it the grade goes."""
        judges: list[RuleJudge | GroupJudge] = [*self.judges, *self.groups]
        open_ = [(judge, s) for judge in judges for s in judge.subjects.values() if s.warning and s.top]
        return {
            s.warning.id: judge.rule.release.after
            for judge, s in open_
            if s.warning and s.top and s.latches[s.top].release is not None
        }

    def filling(self) -> list[Filling]:
        """The windows that are still to fill: until then their rules may raise, not clear."""
        return filling(self.judges, self.groups)

    def faults(self) -> list[Fault]:
        """Rules that broke, conditions that cannot be evaluated, rules that flooded when loaded (E232)."""
        found = {fault for judge in self.judges for fault in judge.ladder.faults} | self._flooded
        found |= {fault for group in self.groups for fault in group.faults} | {*self.switched_off.values()}
        found |= {Fault(rule, "*", _never(count)) for rule, count in self.unheard().items()}
        return sorted(found, key=lambda fault: (fault.rule, fault.subject, fault.reason))

    @property
    def flooded(self) -> list[Fault]:
        """The rules that warned for most of what they are for as soon as they were loaded (E232)."""
        return sorted(self._flooded, key=lambda fault: fault.rule)

    @property
    def switched_off(self) -> dict[int, Fault]:
        """The rules that broke and are judged no more, by number (`rules.engine.isolation`)."""
        return self._isolation.off

    def unheard(self) -> dict[str, int]:
        """By rule how many of its sensors report, but never one of its metrics (D12)."""
        found = {judge.ladder.rule.id: judge.ladder.unheard(judge.board) for judge in self.judges}
        found |= {group.rule.id: group.unheard() for group in self.groups}
        return {rule: count for rule, count in found.items() if count}

    def memory(self) -> dict[str, int]:
        """Bytes of arrays: newest values and rings by kind, and what each rule has for itself."""
        sizes: dict[str, int] = {}
        for board in self.boards:
            sizes[f"{board.kind.name}/newest"] = board.nbytes
            kept = [*board.rings.values(), *board.baselines.values()]
            sizes[f"{board.kind.name}/rings"] = sum(ring.nbytes for ring in kept)
        sizes |= {f"rule {judge.ladder.rule.id}": judge.nbytes for judge in self.judges}
        return sizes | {f"rule {group.rule.id}": group.nbytes for group in self.groups}

    def snapshot(self) -> State:
        """The whole state itself: what is to last must be copied before the next reading.

        Only an engine of the same kinds, registry and rules can take it.
        """
        orphans = [self.orphans[identity] for identity in sorted(self.orphans)]
        rest = saved.Rest(
            self.now,
            self.too_late,
            orphans,
            saved.subjects_of(self.judges),
            self._blindness.since,
            self._blindness.periods,
            [group.state() for group in self.groups],
            sorted(self.switched_off.items()),
        )
        return saved.pack(self.boards, self.judges, rest)

    def restore(self, state: Mapping[str, npt.NDArray[np.generic] | bytes]) -> None:
        """Take the state of a snapshot into a fresh engine."""
        rest = saved.unpack(self.boards, self.judges, self._blindness, state)
        self.now, self._too_late = rest.now, rest.too_late
        self.orphans = {warning.id: warning for warning in rest.orphans}
        for group, state_of_group in zip(self.groups, rest.groups, strict=True):
            group.resume(state_of_group)
        self._isolation.resume(rest.off, [*self.judges, *self.groups])
        for judge in self.judges:
            event = Event(rest.now, Order.READING)
            self._isolation.attempt(judge, rest.now, judge.schedule_all, event)
        if rest.now > NEVER:
            self._start(rest.now)

    def carry(
        self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...], at: int
    ) -> tuple["Engine", list[Transition]]:
        """The engine that goes on from `at` under other rules, and what the change did (D30).

        This one is settled up to `at` and must not be used any more.
        """
        new = Engine(kinds, registry, rules)
        return new, self.hand_over(new, moved(self, new), at)

    def hand_over(self, new: "Engine", where: Moved, at: int) -> list[Transition]:
        """Let a fresh engine go on from `at`; as `carry`, where there is one already."""
        transitions = self.advance_to(at)
        new.now, new._too_late, new.orphans = at, self.too_late, dict(self.orphans)
        new._blindness.since = self._blindness.since
        new._blindness.periods[:] = self._blindness.periods
        boards = {board.kind.name: board for board in self.boards}
        kept = reload.kept((self.boards, self.groups), (new.boards, new.groups), where)
        for board in new.boards:
            if board.kind.name in boards:
                reload.move_values(boards[board.kind.name], board, where.kinds[board.kind.name])
        event = Event(at, Order.READING, reload=True)
        for judge, successor in reload.pairs(self.judges, new.judges):
            slots = where.kinds.get(judge.board.kind.name)
            orphans = reload.move_subjects(judge, successor, slots, at)
            new.orphans |= {warning.id: warning for warning in orphans}
            if successor is not None and slots is not None:
                both = slots.here, slots.there
                new._isolation.carry(self._isolation, judge, successor)
                new._isolation.attempt(successor, at, successor.take_over, judge, both, event)
        new._carry_groups({group.rule.id: group for group in self.groups}, kept, self._isolation, at)
        new._start(at, kept)
        known = {judge.ladder.rule.id: judge.ladder.rule.meaning for judge in self.judges}
        for judge in new.judges:
            if known.get(judge.ladder.rule.id) != judge.ladder.rule.meaning:
                new._isolation.attempt(judge, at, reload.judge_anew, judge, at)
                new._flooded |= reload.flooded(judge)
            new._isolation.attempt(judge, at, judge.confirm_all, at)
        return transitions + new._ledger.take()

    def _carry_groups(
        self, old: dict[str, GroupJudge], kept: Mapping[str, reload.Kept], isolation: Isolation, at: int
    ) -> None:
        """What is the same in those that are `kept` goes on as after a restart."""
        orphans: list[ZoneWarning] = []
        for group in self.groups:
            before = old.pop(group.rule.id, None)
            _, stays = kept.get(group.rule.id, (None, None))
            if before is not None and stays is not None and stays.whole:
                group.resume(before.state())
                continue
            if before is not None:
                orphans += group.take_over(before, at)
                self._isolation.carry(isolation, before, group)
            self._isolation.attempt(group, at, group.judge_anew, before, stays, at)
            if before is None or before.rule.meaning != group.rule.meaning:
                self._flooded |= reload.flooded_places(group)
        for gone in old.values():
            orphans += [replace(warning, orphaned=True) for warning in gone.warnings(at)]
        self.orphans |= {warning.id: warning for warning in orphans}


def _never(count: int) -> str:
    return f"{count} of its sensors report, but have never sent one of the metrics it names"


def _holders(judge: RuleJudge | GroupJudge, closing: Closing) -> list[int]:
    """The subject with that open warning: one if it is a warning of this rule."""
    return [key for key, s in judge.subjects.items() if s.warning and s.warning.id == closing.warning]


def _nobody(late: Late) -> None:
    """No rule looks at the kind across sensors."""
