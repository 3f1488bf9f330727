import random
from contextlib import suppress

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import QoS

from ingest.session.wire import Undecodable, WireError, acknowledgements, publishes, split


def publish(payload: bytes, packet_id: int | None = None, topic: str = "a/b") -> bytes:
    qos = QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE
    return mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=packet_id).write()


NOT_UTF8 = publish(b"x", 7).replace(b"a/b", b"a\xffb")
BAD_PROPERTY = b"\x32\x08\x00\x01a\x00\x09\x02\x7f\x01"
# A panic of the codec also passes through sys.unraisablehook, which pytest takes for a leak.
LET_PANIC = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PING = mqtt5.PingRespPacket().write()


def test_every_complete_packet_is_read_and_an_incomplete_one_stays() -> None:
    first, second = publish(b"one", 1), publish(b"two" * 100, 2)
    packets, consumed = split(memoryview(first + second + first[:-1]))
    assert [p.payload for p in packets if isinstance(p, mqtt5.PublishPacket)] == [b"one", b"two" * 100]
    assert consumed == len(first + second)


def test_an_empty_buffer_holds_nothing() -> None:
    assert split(memoryview(b"")) == ([], 0)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.data())
def test_cuts_of_the_stream_change_nothing(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(publish(p, n + 1) for n, p in enumerate(payloads))
    cut = data.draw(st.integers(0, len(stream)))
    packets, consumed = split(memoryview(stream[:cut]))
    rest, more = split(memoryview(stream[consumed:]))
    assert consumed + more == len(stream)
    read = [p.payload for p in packets + rest if isinstance(p, mqtt5.PublishPacket)]
    assert read == payloads


@pytest.mark.parametrize(
    ("poison", "packet_id"),
    [
        pytest.param(NOT_UTF8, 7, id="topic is not UTF-8: the codec panics"),
        pytest.param(BAD_PROPERTY, 9, id="unknown property"),
        pytest.param(b"\x30\x05\x00\x01a\x01\x7f", None, id="QoS 0 asks for no acknowledgement"),
        pytest.param(b"\x36\x06\x00\x01a\x00\x07\x00", None, id="there is no QoS 3"),
        pytest.param(b"\x32\x06\x00\x60a\x00\x07\x00", None, id="topic longer than the packet"),
        pytest.param(b"\x32\x00", None, id="nothing in it"),
        pytest.param(BAD_PROPERTY.replace(b"\x00\x09", b"\x00\x00"), None, id="0 is no packet id"),
        pytest.param(
            b"\x34\x88\x01\x80\x00" + bytes(134), None, id="topic length whose bytes look like a length"
        ),
    ],
)
@LET_PANIC
def test_a_publish_the_codec_refuses_is_framed_by_hand(poison: bytes, packet_id: int | None) -> None:
    """The good messages on both sides of it are read."""
    packets, consumed = split(memoryview(publish(b"before", 1) + poison + publish(b"after", 2)))
    before, bad, after = packets
    assert isinstance(before, mqtt5.PublishPacket)
    assert isinstance(after, mqtt5.PublishPacket)
    assert isinstance(bad, Undecodable)
    assert (bad.packet_id, bad.raw) == (packet_id, poison)
    assert bad.reason
    assert consumed == len(publish(b"before", 1) + poison + publish(b"after", 2))


def test_a_poisonous_publish_is_not_judged_before_it_is_complete() -> None:
    for cut in range(1, len(BAD_PROPERTY)):
        assert split(memoryview(BAD_PROPERTY[:cut])) == ([], 0)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="five-byte remaining length"),
        pytest.param(b"\x00\x00", id="packet type 0"),
        pytest.param(b"\xe0\x01\x77", id="DISCONNECT with a reason nobody defined"),
    ],
)
def test_impossible_bytes_name_their_offset(garbage: bytes) -> None:
    good = publish(b"good", 1)
    with pytest.raises(WireError) as error:
        split(memoryview(good + garbage))
    assert error.value.offset == len(good)
    assert f"byte {len(good)} " in str(error.value)


def test_control_packets_are_cut_out_and_the_rest_stays_byte_for_byte() -> None:
    one, two = publish(b"1" * 200, 1), publish(b"2")
    assert publishes(memoryview(PING + one + PING + NOT_UTF8 + two + PING)) == one + NOT_UTF8 + two


def test_acknowledgements_are_those_of_the_codec_in_order() -> None:
    packets, _ = split(memoryview(publish(b"", 300) + publish(b"") + BAD_PROPERTY + publish(b"", 65535)))
    messages = [p for p in packets if isinstance(p, mqtt5.PublishPacket | Undecodable)]
    assert acknowledgements(messages) == b"".join(mqtt5.PubAckPacket(n).write() for n in (300, 9, 65535))
    assert acknowledgements([]) == b""


def test_a_qos_2_message_is_received_not_acknowledged() -> None:
    sent = mqtt5.PublishPacket("a", b"", qos=QoS.EXACTLY_ONCE, packet_id=5)
    poison = Undecodable(6, b"\x34\x00", "whatever")
    expected = mqtt5.PubRecPacket(5).write() + mqtt5.PubRecPacket(6).write()
    assert acknowledgements([sent, poison]) == expected


def test_mutated_messages_are_read_refused_or_named_and_never_escape() -> None:
    chance = random.Random(20240607)
    seed = publish(b'{"v":{"rain":1.5}}', 7) + publish(b"x", 8) + PING
    refused = 0
    for _ in range(2_000):
        stream = bytearray(seed)
        for _ in range(chance.randint(1, 4)):
            stream[chance.randrange(len(stream))] = chance.randrange(128)
        with suppress(WireError):
            packets, consumed = split(memoryview(stream))
            assert consumed <= len(stream)
            refused += sum(isinstance(p, Undecodable) for p in packets)
    assert refused > 100
