"""Takes in the readings of kinds that rules look at across sensors, in journal order.

Most readings mean nothing to such rules and are taken in together. One that may mean something is taken in
alone, after all before it and ahead of all behind it, so that a rule sees the sensors as they were then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rules.engine.foresight import Foresight
from rules.engine.groups import GroupJudge
from rules.engine.isolation import BREAKS, Isolation
from rules.engine.kind_judge import KindJudge
from rules.engine.late import Late
from rules.engine.waves import Run, Wave


class InOrder:
    """The kinds that some rule looks at across sensors, and the rules over places."""

    def __init__(
        self, kinds: Sequence[KindJudge], groups: Sequence[GroupJudge], isolation: Isolation
    ) -> None:
        self._isolation = isolation
        self._kinds = kinds
        self._groups = groups
        numbers = {kind.name: number for number, kind in enumerate(kinds)}
        self._seen_by = {g.number: frozenset(numbers[kind] for kind in g.kinds) for g in groups}
        self._of_kind = {kind.name: [g for g in groups if kind.name in g.kinds] for kind in kinds}

    def take(self, run: Run, received: int) -> None:
        """Take in a run; then places that sensors joined wait for them, too."""
        self._take_in(run, received)
        for group in self._groups:
            self._isolation.attempt(group, received, group.welcome, received)

    def _take_in(self, run: Run, received: int) -> None:
        """What matters is asked again when a subject wakes or falls asleep, or a place that grows is read."""
        alone = self._mattering(run, received)
        while alone:
            (rank, told), turns = alone[0], self._turns()
            cut = [wave for wave in run if wave.kind in told.kinds]
            # Kinds that nobody concerned looks at wait: what they do cannot be seen from here.
            rest = [wave for wave in run if wave.kind not in told.kinds]
            self._take_quiet(_chosen(cut, [wave.rank < rank for wave in cut]), received)
            self._take_alone(_chosen(cut, [wave.rank == rank for wave in cut]), told, received)
            run = rest + _chosen(cut, [wave.rank > rank for wave in cut])
            alone = alone[1:] if self._turns() == turns else self._mattering(run, received)
        self._take_quiet(run, received)

    def _mattering(self, run: Run, received: int) -> list[tuple[int, "Told"]]:
        """The readings to be taken in alone, by ascending rank, and whom they are told."""
        found: defaultdict[int, Told] = defaultdict(Told)
        for wave in run:
            kind = self._kinds[wave.kind]
            ahead = Foresight(kind.board, wave)
            groups = [group for group in self._of_kind[kind.name] if not group.off]
            for rank in wave.rank[kind.is_late(wave)].tolist():
                found[rank].kinds.add(wave.kind)
                found[rank].add(groups, self._seen_by)
            for group in groups:
                try:
                    mattering = group.matters(kind.name, ahead, received)
                except BREAKS as error:
                    self._isolation.switch_off(group, error, received)
                    continue
                for rank in wave.rank[mattering].tolist():
                    found[rank].add([group], self._seen_by)
        return sorted(found.items())

    def _turns(self) -> tuple[int, ...]:
        return tuple(group.turns for group in self._groups)

    def _take_quiet(self, run: Run, received: int) -> None:
        for wave in run:
            self._kinds[wave.kind].take(wave, received, _unexpected)

    def _take_alone(self, run: Run, told: "Told", received: int) -> None:
        for wave in run:
            kind, late = self._kinds[wave.kind], list[Late]()
            behind = kind.is_late(wave).any()
            kind.take(wave, received, late.append)
            for group in told.groups:
                if not behind:
                    self._isolation.attempt(group, received, group.read, kind.name, wave, received)
                for reading in late:
                    self._isolation.attempt(group, received, group.late, kind.name, reading, received)


@dataclass(slots=True)
class Told:
    """The rules over places that a reading matters to, and the kinds that they or its own kind look at."""

    groups: list[GroupJudge] = field(default_factory=list)
    kinds: set[int] = field(default_factory=set)

    def add(self, groups: Sequence[GroupJudge], seen: Mapping[int, frozenset[int]]) -> None:
        """Tell some more; `seen` are the numbers of the kinds by number of the rule."""
        for group in groups:
            if group not in self.groups:
                self.groups.append(group)
                self.kinds |= seen[group.number]


def _unexpected(late: Late) -> None:
    raise AssertionError("a late reading is taken in alone")


def _chosen(run: Run, chosen: list["np.typing.NDArray[np.bool_]"]) -> list[Wave]:
    return [wave.only(mask) for wave, mask in zip(run, chosen, strict=True) if mask.any()]
