"""The examples of docs/formats.md, each read by the part of the program that reads such a thing."""

import json
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from mqtt5 import PublishPacket

from ingest.clock import MINUTE
from ingest.decode import Decoder
from ingest.finding import Finding
from ingest.kinds.kinds_file import read_kinds
from ingest.reading import Decoded
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from notifiers.contacts_file import read_contacts
from notifiers.delivery import State
from notifiers.finding_codes import CODES
from notifiers.routes import DEADLINES
from notifiers.routes_file import read_routes
from rules.grade import Grade
from rules.transition import Disposition, Transition, line
from simulators.horn import Command
from simulators.readings_csv import read_rows
from simulators.sent_log import Bursts, End
from tocsin.channel_settings import Channel
from tocsin.configuration import configure, read_bundle
from tocsin.judge import Basis
from tocsin.settings import read_settings
from tocsin.verification.events_file import read_events

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall((ROOT / "docs" / "formats.md").read_text(encoding="utf-8"))
SETTINGS = """\
realm: live
kinds: kinds.yaml
sensors: [sensors.csv]
zones: zones.geojson
rules: rules
contacts: contacts.yaml
routes: routes.yaml
mqtt: {host: broker}
"""
SENSOR = "tocsin/v1/old-town/smoke/smoke-old-town-01/telemetry"
GAUGE = "tocsin/v1/tea-hill/rain/rain-tea-hill-01/telemetry"
RECEIVED = 1_795_308_000_000


def examples(info: str) -> list[str]:
    """The blocks that are marked `info`; there is at least one."""
    found = [body for opening, body in BLOCKS if opening == info]
    assert found, info
    return found


@pytest.fixture(scope="module")
def basis() -> Basis:
    """The kinds, sensors and zones that the configuration ships."""
    return configure(read_bundle(ROOT / "configs" / "tocsin.yaml")).basis


def decode(basis: Basis, topic: str, payload: str) -> Decoded:
    return Decoder(basis.kinds, basis.registry).decode(
        1, RECEIVED, [PublishPacket(topic, payload.strip().encode())]
    )


def values(basis: Basis, decoded: Decoded) -> dict[tuple[str, str], str]:
    """(sensor, metric) to value in the metric's unit."""
    rows = zip(decoded.readings.slot, decoded.readings.column, decoded.readings.value, strict=True)
    return {
        (basis.registry.sensors[slot].id, basis.kinds.columns[column].name): str(
            basis.kinds.columns[column].quantity(int(value)).normalize()
        )
        for slot, column, value in rows
    }


def test_native_messages_are_read(basis: Basis) -> None:
    smoke, rain = examples("json native")

    first, second = decode(basis, SENSOR, smoke), decode(basis, GAUGE, rain)

    assert first.rejected == second.rejected == []
    assert values(basis, first) == {
        ("smoke-old-town-01", "smoke"): "0.021",
        ("smoke-old-town-01", "temperature"): "21.5",
    }
    assert values(basis, second) == {("rain-tea-hill-01", "rain"): "0.6"}


def test_packs_are_read(basis: Basis) -> None:
    own, of_gateway = examples("json senml")

    first = decode(basis, SENSOR, own)
    second = decode(basis, "tocsin/v1/riverside/gateway/gw-riverside-water/telemetry", of_gateway)

    assert first.rejected == second.rejected == []
    assert values(basis, first) == {
        ("smoke-old-town-01", "smoke"): "0.021",
        ("smoke-old-town-01", "temperature"): "21.5",
    }
    assert set(values(basis, second)) == {
        ("rain-riverside-01", "rain"),
        ("stage-dead-run", "stage"),
    }


def test_a_sent_log_names_its_messages(tmp_path: Path) -> None:
    [text] = examples("jsonl sent-log")
    path = tmp_path / "sent.log"
    path.write_text(text)
    found = Bursts.read(path)
    sent = zip(found.positions().tolist(), found.stamp.repeat(found.count).tolist(), strict=True)

    assert [(found.sensors[position], stamp) for position, stamp in sent] == [
        ("smoke-0000000", 1_795_298_400_000),
        ("smoke-0000001", 1_795_298_400_000),
        ("rain-0000002", 1_795_298_400_000),
        ("unlisted-old-town-smoke", 1_795_298_399_120),
    ]
    assert found.end == End(published=4, acked=4)


def test_recorded_readings_are_read(tmp_path: Path) -> None:
    [text] = examples("csv readings")
    path = tmp_path / "readings.csv"
    path.write_text(text)

    rows = read_rows([path])

    assert [row.value for row in rows] == ["0.2103", "0.2134"]
    assert [row.received - row.observed for row in rows] == [40_000, 40_000]


