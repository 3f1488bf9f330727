"""What every channel must do, whatever it speaks, and what is particular to SMS and to horns."""

import asyncio
import io
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from ingest.clock import HOUR, LockstepClock
from notifiers.delivery import Channel, Delivery, Receipt, State
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.recorder import Recorder
from notifiers.sms import SmsChannel, body
from rules.grade import Grade
from rules.realm import Realm

START = 1_528_060_200_000


def delivery(number: int = 0, realm: Realm = Realm.DRILL, address: str = "+8610000000001") -> Delivery:
    return Delivery(
        key=f"{number:024x}",
        realm=realm,
        warning="w1",
        ordinal=0,
        channel="any",
        recipient="ana",
        address=address,
        grade=Grade.RED,
        text={"zh": "红色预警", "en": f"RED warning {number}"},
        created=START,
        expires=START + HOUR,
    )


class Gateway:
    """A phone gateway on loopback that answers `statuses` in turn, then 200; 0 hangs, -1 hangs up."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[dict[str, str]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._over = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._over.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(h.split(":")[1]) for h in head.split("\r\n") if h.lower().startswith("content-length")
        )
        self.requests.append(json.loads(await reader.readexactly(length)))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            await self._over.wait()
        elif status > 0:
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    def url(self, extra: str = "") -> str:
        return f"json://{extra}127.0.0.1:{self.port}/sms?:to={{recipient}}&:key={{key}}"


@dataclass
class Harness:
    """A channel of the drill, what its recipients have read, and a way to break the medium."""

    channel: Channel
    address: str
    read: Callable[[], list[str]]
    cut: Callable[[], Awaitable[None]]


@asynccontextmanager
async def recorder(_: Path) -> AsyncIterator[Harness]:
    script: deque[Outcome] = deque()
    channel = Recorder(Realm.DRILL, "any", script)

    async def cut() -> None:
        script.append(Retry(0, "cut"))

    yield Harness(channel, "+8610000000001", lambda: [" ".join(d.text.values()) for d in channel.sent], cut)


@asynccontextmanager
async def sms(_: Path) -> AsyncIterator[Harness]:
    gateway = Gateway()
    await gateway.start()
    channel = SmsChannel(Realm.DRILL, gateway.url(), rate=1000, timeout=2)
    yield Harness(channel, "+8610000000001", lambda: [r["message"] for r in gateway.requests], gateway.stop)
    channel.close()
    await gateway.stop()


async def mosquitto(folder: Path, port: int) -> asyncio.subprocess.Process:
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n")
    process = await asyncio.create_subprocess_exec(
        "mosquitto", "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return process


async def stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        await process.wait()


async def free_port() -> int:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class Horn:
    """Plays every command it hears and answers as `answer` says."""

    def __init__(self, port: int, name: str, answer: Callable[[dict[str, Any]], bytes | None]) -> None:
        self.played: list[dict[str, Any]] = []
        self.listening = asyncio.Event()
        self._port, self._name, self._answer = port, name, answer

    async def run(self) -> None:
        async with aiomqtt.Client("127.0.0.1", self._port, identifier=self._name) as client:
            await client.subscribe(f"tocsin/horns/{self._name}/command", qos=1)
            self.listening.set()
            async for message in client.messages:
                command = json.loads(bytes(message.payload or b""))
                self.played.append(command)
                if (receipt := self._answer(command)) is not None:
                    await client.publish(f"tocsin/horns/{self._name}/receipt", receipt, qos=1)


def played(command: dict[str, Any]) -> bytes:
    return json.dumps({"id": command["id"], "state": "played", "at": START}).encode()


@asynccontextmanager
async def running(*parts: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(part()) for part in parts]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def loudspeaker(folder: Path) -> AsyncIterator[Harness]:
    port = await free_port()
    broker = await mosquitto(folder, port)
    receipts: list[Receipt] = []
    channel = LoudspeakerChannel(
        Realm.DRILL, "127.0.0.1", port, LockstepClock(START), receipts.append, timeout=2
    )
    horn = Horn(port, "horn-1", played)

    async def cut() -> None:
        await stop(broker)
        await until(lambda: not channel.connected)

    async with running(channel.run, horn.run):
        await until(lambda: channel.connected and horn.listening.is_set())
        yield Harness(
            channel,
            "horn-1",
            lambda: [" ".join(c["text"].values()) for c in horn.played],
            cut,
        )
    await stop(broker)


@pytest.fixture(params=[recorder, sms, pytest.param(loudspeaker, marks=pytest.mark.system)])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    async with request.param(tmp_path) as built:
        yield built


async def test_what_is_accepted_is_read_and_marked_as_an_exercise_first(harness: Harness) -> None:
    outcome = await harness.channel.send(delivery(address=harness.address))
    assert isinstance(outcome, Sent)
    await until(lambda: len(harness.read()) == 1)
    assert harness.read() == ["【演练】红色预警 EXERCISE RED warning 0"]


@pytest.mark.parametrize("realm", [r for r in Realm if r is not Realm.DRILL])
async def test_a_delivery_of_another_realm_is_refused_and_reaches_nobody(
    harness: Harness, realm: Realm
) -> None:
    outcome = await harness.channel.send(delivery(realm=realm, address=harness.address))
    assert outcome == Rejected(f"a drill channel sends nothing of the realm {realm}")
    assert isinstance(await harness.channel.send(delivery(address=harness.address)), Sent)
    await until(lambda: len(harness.read()) > 0)
    assert len(harness.read()) == 1


async def test_many_at_once_arrive_once_each(harness: Harness) -> None:
    outcomes = await asyncio.gather(
        *(harness.channel.send(delivery(i, address=harness.address)) for i in range(8))
    )
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    await until(lambda: len(harness.read()) == 8)
    assert {text[-1] for text in harness.read()} == set("01234567")


async def test_a_medium_that_is_down_is_to_be_tried_again(harness: Harness) -> None:
    await harness.cut()
    outcome = await harness.channel.send(delivery(address=harness.address))
    assert isinstance(outcome, Retry)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    started = Gateway()
    await started.start()
    yield started
    await started.stop()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Sent(delivery().key)),
        (202, Sent(delivery().key)),
        (400, Rejected("the gateway answered 400")),
        (403, Rejected("the gateway answered 403")),
        (429, Retry(0, "the gateway answered 429")),
        (500, Retry(0, "the gateway answered 500")),
        (503, Retry(0, "the gateway answered 503")),
        (-1, Unknown("the connection ended before the gateway answered")),
        (0, Unknown("the connection ended before the gateway answered")),
    ],
)
async def test_each_answer_of_the_gateway_has_its_outcome(
    gateway: Gateway, status: int, outcome: object
) -> None:
    """-1: it hangs up after taking the message; 0: it takes the message and never answers."""
    channel = SmsChannel(Realm.DRILL, gateway.url(), timeout=0.3)
    gateway.statuses = [status]
    assert await channel.send(delivery()) == outcome
    assert len(gateway.requests) == 1
    channel.close()


async def test_the_gateway_gets_number_and_key(gateway: Gateway) -> None:
    channel = SmsChannel(Realm.DRILL, gateway.url(), honours_keys=True)
    await channel.send(delivery(7))
    [request] = gateway.requests
    assert (request["to"], request["key"]) == ("+8610000000001", f"{7:024x}")
    channel.close()


async def test_sends_are_spaced_by_the_rate_of_the_gateway(gateway: Gateway) -> None:
    channel = SmsChannel(Realm.DRILL, gateway.url(), rate=20)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(channel.send(delivery(i)) for i in range(5)))
    assert loop.time() - began >= 4 / 20
    channel.close()


def test_an_sms_is_one_line_with_mark_signature_and_each_language() -> None:
    sly = replace(delivery(), text={"zh": "红色\r\n预警", "en": "RED\x07"})
    assert body(sly, Realm.DRILL, "【青溪应急】") == "【演练】【青溪应急】红色 预警 EXERCISE RED"
    assert body(sly, Realm.LIVE, "【青溪应急】") == "【青溪应急】红色 预警 RED"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("json://u:canary-secret@127.0.0.1/sms", "recipient.* is missing"),
        ("nosuch://u:canary-secret@127.0.0.1/{recipient}", "not a URL that Apprise can use"),
        ("canary-secret {recipient}", "not a URL that Apprise can use"),
    ],
)
def test_a_url_that_cannot_work_is_refused_without_showing_its_secrets(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        SmsChannel(Realm.DRILL, url)
    assert "canary" not in str(refused.value)


def test_a_gateway_that_honours_keys_must_be_given_them() -> None:
    with pytest.raises(ValueError, match=r"needs \{key\}"):
        SmsChannel(Realm.DRILL, "json://127.0.0.1/?:to={recipient}", honours_keys=True)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that reaches the root logger, down to the debug level."""
    root, text = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    root.removeHandler(handler)


