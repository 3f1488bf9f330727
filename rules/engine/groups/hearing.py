"""What single sensors say of the leaves of a rule, at their readings and when a `sustained` completes."""

from collections.abc import Iterable, Iterator

import numpy as np

from ingest.kinds import Form
from ingest.reading import Quality
from rules.engine.blindness import postponed
from rules.engine.groups.leaf import Leaf, Part, Stand
from rules.engine.groups.words import said
from rules.engine.late import Late
from rules.engine.nodes import ANY, Held
from rules.engine.report import single
from rules.engine.ring import NEVER
from rules.engine.verdict import FALSE, TRUE
from rules.engine.view import Kept, Then


class Hearing:
    """Keeps the stands and runs of the leaves; `busy` marks by slot what every reading may change.

    Those are sensors with a run, or with a stand that may become certain or that a late reading contradicts.
    """

    def __init__(self, leaves: Iterable[Leaf], max_age: int, sensors: int) -> None:
        self.leaves = [leaf for leaf in leaves if not leaf.is_age]
        self.busy = np.zeros(sensors, np.bool_)
        self.contradicted: set[tuple[int, int]] = set()
        self._max_age = max_age

    def told(
        self, kind: str, columns: Iterable[int], slot: int, *, clock: bool = False
    ) -> Iterator[tuple[Leaf, Part]]:
        """The leaves that a reading of some columns speaks of; with `clock` also those with a run."""
        carried = {ANY, *columns}
        for leaf in self.leaves:
            part = leaf.parts.get(kind)
            if part is not None and (part.columns & carried or (clock and slot in leaf.runs)):
                yield leaf, part

    def hear(self, leaf: Leaf, part: Part, slot: int, time: int, by: int) -> None:
        """A sensor's newest readings, at engine time `time`; what came up to `by` has been heard of."""
        own = slot - part.slots.start
        self._run_on(leaf, part, own)
        word = said(part.node, part.board, leaf.view(part, own, time, by))
        if part.calm is not None:
            part.calm[own] = word == FALSE
        if word == TRUE:
            self._stand(leaf, part, slot, time, by)
        elif word == FALSE and slot in leaf.standing:
            self._end(leaf, slot, time)
        self.contradicted.discard((leaf.number, slot))
        self.mark(slot)

    def hear_new(self, leaf: Leaf, part: Part, slot: int, time: int) -> None:
        """What stands when the rule is new: a silent metric says nothing."""
        own = slot - part.slots.start
        stands = all(
            int(part.board.columns[held.check.column].heard[own] + part.patience[own]) >= time
            for held in part.held
        )
        if stands:
            self._run_on(leaf, part, own, part.board.clock(own, time))
        if said(part.node, part.board, leaf.view(part, own, time, time - 1, forgets=True)) == TRUE:
            self._stand(leaf, part, slot, time, time - 1)
        self.mark(slot)

    def hear_late(self, leaf: Leaf, part: Part, late: Late, time: int) -> None:
        """The newest readings after a late one, which may be the newest of its metric and never denies."""
        own, slot = late.slot, part.slots.start + late.slot
        for held in part.held:
            newest = int(part.board.columns[held.check.column].stamp[own]) == late.stamp
            if newest and _says(part, held, own):
                leaf.runs.setdefault(slot, {}).setdefault(held.key, late.stamp)
        word = said(part.node, part.board, leaf.view(part, own, time, time - 1))
        if part.calm is not None:
            part.calm[own] = False
        if word == TRUE:
            self._stand(leaf, part, slot, time, time - 1)
        elif word == FALSE and slot in leaf.standing:
            self.contradicted.add((leaf.number, slot))
        self.mark(slot)

    def completed_before(self, leaf: Leaf, part: Part, slot: int, time: int) -> bool:
        """Whether a `sustained` completed on the sensor's clock before the reading that breaks it.

        Then its condition stood, if only for that instant.
        """
        own, runs = slot - part.slots.start, leaf.runs.get(slot, {})
        stamp = int(part.board.newest[own])
        complete = [
            runs[held.key] + held.duration
            for held in part.held
            if held.key in runs and runs[held.key] + held.duration <= stamp
        ]
        if not complete or slot in leaf.standing:
            return False
        view = leaf.view(part, own, time, time - 1)
        view.moment = max(complete)
        if said(part.node, part.board, view) != TRUE:
            return False
        self._stand(leaf, part, slot, time, time - 1)
        return True

    def point(self, leaf: Leaf, part: Part, late: Late, time: int) -> bool | None:
        """Whether it was true beyond doubt at a late reading; None when that says nothing new (D27)."""
        slot = part.slots.start + late.slot
        if _stood(leaf, slot, late.stamp):
            return None
        kept = _kept(part, late)
        runs = leaf.runs.get(slot, {})
        if said(part.node, part.board, Then(kept, late.stamp, late.stamp, runs)) != TRUE:
            return None
        certain = said(part.node, part.board, Then(kept, late.stamp, late.stamp, runs, certain=True)) == TRUE
        sure = certain and time - late.stamp <= self._max_age
        ended = leaf.ended.get(slot)
        if (
            leaf.within
            and slot not in leaf.standing
            and (ended is None or (ended.until or NEVER) < late.stamp)
        ):
            leaf.ended[slot] = Stand(late.stamp, late.stamp, sure)
        return sure

    def due(self, leaf: Leaf, slot: int, time: int) -> int | None:
        """When the next `sustained` of a sensor completes, in engine time later than `time`."""
        part = leaf.part_of(slot)
        if part is None or slot in leaf.standing:
            return None
        board, own = part.board, slot - part.slots.start
        lag = int(board.arrived[own]) - int(board.newest[own])
        durations = {held.key: held.duration for held in part.held}
        found = (since + durations[key] + lag for key, since in leaf.runs.get(slot, {}).items())
        return min((d for d in (postponed(f, board.blind) for f in found) if d > time), default=None)

    def _run_on(self, leaf: Leaf, part: Part, own: int, clock: int | None = None) -> None:
        """Start or break the runs of `sustained` by the newest values; what is suspect breaks none."""
        if not part.held:
            return
        slot, stamp = part.slots.start + own, int(part.board.newest[own])
        runs = leaf.runs.setdefault(slot, {})
        for held in part.held:
            true = _says(part, held, own)
            if true:
                runs.setdefault(held.key, stamp if clock is None else clock)
            elif true is False:
                runs.pop(held.key, None)
        if runs:
            leaf.clocks[slot] = max(leaf.clocks.get(slot, NEVER), stamp)
        else:
            del leaf.runs[slot]
            leaf.clocks.pop(slot, None)

    def _stand(self, leaf: Leaf, part: Part, slot: int, time: int, by: int) -> None:
        own, board = slot - part.slots.start, part.board
        fresh = int(board.arrived[own]) - int(board.newest[own]) <= self._max_age
        stand = leaf.standing.setdefault(slot, Stand(time))
        view = leaf.view(part, own, time, by, certain=True)
        stand.sure = fresh and said(part.node, part.board, view) == TRUE
        if slot in leaf.runs:
            leaf.clocks[slot] = max(leaf.clocks.get(slot, NEVER), board.clock(own, time))

    def _end(self, leaf: Leaf, slot: int, time: int) -> None:
        stand = leaf.standing.pop(slot)
        stand.until = time
        if leaf.within:
            leaf.ended[slot] = stand

    def mark(self, slot: int) -> None:
        """Note whether every reading of a sensor may change something."""
        busy = False
        for leaf in self.leaves:
            busy = busy or slot in leaf.runs or leaf.is_doubtful(slot)
        if self.contradicted:
            busy = busy or any((leaf.number, slot) in self.contradicted for leaf in self.leaves)
        self.busy[slot] = busy


