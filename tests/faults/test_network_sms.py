"""The SMS gateway says 503, refuses, hangs, loses its answer: no other channel waits, nothing is assumed."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.clock import SystemClock
from notifiers.delivery import State
from notifiers.outbox.reader import Progress
from simulators.horn import Horn
from simulators.phone import Fault, PhoneGateway
from simulators.proxy import FaultProxy
from tests.faults.network import ZONES, Network, Station, network, topic, until
from tests.system.daemon_process import HORN_KEY, LOUDSPEAKER, sms

RULES = """\
rules:
  - id: smoke
    title: {zh: 烟雾, en: Smoke}
    hazard: fire
    for_each: smoke sensor
    grades: {yellow: smoke >= 0.15 dB/m}
    release: {after: 10min}
    missing: {after: 3 reports}
    advice: {zh: 查看现场。, en: Check the place.}
    source: {text: made up, status: project}
"""
ROUTE = {
    "hazard": "fire",
    "grades": ["yellow", "orange"],
    "to": ["lin-duty", "horns"],
    "channels": ["sms", "loudspeaker"],
}
HORNS = [f"horn-{zone}" for zone in ZONES]
# Nobody answers here, and nobody is to be reminded.
UNASKED = dict.fromkeys(("acknowledge", "arrive", "handle"), "none")
DEADLINES = dict.fromkeys(("yellow", "orange", "red"), UNASKED)


@dataclass
class Carrier:
    """A gateway, and the way to it."""

    gateway: PhoneGateway
    link: FaultProxy

    @property
    def keys(self) -> list[str]:
        """Of every message that a phone has shown."""
        return [message.key for message in self.gateway.inbox]


@asynccontextmanager
async def carrier() -> AsyncIterator[Carrier]:
    gateway = PhoneGateway(SystemClock())
    link = FaultProxy(await gateway.start())
    await link.start()
    try:
        yield Carrier(gateway, link)
    finally:
        await link.stop()
        await gateway.stop()


@asynccontextmanager
async def sounding(port: int) -> AsyncIterator[Horn]:
    key = bytes.fromhex(HORN_KEY["TOCSIN_HORN_KEY"])
    horn = Horn(HORNS, "127.0.0.1", port, SystemClock(), key, play_ms=50)
    running = asyncio.create_task(horn.run())
    try:
        yield horn
    finally:
        running.cancel()
        await asyncio.wait([running])


def prepare(configs: Path) -> None:
    shutil.rmtree(configs / "rules")
    (configs / "rules").mkdir()
    (configs / "rules" / "smoke.yaml").write_text(RULES)
    (configs / "routes.yaml").write_text(json.dumps({"routes": [ROUTE], "deadlines": DEADLINES}))
    zones = json.loads((configs / "zones.geojson").read_text())
    for zone in zones["features"]:
        identity = zone["properties"]["id"]
        zone["properties"]["horns"] = [f"horn-{identity}"] if identity in ZONES else []
    (configs / "zones.geojson").write_text(json.dumps(zones))


def alarm(net: Network, sensor: str) -> None:
    stamp = time.time_ns() // 1_000_000
    payload = f'{{"t":{stamp},"v":{{"smoke":0.21,"battery":97}}}}'.encode()
    net.source.publisher.publish(topic(sensor), payload)
    net.source.publisher.send()


async def played(station: Station, sensor: str) -> Progress:
    """Until its horn has played; where the SMS stands then."""

    async def horn() -> bool:
        found = station.deliveries(sensor).get("loudspeaker")
        return found is not None and found.state is State.PLAYED

    await until(horn, 20)
    return station.deliveries(sensor)["sms"]


async def becomes(station: Station, sensor: str, state: State, detail: str = "") -> Progress:
    async def there() -> bool:
        found = station.deliveries(sensor).get("sms")
        return found is not None and found.state is state and detail in found.detail

    await until(there, 30)
    return station.deliveries(sensor)["sms"]


async def gateway_that_honours_keys(net: Network, station: Station, at: Carrier) -> None:
    """What is not taken is tried again, what may have been taken too: under its key, so it shows once."""
    at.gateway.faults.extend([Fault.UNAVAILABLE] * 100)
    alarm(net, "s-000")
    assert (await played(station, "s-000")).state in (State.QUEUED, State.CLAIMED)
    await becomes(station, "s-000", State.QUEUED, "answered 503")
    at.link.refuse()
    alarm(net, "s-001")
    assert (await played(station, "s-001")).state in (State.QUEUED, State.CLAIMED)
    await becomes(station, "s-001", State.QUEUED, "cannot be connected to")
    assert at.keys == []

    at.gateway.faults.clear()
    await at.link.heal()
    first = await becomes(station, "s-000", State.ACCEPTED)
    second = await becomes(station, "s-001", State.ACCEPTED)
    assert sorted(at.keys) == sorted([first.delivery.key, second.delivery.key])

    at.link.half_open()
    alarm(net, "s-002")
    assert (await played(station, "s-002")).state is State.CLAIMED
    await becomes(station, "s-002", State.UNKNOWN, "before the gateway answered")
    # Whichever message meets it: the answer is lost, and the message tried again.
    at.gateway.faults.append(Fault.LOST_ANSWER)
    await at.link.heal()
    for sensor in ("s-002", "s-003", "s-004"):
        await becomes(station, sensor, State.ACCEPTED)
    assert at.gateway.repeated == 1
    assert len(at.keys) == 5


async def gateway_without_keys(net: Network, station: Station, at: Carrier) -> None:
    """What may have been taken is neither repeated nor called sent."""
    at.link.half_open()
    await until_alarmed(station, "s-002")
    hung = await becomes(station, "s-002", State.UNKNOWN, "before the gateway answered")
    await at.link.heal()
    at.gateway.faults.append(Fault.LOST_ANSWER)
    alarm(net, "s-003")
    shown = await becomes(station, "s-003", State.UNKNOWN, "before the gateway answered")
    alarm(net, "s-004")
    await becomes(station, "s-004", State.ACCEPTED)

    assert station.deliveries("s-002")["sms"] == hung
    assert station.deliveries("s-003")["sms"] == shown
    assert (hung.delivery.attempt, shown.delivery.attempt) == (1, 1)
    assert sum("s-002" in message.text for message in at.gateway.inbox) == 0
    assert sum("s-003" in message.text for message in at.gateway.inbox) == 1


async def until_alarmed(station: Station, sensor: str) -> None:
    async def alarmed() -> bool:
        return "sms" in station.deliveries(sensor)

    await until(alarmed, 60)


@pytest.mark.system
async def test_a_gateway_in_trouble_delays_no_horn_and_is_never_assumed_to_have_sent(tmp_path: Path) -> None:
    """Two daemons hear the same alarms; one has a gateway that honours keys, the other one that does not."""
    async with carrier() as keys, carrier() as keyless:
        ports = {"keys": keys.link.port, "keyless": keyless.link.port}

        def settings(name: str) -> dict[str, object]:
            url = f"json://127.0.0.1:{ports[name]}/sms?:to={{recipient}}&:key={{key}}"
            gateway = sms(url, honours_keys=name == "keys")
            return {"channels": {"sms": gateway, "loudspeaker": LOUDSPEAKER}}

        async with (
            network(tmp_path, [*ports], sensors=5, settings=settings, prepare=prepare) as net,
            sounding(net.mosquitto.port),
        ):
            await asyncio.gather(
                gateway_that_honours_keys(net, net.stations["keys"], keys),
                gateway_without_keys(net, net.stations["keyless"], keyless),
            )
