"""Takes in the readings of kinds that rules look at across sensors, in journal order.

Most readings mean nothing to such rules and are taken in together. One that may mean something is taken in
alone, after all before it and ahead of all behind it, so that a rule sees the sensors as they were then.
"""

from collections.abc import Sequence

import numpy as np

from rules.engine.foresight import Foresight
from rules.engine.groups import GroupJudge
from rules.engine.isolation import BREAKS, Isolation
from rules.engine.kind_judge import KindJudge
from rules.engine.late import Late
from rules.engine.ring import Longs
from rules.engine.waves import Run, Wave


class InOrder:
    """The kinds that some rule looks at across sensors, and the rules over places."""

    def __init__(
        self, kinds: Sequence[KindJudge], groups: Sequence[GroupJudge], isolation: Isolation
    ) -> None:
        self._isolation = isolation
        self._kinds = kinds
        self._groups = groups
        self._of_kind = {kind.name: [g for g in groups if kind.name in g.kinds] for kind in kinds}

    def take(self, run: Run, received: int) -> None:
        """Take in a run; then the places that were heard of for the first time can grow old."""
        self._take_in(run, received)
        for wave in run:
            name = self._kinds[wave.kind].name
            for group in self._of_kind[name]:
                self._isolation.attempt(group, received, group.welcome, name, wave, received)

    def _take_in(self, run: Run, received: int) -> None:
        """What matters is asked again when a subject wakes or falls asleep, or a place that grows is read."""
        ranks = self._mattering(run, received)
        while len(ranks):
            first, turns = ranks[0], self._turns()
            self._take_quiet(_before(run, first), received)
            self._take_alone(_at(run, first), received)
            run, ranks = _behind(run, first), ranks[1:]
            if self._turns() != turns:
                ranks = self._mattering(run, received)
        self._take_quiet(run, received)

    def _mattering(self, run: Run, received: int) -> Longs:
        """The ranks of the readings to be taken in alone, ascending."""
        found = []
        for wave in run:
            kind = self._kinds[wave.kind]
            ahead = Foresight(kind.board, wave)
            mattering = kind.matters(ahead, received)
            for group in self._of_kind[kind.name]:
                if group.off:
                    continue
                try:
                    mattering |= group.matters(kind.name, ahead, received)
                except BREAKS as error:
                    self._isolation.switch_off(group, error, received)
            found.append(wave.rank[mattering])
        return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def _turns(self) -> tuple[int, ...]:
        return tuple(group.turns for group in self._groups)

    def _take_quiet(self, run: Run, received: int) -> None:
        for wave in run:
            self._kinds[wave.kind].take(wave, received, _unexpected)

    def _take_alone(self, run: Run, received: int) -> None:
        for wave in run:
            kind, late = self._kinds[wave.kind], list[Late]()
            behind = kind.is_late(wave).any()
            kind.take(wave, received, late.append)
            for group in self._of_kind[kind.name]:
                if not behind:
                    self._isolation.attempt(group, received, group.read, kind.name, wave, received)
                for reading in late:
                    self._isolation.attempt(group, received, group.late, kind.name, reading, received)


def _unexpected(late: Late) -> None:
    raise AssertionError("a late reading is taken in alone")


def _before(run: Run, rank: int) -> Run:
    return _chosen(run, [wave.rank < rank for wave in run])


def _at(run: Run, rank: int) -> Run:
    return _chosen(run, [wave.rank == rank for wave in run])


def _behind(run: Run, rank: int) -> Run:
    return _chosen(run, [wave.rank > rank for wave in run])


def _chosen(run: Run, chosen: list["np.typing.NDArray[np.bool_]"]) -> list[Wave]:
    return [wave.only(mask) for wave, mask in zip(run, chosen, strict=True) if mask.any()]
