"""Bytes become columns, or are refused with a reason."""

import json

import pytest
from mqtt5 import PublishPacket

from ingest.clock import DAY, MINUTE, SECOND
from ingest.decode import LARGEST_PAYLOAD, Decoder
from ingest.decode.scale import MOST_LEARNED
from ingest.reading import Quality, Reason
from ingest.session.wire import Message, Undecodable
from tests.ingest.devices import (
    GATEWAY,
    KINDS,
    RECEIVED,
    REGISTRY,
    decode,
    message,
    pack,
    refusal,
    table,
    topic,
)


def test_a_block_becomes_columns_in_journal_order() -> None:
    decoded = decode(
        message("s-2", RECEIVED - 1_000, seq=7, v={"smoke": 0.02, "temperature": 24.5, "alarm": 0}),
        message("r-1", "2018-05-27T20:00:00+08:00", v={"rain": 1.4}, period="5min"),
        message("l-1", v={"stage": -0.5}),
    )
    assert table(decoded) == [
        (0, "s-2", "smoke", 20, -1_000, 0, 0),
        (0, "s-2", "temperature", 2_450, -1_000, 0, 0),
        (0, "s-2", "alarm", 0, -1_000, 0, 0),
        (1, "r-1", "rain", 140, 0, 300_000, 0),
        (2, "l-1", "stage", -500, 0, 0, 0),
    ]
    assert decoded.rejected == []
    assert (decoded.messages, decoded.readings.sequence, decoded.readings.received) == (3, 1, RECEIVED)


def test_the_columns_have_the_types_of_the_contract() -> None:
    r = decode(message("s-1", v={"smoke": 0.1})).readings
    empty = decode().readings
    for rows in (r, empty):
        columns = (rows.message, rows.slot, rows.column, rows.value, rows.observed, rows.period, rows.quality)
        names = [column.dtype.name for column in columns]
        assert names == ["int32", "int32", "int16", "int64", "int64", "int64", "uint8"]


def test_an_empty_block_has_nothing() -> None:
    decoded = decode()
    assert (len(decoded.readings), decoded.rejected, decoded.messages) == (0, [], 0)


def test_floats_of_32_bits_are_what_they_were_meant_to_be() -> None:
    decoded = decode(message("s-1", v={"smoke": 0.15000000596, "temperature": 54.099998474}))
    assert decoded.readings.value.tolist() == [150, 5_410]


@pytest.mark.parametrize(
    ("sensor", "value", "unit", "count"),
    [
        ("l-1", 227, "cm", 2_270),
        ("l-1", 2_270, "毫米", 2_270),
        ("g-1", 7.17, "ppm", 999),
        ("g-1", 7.18, "ppm", 1_001),
        ("s-1", 129.2, "degF", 5_400),
    ],
)
def test_units_are_converted_exactly(sensor: str, value: float, unit: str, count: int) -> None:
    name = {"l-1": "stage", "g-1": "h2s", "s-1": "temperature"}[sensor]
    decoded = decode(message(sensor, v={name: value}, u={name: unit}))
    assert decoded.readings.value.tolist() == [count]


@pytest.mark.parametrize("unit", ["mA", "furlong", "m3", "m**9", "x" * 5_000, "m" + " " * 40])
def test_a_unit_that_does_not_fit_refuses_the_message(unit: str) -> None:
    assert refusal(message("l-1", v={"stage": 1}, u={"stage": unit}))[0] is Reason.WRONG_UNIT


def test_a_unit_without_a_value_is_a_mistake_not_a_note() -> None:
    assert refusal(message("l-1", v={"stage": 227}, u={"Stage": "cm"}))[0] is Reason.WRONG_UNIT


def test_one_impossible_value_refuses_its_message_and_no_other() -> None:
    decoded = decode(
        message("s-1", v={"smoke": 0.01, "temperature": 999.9}),
        message("s-1", v={"smoke": 0.02}),
    )
    assert table(decoded) == [(1, "s-1", "smoke", 20, 0, 0, 0)]
    (rejected,) = decoded.rejected
    assert (rejected.message, rejected.reason, rejected.topic) == (0, Reason.IMPOSSIBLE, topic("s-1"))
    assert rejected.detail == "temperature = 999.9 degC is outside -60 to 150 degC"
    assert json.loads(rejected.payload)["v"]["temperature"] == 999.9


@pytest.mark.parametrize(("value", "taken"), [(-60, True), (-60.01, False), (150, True), (150.01, False)])
def test_the_plausible_range_includes_its_ends(value: float, taken: bool) -> None:
    assert len(decode(message("s-1", v={"temperature": value})).readings) == taken


