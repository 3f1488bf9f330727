"""What a message costs the fleet, in function calls: the same on every machine and under any load."""

import numpy as np

from bench.fleet_cost import ONE_PERCENT, happening
from simulators.city.plan import City, Plan
from simulators.city.run import Happening
from simulators.city.script import Script
from simulators.city.voices import Voices
from tests.bench.test_ratios import calls

STAMP = 1_764_448_000_000
# Each sensor reports once a second, and a burst is what a gateway has to say in a tenth.
SENSORS, GATEWAYS, BURST = 20_000, 100, 20
ROUNDS = 5


def per_message(share: float) -> tuple[float, Script]:
    """Calls, once every sensor has been heard."""
    voices = Voices(City.of(Plan.usual(sensors=SENSORS, gateways=GATEWAYS, interval=1000)))
    script = Script(voices, happening(seconds=ROUNDS, rate=SENSORS, share=share))
    gateways = np.arange(GATEWAYS)
    counts = np.full(GATEWAYS, BURST)

    def speak(rounds: int) -> None:
        for _ in range(rounds * SENSORS // (GATEWAYS * BURST)):
            script.before(gateways, counts)
            voices.say(gateways, counts, STAMP)

    speak(1)
    return calls(lambda: speak(ROUNDS)) / (ROUNDS * SENSORS), script


def test_physics_and_faults_of_one_percent_cost_a_call_in_ten_messages() -> None:
    """Courses cost nothing: what does is that something begins or ends."""
    quiet, nothing = per_message(0)
    lively, script = per_message(ONE_PERCENT)

    assert nothing.happened.total() == 0
    assert script.happened[Happening.ALARM] >= ONE_PERCENT * SENSORS
    assert script.happened[Happening.ABSURD] > 0
    assert 0 < quiet < lively <= quiet + 1 / 10
