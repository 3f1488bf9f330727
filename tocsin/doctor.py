"""Is the surrounding of the daemon fit for it: one line for each thing that it leans on."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from tocsin.configuration import Configuration
from tocsin.gateways import unreachable
from tocsin.settings import Settings
from tocsin.wiring import mqtt_broker, store_of

GB = 10**9
CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at; `detail` is what was seen, or the reason and the way out."""

    what: str
    fine: bool
    detail: str


async def examine(configuration: Configuration, state: Path) -> list[Examined]:
    """Everything at once; nothing here changes anything."""
    settings = configuration.settings
    return [
        await _broker(settings),
        _guarded("database", lambda: _database(configuration, state)),
        _guarded("disk", lambda: _disk(state, int(settings.journal.max_size))),
        _guarded("durability", lambda: _durability(state)),
        _horns(configuration),
        *await _channels(configuration),
    ]


def _guarded(what: str, look: Callable[[], Examined]) -> Examined:
    try:
        return look()
    except (OSError, ValueError, sqlite3.Error) as error:
        return Examined(what, False, str(error))


async def _broker(settings: Settings) -> Examined:
    where = f"{settings.mqtt.host}:{settings.mqtt.port}"
    try:
        broker = mqtt_broker(settings)
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=f"{broker.client_id}-doctor-{os.getpid()}",
            username=broker.username,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=None if broker.tls is None else broker.tls.context(),
            timeout=CONNECT_SECONDS,
        ):
            return Examined("broker", True, f"{where} accepts an MQTT 5 session")
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        return Examined("broker", False, f"{where}: {error}; is it running, are name and password right?")


def _database(configuration: Configuration, state: Path) -> Examined:
    settings = configuration.settings.series
    if settings.store == "embedded":
        return Examined("database", True, f"embedded, in {state}")
    with_store = store_of(settings, state)
    try:
        fine = with_store.ping()
    finally:
        with_store.close()
    return Examined(
        "database", fine, f"{settings.store} at {settings.url}" + ("" if fine else " does not answer")
    )


def _disk(state: Path, wanted: int) -> Examined:
    place = next(p for p in (state, *state.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    taken = sum(file.stat().st_size for file in (state / "journal").glob("*"))
    fine = free + taken > wanted
    detail = f"{free / GB:.1f} GB free for a journal of at most {wanted / GB:.1f} GB"
    has = f", which has {taken / GB:.1f} GB" if taken else ""
    return Examined("disk", fine, detail + has + ("" if fine else "; lower journal.max_size"))


def _durability(state: Path) -> Examined:
    place = next(p for p in (state, *state.absolute().parents) if p.exists())
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(b"\0")
        file.flush()
        os.fsync(file.fileno())
    return Examined("durability", True, f"{place} takes a synchronous write")


def _horns(configuration: Configuration) -> Examined:
    zones = configuration.basis.registry.zones.values()
    parents = {zone.parent for zone in zones}
    silent = [zone.id for zone in zones if zone.id not in parents and not zone.horns]
    count = sum(len(zone.horns) for zone in zones)
    detail = f"{count} registered" + (f"; none in {', '.join(silent)}" if silent else "")
    return Examined("horns", not silent, detail)


async def _channels(configuration: Configuration) -> list[Examined]:
    found = await unreachable(configuration.settings)
    return [
        Examined(f"channel {name}", not problem, problem or "can send") for name, problem in found.items()
    ]


def run(configuration: Configuration, state: Path) -> list[Examined]:
    return asyncio.run(examine(configuration, state))