@pytest.mark.parametrize("value", [65_535, 1e18, -1e300, 1.7e308, 10**200])
def test_values_beyond_every_count_are_impossible(value: float) -> None:
    assert refusal(message("l-1", v={"stage": value}))[0] is Reason.IMPOSSIBLE


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (message("s-1", v={"humidity": 40}), Reason.UNKNOWN_METRIC),
        (message("s-1", v={"rain": 1}), Reason.UNKNOWN_METRIC),
        (message("s-1", "2018-05-27T20:00:00", v={"smoke": 0}), Reason.BAD_TIME),
        (message("s-1", v={"smoke": 0}, period="30m"), Reason.MALFORMED),
        (PublishPacket(topic("s-1"), b""), Reason.MALFORMED),
        (PublishPacket(topic("s-1"), b" " * (LARGEST_PAYLOAD + 1)), Reason.OVERSIZED),
        (PublishPacket(topic("s-1"), b"[" * (LARGEST_PAYLOAD + 1)), Reason.OVERSIZED),
        (PublishPacket(topic("s-1"), b'{"t":1,"v":{"smoke":0}}', retain=True), Reason.RETAINED),
        (PublishPacket(topic("s-1"), b'{"t":1,"v":{"smoke":0,"smoke":1}}'), Reason.DUPLICATE_KEY),
        (PublishPacket("tocsin/v1/riverside/smoke/s-9/telemetry", b"{}"), Reason.UNREGISTERED),
        (PublishPacket("tocsin/v1/riverside/rain/s-1/telemetry", b"{}"), Reason.WRONG_TOPIC),
        (PublishPacket(GATEWAY, b'{"t":1,"v":{"smoke":0}}'), Reason.MALFORMED),
        (Undecodable(7, b"\x32\x0c\x00\x06a/\xff/b\x01\x00\x07\x00{}", "codec"), Reason.NOT_UTF8),
        (Undecodable(7, b"\x32\x05\x00\x01a\x00\x00", "packet id 0"), Reason.MALFORMED),
        (Undecodable(None, b"\x30\x00", "short"), Reason.MALFORMED),
        (Undecodable(None, b"\x30", "short"), Reason.MALFORMED),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(packet: Message, reason: Reason) -> None:
    assert refusal(packet)[0] is reason


def test_a_payload_of_the_largest_size_is_read() -> None:
    payload = json.dumps({"t": RECEIVED, "v": {"smoke": 0.1}}).encode().ljust(LARGEST_PAYLOAD)
    assert len(decode(PublishPacket(topic("s-1"), payload)).readings) == 1


def test_an_undecodable_packet_keeps_its_bytes_and_what_can_be_read_of_its_topic() -> None:
    raw = b"\x30\x08\x00\x05a/\xff/b\x00"
    (rejected,) = decode(Undecodable(None, raw, "codec")).rejected
    assert (rejected.topic, rejected.payload) == ("a/\ufffd/b", raw)


@pytest.mark.parametrize(
    ("ahead", "instant", "amount"),
    [
        (0, (0, Quality.OK), (0, Quality.OK)),
        (1, (0, Quality.OK), (1, Quality.OK)),
        (5 * MINUTE, (0, Quality.OK), (5 * MINUTE, Quality.OK)),
        (5 * MINUTE + 1, (0, Quality.CLOCK), (0, Quality.CLOCK)),
        (81 * 365 * DAY, (0, Quality.CLOCK), (0, Quality.CLOCK)),
        (10**40, (0, Quality.CLOCK), (0, Quality.CLOCK)),
        (-1, (-1, Quality.OK), (-1, Quality.OK)),
        (-30 * DAY, (-30 * DAY, Quality.OK), (-30 * DAY, Quality.OK)),
        (-30 * DAY - 1, (0, Quality.CLOCK), (0, Quality.CLOCK)),
        (-RECEIVED, (0, Quality.CLOCK), (0, Quality.CLOCK)),
        (-(10**40), (0, Quality.CLOCK), (0, Quality.CLOCK)),
    ],
)
def test_clocks_that_run_wrong(ahead: int, instant: tuple[int, int], amount: tuple[int, int]) -> None:
    """Ahead: an instantaneous value is taken at once, an amount keeps its stamp up to 5 min; then, and over
    30 days behind, the device's clock counts for nothing."""
    decoded = decode(
        message("s-1", RECEIVED + ahead, v={"smoke": 0.1}), message("r-1", RECEIVED + ahead, v={"rain": 1})
    )
    assert [(row[4], row[6]) for row in table(decoded)] == [instant, amount]


def test_a_period_belongs_to_amounts_alone() -> None:
    decoded = decode(
        message("s-1", v={"smoke": 0.1}, period="5min"), message("r-1", v={"rain": 1}, period=60_000)
    )
    assert [row[5] for row in table(decoded)] == [0, 60_000]


