"""Whether the surroundings are fit for service: what is looked at, and what is said of it."""

import shutil
from dataclasses import replace
from pathlib import Path

import certifi
import pytest

from simulators.broker import LoopbackBroker
from tests.tocsin.program import Tocsin, program
from tests.tocsin.village import SETTINGS, ZONES, bundle, write
from tocsin.bundle import Bundle
from tocsin.configuration import Configuration, configure
from tocsin.doctor import Examined, examine
from tocsin.settings import Mqtt, Tls

HORN = ZONES.replace('"code"', '"horns": ["h-1"], "code"')


def village(zones: str = HORN, journal: str = "journal: {max_size: 1MB}\n") -> Configuration:
    files = bundle(SETTINGS + journal)
    return configure(Bundle(files.main, {**files.texts, "zones.geojson": zones}))


def at(configuration: Configuration, mqtt: Mqtt) -> Configuration:
    return replace(configuration, settings=configuration.settings.model_copy(update={"mqtt": mqtt}))


async def seen(configuration: Configuration, state: Path) -> dict[str, Examined]:
    return {each.what: each for each in await examine(configuration, state)}


async def test_a_broker_that_takes_a_session_and_a_disk_with_room_are_fine(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    try:
        found = await seen(at(village(), Mqtt(host="127.0.0.1", port=port)), tmp_path / "state")
    finally:
        await broker.stop()

    assert {what: each.fine for what, each in found.items()} == dict.fromkeys(
        ("broker", "database", "disk", "durability", "horns"), True
    ) | {"channel sms": False}
    assert not (tmp_path / "state").exists()


async def test_a_broker_that_is_not_there_is_named_with_what_to_look_at(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    await broker.stop()

    found = (await seen(at(village(), Mqtt(host="127.0.0.1", port=port)), tmp_path))["broker"]

    assert not found.fine
    assert f"127.0.0.1:{port}" in found.detail
    assert "is it running" in found.detail


async def test_a_password_that_is_no_text_is_told_like_any_other_trouble(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("密码".encode("gbk"))
    mqtt = Mqtt(host="127.0.0.1", port=9, username="tocsin", password_file=tmp_path / "password")

    found = (await seen(at(village(), mqtt), tmp_path))["broker"]

    assert not found.fine
    assert "utf-8" in found.detail


async def test_a_broker_is_asked_with_the_daemons_own_certificate(tmp_path: Path) -> None:
    """A broker that demands one would look as if it refused the daemon, too."""
    tls = Tls(ca=Path(certifi.where()), certificate=tmp_path / "own.pem", key=tmp_path / "own.key")

    found = (await seen(at(village(), Mqtt(host="127.0.0.1", port=9, tls=tls)), tmp_path))["broker"]

    assert not found.fine
    assert "own.pem" in found.detail


async def test_what_the_journal_has_already_written_is_room_that_it_has(tmp_path: Path) -> None:
    """A sparse file, as large as the journal may become, on a disk that has not as much left."""
    largest = shutil.disk_usage(tmp_path).free + 2**40
    huge = village(journal=f"journal: {{max_size: {largest}}}\n")
    assert not (await seen(huge, tmp_path))["disk"].fine

    (tmp_path / "journal").mkdir()
    with (tmp_path / "journal" / "journal-1.db").open("wb") as file:
        file.truncate(largest)

    assert (await seen(huge, tmp_path))["disk"].fine


async def test_a_place_without_a_horn_is_named(tmp_path: Path) -> None:
    found = (await seen(village(ZONES), tmp_path))["horns"]

    assert (found.fine, found.detail) == (False, "0 registered; none in village")


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def test_what_is_not_fine_ends_with_3(tmp_path: Path, tocsin: Tocsin) -> None:
    ended = tocsin("doctor", "--config", write(tmp_path, bundle()), "--state", tmp_path / "state")

    assert ended.code == 3
    assert "NOT FINE" in ended.out
