"""What a fleet says: sound packets of every kind, all different, and the same from the same seed."""

import json
from collections import Counter
from collections.abc import Sequence

import mqtt5
import numpy as np
import pytest

from bench.city_files import MAIN, texts
from ingest.decode import Decoder
from ingest.session.wire import Message, messages
from simulators.city.plan import KINDS, City, Plan, shares
from simulators.city.run import Run
from simulators.city.script import Script
from simulators.city.speech import FIRST_SEQUENCE, SPEECHES
from simulators.city.voices import LAST_PACKET_ID, Voices
from tocsin.bundle import Bundle
from tocsin.configuration import configure

STAMP = 1_764_448_000_000
PLAN = Plan.usual(sensors=600, gateways=4, interval=10_000)


@pytest.fixture
def voices() -> Voices:
    return Voices(City.of(PLAN))


def said(voices: Voices, rounds: int = 1, stamp: int = STAMP) -> list[bytes]:
    """All sensors of all gateways, so many times, a burst a gateway."""
    gateways = np.arange(PLAN.gateways)
    found = []
    for turn in range(rounds):
        found += [bytes(s) for s in voices.say(gateways, voices.room(gateways), stamp + turn)]
    return found


def packets(bursts: Sequence[bytes]) -> list[mqtt5.PublishPacket]:
    found: list[Message] = messages(b"".join(bursts))
    assert all(isinstance(packet, mqtt5.PublishPacket) for packet in found)
    return [packet for packet in found if isinstance(packet, mqtt5.PublishPacket)]


def test_the_kinds_have_their_shares() -> None:
    assert shares(1000) == {"smoke": 800, "electrical": 120, "gas": 20, "tank": 20, "rain": 20, "stage": 20}


def test_every_gateway_has_sensors_of_its_own_and_every_sensor_one() -> None:
    city = City.of(PLAN)

    assert sorted(city.number.tolist()) == list(range(PLAN.sensors))
    assert city.size.tolist() == [150] * 4
    assert Counter(city.kind.tolist())[KINDS.index("smoke")] == 480


def test_every_kind_is_decoded_by_the_shipped_kinds_with_all_its_metrics(voices: Voices) -> None:
    basis = configure(Bundle(MAIN, texts(voices.city, {}))).basis
    decoded = Decoder(basis.kinds, basis.registry).decode(1, STAMP + 20, packets(said(voices)))

    assert decoded.rejected == []
    told = dict.fromkeys(KINDS, 0)
    for slot in decoded.readings.slot.tolist():
        told[basis.registry.sensors[slot].kind] += 1
    metrics = {kind: len(SPEECHES[kind].metrics) for kind in KINDS}
    assert told == {kind: number * metrics[kind] for kind, number in shares(PLAN.sensors).items()}
    # A gauge has its rain as an amount or as a counter, never both.
    assert {k: len(basis.kinds[k].metrics) - n for k, n in metrics.items()} == {
        **dict.fromkeys(KINDS, 0),
        "rain": 1,
    }


def test_every_message_is_of_a_hundred_bytes_at_least(voices: Voices) -> None:
    assert min(payload for _, payload in voices.lengths().values()) >= 100
    assert {len(packet.payload) for packet in packets(said(voices))} == {
        payload for _, payload in voices.lengths().values()
    }


def test_no_two_messages_of_a_sensor_are_alike(voices: Voices) -> None:
    found = packets(said(voices, rounds=3))
    values = {
        (p.topic, json.dumps({k: v for k, v in json.loads(p.payload).items() if k != "t"})) for p in found
    }

    assert len({(packet.topic, packet.payload) for packet in found}) == 3 * PLAN.sensors
    assert len(values) == 3 * PLAN.sensors


def test_stamps_and_sequence_numbers_go_on_and_packet_ids_of_a_gateway_are_all_different(
    voices: Voices,
) -> None:
    first, second = (packets(said(voices, stamp=STAMP + after)) for after in (0, 10_000))
    of_one = [packet for packet in (*first, *second) if "/town-0002/" in packet.topic]

    assert {json.loads(packet.payload)["t"] for packet in second} == {STAMP + 10_000}
    assert {json.loads(packet.payload)["seq"] for packet in second} == {FIRST_SEQUENCE + 1}
    assert [packet.packet_id for packet in of_one] == list(range(1, 301))
    assert all(packet.qos is mqtt5.QoS.AT_LEAST_ONCE for packet in of_one)


@pytest.mark.parametrize("count", [0, 1, 100, 150])
def test_what_was_said_last_can_be_said_again_byte_for_byte_also_across_the_end_of_a_round(
    voices: Voices, count: int
) -> None:
    """Of gateway 1, whose 150 sensors have had one turn and 70 of them another."""
    gateway, said_ = np.array([1]), b""
    for turns in (150, 70):
        [burst] = voices.say(gateway, np.array([turns]), 1_764_448_000_000 + turns)
        said_ += bytes(burst)
    whole = [bytes(said_)[m:n] for m, n in bounds(said_)]

    assert int(voices.city.size[1]) == 150
    assert voices.again(1, count) == b"".join(whole[len(whole) - count :])


