"""What happens in the city: when it was set for, and to whom."""

import json
from itertools import pairwise

import mqtt5
import numpy as np
import pytest

from ingest.session.wire import messages
from simulators.city.plan import City, Plan
from simulators.city.run import Happening, Run
from simulators.city.script import Script, blocks
from simulators.city.voices import Voices

STAMP = 1_764_448_000_000


def made(course: Run, sensors: int = 1000, gateways: int = 10) -> tuple[Voices, Script]:
    voices = Voices(City.of(Plan.usual(sensors=sensors, gateways=gateways, interval=10_000)))
    return voices, Script(voices, course)


def play(
    voices: Voices, script: Script, rounds: int
) -> tuple[list[str], list[tuple[int, dict[str, object]]]]:
    """Sensors that were to be timed, in order, and (round, report with its topic) of every sound message."""
    gateways, timed, found = np.arange(voices.city.plan.gateways), [], []
    for turn in range(rounds):
        counts = voices.room(gateways)
        timed += [voices.city.sensor(position) for position in script.before(gateways, counts)]
        for burst in voices.say(gateways, counts, STAMP + turn):
            for packet in messages(bytes(burst)):
                assert isinstance(packet, mqtt5.PublishPacket)
                if b"?" not in packet.payload:
                    found.append((turn, {"topic": packet.topic, **json.loads(packet.payload)["v"]}))
    return timed, found


def test_alarms_to_time_go_out_as_often_as_was_asked_for_each_of_another_sensor() -> None:
    timed, said = play(*made(Run(seconds=100, rate=100, timed=0.5)), rounds=10)
    hot = {
        str(r["topic"]).split("/")[-2]
        for _, r in said
        if r.get("smoke", 0) == 0.21 and r["temperature"] == 60
    }

    assert len(timed) == len(set(timed)) == 50
    assert set(timed) <= hot


def test_an_alarm_to_time_is_one_report() -> None:
    voices, script = made(Run(seconds=100, rate=100, timed=0.5))
    timed, said = play(voices, script, rounds=10)
    counts = [
        sum(1 for _, r in said if f"/{sensor}/" in str(r["topic"]) and r["smoke"] == 0.21) for sensor in timed
    ]

    assert counts == [1] * 50


def test_two_phases_time_different_sensors_however_many_went_before() -> None:
    timed = [play(*made(Run(100, 100, timed=1, phase=phase)), rounds=10)[0] for phase in range(4)]

    assert min(map(len, timed)) >= 95
    assert not any(set(first) & set(second) for first, second in pairwise(timed))


def test_a_storm_comes_over_some_towns_and_passes() -> None:
    _, said = play(*made(Run(seconds=100, rate=100)), rounds=10)
    wet = [turn for turn, report in said if report.get("rain", 0) == 4]
    towns = {str(report["topic"]).split("/")[2] for _, report in said if report.get("rain", 0) == 4}

    assert (min(wet), max(wet)) == (4, 5)
    assert len(towns) == 1


def test_one_sensor_in_a_hundred_is_faulty() -> None:
    voices, script = made(Run(seconds=100, rate=100), sensors=3000)
    play(voices, script, rounds=20)

    # Of the thirty ten say something absurd every ten rounds and ten no JSON every twenty; tanks' and rivers'
    # absurdities can be, and are for quality control.
    assert 20 <= script.refused <= 30


def test_alarms_run_as_the_physics_of_their_event_and_each_sensor_has_one_a_day() -> None:
    """A day of 300 rounds, of which half is played; a report is of ten seconds."""
    run = Run(seconds=3000, rate=100, faulty=0, alarms=0.1, day=3000, physics=True, storm=False)
    voices, script = made(run)
    _, said = play(voices, script, rounds=150)
    burning = {str(r["topic"]) for _, r in said if float(str(r.get("smoke", 0))) > 0.3}
    growing = [
        [float(str(r["smoke"])) for _, r in said if r["topic"] == topic and float(str(r["smoke"])) > 0.05]
        for topic in burning
    ]

    # Of 100 sensors about half had their event by then; a detector has one of six, of which one is a fire.
    assert 35 <= script.happened[Happening.ALARM] <= 65
    assert 3 <= len(burning) <= 15
    assert all(first <= second for smoke in growing for first, second in pairwise(smoke[:20]))
    assert all(len(set(smoke)) > 10 for smoke in growing)


def test_a_fleet_without_an_end_has_the_same_every_day() -> None:
    run = Run(seconds=100, rate=100, alarms=0.02, day=100, daily=True)
    voices, script = made(run)
    counts = []
    for _ in range(3):
        play(voices, script, rounds=10)
        counts.append((script.happened[Happening.ALARM], script.happened[Happening.STORM]))
    [(alarms, storm), *_] = counts

    assert alarms == pytest.approx(20, abs=1)
    assert counts == [(alarms * day, storm * day) for day in (1, 2, 3)]


def test_nothing_happens_where_nothing_is_to() -> None:
    voices, script = made(Run(seconds=100, rate=100, faulty=0, alarms=0, storm=False))
    play(voices, script, rounds=10)

    assert script.happened.total() == 0


def test_the_closing_alarm_is_the_last_message_and_of_a_sensor_that_had_none() -> None:
    voices, script = made(Run(seconds=10, rate=1000, timed=10))
    timed, _ = play(voices, script, rounds=1)
    position, gateway, before = script.closing()
    counts = np.array([before + 1])
    again = script.before(np.array([gateway]), counts)
    [burst] = voices.say(np.array([gateway]), counts, STAMP + 99)
    last = messages(bytes(burst))[-1]

    assert isinstance(last, mqtt5.PublishPacket)
    assert position in again
    assert f"/{voices.city.sensor(position)}/" in last.topic
    assert voices.city.sensor(position) not in timed
    assert json.loads(last.payload)["v"]["smoke"] == 0.21


@pytest.mark.parametrize("size", [1, 250, 1000])
def test_blocks_hold_as_many_messages_as_asked_for_and_none_twice(size: int) -> None:
    voices, script = made(Run(seconds=100, rate=100))
    stamps = iter(range(STAMP, STAMP + 10_000_000))
    found = [next(blocks_) for blocks_ in [blocks(voices, script, size, 8, stamps)] for _ in range(4)]
    said = [p for block in found for p in messages(block) if isinstance(p, mqtt5.PublishPacket)]

    assert len(said) == 4 * size
    assert len({(p.topic, p.payload) for p in said}) == 4 * size
