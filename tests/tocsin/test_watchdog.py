"""Canaries through a whole daemon, with a real broker, journal and outbox."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.clock import SystemClock
from ingest.journal import Retention
from ingest.namespace import Namespace
from notifiers.outbox.reader import OutboxReader
from notifiers.outcome import Rejected, Sent
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.publisher import Publisher
from tests.notifiers.announced import delivery
from tests.tocsin.serving import running
from tests.tocsin.village import SETTINGS, bundle
from tocsin.canary import Canary, payload, topic
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.figures import Unheard, figures
from tocsin.first_bundle import apply_first
from tocsin.health import HealthServer, door
from tocsin.settings import Watchdog as Section
from tocsin.storage import Storage
from tocsin.watchdog import Heartbeat, Perch, Watchdog


@dataclass
class Listener:
    """Whoever watches the heartbeat: `beats` counts, `status` is what it answers."""

    port: int = 0
    beats: int = 0
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def beat(self, request: Request) -> Response:
        self.beats += 1
        self.asked.append(request.url.path)
        return PlainTextResponse("", self.status)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = HealthServer(Starlette(routes=[Route("/{any:path}", self.beat)]), door(self.port))
        self.port = server.port
        task = asyncio.create_task(server.run())
        yield
        await server.stop()
        await task


@dataclass
class Flight:
    """A daemon whose canaries fly, its broker and port."""

    daemon: Daemon
    broker: LoopbackBroker
    port: int

    @property
    def dog(self) -> Watchdog:
        assert self.daemon.watchdog is not None
        return self.daemon.watchdog

    def shown(self) -> dict[str, float]:
        return {figure.name: figure.value for figure in figures(self.daemon, Unheard())}


@asynccontextmanager
async def flying(
    directory: Path, more: str = "", within: str = "10min", topics: str = "", every: str = "50ms"
) -> AsyncIterator[Flight]:
    broker = LoopbackBroker()
    port = await broker.start()
    text = SETTINGS.replace("port: 1883", f"port: {port}{topics}")
    files = bundle(f"{text}watchdog: {{every: {every}, within: {within}{more}}}\n")
    storage = Storage.open(directory / "state", Realm.LIVE, Retention())
    try:
        apply_first(files, storage, SystemClock())
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon:
            yield Flight(daemon, broker, port)
    finally:
        storage.close()
        await broker.stop()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def test_canaries_come_back_and_leave_no_trace_in_what_is_live(tmp_path: Path) -> None:
    async with flying(tmp_path) as flight:
        await until(lambda: flight.dog.returned >= 3)
        daemon, shown = flight.daemon, flight.shown()
        reader = OutboxReader.reading(tmp_path / "state" / "outbox.db")
        live = list(reader.transitions()), list(reader.recent(10))
        reader.close()
        problems, screen = daemon.problems(), daemon.judging.judge.screen

    assert problems == {}
    assert live == ([], [])
    assert (screen.accepted, screen.quarantined, screen.readings) == (0, 0, 0)
    assert daemon.judging.judge.warnings() == []
    assert shown["tocsin_canaries_returned"] >= 3
    assert shown["tocsin_canary_round_trip_seconds"] > 0


async def test_each_canary_that_is_back_is_a_heartbeat_out(tmp_path: Path) -> None:
    listener = Listener()
    async with listener.listening():
        more = f", heartbeat_url: 'http://127.0.0.1:{listener.port}/secret'"
        async with flying(tmp_path, more) as flight:
            await until(lambda: listener.beats >= 2)
            await until(lambda: flight.shown()["tocsin_heartbeats_sent"] >= 2)
            listener.status = 500
            await until(lambda: flight.shown()["tocsin_heartbeats_failed"] >= 2)
            returned = flight.dog.returned
            await until(lambda: flight.dog.returned > returned)

    assert set(listener.asked) == {"/secret"}


async def test_a_heartbeat_that_nobody_takes_stops_no_canary_and_is_named_in_no_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "url").write_text("http://127.0.0.1:9/secret\n")
    async with flying(tmp_path, f", heartbeat_url_file: {tmp_path / 'url'}") as flight:
        await until(lambda: flight.shown()["tocsin_heartbeats_failed"] >= 2)
        returned = flight.dog.returned
        await until(lambda: flight.dog.returned > returned)
    out, err = capfd.readouterr()

    assert "heartbeat not taken" in out + err
    assert "secret" not in out + err + repr(Section(heartbeat_url="http://a/secret"))


async def test_without_the_broker_none_comes_back_and_with_it_they_do(tmp_path: Path) -> None:
    async with flying(tmp_path, within="600ms") as flight:
        await until(lambda: flight.dog.returned)
        await flight.broker.stop()
        await until(lambda: "no canary has come back" in flight.daemon.problems().get("canary", ""))
        await flight.broker.start(port=flight.port)
        await until(lambda: "canary" not in flight.daemon.problems())


async def test_a_subscription_that_leaves_the_canary_out_is_found(tmp_path: Path) -> None:
    async with flying(tmp_path, within="600ms", topics=", topics: [tocsin/v1/village/#]") as flight:
        await until(lambda: "canary" in flight.daemon.problems())
        assert flight.dog.sent > 0


async def test_an_outbox_whose_thread_hangs_is_found_and_missed_no_longer_when_it_goes_on(
    tmp_path: Path,
) -> None:
    async with flying(tmp_path, within="600ms") as flight:
        await until(lambda: flight.dog.returned)
        hanging = threading.Event()
        flight.daemon.storage.outbox_thread.submit(hanging.wait)
        try:
            await until(lambda: "canary" in flight.daemon.problems())
        finally:
            hanging.set()
        await until(lambda: "canary" not in flight.daemon.problems())


async def test_a_live_dispatcher_that_stands_still_is_found(tmp_path: Path) -> None:
    async with flying(tmp_path, within="600ms") as flight:
        await until(lambda: flight.dog.returned)
        [dispatching] = [task for task in asyncio.all_tasks() if task.get_name() == "dispatcher"]
        dispatching.cancel()
        await until(lambda: "canary" in flight.daemon.problems())
        sent, returned = flight.dog.sent, flight.dog.returned
        await until(lambda: flight.dog.sent >= sent + 5)
        assert flight.dog.returned == returned


async def test_an_outbox_that_cannot_be_opened_is_found(tmp_path: Path) -> None:
    async with flying(tmp_path, within="600ms") as flight:
        await until(lambda: flight.dog.returned)
        path = tmp_path / "state" / "canary.db"
        await until(lambda: _blocked(path))
        await until(lambda: "canary" in flight.daemon.problems())


def _blocked(path: Path) -> bool:
    """Put a directory in the place of the file; that is made anew all the time, so not every try succeeds."""
    try:
        path.unlink(missing_ok=True)
        path.mkdir()
    except FileExistsError:
        return False
    return True


async def test_strays_of_other_daemons_and_other_lives_count_for_nothing(tmp_path: Path) -> None:
    # Seldom enough for each to be back before the next one, however busy the machine is.
    async with flying(tmp_path, topics=", client_id: mine", every="1s") as flight:
        publisher = Publisher("127.0.0.1", flight.port, "stranger")
        await publisher.connect()
        for of, sent in (("mine", 1), ("other", SystemClock().now())):
            publisher.publish(topic(of, Namespace.LIVE), payload(sent))
        await publisher.flush()
        await publisher.close()
        flight.dog.flown([Canary("mine", 1), Canary("other", 2)])
        before = flight.dog.sent
        await until(lambda: flight.dog.sent > before and flight.daemon.intake.messages >= 3)
        await until(lambda: flight.dog.returned >= flight.dog.sent)

        assert flight.dog.returned <= flight.dog.sent
        assert flight.daemon.judging.judge.screen.quarantined == 0


async def test_a_perch_takes_what_is_of_its_realm_and_nothing_else() -> None:
    perch = Perch()

    assert isinstance(await perch.send(delivery(Realm.LIVE)), Rejected)
    assert not perch.landed.is_set()
    assert isinstance(await perch.send(delivery(Realm.CANARY)), Sent)
    assert perch.landed.is_set()


def test_by_default_a_hang_is_seen_from_outside_within_180_s() -> None:
    """The last canary back, a hang right behind it, a look every 5 s that waits 5 s."""
    section = Section()

    assert section.every + section.patience + 10_000 <= 180_000
    assert section.within + 10_000 <= 180_000


@pytest.mark.parametrize("url", ["http://127.0.0.1:geheim/", "geheim", "geheim://127.0.0.1/"])
async def test_a_heartbeat_to_no_address_is_counted_and_not_shown(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    heartbeat = Heartbeat(url)
    await heartbeat.beat()
    await heartbeat.close()

    out, err = capfd.readouterr()
    assert (heartbeat.sent, heartbeat.failed) == (0, 1)
    assert "heartbeat not taken" in out + err
    assert "geheim" not in out + err
