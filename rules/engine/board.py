"""What is known of the sensors of one kind: newest values and rings of the metrics that rules name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR
from ingest.kinds import Form, Kind, Metric
from ingest.registry import Sensor
from rules.engine.amount_ring import IMPLICIT, LONGEST_PERIOD, AmountRing
from rules.engine.baseline import Baselines, HourlyMeans
from rules.engine.columns import Columns
from rules.engine.history import AmountHistory, ReportHistory, echoing
from rules.engine.nodes import ANY, Node, checks
from rules.engine.report import Report
from rules.engine.report_ring import ReportRing
from rules.engine.ring import NEVER, Flags, Longs
from rules.engine.waves import Values, Wave

Arrays: TypeAlias = dict[str, npt.NDArray[np.generic]]
Ring: TypeAlias = AmountRing | ReportRing
History: TypeAlias = AmountHistory | ReportHistory

# How far behind the longest window amounts are kept for late reports (D6).
LATE_AMOUNTS = 6 * HOUR
# A window that holds at most so many expected reports keeps each; a longer one keeps about as many cells.
MOST_REPORTS = 64


class Board:
    """Arrays by sensor of one kind, counted from the kind's first; stamps and arrivals in ms.

    `newest` is the stamp of a sensor's newest reading and `arrived` when it was received: together they are
    the sensor's clock (D2). `patience` is what one missing report lasts: an interval, or a heartbeat.
    """

    def __init__(self, kind: Kind, sensors: tuple[Sensor, ...], needs: "Mapping[int, Needs]") -> None:
        n = len(sensors)
        self.kind = kind
        self.ids = [sensor.id for sensor in sensors]
        self.interval = np.array([sensor.reporting.interval for sensor in sensors], np.int64)
        self.heartbeat = np.array([sensor.heartbeat for sensor in sensors], np.int64)
        self.patience = np.where(self.interval > 0, self.interval, self.heartbeat)
        self.newest = np.full(n, NEVER)
        self.arrived = np.full(n, NEVER)
        # When any reading was last received, moved past blind time: what silence is counted from.
        self.alive = np.full(n, NEVER)
        # Blind time (since, until) in engine time, ms; the engine keeps it.
        self.blind: list[tuple[int, int]] = []
        # How many rules have a subject that is not quiet at each sensor.
        self.busy = np.zeros(n, np.int32)
        self.forms = {metric.column: metric.form for metric in kind.metrics.values()}
        step = int(self.patience.min()) if n else 1
        metrics = {metric.column: metric for metric in kind.metrics.values()}
        self.columns = Columns(metrics, n)
        self.rings: dict[tuple[int, int], Ring] = {}
        self._key_of: dict[tuple[int, int], tuple[int, int]] = {}
        # What each rule learns of its sensors, by the rule's id.
        self.baselines: dict[str, Baselines] = {}
        for column, need in needs.items():
            self.columns.keep(column)
            self._plan(metrics[column], need, n, max(step, 1))
            for rule, width in sorted(need.baselines):
                own = self.baselines.setdefault(rule, Baselines())
                own.rings[column, width] = HourlyMeans(n, width)

    def _plan(self, metric: Metric, need: "Needs", sensors: int, step: int) -> None:
        """Rings by (column, cell width); every window of the metric is answered by one of them."""
        if metric.form is not Form.INSTANT:
            if need.widths:
                widths = sorted(need.widths)
                amounts = AmountRing(sensors, widths, widths[-1] + LATE_AMOUNTS, step)
                self._add(metric.column, 0, widths, amounts)
            return
        wide = max(abs(metric.scale(metric.low)), abs(metric.scale(metric.high))) >= 2**31
        most = MOST_REPORTS * step
        exact = sorted({w for w in need.widths if w <= most} | {min(d, most) for d in need.runs})
        if exact:
            asked = need.functions_of(exact)
            self._add(metric.column, 0, exact, ReportRing(sensors, exact[-1], step, 0, asked, wide=wide))
        cells: dict[int, list[int]] = {}
        for width in sorted(w for w in need.widths if w > most):
            cells.setdefault(cell_width(width), []).append(width)
        for cell, widths in cells.items():
            asked = need.functions_of(widths)
            ring = ReportRing(sensors, MOST_REPORTS * cell, step, cell, asked, wide=wide)
            self._add(metric.column, cell, widths, ring)

    def _add(self, column: int, cell: int, widths: list[int], ring: Ring) -> None:
        self.rings[column, cell] = ring
        self._key_of |= {(column, width): (column, cell) for width in widths}

    def watch(self, *nodes: Node) -> None:
        """Count from now on what the `count`s of compiled conditions look for; before the first reading."""
        for term in (term for node in nodes for check in checks(node) for term in check.left.terms):
            if term.counted is not None:
                ring = self.rings[self.ring_key(term.column, term.width)]
                assert isinstance(ring, ReportRing)
                ring.watch(term.counted)

    def ring_key(self, column: int, width: int) -> tuple[int, int]:
        """Which of `rings` answers a window; width 0 names the one that keeps single reports."""
        return self._key_of[column, width] if width else (column, 0)

    @property
    def windows(self) -> list[tuple[int, int]]:
        """What rules look at, as (column, width in ms)."""
        return [(column, width) for column, width in self._key_of if width]

    def kept(self, metric: str) -> int:
        """How long (ms) single reports or cells of a metric are kept; 0 for one that no window looks at."""
        known = self.kind.metrics.get(metric)
        spans = (ring.span for (column, _), ring in self.rings.items() if known and column == known.column)
        return max(spans, default=0)

    def apply(self, wave: Wave, received: int) -> None:
        """Take in readings none of which is behind its sensor's newest.

        What no rule names is kept, too, for a rule of tomorrow.
        """
        for column, values in wave.columns.items():
            self.columns.keep(column)
            self._remember(column, values, wave)
        told = wave.values
        newest = told.value, wave.observed[told.at], told.flags
        self.columns.put(told.column, wave.slot[told.at], newest, received)
        self.newest[wave.slot] = wave.observed
        self.arrived[wave.slot] = received
        self.alive[wave.slot] = np.maximum(self.alive[wave.slot], received)

    def _remember(self, column: int, values: Values, wave: Wave) -> None:
        """Put values into the rings of their metric, before they are its newest."""
        rings, amounts = self.report_rings(column), self.amount_ring(column)
        if not (rings or amounts or self.baselines):
            return
        slot, stamp = wave.slot[values.at], wave.observed[values.at]
        for ring in rings:
            ring.append(slot, stamp, values.value, values.flags)
        for learning in self.baselines.values():
            learning.learn(column, slot, stamp, (values.value, values.flags))
        if amounts is not None:
            before = self.columns[column].stamp[slot]
            for k in np.flatnonzero(before == stamp).tolist():
                before[k] = amounts.before(int(slot[k]), int(stamp[k]))
            period, flags = self.periods(slot, stamp, values, before)
            amounts.append(slot, stamp, values.value, period, flags)

    def take_over(self, other: "Board") -> None:
        """The newest values of another board of the same sensors, which must not be used any more."""
        self.newest, self.arrived, self.alive = other.newest, other.arrived, other.alive
        own, self.columns = self.columns, other.columns
        for column in own:
            self.columns.keep(column)

    def learn_late(self, slot: int, column: int, stamp: int, value: int, flags: int) -> None:
        """A late report of an hour that is kept counts for the baselines too."""
        found = np.array([value]), np.array([flags], np.uint8)
        for learning in self.baselines.values():
            learning.learn(column, np.array([slot]), np.array([stamp]), found)

    def heard(self, column: int) -> Longs:
        """When a metric, or with ANY any of them, was last received, by sensor; moved past blind time."""
        return self.alive if column == ANY else self.columns[column].heard

    def report_rings(self, column: int) -> list[ReportRing]:
        """The rings of an instantaneous metric: that of single reports first, then those of cells."""
        rings = (ring for (named, _), ring in self.rings.items() if named == column)
        return [ring for ring in rings if isinstance(ring, ReportRing)]

    def amount_ring(self, column: int) -> AmountRing | None:
        """The ring of an amount; None when no window asks for it."""
        ring = self.rings.get((column, 0))
        return ring if isinstance(ring, AmountRing) else None

    def periods(self, slot: Longs, stamp: Longs, values: Values, before: Longs) -> tuple[Longs, Flags]:
        """What each amount covers (D20): the message's period, else the interval, else since `before`."""
        since = np.where(before > NEVER, stamp - before, 0)
        implicit = (values.period <= 0) & (self.interval[slot] == 0)
        own = np.where(values.period > 0, values.period, self.interval[slot])
        period = np.minimum(np.where(implicit, since, own), LONGEST_PERIOD)
        return period, np.where(implicit, values.flags | np.uint8(IMPLICIT), values.flags).astype(np.uint8)

    def history(self, slot: int, key: tuple[int, int]) -> History:
        """What a ring keeps of one sensor."""
        ring = self.rings[key]
        if isinstance(ring, AmountRing):
            blind = echoing(self.blind, int(self.patience[slot]))
            return AmountHistory(ring.rows.kept(slot), int(self.heartbeat[slot]), blind)
        return self.reports(slot, ring.entries(slot))

    def reports(self, slot: int, entries: list[Report]) -> ReportHistory:
        """Reports of one sensor as a history."""
        blind = echoing(self.blind, int(self.patience[slot]))
        return ReportHistory(entries, int(self.interval[slot]), int(self.heartbeat[slot]), slot, blind)

    def clock(self, slot: int, instant: int) -> int:
        """What the sensor's clock shows at an instant of engine time (D2)."""
        return int(self.newest[slot]) + instant - int(self.arrived[slot])

    @property
    def nbytes(self) -> int:
        """Bytes of the newest values; the rings know their own."""
        arrays = [
            self.interval,
            self.heartbeat,
            self.patience,
            self.newest,
            self.arrived,
            self.alive,
            self.busy,
        ]
        for column in self.columns.values():
            arrays += column.arrays.values()
        return sum(array.nbytes for array in arrays)

    def snapshot(self) -> Arrays:
        """The arrays themselves, keyed by what they are."""
        state: Arrays = {
            "newest": self.newest,
            "arrived": self.arrived,
            "alive": self.alive,
        }
        for number, column in self.columns.items():
            state |= {f"{number}/{name}": array for name, array in column.arrays.items()}
        for (number, cell), ring in self.rings.items():
            state |= {f"{number}/{cell}/{name}": array for name, array in ring.snapshot().items()}
        for prefix, learnt in self._learning():
            state |= {f"{prefix}{name}": array for name, array in learnt.snapshot().items()}
        return state

    def _learning(self) -> Iterator[tuple[str, HourlyMeans]]:
        for rule, learning in self.baselines.items():
            for (column, width), ring in learning.rings.items():
                yield f"baseline/{rule}/{column}/{width}/", ring

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self.newest[:], self.arrived[:] = state["newest"], state["arrived"]
        self.alive[:] = state["alive"]
        for number in {int(key.split("/")[0]) for key in state if key.endswith("/heard")}:
            for name, array in self.columns.keep(number).arrays.items():
                array[:] = state[f"{number}/{name}"]
        for (number, cell), ring in self.rings.items():
            ring.restore(_under(f"{number}/{cell}/", state))
        for prefix, learnt in self._learning():
            learnt.restore(_under(prefix, state))


def _under(prefix: str, state: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    return {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}


class Needs:
    """What the rules ask of one metric: `widths` of windows (ms) with the `functions` over them.

    `runs` (`sustain`, `sustained`, ms) are looked back over; `baselines` are (rule, width).
    """

    def __init__(self) -> None:
        self.widths: set[int] = set()
        self.functions: dict[int, set[str]] = {}
        self.runs: set[int] = set()
        self.baselines: set[tuple[str, int]] = set()

    def window(self, function: str, width: int) -> None:
        """Note that a function looks at a window."""
        self.widths.add(width)
        self.functions.setdefault(width, set()).add(function)

    def functions_of(self, widths: Iterable[int]) -> frozenset[str]:
        """The functions over any of some windows."""
        return frozenset(name for width in widths for name in self.functions.get(width, ()))


def cell_width(width: int) -> int:
    """A 64th of the window, rounded up to 1, 2 or 5 times a power of ten of ms."""
    least = -(-width // MOST_REPORTS)
    power = int("1" + "0" * (len(str(least)) - 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least)
