"""What the publisher says, and in which order."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from bench.load import Load, Order
from bench.measure import raising
from bench.mix import Voices, sensor_rows
from simulators.broker import LoopbackBroker
from simulators.device import read_devices

COUNT = 200


@pytest.fixture
def sensors(tmp_path: Path) -> Path:
    path = tmp_path / "sensors.csv"
    path.write_text("\n".join(sensor_rows(COUNT, ["east", "west"])) + "\n")
    return path


def test_the_kinds_have_their_shares(sensors: Path) -> None:
    kinds = Counter(row["kind"] for row in csv.DictReader(sensors.read_text().splitlines()))

    assert kinds == {"smoke": 160, "electrical": 24, "gas": 8, "rain": 4, "stage": 4}


def test_every_sensor_speaks_once_a_turn(sensors: Path) -> None:
    voices = Voices(read_devices(sensors), seed=1)

    turn = [voices.next(1000)[0] for _ in range(COUNT)]

    assert len(set(turn)) == COUNT
    assert voices.next(1000)[0] == turn[0]


def test_no_two_messages_of_a_sensor_have_one_stamp(sensors: Path) -> None:
    """Else they would be duplicates, and the count of lost messages would not add up."""
    voices = Voices(read_devices(sensors), seed=1)

    said = [voices.next(1000) for _ in range(3 * COUNT)] + [voices.smoke("smoke-000000", 1000)]

    assert len({(topic, json.loads(payload)["t"]) for topic, payload in said}) == 3 * COUNT + 1


def test_the_same_seed_says_the_same(sensors: Path) -> None:
    one, other = (Voices(read_devices(sensors), seed=4) for _ in range(2))

    assert [one.next(n) for n in range(COUNT)] == [other.next(n) for n in range(COUNT)]


def test_a_sensor_smells_smoke_in_one_phase_only(sensors: Path) -> None:
    first, second = raising(sensors, 0, 50.0), raising(sensors, 1, 50.0)

    assert len(first) == len(second) == 50
    assert not set(first) & set(second)


async def test_a_load_raises_all_it_should_and_the_last_message_is_one_of_them(sensors: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    order = Order(
        port=port,
        sensors=str(sensors),
        client="load",
        seed=1,
        seconds=0.3,
        rate=2000,
        raising=("smoke-000001", "smoke-000003"),
    )
    load = Load(order)
    try:
        sent = await load.run()
    finally:
        await broker.stop()

    assert list(sent.raises) == ["smoke-000001", "smoke-000003"]
    assert sent.began < sent.raises["smoke-000001"] < sent.raises["smoke-000003"]
    assert sent.published == broker.counters.published
    assert 300 <= sent.published <= 602
