"""What is particular to horns; what holds of every channel is in `test_conformance.py`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from ingest.clock import HOUR, LockstepClock
from notifiers.delivery import Delivery, Receipt, State
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.outcome import Rejected, Retry, Sent
from rules.realm import Realm
from tests.notifiers import announced

START = 1_528_060_200_000


def delivery(number: int = 0, realm: Realm = Realm.DRILL, address: str = "horn-1") -> Delivery:
    text = {"zh": "红色预警", "en": f"RED warning {number}"}
    return announced.delivery(realm, key=f"{number:024x}", address=address, text=text)


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
