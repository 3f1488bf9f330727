"""One sensor as conditions see it: now, or at a moment that has passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.reading import Quality
from rules.engine.amount_ring import Amount
from rules.engine.board import Board, History
from rules.engine.history import UNKNOWN_VALUE, ReportHistory
from rules.engine.normal_form import Check, Held
from rules.engine.report_ring import Report
from rules.engine.ring import NEVER
from rules.engine.verdict import Measured


@dataclass(slots=True)
class Now:
    """The sensor as its newest readings tell it.

    A metric is silent when it was last received more than `patience` ms before `instant` (engine time).
    `runs` are the subject's unbroken runs of `sustained`; `certain` leaves doubtful evidence out.
    """

    board: Board
    slot: int
    moment: int
    instant: int
    patience: int
    runs: Mapping[int, int]
    certain: bool = False
    forgets: bool = False
    _histories: dict[tuple[int, int], History] = field(default_factory=dict)

    def measure(self, check: Check) -> Measured:
        """The newest value, or the window that ends at it; with `forgets` a silent metric is unknown."""
        if self.forgets and self.silent(check.column):
            return UNKNOWN_VALUE
        if check.function:
            # Windows end at the newest report, wherever the clock stands (D2).
            return self._history(check).measure(check, -NEVER, self.certain)
        state = self.board.columns[check.column]
        doubtful = self.certain and state.flags[self.slot] & Quality.SUSPECT
        if state.stamp[self.slot] == NEVER or doubtful:
            return UNKNOWN_VALUE
        return Measured(int(state.value[self.slot]), None)

    def silent(self, column: int) -> bool:
        """Whether the metric's last word no longer stands."""
        return int(self.board.columns[column].heard[self.slot]) + self.patience < self.instant

    def since(self, held: Held) -> int | None:
        return self.runs.get(held.key)

    def doubts(self, check: Check) -> set[str]:
        """What is known against the values: `clock`, `suspect`, `coarse`."""
        if check.function:
            return _doubts(self._history(check).window(check, -NEVER), check.width)
        return quality_names(int(self.board.columns[check.column].flags[self.slot]))

    def _history(self, check: Check) -> History:
        key = self.board.ring_key(check.column, check.width)
        if key not in self._histories:
            self._histories[key] = self.board.history(self.slot, key)
        return self._histories[key]


@dataclass(slots=True)
class Kept:
    """All that is kept of one sensor at one time: what a late report is judged on.

    `newest` holds (stamp, value, flags) by column. `alone` holds reports older than their rings: each is
    judged by itself, at its own stamp (D6).
    """

    board: Board
    slot: int
    histories: dict[tuple[int, int], History]
    newest: dict[int, tuple[int, int, int]]
    alone: dict[tuple[int, int], History] = field(default_factory=dict)

    @classmethod
    def of(cls, board: Board, slot: int) -> "Kept":
        """The present state, copied."""
        newest = {
            column: (int(state.stamp[slot]), int(state.value[slot]), int(state.flags[slot]))
            for column, state in board.columns.items()
        }
        return cls(board, slot, {key: board.history(slot, key) for key in board.rings}, newest)

    def history(self, check: Check) -> History | None:
        """The reports that a check looks back on; None when single ones are not kept."""
        return self.histories.get(self.board.ring_key(check.column, check.width))


@dataclass(slots=True)
class Then:
    """The sensor at a moment that has passed, as far as it is kept; nothing was silent then."""

    kept: Kept
    moment: int
    own: int
    runs: Mapping[int, int]
    certain: bool = False

    @property
    def slot(self) -> int:
        return self.kept.slot

    def measure(self, check: Check) -> Measured:
        """The value as it stood; `own` is the stamp of the late report itself."""
        key = self.kept.board.ring_key(check.column, check.width)
        alone = self.kept.alone.get(key) if self.moment == self.own else None
        history = alone or self.kept.histories.get(key) or _NOTHING
        if check.function:
            return history.measure(check, self.moment, self.certain)
        entry = history.at(self.moment)
        if entry is not None:
            return self._bare(value_of(entry), entry.flags)
        stamp, value, flags = self.kept.newest[check.column]
        return self._bare(value, flags) if NEVER < stamp <= self.moment else UNKNOWN_VALUE

    def doubts(self, check: Check) -> set[str]:
        """What is known against the values: `clock`, `suspect`, `coarse`."""
        key = self.kept.board.ring_key(check.column, check.width)
        alone = self.kept.alone.get(key) if self.moment == self.own else None
        entries = (alone or self.kept.histories.get(key) or _NOTHING).window(check, self.moment)
        if entries or check.function:
            return _doubts(entries, check.width)
        return quality_names(self.kept.newest[check.column][2])

    def _bare(self, value: int, flags: int) -> Measured:
        return UNKNOWN_VALUE if self.certain and flags & Quality.SUSPECT else Measured(value, None)

    def silent(self, column: int) -> bool:
        return False

    def since(self, held: Held) -> int | None:
        """The start of the run at the moment: as the subject knows it, or further back where reports tell."""
        known = self.runs.get(held.key)
        start = known if known is not None and known <= self.moment else None
        bound = held.check.bound_at(self.slot)
        history = self.kept.history(held.check)
        if history is None or bound is None:
            return start
        entries: Sequence[Report | Amount] = history.entries
        for entry in reversed(entries):
            if entry.stamp > self.moment or (start is not None and entry.stamp >= start):
                continue
            if not held.check.compare(value_of(entry), bound):
                break
            start = entry.stamp
        return start


def quality_names(flags: int) -> set[str]:
    """The names of the quality bits that decoding and screening set."""
    return {name for bit, name in ((Quality.CLOCK, "clock"), (Quality.SUSPECT, "suspect")) if flags & bit}


def _doubts(entries: Sequence[Report | Amount], width: int) -> set[str]:
    names = {name for entry in entries for name in quality_names(entry.flags)}
    coarse = any(isinstance(entry, Amount) and entry.period > width for entry in entries if width)
    return names | {"coarse"} if coarse else names


def value_of(entry: Report | Amount) -> int:
    """The value at the entry's stamp."""
    return entry.last if isinstance(entry, Report) else entry.amount


_NOTHING = ReportHistory([], 0, 0)
