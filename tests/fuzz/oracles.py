"""What must hold for any bytes at all: one check a target, which raises for what must never happen."""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from mqtt5 import PublishPacket

from ingest.clock import DAY, MINUTE
from ingest.decode import Decoder
from ingest.duration import LONGEST
from ingest.finding import Finding
from ingest.kinds.kinds_file import read_kinds
from ingest.reading import Decoded, Readings, Reason
from ingest.registry import Registry
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from ingest.screening import Screen
from ingest.session.wire import Message, Undecodable, WireError, acknowledgements, messages, publishes, split
from notifiers.contacts import Contacts
from notifiers.contacts_file import read_contacts
from notifiers.routes import Reach
from notifiers.routes_file import read_routes
from simulators.playback import instants
from simulators.readings_csv import ReadingsError, read_rows
from tests.fuzz import judged
from tests.ingest.devices import GATEWAY, KINDS, METRICS, RECEIVED, REGISTRY, message, topic
from tests.rules import words
from tocsin.settings import read_settings

CODE = re.compile(r"E\d{3}")
CORPUS = Path(__file__).parent / "corpus"
SHIPPED_ZONES = Path(__file__).parents[2] / "configs" / "zones.geojson"
BEFORE = message("s-2", v={"smoke": 0.02, "temperature": 21.5})
AFTER = message("l-1", RECEIVED - 5, v={"stage": 1.5}, u={"stage": "m"})
STREAMS = ("telemetry", "event", "state")
SPOKEN = {
    f"tocsin/v1/{sensor.zone}/{sensor.kind}/{sensor.id}/{stream}"
    for sensor, stream in product(REGISTRY.sensors, STREAMS)
} | {f"tocsin/v1/riverside/gateway/{gateway}/telemetry" for gateway in ("gw-1", "gw-2")}
LOWEST = np.array([int(metric.low / metric.resolution) for metric in METRICS])
HIGHEST = np.array([int(metric.high / metric.resolution) for metric in METRICS])


def native(data: bytes) -> None:
    between_good_ones(PublishPacket(topic("s-1"), data), PublishPacket(topic("r-1"), data))


def senml(data: bytes) -> None:
    between_good_ones(PublishPacket(GATEWAY, data), PublishPacket(topic("s-1"), data))


def topics(data: bytes) -> None:
    """No name but a registered one speaks: what is accepted is in the list, byte by byte."""
    body = len(data).to_bytes(2, "big") + data + b"\0" + b'{"t":%d,"v":{"smoke":0.02}}' % RECEIVED
    length = bytes([len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14])
    [packet] = messages(b"\x30" + length + body)
    decoded = between_good_ones(packet)
    assert data.decode("utf-8", "replace") in SPOKEN or decoded.rejected


def between_good_ones(*packets: Message) -> Decoded:
    """Decodes the packets between two good messages, which must come out exactly as they do alone."""
    block = [BEFORE, *packets, AFTER]
    decoded = Decoder(KINDS, REGISTRY).decode(1, RECEIVED, block)
    sound(decoded, block)
    alone = Decoder(KINDS, REGISTRY).decode(1, RECEIVED, [BEFORE, AFTER])
    last = len(block) - 1
    good = np.isin(decoded.readings.message, (0, last))
    for column in fields(Readings)[2:]:
        found = getattr(decoded.readings, column.name)[good]
        expected = getattr(alone.readings, column.name)
        if column.name == "message":
            expected = np.where(expected == 1, last, expected)
        assert found.tolist() == expected.tolist(), column.name
    return decoded


def sound(decoded: Decoded, block: Sequence[Message]) -> None:
    """Every message counted, every value finite and plausible, every refusal with words."""
    rows = decoded.readings
    refused = [r.message for r in decoded.rejected]
    assert decoded.messages == len(block)
    assert sorted({*rows.message.tolist(), *refused}) == list(range(len(block)))
    assert refused == sorted(set(refused))
    for rejected in decoded.rejected:
        assert isinstance(rejected.reason, Reason)
        assert rejected.detail
        assert len(rejected.detail) <= 2_000, len(rejected.detail)
    assert bool(np.all((rows.value >= LOWEST[rows.column]) & (rows.value <= HIGHEST[rows.column])))
    assert bool(np.all((rows.observed >= RECEIVED - 30 * DAY) & (rows.observed <= RECEIVED + 5 * MINUTE)))
    assert bool(np.all((rows.period >= 0) & (rows.period <= LONGEST)))
    screened = Screen(REGISTRY, 64).screen(decoded)
    assert screened.accepted + screened.duplicates + screened.quarantined == len(block)


