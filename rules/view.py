"""One sensor as conditions see it: now, or at a moment that has passed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.reading import Quality
from rules.amount_ring import Amount
from rules.board import Board, Ring
from rules.history import UNKNOWN_VALUE, AmountHistory, ReportHistory
from rules.normal_form import Check, Held
from rules.report_ring import Report
from rules.ring import NEVER
from rules.verdict import Measured


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
    _histories: dict[int, AmountHistory | ReportHistory] = field(default_factory=dict)

    def measure(self, check: Check) -> Measured:
        """The newest value, or the window that ends at it; with `forgets` a silent metric is unknown."""
        if self.forgets and self.silent(check.column):
            return UNKNOWN_VALUE
        if check.function:
            return self._history(check).measure(check, self.moment_of_all, self.certain)
        state = self.board.columns[check.column]
        doubtful = self.certain and state.flags[self.slot] & Quality.SUSPECT
        if state.stamp[self.slot] == NEVER or doubtful:
            return UNKNOWN_VALUE
        return Measured(int(state.value[self.slot]), None)

    @property
    def moment_of_all(self) -> int:
        """Later than every stamp: windows end at the newest report, wherever the clock stands."""
        return -NEVER

    def silent(self, column: int) -> bool:
        """Whether the metric's last word no longer stands."""
        return int(self.board.columns[column].heard[self.slot]) + self.patience < self.instant

    def since(self, held: Held) -> int | None:
        return self.runs.get(held.key)

    def _history(self, check: Check) -> AmountHistory | ReportHistory:
        ring = self.board.ring(check.column, check.width)
        history = self._histories.get(id(ring))
        if history is None:
            history = self._histories[id(ring)] = self.board.history(self.slot, ring)
        return history


@dataclass(slots=True)
class Kept:
    """All that is kept of one sensor at one time: what a late report is judged on.

    `alone` holds reports older than their rings by column: each is judged by itself, at its own stamp.
    """

    board: Board
    slot: int
    alone: dict[int, AmountHistory | ReportHistory] = field(default_factory=dict)
    histories: dict[int, AmountHistory | ReportHistory] = field(default_factory=dict)
    newest: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, board: Board, slot: int) -> "Kept":
        """The present state, copied."""
        histories = {id(ring): board.history(slot, ring) for ring in board.rings.values()}
        newest = {
            column: (int(state.stamp[slot]), int(state.value[slot]), int(state.flags[slot]))
            for column, state in board.columns.items()
        }
        return cls(board, slot, {}, histories, newest)

    def single_reports(self, column: int) -> AmountHistory | ReportHistory | None:
        """The history of each report of a metric, if it is kept."""
        ring = self.board.single_reports(column)
        return self.histories[id(ring)] if ring is not None else None

    def of_ring(self, ring: Ring) -> AmountHistory | ReportHistory:
        return self.histories[id(ring)]


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
        alone = self.kept.alone.get(check.column) if self.moment == self.own else None
        if check.function:
            history = alone or self.kept.of_ring(self.kept.board.ring(check.column, check.width))
            return history.measure(check, self.moment, self.certain)
        entry = (alone or self.kept.single_reports(check.column) or _NOTHING).at(self.moment)
        if entry is not None:
            return self._bare(entry.last if isinstance(entry, Report) else entry.amount, entry.flags)
        stamp, value, flags = self.kept.newest[check.column]
        return self._bare(value, flags) if NEVER < stamp <= self.moment else UNKNOWN_VALUE

    def _bare(self, value: int, flags: int) -> Measured:
        return UNKNOWN_VALUE if self.certain and flags & Quality.SUSPECT else Measured(value, None)

    def silent(self, column: int) -> bool:
        return False

    def since(self, held: Held) -> int | None:
        """The start of the run at the moment: as the subject knows it, or further back where reports tell."""
        known = self.runs.get(held.key)
        start = known if known is not None and known <= self.moment else None
        bound = held.check.bound_at(self.slot)
        history = self.kept.single_reports(held.check.column)
        if history is None or bound is None:
            return start
        for entry in reversed(history.entries):
            if entry.stamp > self.moment or (start is not None and entry.stamp >= start):
                continue
            if not held.check.compare(_value(entry), bound):
                break
            start = entry.stamp
        return start


def _value(entry: Report | Amount) -> int:
    return entry.last if isinstance(entry, Report) else entry.amount


_NOTHING = ReportHistory([], 0, 0)
