"""Whatever a device sends, the decoder counts exactly and never raises."""

import json
import random
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from ingest.decode import Decoder
from ingest.decode.scale import Scales
from ingest.kinds import Kind, Kinds
from ingest.session.wire import Undecodable
from tests.ingest.devices import (
    GATEWAY,
    KINDS,
    PERIODIC,
    RECEIVED,
    REGISTRY,
    SENSORS,
    decode,
    message,
    metric,
    pack,
    topic,
)

FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4, width=32),
    st.integers(-(10**7), 10**7).map(lambda n: n / 10**4),
    st.integers(-(10**7), 10**7).map(lambda n: (n + 0.5) / 100),
)


# Ties whose float products fall to the wrong side.
@example([0.545, 0.575, 1.015, -1.225, 1.245], "0.01")
@example([0.5015, 0.5035, -0.5095, 0.5115], "0.001")
@given(st.lists(FLOATS, max_size=20), st.sampled_from(["1", "0.001", "0.01", "0.05", "2.5", "3"]))
def test_counts_equal_exact_decimal_rounding(numbers: Sequence[float], resolution: str) -> None:
    kind = Kind(name="k", title={}, metrics={}, reporting=PERIODIC, heartbeat=1)
    quantity = metric("x", 0, "m", resolution, "-1e9", "1e9")
    counts, plausible = Scales(Kinds({"k": kind}, (quantity,), ("k",))).counts(
        np.zeros(len(numbers), np.intp), np.array(numbers, np.float64)
    )
    for number, count, taken in zip(numbers, counts.tolist(), plausible.tolist(), strict=True):
        exact = quantity.scale(Decimal(repr(number)))
        rounded = exact.quantize(Decimal(1), ROUND_HALF_EVEN) if abs(exact) < 10**12 else exact
        assert taken == (Decimal("-1e9") <= rounded * quantity.resolution <= Decimal("1e9"))
        assert count == rounded or not taken


PAYLOADS = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["t", "v", "u", "n", "bn", "smoke", "period"]), inner, max_size=4
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
# The codec itself refuses to build a topic with the others.
LEGAL = st.characters(codec="utf-8", exclude_characters="+#\x00")
TOPICS = st.one_of(
    st.sampled_from([GATEWAY, *map(topic, dict(SENSORS))]), st.text(LEGAL, min_size=1, max_size=60)
)


@given(st.lists(st.tuples(TOPICS, PAYLOADS), max_size=5))
def test_nothing_a_device_sends_raises_or_goes_uncounted(sent: list[tuple[str, bytes]]) -> None:
    decoded = decode(*(PublishPacket(name, payload) for name, payload in sent))
    told = set(decoded.readings.message.tolist())
    refused = [rejected.message for rejected in decoded.rejected]
    assert told | set(refused) == set(range(len(sent)))
    assert refused == sorted(set(refused))


@given(st.binary(max_size=40))
def test_no_undecodable_packet_raises(raw: bytes) -> None:
    assert len(decode(Undecodable(None, raw, "refused")).rejected) == 1


DAMAGE = [bytes([byte]) for byte in b'{}[]":,.-e019_\\\x00\xff'] + [
    b"",
    b'"u":',
    b"NaN",
    b"true",
    b"null",
    b"99999",
]


def test_a_hundred_thousand_damaged_messages_stop_nothing() -> None:
    """Each is a good message with a few bytes changed, cut or doubled; the good ones between all arrive."""
    chance = random.Random(20)
    decoder = Decoder(KINDS, REGISTRY)
    good = message("s-1", RECEIVED - 5, seq=1, v={"smoke": 0.1, "temperature": 20.25}, u={"smoke": "dB/m"})
    senml = pack(
        {"bn": "s-1/", "bt": 1_527_422_000, "n": "smoke", "u": "dB/m", "v": 0.1}, {"n": "alarm", "vb": True}
    )
    for sequence in range(100):
        block = [good]
        for source in (good, senml) * 500:
            payload = bytearray(source.payload)
            for _ in range(chance.randrange(1, 4)):
                place = int(chance.random() * len(payload))
                payload[place : place + chance.getrandbits(1)] = chance.choice(DAMAGE)
            block.append(PublishPacket(source.topic, bytes(payload)))
        decoded = decoder.decode(sequence, RECEIVED, [*block, good])
        told = set(decoded.readings.message.tolist())
        assert {0, len(block)} <= told
        assert told | {rejected.message for rejected in decoded.rejected} == set(range(len(block) + 1))
