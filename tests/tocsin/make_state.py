"""Make the state directory of version 1, as tests/data/state-1 holds it, by really running version 1.

    PYTHONPATH=<checkout of fcdeeba> python tests/tocsin/make_state.py tests/data/state-1/state.tar.gz

Only the parts of version 1 are used, on loopback and in simulated time; it is not run by the tests. It stands
alone: what it imports comes out of that checkout, which knows neither this version's settings nor village.
"""

import asyncio
import shutil
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import MINUTE, LockstepClock
from simulators.broker import LoopbackBroker
from simulators.phone import PhoneGateway
from simulators.publisher import Publisher
from tocsin.configuration import configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.storage import Storage
from tocsin.wiring import retention

# 2024-06-10T06:00:00Z: a journal file is an hour's.
START = 1_718_000_000_000 // 3_600_000 * 3_600_000

SETTINGS = """\
realm: live
kinds: kinds.yaml
sensors: [sensors.csv]
zones: zones.geojson
rules: rules
contacts: contacts.yaml
routes: routes.yaml
mqtt: {{host: 127.0.0.1, port: {broker}, linger: 0s}}
http: {{port: 9120}}
channels:
  sms: {{url: "json://127.0.0.1:{phone}/sms?:to={{recipient}}&:key={{key}}", honours_keys: true}}
"""
KINDS = """\
kinds:
  stage:
    title: {zh: 水位, en: River stage}
    reporting: periodic 5min
    heartbeat: 5min
    metrics:
      stage: {unit: m, resolution: 0.001, plausible: [-20, 9000]}
  smoke:
    title: {zh: 感烟探测, en: Smoke}
    reporting: periodic 5min
    heartbeat: 5min
    metrics:
      smoke: {unit: dB/m, resolution: 0.001, plausible: [0, 20]}
"""
SENSORS = """\
id,kind,zone,lon,lat,gateway,heartbeat,site
river-1,stage,village,,,,,warning_stage=2 m
river-2,stage,village,,,,,warning_stage=2.5 m
river-3,stage,village,,,,,warning_stage=2 m
smoke-1,smoke,village,116.6,30.3,,,
smoke-2,smoke,village,116.601,30.3,,,
"""
ZONES = """\
{"type": "FeatureCollection", "features": [{"type": "Feature",
 "properties": {"id": "village", "name": {"zh": "村", "en": "Village"}, "code": "110101001001"},
 "geometry": {"type": "Polygon", "coordinates": [[[116, 30], [117, 30], [117, 31], [116, 30]]]}}]}
"""
RULES = """\
rules:
  - id: river
    title: {zh: 洪水, en: River}
    hazard: flood
    for_each: stage sensor
    grades:
      yellow: stage >= site.warning_stage
      red: stage >= 4 m
    release: {margin: 0.1 m, after: 15min}
    missing: {after: 3 reports}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
  - id: smoke
    title: {zh: 烟雾, en: Smoke}
    hazard: fire
    for_each: smoke sensor
    grades:
      orange: smoke >= 0.15 dB/m
    release: {margin: 0.05 dB/m, after: 15min}
    missing: {after: 3 reports}
    confirm: {neighbours: 1, radius: 1 km, share_of_threshold: 50 %, otherwise: review}
    advice: {zh: 离开。, en: Go out.}
    source: {text: "made up", status: project}
"""
CONTACTS = """\
people:
  ana: {name: {zh: 安娜, en: Ana}, phone: "+8610000000001", languages: [en]}
  bo: {name: {zh: 薄, en: Bo}, phone: "+8610000000002", languages: [zh, en]}
groups: {}
"""
ROUTES = """\
routes:
  - {hazard: "*", grades: [blue, yellow, orange, red], to: [ana], channels: [sms]}
  - {hazard: flood, grades: [yellow, orange, red], to: [bo], channels: [sms]}
"""
# Of five minutes each, from minute 0 to 55, and from 80 to 95 after the restart.
BEFORE = {
    "river-1": [1.0, *[2.2] * 11],
    "river-2": [1.0, 1.1, 2.7, *[1.0] * 9],
    "river-3": [0.5, 0.6] * 6,
    "smoke-1": [0.0, 0.0, 0.0, *[0.5] * 9],
    "smoke-2": [0.0, 0.01] * 6,
}
AFTER = {
    "river-1": [2.2, 2.3, 2.3, 2.3],
    "river-2": [1.0] * 4,
    "river-3": [0.5, 0.6, 0.5, 2.4],
    "smoke-1": [0.5] * 4,
    "smoke-2": [0.0, 0.01, 0.0, 0.01],
}
STRANGERS = [
    ("tocsin/v1/village/stage/river-9/telemetry", b'{"t":%d,"v":{"stage":1}}'),
    ("tocsin/v1/village/stage/river-1/telemetry", b'{"t":%d,"v":{"stage":'),
    ("tocsin/v1/village/stage/river-2/telemetry", b'{"t":%d,"v":{"stage":99999}}'),
]


