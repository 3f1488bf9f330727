"""What a quiet message costs, in function calls: they are the same on every machine and under any load.

Python functions and those of C that Python calls are counted, from decoding to the engine, over whole blocks.
"""

import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import FrameType

import numpy as np
import pytest

from bench.city_files import MAIN, generated, texts
from ingest.decode import Decoder
from ingest.quality import QualityControl
from ingest.screening import Screen
from ingest.session.wire import messages
from rules.engine import Engine
from simulators.city.plan import KINDS, City, Plan
from simulators.city.speech import FIRE, SPEECHES
from simulators.city.voices import Voices
from tocsin.bundle import Bundle
from tocsin.configuration import configure

START = 1_764_448_000_000
INTERVAL = 10_000
# All gateways of a thousand sensors have as many, so that all blocks are of one size.
GATEWAYS, BURST = 20, 50
BLOCK = GATEWAYS * BURST
COUNTED = 5

FEW, MANY = 1_000, 100_000


def calls(work: Callable[[], object]) -> int:
    """Functions called by `work`."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


class Path:
    """From the bytes of a block to transitions; every sensor is `heard` before anything is counted, or none.

    With `burning` a detector of each town smells a fire and never stops.
    """

    def __init__(
        self, sensors: int, rules: Mapping[str, str] | None, *, heard: bool = True, burning: bool = False
    ) -> None:
        self._voices = Voices(City.of(Plan.usual(sensors=sensors, gateways=GATEWAYS, interval=INTERVAL)))
        basis = configure(Bundle(MAIN, texts(self._voices.city, {}, rules))).basis
        self._decoder = Decoder(basis.kinds, basis.registry)
        self._screen = Screen(basis.registry)
        self._quality = QualityControl(basis.kinds, basis.registry)
        self._engine = Engine(basis.kinds, basis.registry, basis.rules)
        self._sensors = sensors
        self.transitions = 0
        for gateway in range(GATEWAYS if burning else 0):
            self._burn(gateway)
        for _ in range(sensors // BLOCK + 1 if heard else 1):
            self._judge(self._next())

    def _burn(self, gateway: int) -> None:
        city, smoke = self._voices.city, SPEECHES["smoke"]
        first = int(city.first[gateway])
        detector = first + int(np.argmax(city.kind[first:] == KINDS.index("smoke")))
        self._voices.set(detector, smoke.texts(smoke.troubles[FIRE]))

    def per_message(self) -> float:
        """Calls; the session's own, which parses the packets, are not among them."""
        blocks = [self._next() for _ in range(COUNTED)]
        count = calls(lambda: [self._judge(block) for block in blocks])
        return count / sum(len(packets) for _, packets in blocks)

    def _next(self) -> tuple[int, list[object]]:
        gateways = np.arange(GATEWAYS)
        said = int(self._voices.turn.sum())
        stamp = START + said * INTERVAL // self._sensors
        counts = np.minimum(self._voices.room(gateways), BURST)
        bursts = self._voices.say(gateways, counts, stamp)
        return stamp + 20, list(messages(b"".join(bursts)))

    def _judge(self, block: tuple[int, list[object]]) -> None:
        received, packets = block
        decoded = self._decoder.decode(1, received, packets)  # type: ignore[arg-type]
        screened = self._screen.screen(decoded)
        self.transitions += len(self._engine.advance(self._quality.check(screened.readings)))


@cache
def path(sensors: int, rules: int) -> Path:
    """With so many generated rules over the newest values; 0 is all shipped ones."""
    return Path(sensors, generated(rules) if rules else None)


@pytest.mark.parametrize(("rules", "most"), [(20, 20.0), (0, 40.0)])
def test_a_quiet_message_takes_a_bounded_number_of_calls(rules: int, most: float) -> None:
    quiet = path(FEW, rules)

    assert 1 < quiet.per_message() <= most
    assert quiet.transitions == 0


def test_a_hundred_times_the_sensors_take_no_more_calls() -> None:
    few, many = path(FEW, 20).per_message(), path(MANY, 20).per_message()

    assert many <= 1.1 * few


def test_ten_times_the_rules_take_less_than_twice_the_calls() -> None:
    some, many = path(FEW, 20).per_message(), path(FEW, 200).per_message()

    assert many <= 2 * some


def test_first_reports_beside_a_fire_take_less_than_twice_the_calls() -> None:
    calm, burning = (Path(10 * FEW, None, heard=False, burning=burning) for burning in (False, True))

    assert burning.per_message() <= 2 * calm.per_message()
    assert burning.transitions > 0 == calm.transitions


def test_the_count_is_the_same_every_time() -> None:
    counted = path(FEW, 20)

    assert counted.per_message() == counted.per_message()
