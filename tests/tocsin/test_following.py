"""Going on behind a journal that is being written."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import open_read_only
from tests.tocsin.recorded import recorded
from tests.tocsin.village import START, report
from tocsin.following import follow
from tocsin.sensing import Sensed, sensing_from


class Looking(LockstepClock):
    """Time passes by being waited for; what happens meanwhile is given, and in the end `stop` is set."""

    def __init__(self, *happening: Callable[[], object], stop: asyncio.Event) -> None:
        super().__init__(START)
        self._happening = list(happening)
        self._stop = stop

    async def sleep_until(self, instant: int) -> None:
        self.catch_up(instant)
        if self._happening:
            self._happening.pop(0)()
        else:
            self._stop.set()


def stamps(found: list[Sensed]) -> list[int]:
    return [(at - START) // MINUTE for sensed in found for at in sensed.readings.stamp.tolist()]


async def test_what_is_journaled_while_somebody_looks_on_is_told_in_order_once(tmp_path: Path) -> None:
    found: list[Sensed] = []
    stop = asyncio.Event()
    with recorded(tmp_path) as village:

        def at(minute: int) -> None:
            village.receive(minute, report("river-1", START + minute * MINUTE, 1.0))

        at(1)
        clock = Looking(lambda: at(2), lambda: (at(3), at(4)), stop=stop)
        with open_read_only(tmp_path / "journal") as journal:
            sensing, _ = sensing_from(tmp_path, journal, START, 0)
            await follow(journal, sensing, found.append, clock, stop)

    assert stamps(found) == [1, 2, 3, 4]


async def test_without_a_clock_it_ends_at_what_was_there(tmp_path: Path) -> None:
    found: list[Sensed] = []
    with recorded(tmp_path) as village:
        for minute in range(600):
            village.receive(minute, report("river-1", START + minute * MINUTE, 1.0))

        def told(sensed: Sensed) -> None:
            found.append(sensed)
            village.receive(600, report("river-1", START + 700 * MINUTE, 1.0))

        with open_read_only(tmp_path / "journal") as journal:
            sensing, _ = sensing_from(tmp_path, journal, START, 0)
            await follow(journal, sensing, told, None, asyncio.Event())

    assert stamps(found) == list(range(600))


async def test_it_ends_between_two_reads_when_it_is_told_to(tmp_path: Path) -> None:
    found: list[Sensed] = []
    stop = asyncio.Event()
    with recorded(tmp_path) as village:
        for minute in range(600):
            village.receive(minute, report("river-1", START + minute * MINUTE, 1.0))

        def told(sensed: Sensed) -> None:
            found.append(sensed)
            stop.set()

        with open_read_only(tmp_path / "journal") as journal:
            sensing, _ = sensing_from(tmp_path, journal, START, 0)
            await follow(journal, sensing, told, LockstepClock(START), stop)

    assert 0 < len(found) < 600
