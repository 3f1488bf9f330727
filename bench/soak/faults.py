"""What befalls the town: the table of faults, each with its beginning and its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from signal import SIGCONT, SIGHUP, SIGKILL, SIGSTOP

from bench.process import failure
from bench.soak.town import Town

# Bytes a second; the stream is some 70,000 to the daemon, half as many to the database.
TRICKLE = 4_000
# The daemon drains for 10 s at most.
STOP_WITHIN = 30.0

Act = Callable[[Town], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """It holds between `shortest` and `longest` seconds; both are 0 of one that is over at once."""

    name: str
    begin: Act
    end: Act
    shortest: float = 0.0
    longest: float = 0.0


async def nothing(_: Town) -> None:
    """It is over by itself."""


async def kill(town: Town) -> None:
    await town.daemon.signal(SIGKILL)


async def stop(town: Town) -> None:
    """RuntimeError shows the log of a daemon that does not end, or not as it should."""
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await town.daemon.stop()
    except TimeoutError:
        raise failure(f"the daemon goes on {STOP_WITHIN:.0f} s after SIGTERM", town.daemon.log) from None


async def start(town: Town) -> None:
    await town.daemon.launch()


async def freeze(town: Town) -> None:
    await town.daemon.signal(SIGSTOP)


async def thaw(town: Town) -> None:
    await town.daemon.signal(SIGCONT)


async def reload(town: Town) -> None:
    town.change_rules()
    await town.daemon.signal(SIGHUP)


async def reset(town: Town) -> None:
    town.link.reset()


async def half_open(town: Town) -> None:
    town.link.half_open()


async def black_hole(town: Town) -> None:
    town.link.black_hole()


async def trickle(town: Town) -> None:
    town.link.trickle(TRICKLE)


async def heal(town: Town) -> None:
    await town.link.heal()


async def stop_broker(town: Town) -> None:
    await town.broker.stop()


async def start_broker(town: Town) -> None:
    await town.broker.start()


async def stop_database(town: Town) -> None:
    await town.database.stop()


async def start_database(town: Town) -> None:
    await town.database.start()


async def slow_database(town: Town) -> None:
    town.store_link.trickle(TRICKLE)


async def hide_database(town: Town) -> None:
    town.store_link.black_hole()


async def heal_database(town: Town) -> None:
    await town.store_link.heal()


FAULTS = (
    Fault("daemon: SIGKILL", kill, start, 0.0, 5.0),
    Fault("daemon: SIGTERM", stop, start, 0.0, 5.0),
    Fault("daemon: SIGHUP, other rules", reload, nothing),
    Fault("daemon: SIGSTOP", freeze, thaw, 1.0, 10.0),
    Fault("broker link: reset", reset, nothing),
    Fault("broker link: half-open", half_open, heal, 2.0, 40.0),
    Fault("broker link: black hole", black_hole, heal, 2.0, 40.0),
    Fault("broker link: trickle", trickle, heal, 5.0, 30.0),
    Fault("broker: restart", stop_broker, start_broker, 0.2, 10.0),
    Fault("database: restart", stop_database, start_database, 1.0, 40.0),
    Fault("database: slow", slow_database, heal_database, 5.0, 40.0),
    Fault("database: black hole", hide_database, heal_database, 5.0, 40.0),
)
