"""A time-series database that acknowledges before it is durable, and forgets what is younger than that."""

from collections.abc import Callable, Sequence

from ingest.clock import SECOND
from ingest.series import Block, Point, StoreUnavailable

# The daemon trails by this much (ms); the database is durable after half of it.
TRAIL = 10 * SECOND
DURABLE_AFTER = TRAIL / SECOND / 2


class SimulatedDatabase:
    """Keeps the numbers of the journal entries it was given; `now` in seconds of true time."""

    trail = TRAIL

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._birth = 1
        self._since: dict[int, float] = {}
        self._durable: set[int] = set()
        self.refusing = False
        self.writes = 0

    def write(self, blocks: Sequence[Block]) -> None:
        self._answer()
        self.writes += 1
        for block in blocks:
            self._since.setdefault(block.readings.sequence, self._now())

    def incarnation(self) -> str:
        self._answer()
        return str(self._birth)

    def kill(self) -> None:
        """Started anew: what was not durable yet is gone."""
        self._durable = set(self.durable())
        self._since = {}
        self._birth += 1

    def durable(self) -> set[int]:
        """The entries that would survive a kill right now."""
        self._durable |= {n for n, at in self._since.items() if at + DURABLE_AFTER <= self._now()}
        return self._durable

    def held(self) -> set[int]:
        """The entries that can be read."""
        return self._durable | self._since.keys()

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        raise NotImplementedError("the simulation looks at entries, not at points")

    def count(self) -> int:
        return len(self.held())

    def ping(self) -> bool:
        return not self.refusing

    def close(self) -> None:
        """There is nothing to let go of."""

    def _answer(self) -> None:
        if self.refusing:
            raise StoreUnavailable("simulated database", "connection refused")
