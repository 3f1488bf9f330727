"""How a figure of the daemon moves while it lives, without keeping what was seen."""

import math
from collections import deque
from dataclasses import dataclass, field

SECONDS_AN_HOUR = 3600.0
# What is seen first and last of a life is the least of so many samples: a moment of work is no growth.
FEW = 6


@dataclass(slots=True)
class Life:
    """One life of the daemon: the sums of a line of least squares, updated a sample at a time.

    spread     sum of (t - mean t) ^ 2, s^2
    together   sum of (t - mean t) * (value - mean value)
    """

    samples: int = 0
    at: float = 0.0
    value: float = 0.0
    spread: float = 0.0
    together: float = 0.0
    first: float = math.inf
    most: float = -math.inf
    _newest: deque[float] = field(default_factory=lambda: deque(maxlen=FEW))

    @property
    def last(self) -> float:
        return min(self._newest, default=math.nan)

    def add(self, at: float, value: float) -> None:
        """A sample at `at` s."""
        self.samples += 1
        away = at - self.at
        self.at += away / self.samples
        self.value += (value - self.value) / self.samples
        self.spread += away * (at - self.at)
        self.together += away * (value - self.value)
        if self.samples <= FEW:
            self.first = min(self.first, value)
        self.most = max(self.most, value)
        self._newest.append(value)


class Gauge:
    """A figure over all lives.

    A restart resets memory, so no line through all samples says anything: it would fit the saw-tooth of the
    restarts. Each life has a level of its own and all share one slope. Its least-squares value is the sum of
    all lives' `together` over the sum of their `spread`, so a life counts by the third power of its length,
    and many short ones say little. What is kept are some numbers a life, however long the soak.
    """

    def __init__(self) -> None:
        self.lives: list[Life] = []

    def begin(self) -> None:
        """Another life; one of which nothing was seen is forgotten."""
        if not self.lives or self.lives[-1].samples:
            self.lives.append(Life())

    def add(self, at: float, value: float) -> None:
        """A sample of the present life, at `at` s."""
        self.lives[-1].add(at, value)

    @property
    def seen(self) -> list[Life]:
        return [life for life in self.lives if life.samples]

    @property
    def slope(self) -> float:
        """An hour, within lives; NaN of lives with a sample each, or of none."""
        spread = sum(life.spread for life in self.lives)
        return sum(life.together for life in self.lives) / spread * SECONDS_AN_HOUR if spread else math.nan

    @property
    def growth(self) -> float:
        """From the beginning of a life to its end, the most of all lives; 0 of none."""
        return max((life.last - life.first for life in self.seen), default=0.0)
