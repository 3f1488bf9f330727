"""Rules that were read without a finding are judged: what an operator may write must not break the judge."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from ingest.clock import MINUTE
from ingest.finding import Finding
from ingest.kinds import Kind
from ingest.reading import Readings
from ingest.registry import Registry
from ingest.registry.sensors_file import read_sensors_csv
from ingest.registry.zones_file import read_zones
from rules.engine import Engine
from rules.language import ConditionError, parse_condition
from rules.language.parsing import Problem
from rules.language.printed import printed
from rules.language.tree import Condition
from rules.language.vocabulary import Vocabulary
from rules.rule import Rule
from rules.rulebook import read_rules
from rules.transition import line
from tests.rules.words import KINDS, words

CORPUS = Path(__file__).parent / "corpus"
START = 1_527_422_400_000
SENSORS = """\
id,kind,zone,lon,lat,gateway,heartbeat,site
smoke-1,smoke,riverside,116.401,29.901,gw-1,5min,
smoke-2,smoke,riverside,116.402,29.902,gw-1,5min,
river-1,stage,riverside,116.403,29.903,gw-2,5min,warning_stage=2.27 m;guarantee_stage=3 m
rain-1,rain,riverside,116.404,29.904,gw-2,5min,
rain-2,rain,riverside,116.405,29.905,gw-2,5min,
rain-3,rain,district,116.406,29.906,gw-2,5min,
power-1,electrical,riverside,,,gw-1,5min,
gas-1,gas,riverside,,,,5min,
"""
TABLED = """\
rules:
  - id: torrent
    title: {zh: 山洪, en: Torrent}
    hazard: torrent
    for_each: rain sensor
    grades:
      blue: sum(rain, 1h) >= site.blue_1h
      red: sum(rain, 1h) >= site.red_1h
    parameters: {blue_1h: 35 mm, red_1h: 80 mm}
    table: torrent.csv
    release: {margin: 10 %, after: 20min}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: made up, status: project}
"""


@cache
def registry() -> Registry:
    """Eight sensors of five kinds in two zones."""
    zones, _ = read_zones("zones.geojson", (CORPUS / "zones" / "two").read_text())
    sensors, findings = read_sensors_csv("sensors.csv", SENSORS, KINDS, zones)
    assert not findings
    return Registry.of(sensors, zones)


def read(files: dict[str, str]) -> tuple[tuple[Rule, ...], list[Finding]]:
    """The rules of some files, and what is wrong with them."""
    return read_rules(files, KINDS, registry())


def condition(text: str) -> None:
    """A tree that is printed reads as itself again; a problem stands within the text."""
    for kind in ("smoke", "stage", "rain", "electrical", None):
        vocabulary = words(kind)
        tree, problems = _parsed(text, vocabulary)
        assert all(0 <= problem.offset <= len(text) for problem in problems)
        if tree is None:
            assert problems
            continue
        again = printed(tree)
        assert printed(parse_condition(again, vocabulary)) == again


def _parsed(text: str, vocabulary: Vocabulary) -> tuple[Condition | None, list[Problem]]:
    try:
        return parse_condition(text, vocabulary), []
    except ConditionError as error:
        return None, error.problems


def judge(rules: tuple[Rule, ...]) -> None:
    """Every sensor reports its lowest, its highest, nothing, and late; what is kept gives the same again."""
    engine = Engine(KINDS, registry(), rules)
    for number, readings in enumerate(_blocks()):
        lines = [line(transition) for transition in engine.advance(readings)]
        if number == 3:
            other = Engine(KINDS, registry(), rules)
            other.restore(engine.snapshot())
            assert [repr(w) for w in other.warnings()] == [repr(w) for w in engine.warnings()]
        assert all(b"NaN" not in found and b"Infinity" not in found for found in lines)
    engine.advance_to(engine.now + 3 * 60 * MINUTE)
    engine.faults()


def _blocks() -> Iterator[Readings]:
    for number, choose in enumerate((_low, _high, _zero, _high, _low, _high)):
        at = START + number * 5 * MINUTE
        yield _block(number + 1, at, at - (7 * MINUTE if number == 4 else 1_000), choose)


def _low(kind: Kind, name: str) -> int:
    return int(kind.metrics[name].low / kind.metrics[name].resolution)


def _high(kind: Kind, name: str) -> int:
    return int(kind.metrics[name].high / kind.metrics[name].resolution)


def _zero(kind: Kind, name: str) -> int:
    return max(_low(kind, name), 0)


def _block(sequence: int, received: int, observed: int, choose: Callable[[Kind, str], int]) -> Readings:
    rows = [
        (slot, metric.column, choose(KINDS[sensor.kind], name))
        for slot, sensor in enumerate(registry().sensors)
        for name, metric in KINDS[sensor.kind].metrics.items()
    ]
    slot, column, value = np.array(rows, np.int64).T
    whole = np.full(len(rows), observed, np.int64)
    return Readings(
        sequence=sequence,
        received=received,
        message=slot.astype(np.int32),
        slot=slot.astype(np.int32),
        column=column.astype(np.int16),
        value=value,
        stamp=whole,
        observed=whole,
        period=np.zeros(len(rows), np.int64),
        quality=np.zeros(len(rows), np.uint8),
    )
