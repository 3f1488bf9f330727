"""The hops of a daemon: begun against the direction in which data flows, ended along it."""

import asyncio
from collections.abc import Callable

from tocsin.stages import Stage, begin, drain


class Hops:
    """Three hops that note what they do."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def stages(self) -> tuple[Stage, ...]:
        return tuple(Stage(name, self._runs(name), self._stops(name)) for name in ("first", "second", "last"))

    def _runs(self, name: str) -> Callable[[], asyncio.Future[None]]:
        def run() -> asyncio.Future[None]:
            self.noted.append(f"{name} begins")
            return asyncio.get_running_loop().create_future()

        return run

    def _stops(self, name: str) -> Callable[[], asyncio.Future[None]]:
        def stop() -> asyncio.Future[None]:
            self.noted.append(f"{name} ends")
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done

        return stop


async def test_whoever_hands_on_finds_the_next_hop_there_and_ends_before_it() -> None:
    hops = Hops()
    stages = hops.stages()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        tasks = begin(stages, group)
        await asyncio.sleep(0)
        await drain(stages, tasks)

    assert hops.noted == [
        "last begins", "second begins", "first begins",
        "first ends", "second ends", "last ends",
    ]  # fmt: skip
    assert all(task.cancelled() for task in tasks)
    assert {task.get_name() for task in tasks} == {"first", "second", "last"}
