"""A village of five sensors: a whole configuration as texts, and what its sensors report."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mqtt5 import PublishPacket, QoS

from ingest.journal import Entry, EntryKind
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.judge import Basis

# A whole hour, so that what a test calls 10 minutes is 10 minutes past it.
START = 1_718_000_000_000 // 3_600_000 * 3_600_000

SETTINGS = """\
realm: live
kinds: kinds.yaml
sensors: [sensors.csv]
zones: zones.geojson
rules: rules
contacts: contacts.yaml
routes: routes.yaml
mqtt: {host: 127.0.0.1, port: 1883, linger: 0s}
http: {port: 9120}
channels:
  sms:
    {via: apprise, realm: live, reach: phone, url: "json://127.0.0.1:9/sms?:to={recipient}&:key={key}",
     honours_keys: true}
"""
KINDS = """\
kinds:
  stage:
    title: {zh: 水位, en: River stage}
    reporting: periodic 5min
    heartbeat: 5min
    metrics:
      stage: {unit: m, resolution: 0.001, plausible: [-20, 9000]}
  rain:
    title: {zh: 降雨, en: Rain}
    reporting: periodic 5min
    heartbeat: 1h
    metrics:
      rain: {unit: mm, form: amount, resolution: 0.01, plausible: [0, 401]}
"""
SENSORS = """\
id,kind,zone,lon,lat,gateway,heartbeat,site
river-1,stage,village,,,,,warning_stage=2 m
river-2,stage,village,,,,,warning_stage=2.5 m
river-3,stage,village,,,,,warning_stage=2 m
rain-1,rain,village,,,,,
rain-2,rain,village,,,,,
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
      blue: rise(stage, 30min) >= 0.3 m
      yellow: stage >= site.warning_stage
      orange: sustained(stage >= 3 m, 10min)
      red: stage >= 4 m
    release: {margin: 0.1 m, after: 15min}
    missing: {after: 3 reports}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
  - id: rain
    title: {zh: 降雨, en: Rain}
    hazard: rain
    for_each: rain sensor
    grades:
      yellow: sum(rain, 30min) >= 20 mm
      red: sum(rain, 15min) >= 30 mm
    sustain: {yellow: 5min}
    release: {margin: 10 %, after: 20min}
    missing: {after: 3 reports}
    advice: {zh: 勿动。, en: Stay.}
    source: {text: "made up", status: project}
"""
CONTACTS = """\
people:
  ana: {name: {zh: 安娜, en: Ana}, phone: "+8610000000001", languages: [en]}
groups: {}
"""
ROUTES = """\
routes:
  - {hazard: "*", grades: [blue, yellow, orange, red], to: [ana], channels: [sms]}
"""


def bundle(settings: str = SETTINGS, rules: str = RULES, others: Mapping[str, str] | None = None) -> Bundle:
    """The whole configuration; `others` are texts of files in place of the village's own."""
    texts = {
        "tocsin.yaml": settings,
        "kinds.yaml": KINDS,
        "sensors.csv": SENSORS,
        "zones.geojson": ZONES,
        "rules/all.yaml": rules,
        "contacts.yaml": CONTACTS,
        "routes.yaml": ROUTES,
    }
    return Bundle("tocsin.yaml", {**texts, **(others or {})})


def write(directory: Path, files: Bundle) -> Path:
    """The bundle as files; returns the settings file."""
    for name, text in files.texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory / files.main


def basis(of: Bundle | None = None) -> Basis:
    return configure(of or bundle()).basis


def topic(sensor: str) -> str:
    kind = "rain" if sensor.startswith("rain") else "stage"
    return f"tocsin/v1/village/{kind}/{sensor}/telemetry"


def payload(sensor: str, observed: int, value: float) -> bytes:
    metric = "rain" if sensor.startswith("rain") else "stage"
    return b'{"t":%d,"v":{"%s":%s}}' % (observed, metric.encode(), str(value).encode())


def report(sensor: str, observed: int, value: float) -> PublishPacket:
    """One message as the broker delivers it; `observed` in ms since the epoch."""
    return PublishPacket(topic(sensor), payload(sensor, observed, value), qos=QoS.AT_LEAST_ONCE, packet_id=1)


def block(sequence: int, received: int, packets: Iterable[PublishPacket]) -> Entry:
    """The journal's entry of these messages."""
    written = [packet.write() for packet in packets]
    return Entry(sequence, received, EntryKind.MQTT, len(written), b"".join(written))


def applied(sequence: int, received: int, of: Bundle) -> Entry:
    return Entry(sequence, received, EntryKind.BUNDLE, 0, of.hash.encode())
