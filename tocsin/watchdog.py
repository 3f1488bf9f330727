"""A canary flies through the whole chain, again and again; when none comes back somebody must be told.

Which doors it passes, in this order: publish and PUBACK at the broker; the broker's queue for our session
and its delivery; the intake; the journal, on disk; our PUBACK; the decoder and the judge, in the order of
the journal; the outbox's thread and disk, in a file of its own realm; routing and claim by a dispatcher of
its own; the hand-over to a channel; and at last it waits for a round of the live dispatcher on the live
outbox. Which it does not: registry, quality control and rules, beyond their taking its block; and the
gateways, whose own receipts say what becomes of a message.
"""

import asyncio
import logging
import sqlite3
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import aiomqtt
import httpx
import structlog

from ingest.clock import SECOND, Clock
from ingest.namespace import Namespace
from ingest.session import Broker
from notifiers.delivery import Delivery
from notifiers.dispatcher import Dispatcher
from notifiers.loudspeaker.link import heed_cancellation
from notifiers.outbox import Outbox
from notifiers.outbox.schema import OutboxError
from notifiers.outcome import Outcome, Sent
from notifiers.seal import refusal
from rules.realm import Realm
from tocsin.canary import CHANNEL, Canary, payload, raised, router, topic
from tocsin.storage import Storage

log = structlog.get_logger()

TIMEOUT_SECONDS = 5.0
# As many may be on their way; an older one is given up.
MOST = 16


class Perch:
    """The channel at which a canary arrives; `landed` is set by the first that does."""

    name = CHANNEL
    realm = Realm.CANARY
    honours_keys = True
    receipt_within: int | None = None

    def __init__(self) -> None:
        self.landed = asyncio.Event()

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        self.landed.set()
        return Sent(delivery.key)


class Timing(NamedTuple):
    """How often one is let fly, and how long none may come back before it is a problem; ms."""

    every: int
    within: int


class Heartbeat:
    """The outgoing sign of life: one GET for each canary that is back. Whoever watches the URL misses it.

    The URL is a secret, as whoever knows it can feign life, and is in no log.
    """

    def __init__(self, url: str, seconds: float = TIMEOUT_SECONDS) -> None:
        self.sent = 0
        self.failed = 0
        self._url = url
        # They print the URL of every request.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(timeout=seconds)

    async def beat(self) -> None:
        try:
            (await self._client.get(self._url)).raise_for_status()
            self.sent += 1
        except httpx.HTTPStatusError as error:
            self._report(f"answered {error.response.status_code}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._report(type(error).__name__)

    def _report(self, reason: str) -> None:
        self.failed += 1
        log.warning("heartbeat not taken; whoever watches it may raise an alarm", reason=reason)

    async def close(self) -> None:
        await self._client.aclose()


class Watchdog:
    """Lets canaries fly through `broker` and waits for them at the end; `flown` is told of those judged.

    `sent` and `returned` count them, `round_trip` is that of the newest in ms. Stray ones, of other lives and
    other daemons, change nothing. `dispatched` returns once the live dispatcher has made a round.
    """

    def __init__(
        self,
        broker: Broker,
        storage: Storage,
        clock: Clock,
        timing: Timing,
        *,
        namespace: Namespace,
        dispatched: Callable[[], Awaitable[None]],
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self.sent = 0
        self.returned = 0
        self.round_trip = 0
        self._broker = broker
        self._topic = topic(broker.client_id, namespace)
        self._storage = storage
        self._clock = clock
        self._timing = timing
        self._dispatched = dispatched
        self.heartbeat = heartbeat
        self._newest = clock.now()
        # Those on their way: when they were sent, and those of them that the judge has had.
        self._flying: dict[int, None] = {}
        self._judged: asyncio.Queue[Canary] = asyncio.Queue()

    @property
    def age(self) -> int:
        """Since the newest came back, or since the start before the first; ms."""
        return self._clock.now() - self._newest

    def problem(self) -> str:
        """What people are to know; empty while canaries come back."""
        if self.age <= self._timing.within:
            return ""
        return (
            f"no canary has come back for {self.age // SECOND} s: something between broker and channels hangs"
        )

    def flown(self, canaries: Iterable[Canary]) -> None:
        """The judge has had these."""
        for canary in canaries:
            if canary.of == self._broker.client_id and canary.sent in self._flying:
                del self._flying[canary.sent]
                self._judged.put_nowait(canary)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._let_fly())
                group.create_task(self._receive())
        finally:
            if self.heartbeat is not None:
                await self.heartbeat.close()

    async def _let_fly(self) -> None:
        while True:
            try:
                async with self._client() as client:
                    while True:
                        heed_cancellation()
                        await self._send(client)
                        heed_cancellation()
                        await asyncio.sleep(self._timing.every / SECOND)
            except (aiomqtt.MqttError, OSError) as error:
                log.warning("canary cannot fly", reason=str(error))
            heed_cancellation()
            await asyncio.sleep(min(self._timing.every / SECOND, TIMEOUT_SECONDS))

    async def _send(self, client: aiomqtt.Client) -> None:
        sent = self._clock.now()
        self._flying[sent] = None
        while len(self._flying) > MOST:
            del self._flying[next(iter(self._flying))]
        await client.publish(self._topic, payload(sent), qos=1)
        self.sent += 1

    def _client(self) -> aiomqtt.Client:
        broker = self._broker
        tls: ssl.SSLContext | None = None if broker.tls is None else broker.tls.context()
        return aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=f"{broker.client_id}-canary",
            username=broker.username,
            password=broker.password,
            tls_context=tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=TIMEOUT_SECONDS,
            keepalive=15,
        )

    async def _receive(self) -> None:
        while True:
            canary = await self._judged.get()
            try:
                await self._deliver(canary)
                async with asyncio.timeout(self._timing.within / SECOND):
                    await self._dispatched()
            except (TimeoutError, sqlite3.Error, OutboxError, OSError) as error:
                log.error("canary did not come through the outbox", reason=str(error) or type(error).__name__)
                continue
            self._newest = self._clock.now()
            self.round_trip = self._newest - canary.sent
            self.returned += 1
            if self.heartbeat is not None:
                await self.heartbeat.beat()

    async def _deliver(self, canary: Canary) -> None:
        """Through an outbox that holds nothing else, made anew each time, so that nothing piles up."""
        worker, perch = self._storage.outbox_thread, Perch()
        loop = asyncio.get_running_loop()
        outbox = await loop.run_in_executor(worker, self._outbox, canary)
        dispatcher = Dispatcher(outbox, router(), [perch], self._clock, worker)
        sending = asyncio.create_task(dispatcher.run(), name="canary dispatcher")
        landing = asyncio.create_task(perch.landed.wait())
        try:
            within = self._timing.within / SECOND
            await asyncio.wait([sending, landing], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if not landing.done():
                raise TimeoutError(f"not handed to a channel: {sending}")
        finally:
            for task in (sending, landing):
                task.cancel()
            await asyncio.gather(sending, landing, return_exceptions=True)
            await loop.run_in_executor(worker, outbox.close)

    def _outbox(self, canary: Canary) -> Outbox:
        path: Path = self._storage.directory / "canary.db"
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        outbox = Outbox.open(path, Realm.CANARY)
        outbox.commit(0, [raised(canary, self._clock.now())])
        return outbox
