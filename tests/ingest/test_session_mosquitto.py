"""The session against a real Mosquitto, configured as production must be: nothing dropped silently."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import mqtt5
import pytest

from ingest.clock import LockstepClock
from ingest.session import Batch, Broker, Change, LinkEvent, Session, Tls
from simulators.free_port import free_port

pytestmark = pytest.mark.system

DEADLINE = 20.0
# As root Mosquitto would become a user that cannot read this test's directory.
CONFIGURATION = """
user root
persistence false
max_inflight_messages 0
max_queued_messages 0
listener {port} 127.0.0.1
"""
OPEN = "allow_anonymous true\n"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


async def command(*arguments: str, stdin: bytes = b"") -> None:
    """Run a program to its end; its complaint is the failure's text."""
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE):
        _, complaint = await process.communicate(stdin)
    assert process.returncode == 0, f"{arguments[0]}: {complaint.decode()}"


async def publish(port: int, first: int, last: int) -> None:
    """Publish the numbers first..last-1, one message each, and return when the broker has them."""
    lines = b"".join(b"%d\n" % n for n in range(first, last))
    await command(
        *("mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1", "-t", "tocsin/t", "-l"),
        stdin=lines,
    )


@asynccontextmanager
async def mosquitto(directory: Path, options: str = OPEN) -> AsyncIterator[int]:
    """A broker of our own on a free port."""
    port = free_port()
    configuration = directory / "mosquitto.conf"
    configuration.write_text(CONFIGURATION.format(port=port) + options)
    process = await asyncio.create_subprocess_exec(
        "mosquitto", "-c", str(configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            with suppress(ConnectionError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


@dataclass
class Listener:
    """A running session, what it reported, and what was taken from it."""

    session: Session
    events: list[LinkEvent] = field(default_factory=list)

    async def take(self, count: int) -> list[Batch]:
        """The next batches with `count` messages in all, none of them acknowledged."""
        batches: list[Batch] = []
        async with asyncio.timeout(DEADLINE):
            while sum(len(b.packets) for b in batches) < count:
                batches.append(await self.session.next_batch())
        return batches

    async def drain(self, count: int) -> list[int]:
        """The next `count` messages, each batch acknowledged."""
        batches = await self.take(count)
        for batch in batches:
            self.session.ack(batch)
        return numbers(batches)

    async def connected(self, times: int = 1) -> LinkEvent:
        await until(lambda: sum(e.what is Change.CONNECTED for e in self.events) >= times)
        return [e for e in self.events if e.what is Change.CONNECTED][-1]


@asynccontextmanager
async def listener(broker: Broker) -> AsyncIterator[Listener]:
    events: list[LinkEvent] = []
    session = Session(broker, LockstepClock(0), events.append)
    running = asyncio.create_task(session.run())
    try:
        yield Listener(session, events)
    finally:
        await session.close()
        async with asyncio.timeout(DEADLINE):
            await running


def numbers(batches: list[Batch]) -> list[int]:
    return [int(p.payload) for b in batches for p in b.packets if isinstance(p, mqtt5.PublishPacket)]


def broker(port: int) -> Broker:
    return Broker(
        host="127.0.0.1",
        port=port,
        client_id="tocsin",
        topics=("tocsin/#",),
        reconnect_min=1,
        reconnect_max=50,
    )


class Wire:
    """A path to the broker that a test can cut."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._ends: list[asyncio.StreamWriter] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self.port = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        self.cut()
        await asyncio.gather(*self._carrying)

    def cut(self) -> None:
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.add(asyncio.create_task(self._connect(reader, writer)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        self._ends += [writer, far_writer]
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


async def test_five_thousand_messages_arrive_in_order_and_are_acknowledged(tmp_path: Path) -> None:
    """Acknowledged means the broker forgets them: the next connection finds the session empty."""
    async with mosquitto(tmp_path) as port:
        async with listener(broker(port)) as first:
            await first.connected()
            publishing = asyncio.create_task(publish(port, 0, 5_000))
            assert await first.drain(5_000) == list(range(5_000))
            await publishing
        async with listener(broker(port)) as second:
            assert (await second.connected()).session_present
            await publish(port, 7_777, 7_778)
            assert await second.drain(1) == [7_777]


async def test_the_data_of_a_batch_is_the_packets_as_mosquitto_sent_them(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, listener(broker(port)) as ours:
        await ours.connected()
        await publish(port, 0, 50)
        for batch in await ours.take(50):
            expected = [p.write() for p in batch.packets if isinstance(p, mqtt5.PublishPacket)]
            assert batch.data == b"".join(expected)


async def test_unacknowledged_messages_come_again_after_the_link_broke(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, Wire(port).laid() as wire, listener(broker(wire.port)) as ours:
        await ours.connected()
        await publish(port, 0, 300)
        batches = await ours.take(300)
        wire.cut()
        assert (await ours.connected(2)).session_present
        assert await ours.drain(300) == numbers(batches) == list(range(300))


async def test_late_acknowledgements_of_an_older_epoch_destroy_nothing(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, Wire(port).laid() as wire, listener(broker(wire.port)) as ours:
        await ours.connected()
        await publish(port, 0, 5)
        old = await ours.take(5)
        wire.cut()
        await ours.connected(2)
        await publish(port, 5, 10)
        for batch in old:
            ours.session.ack(batch)
        wire.cut()
        await ours.connected(3)
        late = await ours.take(10)
        assert ours.session.dropped_acks == 5
        assert set(numbers(late)) == set(range(10))


async def test_messages_sent_while_nobody_listens_are_kept(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        async with listener(broker(port)) as first:
            assert not (await first.connected()).session_present
        await publish(port, 0, 2_000)
        async with listener(broker(port)) as second:
            assert (await second.connected()).session_present
            assert await second.drain(2_000) == list(range(2_000))


async def test_a_second_instance_with_our_client_id_is_suspected_of_a_takeover(tmp_path: Path) -> None:
    """Mosquitto 2.0 closes the older connection without the DISCONNECT that MQTT 5 asks for."""
    async with mosquitto(tmp_path) as port:
        slow = replace(broker(port), reconnect_min=60_000, reconnect_max=60_000)
        async with listener(slow) as first:
            await first.connected()
            async with listener(broker(port)) as second:
                assert (await second.connected()).session_present
                await until(lambda: len(first.events) == 2)
    assert first.events[1].what is Change.LOST
    assert "another client connects as 'tocsin'" in first.events[1].reason


async def test_messages_an_older_user_of_the_session_left_at_qos_2_are_received(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        at = ("-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "2")
        await command("mosquitto_sub", *at, "-t", "tocsin/#", "-i", "tocsin", "-c", "-x", "300", "-E")
        await command("mosquitto_pub", *at, "-t", "tocsin/t", "-m", "41")
        async with listener(broker(port)) as ours:
            assert await ours.drain(1) == [41]
            await publish(port, 42, 43)
            assert await ours.drain(1) == [42]
        async with listener(broker(port)) as again:
            await publish(port, 43, 44)
            assert await again.drain(1) == [43]


async def test_username_and_password_open_a_guarded_broker(tmp_path: Path) -> None:
    """Without them, or with wrong ones, the refusal is reported and names the code."""
    passwords = tmp_path / "passwords"
    await command("mosquitto_passwd", "-c", "-b", str(passwords), "tocsin", "right")
    async with mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}\n") as port:
        async with listener(replace(broker(port), username="tocsin", password="wrong")) as refused:
            await until(lambda: bool(refused.events))
        async with listener(replace(broker(port), username="tocsin", password="right")) as ours:
            await ours.connected()
    assert refused.events[0].what is Change.REFUSED
    assert "NOT_AUTHORIZED (0x87)" in refused.events[0].reason


async def certificates(directory: Path) -> None:
    """A CA `ca` and a certificate `server` for 127.0.0.1 signed by it; `other` is a CA of somebody else."""
    for name in ("ca", "other"):
        await command(
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={name}",
            ),
            *("-keyout", str(directory / f"{name}.key"), "-out", str(directory / f"{name}.pem")),
        )
    await command(
        *("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server"),
        *("-keyout", str(directory / "server.key"), "-out", str(directory / "server.csr")),
    )
    names = directory / "names"
    names.write_text("subjectAltName=IP:127.0.0.1")
    await command(
        *("openssl", "x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", str(names)),
        *("-in", str(directory / "server.csr"), "-out", str(directory / "server.pem")),
        *("-CA", str(directory / "ca.pem"), "-CAkey", str(directory / "ca.key")),
    )


async def test_tls_trusts_the_given_ca_and_no_other(tmp_path: Path) -> None:
    await certificates(tmp_path)
    options = f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
    async with mosquitto(tmp_path, OPEN + options) as port:
        plain = broker(port)
        async with listener(replace(plain, tls=Tls(str(tmp_path / "other.pem")))) as wary:
            await until(lambda: bool(wary.events))
        async with listener(replace(plain, tls=Tls(str(tmp_path / "missing.pem")))) as lost:
            await until(lambda: bool(lost.events))
        async with listener(replace(plain, tls=Tls(str(tmp_path / "ca.pem")))) as ours:
            await ours.connected()
            at = ("-h", "127.0.0.1", "-p", str(port), "--cafile", str(tmp_path / "ca.pem"))
            await command("mosquitto_pub", *at, "-V", "5", "-q", "1", "-t", "tocsin/t", "-m", "5")
            assert await ours.drain(1) == [5]
    assert "CERTIFICATE_VERIFY_FAILED" in wary.events[0].reason
    assert "missing.pem" in lost.events[0].reason
