"""A rule over places, compiled: its grades as written, as they must turn to clear, and whom it looks at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest.kinds import Kinds
from ingest.registry import Registry
from rules.engine.board import Board
from rules.engine.groups.condition import (
    Census,
    Count,
    GroupCompiler,
    GroupNode,
    clocks,
    counts,
    judged,
    may_be_true_at_rest,
)
from rules.engine.groups.functions import functions_of
from rules.engine.groups.leaf import Leaf, Part
from rules.engine.groups.places import Places, members_of
from rules.engine.nodes import Timed, Written
from rules.engine.normal_form import Compiler, Fault, written
from rules.engine.sites import Sites
from rules.engine.verdict import FALSE, TRUE
from rules.grade import Grade
from rules.language.tree import Sensors, Share
from rules.rule import Release, Rule


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rules over places share; slots of a board count from its kind's first sensor.

    `places` are those found so far: rules over the same places share them.
    """

    kinds: Kinds
    registry: Registry
    boards: Mapping[str, Board]
    places: dict[object, Places] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class GroupLadder:
    """`raising` and `clearing` by grade, strongest first; `leaves` are all group functions of the rule.

    `as_written` are the leaves of the grades, to explain them. `places` has the
    sensors of any leaf. `restless`: even a place where no sensor says true must be watched. `age_counts` are
    those of ages, each once: margins leave them as they are.
    """

    rule: Rule
    registry: Registry
    leaves: tuple[Leaf, ...]
    raising: dict[Grade, GroupNode]
    clearing: dict[Grade, GroupNode]
    only_if: GroupNode | None
    as_written: dict[Written, GroupNode]
    places: Places
    faults: set[Fault]
    restless: bool
    age_counts: tuple[Count, ...]

    @classmethod
    def of(cls, rule: Rule, setting: Setting) -> "GroupLadder":
        """Compile `rule`."""
        maker = _LeafMaker(rule, setting)
        compiler = GroupCompiler(maker.leaf, bool(rule.release.share or rule.release.amount))
        grades = sorted(rule.grades, reverse=True)
        raising = {grade: compiler.raising(rule.grades[grade]) for grade in grades}
        clearing = {grade: compiler.clearing(rule.grades[grade]) for grade in grades}
        only_if = compiler.raising(rule.only_if) if rule.only_if else None
        leaves = tuple(maker.made)
        places = maker.everywhere
        sensors = setting.registry.sensors
        inside = {sensors[slot].id for slot in places.slots.tolist()} if maker.faults else set()
        faults = {fault for fault in maker.faults if fault.subject in inside}
        restless = any(may_be_true_at_rest(node) for node in raising.values())
        restless |= any(leaf.turns_by_itself for leaf in leaves)
        written_as = {
            leaf: compiler.raising(leaf) for grade in grades for leaf in written(rule.grades[grade])
        }
        return cls(
            rule,
            setting.registry,
            leaves,
            raising,
            clearing,
            only_if,
            written_as,
            places,
            faults,
            restless,
            _age_counts([*raising.values(), *clearing.values(), *([only_if] if only_if else [])]),
        )

    @property
    def nodes(self) -> list[GroupNode]:
        """All conditions."""
        return [*self.raising.values(), *self.clearing.values(), *([self.only_if] if self.only_if else [])]

    @property
    def clocks(self) -> list[Timed]:
        """All `hours` and `season`."""
        return [clock for node in self.nodes for clock in clocks(node)]

    def judged(self, nodes: Mapping[Grade, GroupNode], census: Census) -> dict[Grade, int]:
        """The verdict of each grade: a true stronger grade makes the weaker ones true (D13)."""
        verdicts: dict[Grade, int] = {}
        carried = FALSE
        for grade, node in nodes.items():
            verdicts[grade] = TRUE if carried == TRUE else judged(node, census)
            carried = max(carried, verdicts[grade])
        return verdicts

    def allowed(self, census: Census) -> bool:
        """Whether `only_if` lets a raise pass: unknown does not block (D16)."""
        return self.only_if is None or judged(self.only_if, census) != FALSE


def _age_counts(nodes: Iterable[GroupNode]) -> tuple[Count, ...]:
    found = (count for node in nodes for count in counts(node) if count.leaf.is_age)
    return tuple({(c.leaf.number, c.operator, c.bound): c for c in found}.values())


class _LeafMaker:
    """Compiles the leaves of one rule, each for all its kinds."""

    def __init__(self, rule: Rule, setting: Setting) -> None:
        self._rule = rule
        self._setting = setting
        self.made: list[Leaf] = []
        self.faults: set[Fault] = set()
        forms = list(functions_of(rule))
        self._kinds = {kind for form in forms for kind in form.kinds if kind in setting.registry.ranges}
        self._radius = max((float(form.radius) for form in forms if form.radius is not None), default=None)
        self.everywhere = self._places(self._kinds, self._radius)

    def leaf(self, form: Sensors | Share, moved: int) -> Leaf:
        """A new leaf; of ages the same as written, for times have no margin (D15)."""
        written = next((leaf for leaf in self.made if leaf.form == form and leaf.is_age), None)
        if written is not None:
            return written
        kinds = [kind for kind in form.kinds if kind in self._setting.registry.ranges]
        parts = {kind: self._part(form, kind, moved) for kind in kinds}
        radius = None if form.radius is None else float(form.radius)
        made = Leaf(len(self.made), form, moved, parts, self._places(set(kinds), radius))
        self.made.append(made)
        return made

    def _part(self, form: Sensors | Share, kind: str, moved: int) -> Part:
        setting, rule = self._setting, self._rule
        slots = setting.registry.ranges[kind]
        sensors = setting.registry.sensors[slots.start : slots.stop]
        release = rule.release if moved >= 0 else _turned(rule.release)
        sites = Sites(rule.parameters, setting.registry)
        compiler = Compiler(rule.id, setting.kinds[kind], sensors, release, sites)
        node = compiler.clearing(form.condition) if moved else compiler.raising(form.condition)
        self.faults |= compiler.faults
        board = setting.boards[kind]
        board.watch(node)
        return Part.of(board, slots, node, rule.silent_after)

    def _places(self, kinds: set[str], radius: float | None) -> Places:
        """The places of the rule, numbered alike for all leaves, with their sensors of some kinds."""
        rule, registry = self._rule, self._setting.registry
        scope = (rule.subjects, rule.kind, rule.tag, rule.zone, rule.descendants)
        whole = (frozenset(self._kinds), self._radius)
        key = (*scope, *whole, frozenset(kinds), radius)
        known = self._setting.places
        if key not in known:
            members = members_of(rule, registry, kinds, radius)
            everywhere = known.get((*scope, *whole, *whole))
            names = sorted(members) if everywhere is None else everywhere.names
            known[key] = Places.of(names, members, len(registry.sensors))
        return known[key]


def _turned(release: Release) -> Release:
    """The same margin to the other side."""
    return Release(release.after, -release.share, -release.amount, release.unit)
