"""The fleet that a registry describes, published in real time."""

import asyncio
import signal
from contextlib import suppress

from ingest.clock import SECOND
from simulators.fleet import Fleet
from simulators.sent_log import SentLog
from tocsin.simulating.account import Outcome, SoFar, Tell

# In real time a device's message leaves when it is due, not with those of half a minute.
TICK = SECOND
# s from one look to the next: while it publishes, and at the end for what is not acknowledged.
TELL_EVERY, LOOK_EVERY = 1.0, 0.05
SETTLED_WITHIN = 10.0


async def publish(fleet: Fleet, seconds: float | None, log: SentLog | None, tell: Tell) -> Outcome:
    """For `seconds` or until interrupted. OSError: there is no broker; RefusedError: it does not want us."""
    await fleet.connect()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [asyncio.create_task(work) for work in (fleet.run(), stop.wait(), _tell(fleet, tell))]
    try:
        ended, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        for task in running:
            task.cancel()
        await _settle(fleet)
    finally:
        if log is not None:
            log.end(fleet.acked)
        await fleet.close()
    return Outcome(fleet.published, fleet.acked, dict(fleet.happened))


async def _tell(fleet: Fleet, tell: Tell) -> None:
    while True:
        tell(SoFar(fleet.published, fleet.acked, fleet.published - fleet.acked))
        await asyncio.sleep(TELL_EVERY)


async def _settle(fleet: Fleet) -> None:
    """Until the broker has everything, or for SETTLED_WITHIN: it may be away."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_WITHIN):
            while fleet.acked < fleet.published:
                await asyncio.sleep(LOOK_EVERY)
