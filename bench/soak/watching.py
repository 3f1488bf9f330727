"""What is seen of the daemon every few seconds: its process, its own figures, and what lies on disk."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.process import memory, on_disk
from bench.soak.gauge import Gauge
from bench.soak.town import Town

EVERY = 5.0
ANSWER_WITHIN = 2.0
JUDGED = tuple(f'tocsin_messages_total{{outcome="{outcome}"}}' for outcome in ("accepted", "quarantined"))


@dataclass(slots=True)
class Seen:
    """The newest look; `behind` (messages not judged) and `lag` (entries not stored) are None while
    the daemon does not answer.
    """

    resident: int = 0
    handles: int = 0
    threads: int = 0
    journal: int = 0
    behind: int | None = None
    lag: int | None = None


class Watching:
    """Looks every EVERY seconds until cancelled. Times are those of `now`, s since the soak began.

    `published` says how many messages were, up to a second ago. In its first `warm_up` s a life fills its
    caches and takes in what had waited: no growth is told of that.
    """

    def __init__(
        self, town: Town, now: Callable[[], float], published: Callable[[], int], warm_up: float
    ) -> None:
        self.seen = Seen()
        self.gauges = {name: Gauge() for name in ("memory", "handles", "threads")}
        self._town = town
        self._now = now
        self._published = published
        self._warm_up = warm_up
        self._pid = 0
        self._born = 0.0

    async def run(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        daemon = self._town.daemon
        self.seen.journal = await asyncio.to_thread(on_disk, daemon.state / "journal")
        self.seen.behind = self.seen.lag = None
        if not daemon.runs:
            return
        try:
            self._process(daemon.pid)
        except (OSError, RuntimeError):
            # It ended between two looks.
            return
        figures = await figures_of(self._town)
        if all(name in figures for name in JUDGED):
            judged = int(sum(figures[name] for name in JUDGED))
            self.seen.behind = max(self._published() - judged, 0)
            self.seen.lag = int(figures["tocsin_series_lag_entries"])

    def _process(self, pid: int) -> None:
        resident, _ = memory(pid)
        place = Path(f"/proc/{pid}")
        handles, threads = (sum(1 for _ in (place / name).iterdir()) for name in ("fd", "task"))
        seen = self.seen
        seen.resident, seen.handles, seen.threads = resident, handles, threads
        if pid != self._pid:
            self._pid, self._born = pid, self._now()
            for gauge in self.gauges.values():
                gauge.begin()
        if self._now() - self._born >= self._warm_up:
            for gauge, value in zip(self.gauges.values(), (resident, handles, threads), strict=True):
                gauge.add(self._now(), value)


async def figures_of(town: Town) -> dict[str, float]:
    """The daemon's own figures; none while it does not answer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await town.daemon.figures()
    except OSError:
        # TimeoutError too.
        return {}


async def well(town: Town) -> bool:
    """Whether the daemon is ready, and connected to the broker by a link that stands."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            if not (town.link.open and await town.daemon.ready()):
                return False
    except OSError:
        return False
    return (await figures_of(town)).get("tocsin_broker_connected") == 1.0
