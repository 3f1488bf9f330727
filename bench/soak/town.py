"""The parts that a soak runs: broker, database, the ways to both, horns, and the daemon between them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from bench.city_files import generated
from bench.servers import shipped_settings
from bench.sights import Sounds
from bench.subject import Subject
from simulators.city.plan import City, Plan
from simulators.mosquitto import Mosquitto
from simulators.proxy import FaultProxy
from simulators.victoria_metrics import VictoriaMetrics

# What is reconciled is read within seconds, so a soak of days needs no more of the journal than this.
JOURNAL = {"keep": "3h"}
NEW_RULE = "generated.yaml"


@dataclass(slots=True)
class Town:
    """`link` is the daemon's way to the broker, `store_link` its way to the database."""

    city: City
    broker: Mosquitto
    database: VictoriaMetrics
    link: FaultProxy
    store_link: FaultProxy
    daemon: Subject
    sounds: Sounds

    def change_rules(self) -> None:
        """One rule more in the files, or that one less again."""
        [text] = generated(1).values()
        path = self.daemon.configs / "rules" / NEW_RULE
        if path.exists():
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")


@asynccontextmanager
async def town(directory: Path, plan: Plan) -> AsyncIterator[Town]:
    """All of it running, the daemon ready; at the end what still runs is ended, the daemon by SIGKILL."""
    async with AsyncExitStack() as stack:
        broker, database = Mosquitto(directory, shipped_settings()), VictoriaMetrics(directory)
        for server in (broker, database):
            await server.start()
            stack.push_async_callback(server.stop)
        link, store_link = FaultProxy(broker.port), FaultProxy(database.port)
        for way in (link, store_link):
            await way.start()
            stack.push_async_callback(way.stop)
        city = City.of(plan)
        settings = {
            "mqtt": {"host": "127.0.0.1", "port": link.port},
            "series": {"store": "victoriametrics", "url": f"http://127.0.0.1:{store_link.port}"},
            "journal": JOURNAL,
        }
        daemon = Subject(directory, city, settings, None)
        stack.push_async_callback(_end, daemon)
        await daemon.start()
        sounds = await stack.enter_async_context(Sounds(plan, broker.port))
        yield Town(city, broker, database, link, store_link, daemon, sounds)


async def _end(daemon: Subject) -> None:
    if daemon.runs:
        await daemon.signal(SIGKILL)
