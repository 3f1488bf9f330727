"""Numbers on the wire -> exact counts of a metric's resolution.

A number means the shortest decimal that gives the same float (0.15 sent in 32 bits is 0.15000000596); it is
converted exactly and rounded half-even. Fast for whole blocks: floats decide wherever they cannot err.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ingest.decode.refusal import Fault, Refusal, quoted
from ingest.kinds import Form, Kinds, Metric
from ingest.reading import Reason
from ingest.units import UnitError, conversion

# Below SAFE a float product is off by less than 1e-4, so within CLEAR of a count it rounds as the exact one.
SAFE = 2.0**36
CLEAR = 0.499
# Counts and bounds are cut here: beyond every plausible value, within int64.
FARTHEST = 2**62
MOST_LEARNED = 1024
LONGEST_UNIT = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers in one unit become counts of one metric: `number * factor + offset`."""

    metric: Metric
    unit: str
    factor: Fraction
    offset: Fraction

    def count(self, number: float) -> int:
        """The exact count, half-even."""
        return round(Fraction(repr(number)) * self.factor + self.offset)

    def impossible(self, number: float) -> Fault:
        """The fault of a number outside the metric's plausible range."""
        metric = self.metric
        value = f"{number:.15g} {self.unit}".strip()
        bounds = f"{metric.low} to {metric.high} {metric.unit}".strip()
        return Fault(Reason.IMPOSSIBLE, f"{metric.name} = {value} is outside {bounds}")


class Scales:
    """All scales by number: a metric's own unit has its column's, other units are learned from messages.

    What is learned is bounded; `forget` (between blocks) starts again when it is full.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._own = [_scale(metric, metric.unit) for metric in kinds.columns]
        self.forget()

    def __getitem__(self, number: int) -> Scale:
        return self._scales[number]

    @property
    def full(self) -> bool:
        return len(self._learned) >= MOST_LEARNED

    def forget(self) -> None:
        """Drop every learned unit; numbers of scales given before are void."""
        self._scales = list(self._own)
        self._learned: dict[tuple[int, str], int | Fault] = {}
        self._tables = _Tables.of(self._scales)

    def learn(self, column: int, unit: str) -> int:
        """The number of the scale from `unit` to a column's metric; raises Refusal (WRONG_UNIT)."""
        found = self._learned.get((column, unit))
        if found is None:
            found = self._learned[column, unit] = self._new(self._own[column].metric, unit)
        if isinstance(found, Fault):
            raise Refusal(*found)
        return found

    def counts(
        self, scale: npt.NDArray[np.intp], number: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The counts of `number[i]` under scale `scale[i]`, and which of them are plausible."""
        if len(self._tables.factor) != len(self._scales):
            self._tables = _Tables.of(self._scales)
        tables = self._tables
        with np.errstate(over="ignore", invalid="ignore"):
            product = number * tables.factor[scale] + tables.offset[scale]
            nearest = np.rint(product)
            sure = (np.abs(product - nearest) < CLEAR) & (np.abs(product) < SAFE)
        count = np.where(sure, nearest, 0).astype(np.int64)
        for row in np.flatnonzero(~sure):
            exact = self._scales[scale[row]].count(float(number[row]))
            count[row] = min(max(exact, -FARTHEST), FARTHEST)
        return count, (count >= tables.low[scale]) & (count <= tables.high[scale])

    def columns(self, scale: npt.NDArray[np.intp]) -> npt.NDArray[np.int16]:
        return self._tables.column[scale]

    def amounts(self, scale: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Which rows are amounts, whose stamp ends a period."""
        return self._tables.amount[scale]

    def _new(self, metric: Metric, unit: str) -> int | Fault:
        try:
            self._scales.append(_scale(metric, unit))
        except UnitError as error:
            detail = f"{metric.name} in {quoted(unit)}, not {quoted(metric.unit)}: {error}"
            return Fault(Reason.WRONG_UNIT, detail)
        return len(self._scales) - 1


@dataclass(frozen=True, slots=True)
class _Tables:
    """The scales as arrays; a factor of NaN sends every number of a scale to exact arithmetic."""

    factor: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    column: npt.NDArray[np.int16]
    amount: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, scales: list[Scale]) -> "_Tables":
        metrics = [scale.metric for scale in scales]
        bounds = [_bounds(metric) for metric in metrics]
        return cls(
            np.array([float(s.factor) if abs(s.offset) < SAFE else np.nan for s in scales], np.float64),
            np.array([float(s.offset) if abs(s.offset) < SAFE else 0.0 for s in scales], np.float64),
            np.array([low for low, _ in bounds], np.int64),
            np.array([high for _, high in bounds], np.int64),
            np.array([metric.column for metric in metrics], np.int16),
            np.array([metric.form is Form.AMOUNT for metric in metrics], np.bool_),
        )


def _scale(metric: Metric, unit: str) -> Scale:
    if len(unit) > LONGEST_UNIT:
        raise UnitError(f"unit {quoted(unit)} is not known")
    if unit == metric.unit:
        return Scale(metric, unit, 1 / Fraction(metric.resolution), Fraction(0))
    found, steps = conversion(unit, metric.unit, metric.molar_mass), Fraction(metric.resolution)
    return Scale(metric, unit, found.scale / steps, found.offset / steps)


def _bounds(metric: Metric) -> tuple[int, int]:
    """The least and the greatest plausible count, short of the cut for what is beyond int64."""
    low = -(-Fraction(metric.low) // Fraction(metric.resolution))
    high = Fraction(metric.high) // Fraction(metric.resolution)
    return max(low, 1 - FARTHEST), min(high, FARTHEST - 1)
