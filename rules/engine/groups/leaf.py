"""One `sensors(...)` or `share(...)` of a rule: its condition by kind, and the sensors that fulfil it.

What is kept is kept by sensor, whatever places it is in, and only of sensors that say true or said so within
the `within` of the leaf (D27).
"""

from dataclasses import dataclass, field
from fractions import Fraction

import msgspec
import numpy as np

from rules.engine.blindness import LONGEST_GRACE
from rules.engine.board import Board
from rules.engine.groups.places import Places
from rules.engine.groups.words import Truth, is_plain
from rules.engine.nodes import AllOf, AnyOf, Check, Held, Node, Timed, checks, leaves
from rules.engine.nodes import Leaf as NodeLeaf
from rules.engine.ring import NEVER, Longs, Slots
from rules.engine.view import Now
from rules.language.tree import Sensors, Share


class Stand(msgspec.Struct):
    """A sensor's condition stood from the `received` of one reading until that of another (None: it stands).

    `sure`: the newest reading of it was beyond doubt and not stale.
    """

    since: int
    until: int | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The condition for the sensors of one kind, whose slots are `slots`; `patience` is the rule's, in ms.

    `calm`, kept for extremes only, marks those of watched places that were last heard to say false: while
    their reports follow each other and stay on the quiet side of the threshold, they go on to say so.
    """

    kind: str
    board: Board
    slots: range
    node: Node
    held: tuple[Held, ...]
    patience: Longs
    columns: frozenset[int]
    plain: bool
    calm: Truth | None

    @classmethod
    def of(cls, board: Board, slots: range, node: Node, silent_after: int) -> "Part":
        held = tuple(leaf for leaf in leaves(node) if isinstance(leaf, Held))
        columns = frozenset(column for check in checks(node) for column in check.columns)
        patience = silent_after * board.patience
        calm = np.zeros(len(slots), np.bool_) if is_extreme(node) else None
        return cls(board.kind.name, board, slots, node, held, patience, columns, is_plain(node), calm)

    def heard(self, column: int) -> Longs:
        """When a metric of each sensor was last received, or any of them."""
        return self.board.heard(column)

    def has_spoken(self, slots: Slots) -> Truth:
        """Which sensors ever reported every metric of the condition (D12)."""
        found = np.ones(len(slots), np.bool_)
        for column in self.columns:
            found &= self.heard(column)[slots] > NEVER
        return found


@dataclass(slots=True, eq=False)
class Leaf:
    """`moved` is 0 as written, 1 where the margin makes its condition easier to be true, -1 harder.

    `runs` of `sustained` by sensor and key; `clocks` the latest its clock showed while it had a run.
    Sensors are named by their slots in the registry. `is_age`: it asks for ages and nothing else, which are
    counted when needed and never kept; `turns`: it changes without a reading, beside `sustained`.
    """

    number: int
    form: Sensors | Share
    moved: int
    parts: dict[str, Part]
    places: Places
    standing: dict[int, Stand] = field(default_factory=dict)
    ended: dict[int, Stand] = field(default_factory=dict)
    runs: dict[int, dict[int, int]] = field(default_factory=dict)
    clocks: dict[int, int] = field(default_factory=dict)
    within: int = field(init=False)
    is_share: bool = field(init=False)
    is_age: bool = field(init=False)
    turns: bool = field(init=False)
    _present: dict[int, tuple[tuple[Part, Slots], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = [part.node for part in self.parts.values()]
        self.is_share = isinstance(self.form, Share)
        self.within = self.form.within if isinstance(self.form, Sensors) else 0
        self.is_age = not self.within and all(is_age(node) for node in nodes)
        self.turns = not self.is_age and any(_turns(leaf) for node in nodes for leaf in leaves(node))

    def present(self, place: int) -> tuple[tuple[Part, Slots], ...]:
        """The sensors of a place by kind, counted from the kind's first; only kinds that it has."""
        if place not in self._present:
            found = ((part, self.places.members(place, part.slots)) for part in self.parts.values())
            self._present[place] = tuple((part, slots) for part, slots in found if len(slots))
        return self._present[place]

    @property
    def turns_by_itself(self) -> bool:
        """Whether it may become true of a sensor without a value that says so: by an age, or by the clock."""
        return self.turns and any(loosened(part.node) is None for part in self.parts.values())

    @property
    def asks_for_young(self) -> bool:
        """Whether an age must stay below its bound."""
        nodes = [part.node for part in self.parts.values()]
        return any(isinstance(node, Check) and node.sense == "<=" for node in nodes)

    def part_of(self, slot: int) -> Part | None:
        """The condition for one sensor."""
        return next((part for part in self.parts.values() if slot in part.slots), None)

    def leaves_at(self, slot: int) -> int:
        """When the stand of a sensor that ended drops out of `within`; NEVER without one.

        Blind time moves it, as it moves all that clears.
        """
        stand, part = self.ended.get(slot), self.part_of(slot)
        if stand is None or stand.until is None or part is None:
            return NEVER
        due = stand.until + self.within
        grace = int(min(part.board.patience[slot - part.slots.start], LONGEST_GRACE))
        return next((until + grace for since, until in part.board.blind if since < due <= until), due)

    def is_sure(self, slot: int, time: int) -> bool:
        """Whether a sensor's stand is beyond doubt, or one that ended and still counts at `time`."""
        stands = self.standing.get(slot)
        if stands is not None and stands.sure:
            return True
        return self.leaves_at(slot) > time and self.ended[slot].sure

    def is_doubtful(self, slot: int) -> bool:
        """Whether the sensor says true, but not beyond doubt."""
        stand = self.standing.get(slot)
        return stand is not None and not stand.sure

    def view(
        self, part: Part, slot: int, time: int, by: int, *, certain: bool = False, forgets: bool = False
    ) -> Now:
        """A sensor, counted from its kind's first, at engine time `time`; up to `by` all has been heard of.

        While it has runs its clock never goes back.
        """
        place = part.slots.start + slot
        moment = max(part.board.clock(slot, time), self.clocks.get(place, NEVER))
        runs = self.runs.get(place, {})
        return Now(part.board, slot, moment, by + 1, int(part.patience[slot]), runs, certain, forgets)


def is_age(node: Node) -> bool:
    """Whether the node is one comparison of an age that turns once."""
    return isinstance(node, Check) and node.function == "age" and node.sense in (">=", "<=")


def is_extreme(node: Node) -> bool:
    """Whether the node is one comparison of an extreme that a single report on the far side makes true."""
    return isinstance(node, Check) and (node.function, node.sense) in (("max", ">="), ("min", "<="))


def _turns(leaf: NodeLeaf) -> bool:
    if isinstance(leaf, Check):
        return any(term.function == "age" for term in leaf.left.terms)
    return isinstance(leaf, Timed)


def loosened(node: Node) -> Node | None:
    """What must be true of newest readings for the condition to be true, now or later; None if nothing."""
    match node:
        case AllOf(parts):
            kept = [part for part in map(loosened, parts) if part is not None]
            return AllOf(tuple(kept)) if kept else None
        case AnyOf(parts):
            found = [loosened(part) for part in parts]
            kept = [part for part in found if part is not None]
            return AnyOf(tuple(kept)) if len(kept) == len(found) else None
        case Held(check, _, negated):
            return None if negated else check
        case _:
            return None if _turns(node) else node


def bound_ms(check: Check, slots: Slots) -> Longs:
    """The ages that a comparison asks for, ms."""
    found = check.bounds(slots)
    if isinstance(found, int | float | Fraction):
        return np.full(len(slots), int(found), np.int64)
    return found.astype(np.int64)
