"""The yardstick: what a bare subscriber on Mosquitto pays for the same messages on the same machine."""

import shutil
from dataclasses import replace
from pathlib import Path

from bench.figures import Bare
from bench.fleet import Order
from bench.phases import Tell, progress, publish
from bench.process import end, line, python
from bench.servers import mosquitto
from bench.subscriber import LIBRARIES, MOSQUITTO_SUB
from simulators.city.plan import Plan

MESSAGES = 50_000
LONGEST = 120.0
# The slowest of them receives as fast, so that no queue of the broker grows.
RATE = 5_000.0


async def bare_subscribers(directory: Path, plan: Plan, tell: Tell) -> list[Bare]:
    """Each library in turn; RuntimeError shows the log of one that fails."""
    found = []
    for library in LIBRARIES:
        if library != MOSQUITTO_SUB or shutil.which(MOSQUITTO_SUB):
            place = directory / library
            place.mkdir()
            async with mosquitto(place) as broker:
                found.append(await _receive(library, broker.port, plan, place, tell))
    return found


async def _receive(library: str, port: int, plan: Plan, place: Path, tell: Tell) -> Bare:
    log = place / "subscriber.log"
    process = await python("bench.subscriber", library, str(port), str(MESSAGES), log=log)
    order = Order(
        port=port, plan=replace(plan, gateways=min(plan.gateways, 50)), seconds=LONGEST, expected=RATE,
        rate=RATE, messages=MESSAGES, log=str(place / "sent.log"),
    )  # fmt: skip
    try:
        await line(process, log)
        await publish(order, place / "fleet.log", lambda sent: tell(f"{library}: {progress(sent)}"))
        cpu = float(await line(process, log))
    finally:
        await end(process)
    return Bare(library, MESSAGES, cpu / MESSAGES * 1e6)
