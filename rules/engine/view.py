"""One sensor as conditions see it: now, or at a moment that has passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.clock import HOUR
from ingest.reading import Quality
from rules.engine.amount_ring import Amount
from rules.engine.arithmetic import calculated
from rules.engine.baseline import HourlyMean, median_before
from rules.engine.board import Board, History
from rules.engine.history import ReportHistory
from rules.engine.nodes import Check, Formula, Held, Key, Term
from rules.engine.report import Report
from rules.engine.ring import NEVER
from rules.engine.verdict import ABSENT, UNKNOWN_VALUE, Measured

# As a plain number, for a flag takes a microsecond to compare with.
SUSPECT = int(Quality.SUSPECT)
# What is said of a baseline that its default still stands for.
WARMING_UP = "warming up"


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
    _measured: dict[Key, Measured] = field(default_factory=dict)

    @property
    def time(self) -> int:
        """Engine time."""
        return self.instant

    def measure(self, check: Check) -> Measured:
        """The newest value, or the window that ends at it; with `forgets` a silent metric is unknown."""
        if isinstance(check.left, Term):
            return self.term(check.left)
        found = calculated(check.left, self.slot, self.term)
        if found.undefined:
            check.undefined.add(self.slot)
        else:
            check.undefined.discard(self.slot)
        return found

    def term(self, term: Term) -> Measured:
        """What is measured of one metric."""
        if term.function == "age":
            heard = int(self.board.heard(term.column)[self.slot])
            return ABSENT if heard == NEVER else Measured(max(self.instant - heard, 0))
        if self.forgets and self.silent(term.column):
            return UNKNOWN_VALUE
        if term.function in ("", "flagged"):
            return self._newest(term)
        if term.function == "baseline":
            known = self._baseline(term)
            return Measured(term.parameter if known is None else known)
        # The grades of a ladder ask the same of one window.
        if (found := self._measured.get(term.key)) is None:
            # Windows end at the newest report, wherever the clock stands (D2).
            found = self._history(term).measure(term, -NEVER, self.certain)
            self._measured[term.key] = found
        return found

    def _newest(self, term: Term) -> Measured:
        state = self.board.columns[term.column]
        if state.stamp[self.slot] == NEVER:
            return UNKNOWN_VALUE
        return newest_value(term, int(state.value[self.slot]), int(state.flags[self.slot]), self.certain)

    def _baseline(self, term: Term) -> int | None:
        ring = self.board.baselines[term.rule].rings[term.column, term.width]
        return ring.median(self.slot)

    def silent(self, column: int) -> bool:
        """Whether the metric's last word no longer stands."""
        return int(self.board.columns[column].heard[self.slot]) + self.patience < self.instant

    def since(self, held: Held) -> int | None:
        return self.runs.get(held.key)

    def doubts(self, check: Check) -> set[str]:
        """What is known against the values: `clock`, `suspect`, `coarse` and so on; `warming up`."""
        return set().union(*(self._doubts(term) for term in check.left.terms))

    def _doubts(self, term: Term) -> set[str]:
        if term.function == "age":
            return set()
        if term.function == "baseline":
            return {WARMING_UP} if self._baseline(term) is None else set()
        if term.width:
            return _doubts(self._history(term).window(term.width, -NEVER), term.width)
        return quality_names(int(self.board.columns[term.column].flags[self.slot]))

    def _history(self, term: Term) -> History:
        key = self.board.ring_key(term.column, term.width)
        if key not in self._histories:
            self._histories[key] = self.board.history(self.slot, key)
        return self._histories[key]


@dataclass(slots=True)
class Kept:
    """All that is kept of one sensor at one time: what a late report is judged on.

    `newest` holds (stamp, value, flags) by column; `learnt` the hours of the baselines by (rule, column,
    width). `alone` holds reports older than their rings: each is judged by itself, at its own stamp (D6).
    """

    board: Board
    slot: int
    histories: dict[tuple[int, int], History]
    newest: dict[int, tuple[int, int, int]]
    learnt: dict[tuple[str, int, int], list[HourlyMean]]
    alone: dict[tuple[int, int], History] = field(default_factory=dict)

    @classmethod
    def of(cls, board: Board, slot: int) -> "Kept":
        """The present state, copied."""
        newest = {
            column: (int(state.stamp[slot]), int(state.value[slot]), int(state.flags[slot]))
            for column, state in board.columns.items()
        }
        learnt = {
            (rule, *key): ring.cells(slot)
            for rule, baselines in board.baselines.items()
            for key, ring in baselines.rings.items()
        }
        return cls(board, slot, {key: board.history(slot, key) for key in board.rings}, newest, learnt)

    def history(self, check: Check) -> History | None:
        """The reports that a check looks back on; None when single ones are not kept."""
        return self.histories.get(self.board.ring_key(check.column, check.width))


