"""One connection, fed byte by byte by the test; the transport only writes down what it is told."""

import asyncio

import mqtt5
import pytest
from mqtt5 import QoS

from ingest.session import Broker
from ingest.session.inbox import Inbox
from ingest.session.link import Link, LinkLost

CONNACK = mqtt5.ConnAckPacket().write()


def publish(payload: bytes, packet_id: int, qos: QoS = QoS.AT_LEAST_ONCE) -> bytes:
    return mqtt5.PublishPacket("a/b", payload, qos=qos, packet_id=packet_id).write()


class Recorder(asyncio.Transport):
    """A transport without a network."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.written = b""
        self._link = link
        self._closing = False
        link.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            self._link.connection_lost(None)


def new_link() -> tuple[Link, Recorder, Inbox]:
    """A connection that has not been accepted yet."""
    broker = Broker(host="h", port=1, client_id="tocsin", topics=("a/#",), max_packet_size=2_000)
    inbox = Inbox(linger=0, batch_bytes=100_000)
    link = Link(broker, inbox, lambda _connack: 3)
    return link, Recorder(link), inbox


async def accepted() -> tuple[Link, Recorder, Inbox]:
    """A connection of epoch 3, the CONNECT forgotten."""
    link, transport, inbox = new_link()
    exchange = asyncio.create_task(link.exchange(b"CONNECT", mqtt5.ConnAckPacket))
    await asyncio.sleep(0)
    link.data_received(CONNACK)
    await exchange
    transport.written = b""
    return link, transport, inbox


async def test_a_packet_that_comes_byte_by_byte_is_put_together() -> None:
    link, _, inbox = await accepted()
    stream = publish(b"one", 1) + publish(b"two" * 100, 2)
    for n in range(len(stream)):
        link.data_received(stream[n : n + 1])
    batch = await inbox.take()
    assert (batch.epoch, batch.data, batch.packet_ids) == (3, stream, [1, 2])
    assert link.partial == 0


async def test_the_rest_of_a_cut_packet_is_counted_as_partial() -> None:
    link, _, inbox = await accepted()
    link.data_received(publish(b"whole", 1) + publish(b"cut", 2)[:5])
    assert link.partial == 5
    assert (await inbox.take()).data == publish(b"whole", 1)


async def test_a_release_at_qos_2_is_completed() -> None:
    """Such messages come only from an older subscription of another user of the session."""
    link, transport, _ = await accepted()
    link.data_received(mqtt5.PubRelPacket(5).write())
    assert transport.written == mqtt5.PubCompPacket(5).write()


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        pytest.param(b"\x30\xff\xff\xff\xff\x01", "four bytes", id="framing"),
        pytest.param(b"\x30\xff\xff\x7f" + bytes(3_000), "larger than the 2000", id="too large"),
        pytest.param(CONNACK, "ConnAckPacket out of turn", id="a second CONNACK"),
        pytest.param(mqtt5.PingReqPacket().write(), "PingReqPacket out of turn", id="a client's packet"),
    ],
)
async def test_a_broker_that_breaks_the_protocol_loses_the_link_with_the_reason(
    garbage: bytes, words: str
) -> None:
    link, _, _ = await accepted()
    link.data_received(garbage)
    assert words in await link.end
    assert not link.open


async def test_messages_in_the_read_that_ends_the_link_still_count() -> None:
    link, _, inbox = await accepted()
    link.data_received(publish(b"last", 1) + mqtt5.DisconnectPacket().write())
    assert (await inbox.take()).packet_ids == [1]
    assert "NORMAL_DISCONNECTION (0x00)" in await link.end


async def test_messages_before_the_connack_belong_to_no_connection() -> None:
    link, _, inbox = new_link()
    link.data_received(publish(b"early", 1))
    assert inbox.received == 0
    assert "before the CONNACK" in await link.end


async def test_a_request_that_is_answered_by_the_wrong_packet_fails() -> None:
    link, _, _ = new_link()
    exchange = asyncio.create_task(link.exchange(b"SUBSCRIBE", mqtt5.SubAckPacket))
    await asyncio.sleep(0)
    link.data_received(CONNACK)
    with pytest.raises(LinkLost, match="ConnAckPacket where SubAckPacket was due"):
        await exchange


async def test_a_request_on_a_link_that_breaks_fails_with_the_reason() -> None:
    link, transport, _ = new_link()
    exchange = asyncio.create_task(link.exchange(b"CONNECT", mqtt5.ConnAckPacket))
    await asyncio.sleep(0)
    assert transport.written == b"CONNECT"
    link.drop("the cable was cut")
    with pytest.raises(LinkLost, match="the cable was cut"):
        await exchange