async def test_credentials_and_numbers_stay_out_of_outcomes_and_logs(
    gateway: Gateway, logged: io.StringIO
) -> None:
    gateway.statuses = [403, -1, 200]
    channel = SmsChannel(Realm.DRILL, gateway.url("user:canary-secret@").replace("/sms", "/canary-path"))
    shown = [repr(await channel.send(delivery())) for _ in range(3)] + [repr(channel), logged.getvalue()]
    assert not any("canary" in text or "8610000000001" in text for text in shown)
    assert len(gateway.requests) == 3
    channel.close()


@pytest.mark.system
async def test_a_horn_is_told_everything_and_its_receipts_come_back(tmp_path: Path) -> None:
    port = await free_port()
    broker = await mosquitto(tmp_path, port)
    clock, receipts = LockstepClock(START), list[Receipt]()
    channel = LoudspeakerChannel(Realm.LIVE, "127.0.0.1", port, clock, receipts.append, repeat=2)
    failed = b'{"id": "k", "state": "failed", "at": 5, "reason": "amplifier"}'
    horns = [Horn(port, "horn-1", played), Horn(port, "horn-2", lambda _: failed)]
    broken = Horn(port, "horn-3", lambda _: b'{"id": 5}')
    async with running(channel.run, *(horn.run for horn in (*horns, broken))):
        await until(lambda: channel.connected and all(h.listening.is_set() for h in (*horns, broken)))
        for number in (1, 2, 3):
            sent = delivery(number, Realm.LIVE, f"horn-{number}")
            assert await channel.send(sent) == Sent(sent.key)
        await until(lambda: len(receipts) == 2 and channel.refused == 1)
        assert channel.idle()
    await stop(broker)
    assert horns[0].played == [
        {
            "id": f"{1:024x}",
            "warning": "w1",
            "ordinal": 0,
            "grade": "red",
            "text": {"zh": "红色预警", "en": "RED warning 1"},
            "repeat": 2,
            "expires": START + HOUR,
            "realm": "live",
        }
    ]
    assert sorted(receipts, key=lambda r: r.address) == [
        Receipt(f"{1:024x}", State.PLAYED, START, "", "horn-1"),
        Receipt("k", State.FAILED, START, "amplifier", "horn-2"),
    ]


@pytest.mark.system
async def test_the_loudspeaker_comes_back_after_the_broker_does(tmp_path: Path) -> None:
    port = await free_port()
    clock, receipts = LockstepClock(START), list[Receipt]()
    channel = LoudspeakerChannel(Realm.DRILL, "127.0.0.1", port, clock, receipts.append)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(channel.run))
        assert isinstance(await channel.send(delivery(address="horn-1")), Retry)
        for _ in range(2):
            broker = await mosquitto(tmp_path, port)
            await until(lambda: channel.connected, 10)
            assert isinstance(await channel.send(delivery(address="horn-1")), Sent)
            await stop(broker)
            await until(lambda: not channel.connected)
            assert isinstance(await channel.send(delivery(address="horn-1")), Retry)


async def test_a_horn_whose_id_would_reach_other_topics_is_refused() -> None:
    channel = LoudspeakerChannel(Realm.DRILL, "127.0.0.1", 1, LockstepClock(START), lambda _: None)
    assert isinstance(await channel.send(delivery(address="+/x")), Rejected)
