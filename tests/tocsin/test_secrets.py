"""No secret leaves a daemon but to whom it is for, whatever its gateways answer.

Every secret that it can be given is made of one word; what it logs, shows and keeps is searched for it.
"""

import asyncio
import base64
import io
import logging
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ingest.clock import SystemClock
from ingest.journal import JournalReader, Retention
from notifiers.contacts import Contacts
from notifiers.delivery import State
from notifiers.outbox.reader import OutboxReader
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.gateway import Answer, HttpServer, Reply, Request
from simulators.publisher import Publisher
from tests.tocsin.serving import running
from tests.tocsin.test_channel_settings import TEMPLATES
from tests.tocsin.test_daemon_desk import ANA, until
from tests.tocsin.village import SETTINGS, ZONES, bundle, payload, topic
from tocsin.backup import backup
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.desk import socket_in
from tocsin.desk.client import ask
from tocsin.desk.questions import ALL
from tocsin.figures import Unheard, figures
from tocsin.first_bundle import apply_first
from tocsin.health import application
from tocsin.notices import notices
from tocsin.storage import Storage

WORD = "geheim"
HORN_KEY = "9e4e1b0d" * 8
WEBHOOK = base64.b64encode(f"{WORD}-of-the-web-hook".encode() * 2).decode()
SECRETS = {
    "mqtt": f"{WORD}-mqtt",
    "series": f"{WORD}-series",
    "url": "json://user:geheim-url@127.0.0.1:{gateway}/sms?:to={{recipient}}&:key={{key}}",
    "password": f"{WORD}-password",
    "token": f"{WORD}-token-of-callbacks",
    "cloud-key": f"{WORD}-cloud-key",
    "cloud-secret": f"{WORD}-cloud-secret",
    "horns": HORN_KEY,
    "webhook": f"whsec_{WEBHOOK}",
    "heartbeat": "http://127.0.0.1:{gateway}/geheim-heartbeat",
}
# As they are given, and in the forms in which they are used.
NEEDLES = [
    WORD.encode(),
    *(HORN_KEY.encode(), bytes.fromhex(HORN_KEY)[:12]),
    *(WEBHOOK.encode(), base64.b64encode(b"user:geheim-url")),
]
CHANNELS = """\
channels:
  sms: {{via: apprise, realm: live, reach: phone, url_file: {folder}/url, honours_keys: true}}
  kannel:
    {{via: kannel, realm: live, url: "http://127.0.0.1:{gateway}/sendsms", username: tocsin,
     password_file: {folder}/password, token_file: {folder}/token}}
  cloud:
    {{via: template, realm: live, provider: aliyun, endpoint: "http://127.0.0.1:{gateway}", signature: 应急,
     key_file: {folder}/cloud-key, secret_file: {folder}/cloud-secret, templates: {{{templates}}}}}
  horns: {{via: loudspeaker, realm: live, key_file: {folder}/horns}}
  hook: {{via: webhook, realm: live, url: "http://127.0.0.1:{gateway}/hook", secret_file: {folder}/webhook}}
series: {{store: influxdb, url: "http://127.0.0.1:{gateway}", org: o, token_file: {folder}/series}}
watchdog: {{every: 50ms, within: 10min, heartbeat_url_file: {folder}/heartbeat}}
"""
ROUTES = """\
routes:
  - {hazard: "*", grades: [blue, yellow, orange, red], to: [ana], channels: [sms, kannel, cloud]}
  - {hazard: "*", grades: [blue, yellow, orange, red], to: [horns, public], channels: [horns, hook]}
"""