def mqtt(data: bytes) -> None:
    """Whole packets or a named byte; what is journaled reads the same again; pieces read like the whole."""
    try:
        packets, taken = split(memoryview(data))
    except WireError as error:
        broken = error.offset
    else:
        broken = None
    if broken is not None:
        assert 0 <= broken < len(data)
        return
    assert 0 <= taken <= len(data)
    found = [p for p in packets if isinstance(p, PublishPacket | Undecodable)]
    again = messages(publishes(memoryview(data)[:taken]))
    assert list(map(repr, again)) == list(map(repr, found))
    assert len(acknowledgements(found)) == 4 * sum(bool(m.packet_id) for m in found)
    half = len(data) // 2
    first, read = split(memoryview(data)[:half])
    rest, end = split(memoryview(data)[read:])
    assert list(map(repr, [*first, *rest])) == list(map(repr, packets))
    assert read + end == taken
    sound(Decoder(KINDS, REGISTRY).decode(1, RECEIVED, found), found)


def readings(data: bytes) -> None:
    _readings(data, ".csv")


def readings_gz(data: bytes) -> None:
    _readings(data, ".csv.gz")


def _readings(data: bytes, suffix: str) -> None:
    path = Path(_directory().name, f"x{suffix}")
    path.write_bytes(data)
    try:
        rows = read_rows([path])
    except ReadingsError:
        return
    assert rows == sorted(rows, key=lambda row: row.received)
    assert all(np.isfinite(float(row.value)) for row in rows)
    for instant in instants(rows, {}):
        for name, payload in instant.messages:
            assert PublishPacket(name, payload).write()
            assert set(json.loads(payload)) == {"t", "v"}


@cache
def _directory() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="tocsin-fuzz-")


def rules(data: bytes) -> None:
    found, findings = judged.read({"x.yaml": as_text(data)})
    told(findings)
    if not findings:
        judged.judge(found)


def table(data: bytes) -> None:
    found, findings = judged.read({"x.yaml": judged.TABLED, "torrent.csv": as_text(data)})
    told(findings)
    if not findings:
        judged.judge(found)


def condition(data: bytes) -> None:
    judged.condition(as_text(data))


def sensors(data: bytes) -> None:
    text = as_text(data)
    for read in (read_sensors_csv, read_sensors_yaml):
        found, findings = read("x", text, words.KINDS, judged.registry().zones)
        told(findings)
        for sensor in found:
            assert sensor.kind in words.KINDS.kinds
            assert sensor.heartbeat > 0
            assert not set(sensor.id) & set("/+#\0")
            place = (sensor.lon, sensor.lat)
            assert place == (None, None) or bool(np.all(np.isfinite(np.array(place, float))))
        if not findings:
            Registry.of(found, judged.registry().zones)


def zones(data: bytes) -> None:
    found, findings = read_zones("x", as_text(data))
    told(findings)
    for zone in () if findings else found.values():
        assert zone.polygon
        assert bool(np.all(np.isfinite(np.concatenate([np.array(ring, float) for ring in zone.polygon]))))


def settings(data: bytes) -> None:
    found, findings = read_settings("x", as_text(data))
    told(findings)
    assert (found is None) == bool(findings)


def kinds(data: bytes) -> None:
    found, findings = read_kinds("x", as_text(data))
    told(findings)
    assert found is not None or findings


def people(data: bytes) -> None:
    found, findings = read_contacts("x", as_text(data))
    told(findings)
    assert found is not None or findings


def routes(data: bytes) -> None:
    found, findings = read_routes("x", as_text(data), _contacts(), _places(), _reach())
    told(findings)
    assert found is not None or findings


@cache
def _contacts() -> Contacts:
    contacts, _ = read_contacts("x", (CORPUS / "people" / "shipped").read_text())
    assert contacts is not None
    return contacts


@cache
def _places() -> Registry:
    found, _ = read_zones("x", SHIPPED_ZONES.read_text("utf-8"))
    assert found is not None
    return Registry.of([], found)


@cache
def _reach() -> dict[str, Reach]:
    found, _ = read_settings("x", (CORPUS / "settings" / "shipped").read_text())
    assert found is not None
    return found.reach


def as_text(data: bytes) -> str:
    """Files that are not UTF-8 are refused when they are read; the readers see any text that is."""
    return data.decode("utf-8", "replace")


def told(findings: list[Finding]) -> None:
    """Every finding has a code, a place, and a form that can be printed."""
    for finding in findings:
        assert CODE.fullmatch(finding.code), finding
        assert finding.line >= 0
        assert finding.column >= 0
        str(finding).encode()
    assert len(findings) <= 10_000, len(findings)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "native": native,
    "senml": senml,
    "topic": topics,
    "mqtt": mqtt,
    "rules": rules,
    "table": table,
    "condition": condition,
    "readings": readings,
    "readings_gz": readings_gz,
    "sensors": sensors,
    "zones": zones,
    "settings": settings,
    "kinds": kinds,
    "people": people,
    "routes": routes,
}
