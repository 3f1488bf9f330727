"""Live service and a drill beside it: two daemons over the same places on one broker, phones of their own."""

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import daemon, end, failure
from ingest.clock import SystemClock
from rules.realm import Realm
from simulators.free_port import free_port
from simulators.http_get import http_get
from simulators.mosquitto import Mosquitto
from simulators.phone import PhoneGateway, TextMessage
from simulators.publisher import Publisher

HOST = "127.0.0.1"
# s for a start, and for a text to arrive.
READY_WITHIN, TOLD_WITHIN = 60.0, 30.0
QUIET, RED = 1.0, 4.5
TICK = 0.02
# Messages of a drill from one red to the next, until all its places are red.
ONE_RED_IN = 100

KINDS = """\
kinds:
  stage:
    title: {zh: 水位, en: River stage}
    reporting: periodic 5min
    heartbeat: 5min
    metrics:
      stage: {unit: m, resolution: 0.001, plausible: [-20, 9000]}
"""
RULES = """\
rules:
  - id: river
    title: {zh: 洪水, en: River}
    hazard: flood
    for_each: stage sensor
    grades: {red: stage >= 4 m}
    release: {margin: 0.1 m, after: 12h}
    missing: {after: 100 reports}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
"""
CONTACTS = """\
people:
  ana: {name: {en: Ana}, phone: "+8610000000001", languages: [en]}
"""
# Each warning counts by itself, and nobody answers: no reminder, no digest, no flood.
ROUTES = """\
routes:
  - {hazard: "*", grades: [red], to: [ana], channels: [sms]}
deadlines:
  red: {acknowledge: none, arrive: none, handle: none}
budgets: {messages: 1000000, warnings: 1000000}
"""


@dataclass(slots=True)
class Side:
    """One of the two: its daemon, whoever reports to it, and the phones that it tells."""

    realm: Realm
    directory: Path
    port: int
    phone: PhoneGateway
    publisher: Publisher
    process: Process

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def log(self) -> Path:
        return self.directory / "daemon.log"

    def report(self, place: int, stage: float) -> int:
        """One reading of the gauge of a place, on its way once the publisher sends; its stamp (ms)."""
        at = SystemClock().now()
        topic = f"{self.realm.namespace}/v1/{zone(place)}/stage/gauge-{place:04}/telemetry"
        self.publisher.publish(topic, b'{"t":%d,"v":{"stage":%.1f}}' % (at, stage))
        return at

    async def red(self, place: int) -> tuple[int, TextMessage]:
        """A place becomes red: how many ms later its text is shown, and that text; TimeoutError."""
        seen = len(self.phone.inbox)
        at = self.report(place, RED)
        self.publisher.send()
        async with asyncio.timeout(TOLD_WITHIN):
            while not (found := [m for m in self.phone.inbox[seen:] if f"Place {place:04}" in m.text]):
                await asyncio.sleep(0.001)
        return found[0].at - at, found[0]

    async def figure(self, name: str) -> float:
        """One line of /metrics, by its name with labels as it stands there."""
        lines = (await http_get(self.port, "/metrics")).decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


class Exercise:
    """A drill under load: `rate` messages a second of all its places in turn, some of them red."""

    def __init__(self, side: Side, places: int, rate: float) -> None:
        self.published = 0
        self._side, self._places, self._rate = side, places, rate

    async def run(self) -> None:
        """Until cancelled; what is late is made up for."""
        loop = asyncio.get_running_loop()
        begun, before = loop.time(), self.published
        while True:
            due = before + int((loop.time() - begun) * self._rate)
            while self.published < due:
                red, number = self.published % ONE_RED_IN == 0, self.published
                place = number // ONE_RED_IN if red else number
                self._side.report(place % self._places, RED if red else QUIET)
                self.published += 1
            await self._side.publisher.drain(10 * ONE_RED_IN)
            await asyncio.sleep(TICK)


@asynccontextmanager
async def two_realms(directory: Path, places: int) -> AsyncIterator[tuple[Side, Side]]:
    """Live service and the drill, both ready; RuntimeError shows the log of one that is not."""
    async with AsyncExitStack() as stack:
        broker = Mosquitto(directory)
        port = await broker.start()
        stack.push_async_callback(broker.stop)
        live, drill = [
            await stack.enter_async_context(_side(realm, directory / realm, places, port))
            for realm in (Realm.LIVE, Realm.DRILL)
        ]
        yield live, drill


@asynccontextmanager
async def _side(realm: Realm, directory: Path, places: int, broker: int) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        phone, publisher = PhoneGateway(SystemClock()), Publisher(HOST, broker, f"{realm}-gateway")
        http, shown = free_port(), await phone.start()
        stack.push_async_callback(phone.stop)
        _write(directory, _texts(places, _settings(realm, broker, shown, http)))
        await publisher.connect()
        stack.push_async_callback(publisher.close)
        log = directory / "daemon.log"
        process = await daemon(directory / "tocsin.yaml", directory / "state", log, "warning")
        stack.push_async_callback(end, process)
        side = Side(realm, directory, http, phone, publisher, process)
        await _ready(side)
        yield side


async def _ready(side: Side) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN):
            while b"200 OK" not in await http_get(side.port, "/readyz"):
                if side.process.returncode is not None:
                    raise TimeoutError
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise failure(f"the daemon of the realm {side.realm} is not ready", side.log) from None


def zone(place: int) -> str:
    return f"place-{place:04}"


def _settings(realm: Realm, broker: int, phone: int, http: int) -> dict[str, object]:
    url = f"json://{HOST}:{phone}/sms?:to={{recipient}}&:key={{key}}"
    sms = {"via": "apprise", "reach": "phone", "url": url, "honours_keys": True, "rate": 1000}
    files = {name: f"{name}.yaml" for name in ("kinds", "contacts", "routes")}
    return {
        **files,
        "realm": realm,
        "sensors": ["sensors.csv"],
        "zones": "zones.geojson",
        "rules": "rules",
        "mqtt": {"host": HOST, "port": broker, "client_id": f"tocsin-{realm}"},
        "http": {"port": http},
        "channels": {"sms": {**sms, "realm": realm}},
    }


def _texts(places: int, settings: dict[str, object]) -> dict[str, str]:
    gauges = [f"gauge-{place:04},stage,{zone(place)}" for place in range(places)]
    zones = {"type": "FeatureCollection", "features": [_feature(place) for place in range(places)]}
    return {
        "tocsin.yaml": json.dumps(settings),
        "kinds.yaml": KINDS,
        "contacts.yaml": CONTACTS,
        "routes.yaml": ROUTES,
        "rules/river.yaml": RULES,
        "sensors.csv": "\n".join(["id,kind,zone", *gauges]) + "\n",
        "zones.geojson": json.dumps(zones),
    }


def _feature(place: int) -> dict[str, object]:
    """A triangle of a kilometre, beside the others."""
    lon, lat = 110 + place % 100 / 50, 30 + place // 100 / 50
    ring = [[lon, lat], [lon + 0.01, lat], [lon, lat + 0.01], [lon, lat]]
    name = f"Place {place:04}"
    return {
        "type": "Feature",
        "properties": {
            "id": zone(place),
            "name": {"zh": name, "en": name},
            "code": f"{110101000000 + place}",
        },
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _write(directory: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
