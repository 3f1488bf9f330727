"""Hops that run side by side: begun from the last to the first, ended in the order in which data flows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One hop: `run` until it is cancelled or stopped, `stop` to finish what it holds."""

    name: str
    run: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]] | None = None


def begin(stages: Sequence[Stage], group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """Their tasks: whoever hands on something finds the next hop there."""
    return [group.create_task(_run(stage), name=stage.name) for stage in reversed(stages)]


async def _run(stage: Stage) -> None:
    await stage.run()


async def drain(stages: Iterable[Stage], tasks: Iterable[asyncio.Task[None]]) -> None:
    """Finish in the order in which data flows; what is left after STOP_SECONDS is durable and resumes."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            for stage in stages:
                if stage.stop is not None:
                    await stage.stop()
    except TimeoutError:
        log.warning("not everything was drained in time; the rest resumes at the next start")
    for task in tasks:
        task.cancel()