def _says(part: Part, held: Held, own: int) -> bool | None:
    """Whether the newest value makes the comparison of a `sustained` true; None for a suspect false."""
    state, bound = part.board.columns[held.check.column], held.check.bound_at(own)
    if bound is None or state.stamp[own] == NEVER:
        return False
    if held.check.compare(int(state.value[own]), bound):
        return True
    return None if state.flags[own] & Quality.SUSPECT else False


def _stood(leaf: Leaf, slot: int, moment: int) -> bool:
    """Whether the sensor is known to have said true at a moment already."""
    standing, ended = leaf.standing.get(slot), leaf.ended.get(slot)
    if standing is not None and standing.since <= moment:
        return True
    return ended is not None and ended.since <= moment < (ended.until or NEVER)


def _kept(part: Part, late: Late) -> Kept:
    """What is kept of the sensor; values that no ring has are judged by themselves (D6)."""
    kept = Kept.of(part.board, late.slot)
    for column, (value, _, flags) in late.values.items():
        history = kept.histories.get((column, 0))
        entry = None if history is None else history.at(late.stamp)
        if part.board.forms[column] is Form.INSTANT and (entry is None or entry.stamp != late.stamp):
            kept.alone[column, 0] = part.board.reports(late.slot, [single(late.stamp, value, flags)])
    return kept