@dataclass
class Village:
    """What is around the daemon, and outlives it."""

    directory: Path
    broker: LoopbackBroker
    phone: PhoneGateway
    publisher: Publisher

    @property
    def settings(self) -> Path:
        return self.directory / "configs" / "tocsin.yaml"

    @property
    def state(self) -> Path:
        return self.directory / "state"

    async def report(self, clock: LockstepClock, first: int, values: dict[str, list[float]]) -> None:
        """Every sensor every five minutes, from minute `first` on."""
        for number in range(len(values["river-1"])):
            at = START + (first + 5 * number) * MINUTE
            await clock.sleep_until(at)
            for sensor, row in values.items():
                kind = "smoke" if sensor.startswith("smoke") else "stage"
                payload = f'{{"t":{at},"v":{{"{kind}":{row[number]}}}}}'
                self.publisher.publish(f"tocsin/v1/village/{kind}/{sensor}/telemetry", payload.encode())
            if first + 5 * number == 30:
                for topic, payload_of in STRANGERS:
                    self.publisher.publish(topic, payload_of % at if b"%d" in payload_of else payload_of)
            self.publisher.send()

    @asynccontextmanager
    async def living(self, clock: LockstepClock) -> AsyncIterator[Daemon]:
        """A daemon over the state, until an orderly stop."""
        files = read_bundle(self.settings)
        configuration = configure(files)
        storage = Storage.open(
            self.state, configuration.settings.realm, retention(configuration.settings.journal)
        )
        if not storage.bundles.applied():
            apply_first(files, storage, clock)
        daemon, stop = Daemon(configuration, storage, clock), asyncio.Event()
        running = asyncio.create_task(daemon.run(stop))
        while not daemon.connected():
            await asyncio.sleep(0.01)
        around = {"broker": self.broker.idle, "phone": self.phone.idle, "publisher": self.publisher.idle}
        for name, idle in {**around, **daemon.hops()}.items():
            clock.hop(name, idle)
        yield daemon
        stop.set()
        await running
        storage.close()


async def first_life(village: Village) -> None:
    """An hour of a village, and an orderly stop: a snapshot is left."""
    clock = LockstepClock(START)
    async with village.living(clock):
        reporting = asyncio.create_task(village.report(clock, 0, BEFORE))
        await clock.run(START + 58 * MINUTE)
        await reporting


async def second_life(village: Village, left: Path) -> None:
    """After 17 blind minutes: a reload, a phone network that fails, a warning, a kill."""
    clock = LockstepClock(START + 75 * MINUTE)
    async with village.living(clock) as daemon:
        reporting = asyncio.create_task(village.report(clock, 80, AFTER))
        await clock.run(START + 83 * MINUTE)
        rules = village.settings.parent / "rules" / "all.yaml"
        rules.write_text(rules.read_text("utf-8").replace("stage >= 4 m", "stage >= 3.5 m"), "utf-8")
        assert await daemon.reload(village.settings)
        await clock.run(START + 92 * MINUTE)
        await village.phone.stop()
        await clock.run(START + 96 * MINUTE)
        await reporting
        # As the daemon's upkeep does every minute of the wall clock.
        done = daemon.storage.journal.maintain(clock.now())
        assert done.compressed
        await clock.run(START + 98 * MINUTE)
        # What is on disk now is what a kill leaves; `-shm` is memory.
        shutil.copytree(village.state, left, ignore=shutil.ignore_patterns("*-shm", "lock", "writer.lock"))


async def live(directory: Path, left: Path) -> None:
    broker, phone = LoopbackBroker(), PhoneGateway(LockstepClock(START))
    broker_port, phone_port = await broker.start(), await phone.start()
    texts = {
        "tocsin.yaml": SETTINGS.format(broker=broker_port, phone=phone_port),
        "kinds.yaml": KINDS,
        "sensors.csv": SENSORS,
        "zones.geojson": ZONES,
        "rules/all.yaml": RULES,
        "contacts.yaml": CONTACTS,
        "routes.yaml": ROUTES,
    }
    for name, text in texts.items():
        path = directory / "configs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    publisher = Publisher("127.0.0.1", broker_port, "gateway")
    await publisher.connect()
    village = Village(directory, broker, phone, publisher)
    await first_life(village)
    await second_life(village, left)
    await publisher.close()
    await broker.stop()


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    return member


def main(archive: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        left = Path(directory) / "left"
        asyncio.run(live(Path(directory), left))
        with tarfile.open(archive, "w:gz", compresslevel=9) as tar:
            tar.add(left, "state", filter=anonymous)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