@dataclass(slots=True)
class Then:
    """The sensor at a moment that has passed, as far as it is kept; nothing was silent then.

    How old a metric was then is not kept: an age is unknown. `hours` and `season` go by the moment.
    """

    kept: Kept
    moment: int
    own: int
    runs: Mapping[int, int]
    certain: bool = False

    @property
    def slot(self) -> int:
        return self.kept.slot

    @property
    def time(self) -> int:
        """The moment itself: the sensor's clock stands for engine time."""
        return self.moment

    def measure(self, check: Check) -> Measured:
        """The value as it stood; `own` is the stamp of the late report itself."""
        if isinstance(check.left, Formula):
            return calculated(check.left, self.slot, self.term)
        return self.term(check.left)

    def term(self, term: Term) -> Measured:
        """What was measured of one metric."""
        if term.function == "age":
            return UNKNOWN_VALUE
        if term.function == "baseline":
            known = self._baseline(term)
            return Measured(term.parameter if known is None else known)
        history = self._history(term)
        if term.width:
            return history.measure(term, self.moment, self.certain)
        entry = history.at(self.moment)
        if entry is not None:
            return newest_value(term, value_of(entry), entry.flags, self.certain)
        stamp, value, flags = self.kept.newest[term.column]
        return (
            newest_value(term, value, flags, self.certain) if NEVER < stamp <= self.moment else UNKNOWN_VALUE
        )

    def _history(self, term: Term) -> History:
        key = self.kept.board.ring_key(term.column, term.width)
        alone = self.kept.alone.get(key) if self.moment == self.own else None
        return alone or self.kept.histories.get(key) or _NOTHING

    def _baseline(self, term: Term) -> int | None:
        """As of the hour of the moment, or of the metric's newest report if that was before."""
        stamp = self.kept.newest[term.column][0]
        hour = min(self.moment, stamp) // HOUR
        ring = self.kept.board.baselines[term.rule].rings[term.column, term.width]
        return median_before(self.kept.learnt[term.rule, term.column, term.width], hour, ring.hours)

    def doubts(self, check: Check) -> set[str]:
        """What is known against the values: `clock`, `suspect`, `coarse` and so on; `warming up`."""
        return set().union(*(self._doubts(term) for term in check.left.terms))

    def _doubts(self, term: Term) -> set[str]:
        if term.function == "age":
            return set()
        if term.function == "baseline":
            return {WARMING_UP} if self._baseline(term) is None else set()
        entries = self._history(term).window(term.width, self.moment)
        if entries or term.width:
            return _doubts(entries, term.width)
        return quality_names(self.kept.newest[term.column][2])

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


def newest_value(term: Term, value: int, flags: int, certain: bool) -> Measured:
    """A metric's newest value, or whether it carries the flag that is asked for.

    A suspect value is no evidence that a warning goes out on by itself, nor that it clears.
    """
    if term.function == "flagged":
        return Measured(int(bool(flags & term.parameter)))
    suspect = bool(flags & SUSPECT)
    return UNKNOWN_VALUE if certain and suspect else Measured(value, suspect=suspect)


_NAMES = {
    Quality.CLOCK: "clock",
    Quality.SUSPECT: "suspect",
    Quality.STUCK: "stuck",
    Quality.STEP: "step",
    Quality.NEIGHBOUR: "neighbour",
}


def quality_names(flags: int) -> set[str]:
    """The names of the quality bits that decoding and the checks of quality set."""
    return {name for bit, name in _NAMES.items() if flags & bit}


def _doubts(entries: Sequence[Report | Amount], width: int) -> set[str]:
    names = {name for entry in entries for name in quality_names(entry.flags)}
    coarse = any(isinstance(entry, Amount) and entry.period > width for entry in entries if width)
    return names | {"coarse"} if coarse else names


def value_of(entry: Report | Amount) -> int:
    """The value at the entry's stamp."""
    return entry.last if isinstance(entry, Report) else entry.amount


_NOTHING = ReportHistory([], 0, 0)