def bounds(data: bytes) -> list[tuple[int, int]]:
    """Where each packet begins and ends; its length takes two bytes."""
    found, at = list[tuple[int, int]](), 0
    while at < len(data):
        end = at + 3 + (data[at + 1] & 0x7F) + (data[at + 2] << 7)
        found.append((at, end))
        at = end
    return found


def test_packet_ids_start_again_behind_the_last_one(voices: Voices) -> None:
    voices.turn[0] = LAST_PACKET_ID - 1
    gateway = np.array([0])
    found = packets([bytes(s) for s in voices.say(gateway, np.array([2]), STAMP)])

    assert [packet.packet_id for packet in found] == [LAST_PACKET_ID, 1]


def test_the_same_plan_says_the_same_and_another_seed_something_else() -> None:
    one, same, other = (
        said(Voices(City.of(Plan.usual(sensors=600, gateways=4, interval=10_000, seed=seed))), rounds=2)
        for seed in (4, 4, 5)
    )

    assert one == same
    assert one != other


def test_all_topics_begin_with_the_namespace(voices: Voices) -> None:
    exercise = Voices(voices.city, "tocsin-drill")
    topics = [packet.topic for packet in packets(said(exercise))]

    assert topics == [p.topic.replace("tocsin/", "tocsin-drill/") for p in packets(said(voices))]
    assert all(topic.startswith("tocsin-drill/v1/town-") for topic in topics)


def test_quiet_sensors_stay_quiet(voices: Voices) -> None:
    """Nothing of what they say is near a threshold, or a run would time storms it did not order."""
    for packet in packets(said(voices, rounds=3)):
        values = json.loads(packet.payload)["v"]
        assert values.get("smoke", 0) <= 0.03
        assert 15 <= values.get("temperature", 24) <= 35
        assert values.get("leakage", 0) < 200
        assert values.get("rain", 0) == 0


def test_a_sensor_that_has_something_to_tell_tells_it_until_it_calms_down(voices: Voices) -> None:
    position = int(np.flatnonzero(voices.city.kind == KINDS.index("tank"))[0])
    topic = f"/{voices.city.sensor(position)}/"

    def level() -> float:
        [payload] = [p.payload for p in packets(said(voices)) if topic in p.topic]
        return float(json.loads(payload)["v"]["level"])

    voices.set(position, SPEECHES["tank"].texts({"level": 92}))
    loud = level(), level()
    voices.calm(position)

    assert loud == (92, 92)
    assert 45 <= level() <= 65


def test_a_sensor_follows_what_it_learned_report_by_report_and_is_calm_again(voices: Voices) -> None:
    position = int(np.flatnonzero(voices.city.kind == KINDS.index("electrical"))[0])
    topic = f"/{voices.city.sensor(position)}/"
    course = {"cable_temperature": ("  28.0", "  55.0", "  71.5"), "current": (" 20.00", " 70.00", " 70.00")}

    def measured() -> tuple[float, float]:
        [payload] = [p.payload for p in packets(said(voices)) if topic in p.topic]
        values = json.loads(payload)["v"]
        return values["cable_temperature"], values["current"]

    quiet = [measured() for _ in range(2)]
    voices.follow(position, voices.learn(course), round_=2)
    event = [measured() for _ in range(3)]
    voices.calm(position)

    assert {cable for cable, _ in quiet} == {28}
    assert event == [(28, 20), (55, 70), (71.5, 70)]
    assert measured()[0] == 28
    assert len({measured()[1] for _ in range(3)}) == 3


def test_every_trouble_of_every_kind_stands_in_its_field(voices: Voices) -> None:
    decimals = {(k, t): SPEECHES[k].texts(v) for k in KINDS for t, v in SPEECHES[k].troubles.items()}
    spikes = {(k, "spike"): SPEECHES[k].texts(SPEECHES[k].spike) for k in KINDS}

    for said_ in (*decimals.values(), *spikes.values()):
        assert all(
            len(written) == 6 and float(written) == float(written.strip()) for written in said_.values()
        )


def test_what_is_absurd_is_counted_and_what_the_decoder_refuses_is_just_that(voices: Voices) -> None:
    basis = configure(Bundle(MAIN, texts(voices.city, {}))).basis
    script = Script(voices, Run(seconds=300, rate=60))
    gateways, found = np.arange(PLAN.gateways), []
    for turn in range(30):
        counts = voices.room(gateways)
        script.before(gateways, counts)
        found += [bytes(s) for s in voices.say(gateways, counts, STAMP + turn * 10_000)]
    decoded = Decoder(basis.kinds, basis.registry).decode(1, STAMP + 300_020, messages(b"".join(found)))

    assert script.refused == len(decoded.rejected) > 0