def test_events_are_read(basis: Basis) -> None:
    [text] = examples("csv events")

    events, findings = read_events("events.csv", text, basis.registry, ["flood"], by_hazard=True)

    assert findings == []
    assert [(event.end - event.begin, event.grade) for event in events] == [
        (20 * MINUTE, Grade.YELLOW),
        (90 * MINUTE, None),
    ]


def test_sensors_are_read(basis: Basis) -> None:
    [csv], [yaml] = examples("csv sensors"), examples("yaml sensors")
    zones = basis.registry.zones

    listed, found = read_sensors_csv("sensors.csv", csv, basis.kinds, zones)
    handful, more = read_sensors_yaml("sensors.yaml", yaml, basis.kinds, zones)

    assert found + more == []
    assert [sensor.id for sensor in listed + handful] == [
        "smoke-old-town-01", "stage-dead-run", "button-1", "stage-bridge"
    ]  # fmt: skip


def test_zones_kinds_and_contacts_are_read(basis: Basis) -> None:
    [zones], [kinds], [contacts] = (
        examples("json zones"),
        examples("yaml kinds"),
        examples("yaml contacts"),
    )

    findings: list[Finding] = []
    for _, found in (
        read_zones("zones.geojson", zones),
        read_kinds("kinds.yaml", kinds),
        read_contacts("contacts.yaml", contacts),
    ):
        findings += found

    assert findings == []


def test_routes_are_read(basis: Basis) -> None:
    [contacts], [routes] = examples("yaml contacts"), examples("yaml routes")
    people, _ = read_contacts("contacts.yaml", contacts)
    assert people is not None

    settings, _ = read_settings("tocsin.yaml", SETTINGS + examples("yaml channels")[0])
    assert settings is not None

    read, findings = read_routes("routes.yaml", routes, people, basis.registry, settings.reach)

    assert findings == []
    assert read is not None
    assert [route.hazard for route in read.routes] == ["*", "flood", "rain", "flood"]
    assert [level.channels for level in read.levels] == [("sms",), ("mail",)]


def test_a_channel_of_each_kind_is_read() -> None:
    [channels] = examples("yaml channels")

    settings, findings = read_settings("tocsin.yaml", SETTINGS + channels)

    assert findings == []
    assert settings is not None
    kinds = [union_member.model_fields["via"] for union_member in get_args(get_args(Channel)[0])]
    assert {of.via for of in settings.channels.values()} == {get_args(f.annotation)[0] for f in kinds}


def test_the_defaults_of_deadlines_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for grade, deadlines in DEADLINES.items():
        stages = (deadlines.release, deadlines.acknowledge, deadlines.arrive, deadlines.handle)
        shown = ["none" if stage is None else f"{stage // MINUTE} min" for stage in stages]
        assert f"| {grade} | {' | '.join(shown)} |" in page


def test_every_code_of_contacts_and_routes_is_listed() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| (E3\d\d) \| (.+) \|$", page, re.MULTILINE)) == CODES


def test_a_horn_understands_the_command_and_answers_with_such_a_receipt() -> None:
    [command], [receipt] = examples("json horn-command"), examples("json horn-receipt")

    heard, said = msgspec.json.decode(command, type=Command), json.loads(receipt)

    assert heard.grade == "red"
    assert set(heard.text) == {"zh", "en"}
    assert said["id"] == heard.id
    assert State(said["state"]) is State.PLAYED
    assert said["at"] < heard.expires


def test_a_transition_is_written_like_this() -> None:
    [text] = examples("json transition")
    told = json.loads(text)

    written = line(
        Transition(
            at=told["evidence"]["observed"],
            rule=told["rule"],
            subject=told["subject"],
            warning=told["warning"],
            ordinal=0,
            before=None,
            after=Grade.named(told["to"]),
            disposition=Disposition(told["disposition"]),
            reason=told["reason"],
            evidence=told["evidence"],
        )
    )

    assert written.decode() == text.strip()


def test_every_example_is_tested() -> None:
    assert {info for info, _ in BLOCKS} == {
        "json native", "json senml", "csv readings", "jsonl sent-log", "csv events", "csv sensors",
        "yaml sensors",
        "json zones", "yaml kinds", "yaml contacts", "yaml routes", "yaml channels", "json horn-command",
        "json horn-receipt", "json horn-poll", "json horn-state", "json horn-button",
        "text horn-signature", "json transition", "json comparison",
    }  # fmt: skip
