"""A rule compiled for its kind: the conditions of its grades as written, and as they must turn to clear."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kind
from ingest.registry import Registry, Sensor
from rules.engine.board import Board
from rules.engine.calendar import FOREVER
from rules.engine.left_sides import ZERO_DIVISION
from rules.engine.needs import add_needs, metrics_named
from rules.engine.nodes import Check, Held, Leaves, Node, Timed, checks, leaves
from rules.engine.normal_form import Compiler, Fault
from rules.engine.ring import NEVER, Longs, Slots
from rules.engine.sites import Sites
from rules.engine.verdict import FALSE, TRUE, View, verdict
from rules.grade import Grade
from rules.rule import Rule

__all__ = ["FOREVER", "Ladder", "add_needs", "age_due"]


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """`raising` and `clearing` by grade, strongest first; `member` marks the sensors the rule is for.

    `held` are the runs of `sustained` that a subject keeps; `checks` all comparisons of the grades and of
    `only_if`, and `columns` the metrics they read. `timed` are the parts of both that the clock decides,
    `ages` the comparisons of grades that turn in silence.
    """

    rule: Rule
    kind: Kind
    raising: dict[Grade, Node]
    clearing: dict[Grade, Node]
    only_if: Node | None
    held: list[Held]
    leaves: Leaves
    flawed: frozenset[Fault]
    sensors: tuple[Sensor, ...]
    columns: frozenset[int]
    member: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rule: Rule, kind: Kind, registry: Registry, sensors: tuple[Sensor, ...]) -> "Ladder":
        """Compile `rule` for the sensors of its kind."""
        compiler = Compiler(rule.id, kind, sensors, rule.release, Sites(rule.parameters, registry))
        grades = sorted(rule.grades, reverse=True)
        raising = {grade: compiler.raising(rule.grades[grade]) for grade in grades}
        clearing = {grade: compiler.clearing(rule.grades[grade]) for grade in grades}
        only_if = compiler.raising(rule.only_if) if rule.only_if else None
        member = _members(rule, registry, sensors)
        chosen = {sensors[slot].id for slot in np.flatnonzero(member).tolist()} if compiler.faults else set()
        return cls(
            rule,
            kind,
            raising,
            clearing,
            only_if,
            compiler.held,
            compiler.leaves,
            frozenset(fault for fault in compiler.faults if fault.subject in chosen),
            sensors,
            frozenset(kind.metrics[name].column for name in metrics_named(rule, kind)),
            member,
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every compiled condition."""
        return (*self.raising.values(), *self.clearing.values(), *([self.only_if] if self.only_if else []))

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for node in self._written for check in checks(node))

    @property
    def timed(self) -> tuple[Timed, ...]:
        return tuple(leaf for node in self._written for leaf in leaves(node) if isinstance(leaf, Timed))

    @property
    def ages(self) -> tuple[Check, ...]:
        found = (check for node in self.raising.values() for check in checks(node))
        return tuple(check for check in found if check.function == "age")

    @property
    def _written(self) -> tuple[Node, ...]:
        return (*self.raising.values(), *([self.only_if] if self.only_if else []))

    @property
    def faults(self) -> set[Fault]:
        """What cannot be evaluated: at load, and by the last judgement of each sensor."""
        undefined = {slot for node in self._written for check in checks(node) for slot in check.undefined}
        return {
            *self.flawed,
            *(Fault(self.rule.id, self.sensors[slot].id, ZERO_DIVISION) for slot in undefined),
        }

    def unheard(self, board: Board) -> int:
        """How many sensors of the rule report, but never some metric of it: no members of it (D12)."""
        unheard = np.zeros(len(self.member), np.bool_)
        for column in self.columns:
            unheard |= board.columns[column].stamp == NEVER
        return int((unheard & self.member & (board.newest > NEVER)).sum())

    def judged(self, nodes: dict[Grade, Node], view: View) -> dict[Grade, int]:
        """The verdict of each grade: a true stronger grade makes the weaker ones true (D13)."""
        verdicts: dict[Grade, int] = {}
        carried = FALSE
        for grade, node in nodes.items():
            verdicts[grade] = TRUE if carried == TRUE else verdict(node, view)
            carried = max(carried, verdicts[grade])
        return verdicts

    def allowed(self, view: View) -> bool:
        """Whether `only_if` lets a raise pass: unknown does not block (D16)."""
        return self.only_if is None or verdict(self.only_if, view) != FALSE

    def patience(self, shortest: int) -> int:
        """How long a metric's word stands, ms, for a sensor whose `Board.patience` is `shortest` (D8)."""
        return self.rule.silent_after * shortest


def age_due(ladder: Ladder, board: Board, slots: Slots, after: int = NEVER) -> Longs:
    """The first instant later than `after` at which an age of a grade turns for each sensor, else FOREVER."""
    due = np.full(len(slots), FOREVER)
    for check in ladder.ages:
        heard = board.heard(check.column)[slots]
        known = heard > NEVER
        if check.missing is not None:
            known &= ~check.missing[slots]
        bound = np.asarray(check.bounds(slots), np.int64)
        # `>=` turns on reaching the bound, `<=` on passing it, `==` and `!=` on both.
        for passed in {">=": (0,), "<=": (1,)}.get(check.sense, (0, 1)):
            turn = heard + bound + passed
            due = np.where(known & (turn > after), np.minimum(due, turn), due)
    return due


def _members(rule: Rule, registry: Registry, sensors: tuple[Sensor, ...]) -> npt.NDArray[np.bool_]:
    """Which sensors the rule is for."""
    if rule.tag is None and rule.zone is None:
        return np.ones(len(sensors), np.bool_)
    inside = {
        zone: rule.zone is None or rule.zone == zone or rule.zone in registry.ancestry(zone)
        for zone in {sensor.zone for sensor in sensors}
    }
    tag = rule.tag
    return np.array([inside[s.zone] and (tag is None or tag in s.tags) for s in sensors], np.bool_)