def test_a_gateways_pack_gives_the_readings_of_its_sensors_by_stamp() -> None:
    decoded = decode(
        pack(
            {"bn": "s-2/", "bt": RECEIVED / SECOND, "n": "smoke", "v": 0.2},
            {"n": "smoke", "v": 0.1, "t": -10},
            {"bn": "urn:dev:ops:s-1:", "n": "smoke", "v": 0.3, "t": -10},
            {"n": "temperature", "u": "Cel", "v": 21.5, "t": -10},
            {"n": "alarm", "vb": True},
        )
    )
    assert table(decoded) == [
        (0, "s-1", "smoke", 300, -10_000, 0, 0),
        (0, "s-1", "temperature", 2_150, -10_000, 0, 0),
        (0, "s-2", "smoke", 100, -10_000, 0, 0),
        (0, "s-1", "alarm", 1, 0, 0, 0),
        (0, "s-2", "smoke", 200, 0, 0, 0),
    ]
    assert decoded.rejected == []


def test_values_of_one_reading_stand_together_however_a_pack_mixes_them() -> None:
    names = ("s-1/smoke", "s-2/smoke", "s-1/temperature", "s-2/temperature")
    decoded = decode(pack(*({"n": name, "v": 1} for name in names)))
    assert [row[1] for row in table(decoded)] == ["s-1", "s-1", "s-2", "s-2"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"n": "s-2/smoke", "v": 999.9}, Reason.IMPOSSIBLE),
        ({"n": "s-2/smoke", "vb": True}, Reason.WRONG_UNIT),
        ({"n": "s-2/smoke", "vs": "high"}, Reason.MALFORMED),
        ({"n": "s-2/smoke", "u": "V", "v": 1}, Reason.WRONG_UNIT),
        ({"n": "s-2/gas", "v": 1}, Reason.UNKNOWN_METRIC),
    ],
)
def test_a_bad_record_refuses_its_sensor_and_spares_the_others(
    bad: dict[str, object], reason: Reason
) -> None:
    decoded = decode(pack({"n": "s-1/smoke", "v": 0.1}, bad, {"n": "s-2/temperature", "v": 20}))
    assert [row[1:3] for row in table(decoded)] == [("s-1", "smoke")]
    assert [(r.message, r.reason) for r in decoded.rejected] == [(0, reason)]
    assert decoded.messages == 1


@pytest.mark.parametrize(("name", "reason"), [("s-3", Reason.WRONG_TOPIC), ("s-9", Reason.UNREGISTERED)])
def test_sensors_that_are_not_the_gateways_are_refused(name: str, reason: Reason) -> None:
    decoded = decode(pack({"n": f"{name}/smoke", "v": 0.1}, {"n": "s-1/smoke", "v": 0.1}))
    assert [row[1] for row in table(decoded)] == ["s-1"]
    assert [r.reason for r in decoded.rejected] == [reason]


def test_a_pack_of_which_nothing_is_left_is_refused_once_with_all_reasons() -> None:
    reason, detail = refusal(pack(*({"n": f"x-{n}/smoke", "v": 0.1} for n in range(5))))
    assert reason is Reason.UNREGISTERED
    assert detail.endswith("; and 2 more")


def test_a_pack_on_a_sensors_own_topic_is_taken_whole_or_not_at_all() -> None:
    good, bad = {"n": "smoke", "v": 0.1}, {"n": "s-2/smoke", "v": 0.1}
    assert len(decode(pack(good, to=topic("s-1"))).readings) == 1
    assert refusal(pack(good, bad, to=topic("s-1")))[0] is Reason.WRONG_TOPIC


def test_a_record_written_twice_in_a_pack_is_one_value() -> None:
    twice = {"n": "r-1/rain", "v": 2, "t": -60}
    assert len(decode(pack(twice, twice, {"n": "r-1/rain", "v": 6, "t": -60})).readings) == 2


def test_good_messages_between_bad_ones_lose_nothing() -> None:
    bad = [Undecodable(None, b"\x30", "short"), PublishPacket("x", b""), message("s-2", v={"smoke": -1})]
    good = [message("s-1", RECEIVED + n - 100, v={"smoke": n / 1000}) for n in range(100)]
    decoded = decode(*(packet for n, one in enumerate(good) for packet in (one, bad[n % 3])))
    assert decoded.readings.value.tolist() == list(range(100))
    assert [rejected.message for rejected in decoded.rejected] == list(range(1, 200, 2))
    assert decoded.messages == 200


def test_learned_units_are_forgotten_before_they_fill_memory() -> None:
    decoder = Decoder(KINDS, REGISTRY)
    spellings = [message("l-1", v={"stage": 1}, u={"stage": f"unit-{n}"}) for n in range(MOST_LEARNED)]
    assert len(decoder.decode(1, RECEIVED, spellings).rejected) == MOST_LEARNED
    centimetres = [message("l-1", v={"stage": 227}, u={"stage": "cm"})]
    for sequence in (2, 3):
        assert decoder.decode(sequence, RECEIVED, centimetres).readings.value.tolist() == [2_270]