class Telltale(HttpServer):
    """A gateway that takes nothing, and says all that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def answer(self, request: Request) -> Answer:
        said = f"{request.target} {dict(request.headers)} {request.body.decode()}"
        self.told.append(said)
        return Reply(403 if len(self.told) % 2 else 500, said.encode())


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """What other libraries log, down to what `tocsin.log` lets through."""
    root, text = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.WARNING)
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)


def secret_files(folder: Path, gateway: int) -> None:
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret.format(gateway=gateway))


def files_of(folder: Path, broker: int, gateway: int) -> Bundle:
    head, _, _ = SETTINGS.partition("channels:\n")
    mqtt = f"port: {broker}, username: tocsin, password_file: {folder}/mqtt"
    settings = head.replace("port: 1883", mqtt) + CHANNELS.format(
        folder=folder, gateway=gateway, templates=TEMPLATES
    )
    texts = {
        **bundle(settings).texts,
        "zones.geojson": ZONES.replace('"code"', '"horns": ["horn-1"], "code"'),
        "routes.yaml": ROUTES,
    }
    return Bundle("tocsin.yaml", texts)


@asynccontextmanager
async def guarded(directory: Path) -> AsyncIterator[tuple[Daemon, Telltale]]:
    """A village whose every channel, store and heartbeat has a secret, and a gateway that betrays them."""
    broker = LoopbackBroker(credentials={"tocsin": SECRETS["mqtt"], "gateway": "x"})
    telltale, folder, state = Telltale(), directory / "secrets", directory / "state"
    folder.mkdir()
    port, gateway = await broker.start(), await telltale.start()
    secret_files(folder, gateway)
    files = files_of(folder, port, gateway)
    storage = Storage.open(state, Realm.LIVE, Retention())
    try:
        apply_first(files, storage, SystemClock())
        configuration = replace(configure(files), contacts=Contacts({"ana": ANA}, {}))
        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            yield daemon, telltale
    finally:
        storage.close()
        await telltale.stop()
        await broker.stop()


async def red(daemon: Daemon) -> None:
    """A red warning; every channel has tried to tell of it once."""
    mqtt = daemon.configuration.settings.mqtt
    publisher = Publisher(mqtt.host, mqtt.port, "gateway", username="gateway", password="x")
    await publisher.connect()
    publisher.publish(topic("river-1"), payload("river-1", SystemClock().now(), 4.5))
    await publisher.flush()
    await publisher.close()
    state = daemon.storage.directory / "outbox.db"
    await until(lambda: tried(state) == {"sms", "kannel", "cloud", "horns", "hook"})


def tried(outbox: Path) -> set[str]:
    with closing(OutboxReader.reading(outbox)) as reader:
        return {
            found.delivery.channel
            for found in reader.recent(100)
            if found.delivery.attempt and found.state is not State.CLAIMED
        }


async def shown(daemon: Daemon) -> list[str]:
    """What anybody is shown over HTTP, right and wrong callbacks with it, and at the desk."""
    app = application(
        lambda: figures(daemon, Unheard()), daemon.problems, lambda: notices(daemon), daemon.callbacks()
    )
    paths = ["/metrics", "/readyz", "/healthz", *(route.path for route in daemon.callbacks())]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answers = [await client.get(path, params={"token": "x" * 20, "id": "k"}) for path in paths]
    answered = [str(answer.headers) + answer.text for answer in answers]
    state = socket_in(daemon.storage.directory)
    return answered + [
        str(await asyncio.to_thread(ask, state, question, about="")) for question in sorted(ALL)
    ]


def kept(state: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the state directory, with what the journal has packed."""
    for path in state.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
    with closing(JournalReader(state / "journal")) as journal:
        for entry in journal.read(0):
            yield f"entry {entry.sequence}", entry.data


def content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def parts(daemon: Daemon) -> Iterator[object]:
    """The channels and what they are made of, as a traceback or a debugger shows it; bare words aside."""
    for channel in daemon.channels:
        yield channel
        yield from (part for part in vars(channel).values() if not isinstance(part, str | bytes | dict))


def found_in(things: dict[str, bytes]) -> list[str]:
    return [name for name, content in things.items() if any(needle in content for needle in NEEDLES)]


async def test_no_secret_is_logged_shown_or_kept(
    tmp_path: Path, logged: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    async with guarded(tmp_path) as (daemon, telltale):
        await red(daemon)
        await until(lambda: any("heartbeat" in said for said in telltale.told))
        answers = await shown(daemon)
        insides = repr([daemon.configuration, *parts(daemon)])
        target = tmp_path / "backup.tar.gz"
        await asyncio.to_thread(backup, daemon.storage.directory, target)
    printed = capfd.readouterr()

    things = {f"answer {number}": text.encode() for number, text in enumerate(answers)}
    things |= {"log": logged.getvalue().encode(), "out": printed.out.encode(), "err": printed.err.encode()}
    things |= {"repr": insides.encode(), **dict(kept(tmp_path / "state"))}
    with tarfile.open(target) as archive:
        things |= {f"{member.name} in the backup": content(archive, member) for member in archive}

    assert found_in(things) == []
    # They were in use: a secret that is nowhere would be in no log either.
    said = "\n".join(telltale.told)
    for secret in ("geheim-password", "geheim-cloud-key", "geheim-heartbeat", "geheim-series"):
        assert secret in said
