"""Two sets of rules on one engine: the readings are taken in once, and what both sets have is judged once.

What a rule says does not depend on the rules beside it, but for one thing: of a sensor is kept what the rules
of its kind look back on together, and late readings, and devices faster than registered, are judged on what
is kept. So only sets that keep the same are joined.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rules.engine import Engine
from rules.transition import Transition
from tocsin.judge import Basis

# A rule as the evidence of its lines names it: its id, and the hash of its meaning.
Identity: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Joint:
    """`basis` has the rules of both sets: one that differs is in it twice, under the same id.

    For readings alone: whoever closes a warning, or applies a bundle, means one of the sets.
    """

    basis: Basis
    old: frozenset[Identity]
    new: frozenset[Identity]

    @property
    def is_mostly_common(self) -> bool:
        """Whether at least half of all rules are in both sets."""
        return 2 * len(self.old & self.new) >= len(self.old | self.new)

    def split(self, lines: Iterable[Transition]) -> tuple[list[Transition], list[Transition]]:
        """What the old and what the new set would have told by itself."""
        found = [(line, (line.rule, line.evidence["rule"])) for line in lines]
        old, new = ([line for line, of in found if of in side] for side in (self.old, self.new))
        return old, new


def joined(old: Basis, new: Basis) -> Joint | None:
    """Both on one basis; None where one engine would not say what each of two says."""
    if (old.kinds, old.registry, old.namespace) != (new.kinds, new.registry, new.namespace):
        return None
    before, after = ({(rule.id, rule.meaning): rule for rule in basis.rules} for basis in (old, new))
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    twice = {name for name, _ in gone} & {name for name, _ in come}
    engines = [Engine(basis.kinds, basis.registry, basis.rules) for basis in (old, new)]
    # What is usual is learnt under the rule's id, without the hours in which the rule warned.
    learning = any(twice & board.baselines.keys() for engine in engines for board in engine.boards)
    if learning or _kept(engines[0]) != _kept(engines[1]):
        return None
    rules = tuple((before | after).values())
    basis = Basis(f"{old.bundle} and {new.bundle}", old.kinds, old.registry, rules, new.namespace)
    return Joint(basis, frozenset(before), frozenset(after))


def _kept(engine: Engine) -> dict[tuple[str, int, int], tuple[int, int, int]]:
    """Which reports of each metric are kept of a kind's sensors, and how far back."""
    return {
        (board.kind.name, *key): (ring.rows.capacity, ring.span, ring.step)
        for board in engine.boards
        for key, ring in board.rings.items()
    }
