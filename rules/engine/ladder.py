"""A rule compiled for its kind: the conditions of its grades as written, and as they must turn to clear."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kind
from ingest.registry import Registry, Sensor
from rules.engine.board import Needs
from rules.engine.normal_form import Check, Compiler, Fault, Held, Leaves, Node, checks
from rules.engine.verdict import FALSE, TRUE, View, verdict
from rules.grade import Grade
from rules.language.margin import comparisons
from rules.language.tree import Condition, Sustained, Windowed
from rules.rule import Rule


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """`raising` and `clearing` by grade, strongest first; `member` marks the sensors the rule is for.

    `held` are the runs of `sustained` that a subject keeps; `checks` all comparisons of the grades and of
    `only_if`, and `columns` the metrics they read.
    """

    rule: Rule
    kind: Kind
    raising: dict[Grade, Node]
    clearing: dict[Grade, Node]
    only_if: Node | None
    held: list[Held]
    leaves: Leaves
    faults: set[Fault]
    checks: tuple[Check, ...]
    columns: frozenset[int]
    member: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rule: Rule, kind: Kind, registry: Registry, sensors: tuple[Sensor, ...]) -> "Ladder":
        """Compile `rule` for the sensors of its kind."""
        compiler = Compiler(rule.id, kind, sensors, rule.release)
        grades = sorted(rule.grades, reverse=True)
        raising = {grade: compiler.raising(rule.grades[grade]) for grade in grades}
        clearing = {grade: compiler.clearing(rule.grades[grade]) for grade in grades}
        only_if = compiler.raising(rule.only_if) if rule.only_if else None
        nodes = [*raising.values(), *([only_if] if only_if else [])]
        found = tuple(check for node in nodes for check in checks(node))
        member = np.array([_selects(rule, sensor, registry) for sensor in sensors], np.bool_)
        chosen = {sensor.id for sensor, is_member in zip(sensors, member.tolist(), strict=True) if is_member}
        faults = {fault for fault in compiler.faults if fault.subject in chosen}
        return cls(
            rule,
            kind,
            raising,
            clearing,
            only_if,
            compiler.held,
            compiler.leaves,
            faults,
            found,
            frozenset(check.column for check in found),
            member,
        )

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


def add_needs(rule: Rule, kind: Kind, needs: dict[int, Needs]) -> None:
    """Note by column what must be kept to judge `rule`."""
    longest = max(rule.sustain.values(), default=0)
    for condition, sustain in [*((c, longest) for c in rule.grades.values()), (rule.only_if, 0)]:
        for comparison in comparisons(condition) if condition else ():
            left = comparison.left
            need = needs.setdefault(kind.metrics[left.metric].column, Needs())
            if isinstance(left, Windowed):
                need.widths.add(left.width)
            elif sustain:
                need.runs.add(sustain)
        for held in sustaineds(condition) if condition else ():
            needs[kind.metrics[held.condition.left.metric].column].runs.add(held.duration)


def sustaineds(condition: Condition) -> list[Sustained]:
    """Every `sustained` of a condition."""
    if isinstance(condition, Sustained):
        return [condition]
    parts = getattr(condition, "parts", None) or [p for p in [getattr(condition, "part", None)] if p]
    return [held for part in parts for held in sustaineds(part)]


def _selects(rule: Rule, sensor: Sensor, registry: Registry) -> bool:
    if rule.tag is not None and rule.tag not in sensor.tags:
        return False
    return rule.zone is None or rule.zone == sensor.zone or rule.zone in registry.ancestry(sensor.zone)
