"""Settings and channels of two realms: refused where they are read, and again where they are used."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from ingest.clock import SystemClock
from ingest.journal import Retention
from ingest.registry import Registry
from notifiers.delivery import Channel
from notifiers.dispatcher import Dispatcher
from notifiers.outbox import Outbox
from notifiers.outbox.schema import OutboxError
from notifiers.routes import Routes
from notifiers.routing import Router
from rules.realm import Realm
from tests.tocsin.test_channel_settings import WRITTEN, settings, text_of
from tests.tocsin.village import SETTINGS, bundle
from tocsin import channels
from tocsin.channels import Surroundings, channels_of
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.settings import Settings, read_settings
from tocsin.storage import Storage

KEY = "0f" * 32


def written(name: str, realm: Realm, folder: Path = Path("/nowhere")) -> str:
    """A channel of `realm`, with its secrets in files of `folder`."""
    text = WRITTEN[name].replace("realm: live", f"realm: {realm}")
    for variable in ("token", "secret", "url"):
        text = text.replace(f"{variable}_env: ", f"{variable}_file: {folder}/{variable}-")
    for file in ("/p,", "/k,", "/s,", "/srv/cap"):
        text = text.replace(f" {file}", f" {folder}{file}")
    text = text.replace(" /k", f" {folder}/k") if text.endswith(" /k") else text
    return text.replace("via: cap,", "via: cap, exercise: autumn,") if realm is Realm.DRILL else text


def with_secrets(folder: Path) -> Path:
    said = {
        "p": "password",
        "k": KEY,
        "s": "secret",
        "token-TOKEN": "a-token-of-16-or-more",
        "secret-SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "url-TOCSIN_TEST_MAIL": "mailto://127.0.0.1?from=a@example.org&to={recipient}",
    }
    for name, text in said.items():
        (folder / name).write_text(text)
    return folder


@contextmanager
def made(read: Settings, folder: Path) -> Iterator[list[Channel]]:
    around = Surroundings(
        read, Registry.of([], {}), folder, SystemClock(), lambda receipt: None, lambda reply: None
    )
    found = channels_of(around)
    try:
        yield found
    finally:
        asyncio.run(channels.close(found))


@pytest.mark.parametrize("service", Realm)
@pytest.mark.parametrize("realm", Realm)
@pytest.mark.parametrize("name", WRITTEN)
def test_settings_name_channels_of_their_own_realm_alone(name: str, realm: Realm, service: Realm) -> None:
    read, found = read_settings("tocsin.yaml", text_of({name: written(name, realm)}, str(service)))

    assert [finding.code for finding in found] == ([] if realm is service else ["E005"])
    assert (read is not None) is (realm is service)


@pytest.mark.parametrize("name", WRITTEN)
def test_without_the_check_of_the_settings_a_drill_gets_no_live_channel(name: str, tmp_path: Path) -> None:
    """As if they had never been read by `read_settings`."""
    live = settings({name: written(name, Realm.LIVE, with_secrets(tmp_path))})
    unchecked = live.model_copy(update={"realm": Realm.DRILL})

    with made(unchecked, tmp_path) as ways, ThreadPoolExecutor(1) as worker:
        [way] = ways
        assert (way.name, way.realm) == (name, Realm.LIVE)
        router = Router(Routes(routes=()), Registry.of([], {}), [], UTC)
        outbox = worker.submit(Outbox.open, tmp_path / "outbox.db", Realm.DRILL).result()
        try:
            with pytest.raises(ValueError, match=rf"not so {name} \(live\): realms never mix"):
                Dispatcher(outbox, router, ways, SystemClock(), worker)
        finally:
            worker.submit(outbox.close).result()


@pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.LIVE])
def test_a_service_whose_settings_mix_realms_does_not_start(realm: Realm, tmp_path: Path) -> None:
    configuration = configure(bundle())
    mixed = replace(configuration, settings=configuration.settings.model_copy(update={"realm": realm}))

    with closing(Storage.open(tmp_path, realm, Retention())) as storage:
        apply_first(bundle(), storage, SystemClock())
        with pytest.raises(ValueError, match=r"sms \(live\): realms never mix"):
            Daemon(mixed, storage, SystemClock())


def test_a_service_of_a_drill_does_not_start_where_live_was(tmp_path: Path) -> None:
    """Whatever stands in its bundle: the outbox is asked before a channel is made."""
    Storage.open(tmp_path, Realm.LIVE, Retention()).close()
    drill = SETTINGS.replace("realm: live", "realm: drill")

    configuration = configure(bundle(drill))

    assert configuration.settings.realm is Realm.DRILL
    with pytest.raises(OutboxError, match="holds the realm live, not drill"):
        Storage.open(tmp_path, configuration.settings.realm, Retention())
