"""The yardstick: what a bare subscriber on Mosquitto pays for the same messages on the same machine."""

from pathlib import Path

from bench.figures import Bare
from bench.load import Order
from bench.measure import SEED, Tell, publish
from bench.mix import sensor_rows, zones
from bench.process import end, line, python
from bench.servers import mosquitto
from bench.subject import CONFIGS
from bench.subscriber import LIBRARIES

MESSAGES = 30_000
LONGEST = 60.0


async def bare_subscribers(directory: Path, sensors: int, tell: Tell) -> list[Bare]:
    """Each library in turn; RuntimeError shows the log of one that fails."""
    registry = directory / "sensors.csv"
    registry.write_text("\n".join(sensor_rows(sensors, zones(CONFIGS / "zones.geojson"))) + "\n")
    async with mosquitto(directory) as broker:
        return [await _receive(library, broker.port, registry, tell) for library in LIBRARIES]


async def _receive(library: str, port: int, registry: Path, tell: Tell) -> Bare:
    log = registry.parent / f"{library}.log"
    process = await python("bench.subscriber", library, str(port), str(MESSAGES), log=log)
    order = Order(
        port=port, sensors=str(registry), client="load", seed=SEED, seconds=LONGEST, messages=MESSAGES
    )
    try:
        await line(process, log)
        await publish(order, registry.parent / "load.log", tell)
        cpu = float(await line(process, log))
    finally:
        await end(process)
    return Bare(library, MESSAGES, cpu / (MESSAGES - 1) * 1e6)
