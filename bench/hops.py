"""`python -m bench hops`: the daemon's own hops over a city's messages, each timed alone, in one process.

What a message costs at each hop, in CPU us of the thread that does it; nothing waits for anything else here.
"""

import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import ParamSpec, TypeVar, cast

import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.city_files import MAIN, generated, texts
from bench.machine import Machine, describe
from ingest.clock import HOUR, SECOND
from ingest.decode import Decoder
from ingest.journal import EntryKind, Journal, Retention
from ingest.quality import QualityControl
from ingest.screening import Screen
from ingest.series import Block
from ingest.series.embedded import EmbeddedStore
from ingest.series.lines import LineProtocol
from ingest.session.wire import Message, acknowledgements, messages, split
from rules.engine import Engine
from simulators.city.plan import City, Plan
from simulators.city.run import Run
from simulators.city.script import Script, blocks
from simulators.city.voices import Voices
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.judge import Basis

P = ParamSpec("P")
T = TypeVar("T")

START = 1_764_448_000_000
# A gateway's messages that come in one go.
BURST = 8
GATEWAYS = 500
RATE = 38_850
SIZES = (250, 1000)
RULES: Mapping[str, Mapping[str, str] | None] = {"20 rules": generated(20), "all shipped rules": None}
# Of each size.
MEASURED = 60
# Rounds of all sensors before anything is timed.
WARM = 2
WARM_SIZE = 2000
JUDGED = ("split", "acks", "decode", "screen", "quality", "engine")


class Hops:
    """The parts of a daemon between session and outbox, in their order, without what schedules them."""

    def __init__(self, basis: Basis, directory: Path) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.transitions = 0
        self._basis = basis
        self._decoder = Decoder(basis.kinds, basis.registry, basis.namespace)
        self._screen = Screen(basis.registry)
        self._quality = QualityControl(basis.kinds, basis.registry)
        self._engine = Engine(basis.kinds, basis.registry, basis.rules)
        self._lines = LineProtocol(basis.kinds, basis.registry)
        self._store = EmbeddedStore(directory / "series.db")
        self._journal = Journal.open(directory / "journal", Retention(HOUR, 24 * HOUR, 20 * 10**9))

    def take(self, data: bytes, received: int) -> None:
        """One block through the hops of judgement."""
        found, _ = self._time("split", split, memoryview(data))
        packets = cast(list[Message], found)
        entry = self._time("journal", self._journal.append, received, EntryKind.MQTT, len(packets), data)
        self._time("acks", acknowledgements, packets)
        decoded = self._time("decode", self._decoder.decode, entry.sequence, received, packets)
        screened = self._time("screen", self._screen.screen, decoded)
        checked = self._time("quality", self._quality.check, screened.readings)
        self.transitions += len(self._time("engine", self._engine.advance, checked))

    def store(self) -> None:
        """The newest block through the hops of the history."""
        [entry] = self._journal.read(self._journal.last - 1, 1)
        packets = self._time("series: split", messages, entry.data)
        decoded = self._time("series: decode", self._decoder.decode, entry.sequence, entry.received, packets)
        block = Block(self._basis.kinds, self._basis.registry, decoded.readings)
        self._time("series: lines", self._lines.encode, block)
        self._time("series: embedded store", self._store.write, [block])

    @property
    def arrays(self) -> float:
        """MiB of the engine's state."""
        return sum(self._engine.memory().values()) / 2**20

    def close(self) -> None:
        self._journal.close()
        self._store.close()

    def _time(self, hop: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        began = time.thread_time()
        result = call(*args, **kwargs)
        self.took[hop].append(time.thread_time() - began)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU us a message of each hop, in blocks of `size` messages; `judging` is what one thread does of it.

    `calm` is the engine in the median block, in which little happens; `arrays` are MiB of its state.
    """

    rules: str
    size: int
    hops: dict[str, float]
    judging: float
    calm: float
    arrays: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HopsRun:
    """Everything measured in one run."""

    machine: Machine
    sensors: int
    costs: list[Costs]


def measure(sensors: int, tell: Callable[[str], None]) -> list[Costs]:
    """Each set of rules with each size of block; `tell` hears what is being measured."""
    found = list[Costs]()
    for name, rules in RULES.items():
        tell(f"{sensors:,} sensors, {name}")
        with tempfile.TemporaryDirectory(prefix="tocsin-hops-") as place:
            found += _measured(sensors, name, rules, Path(place))
    return found


def _measured(sensors: int, name: str, rules: Mapping[str, str] | None, place: Path) -> Iterator[Costs]:
    plan = Plan.usual(
        sensors=sensors, gateways=min(GATEWAYS, sensors // 2), interval=sensors * SECOND // RATE
    )
    voices = Voices(City.of(plan))
    hops = Hops(_basis(voices.city, rules), place)
    instants = _instants(voices)
    rounds = WARM + 2 * sum(SIZES) * MEASURED / sensors
    script = Script(voices, Run(rounds * sensors / RATE, RATE, timed=2))
    try:
        for _, data in zip(
            range(WARM * sensors // WARM_SIZE), _blocks(voices, script, WARM_SIZE), strict=False
        ):
            hops.take(data, next(instants))
        for size in SIZES:
            hops.took.clear()
            for _, data in zip(range(MEASURED), _blocks(voices, script, size), strict=False):
                hops.take(data, next(instants))
                hops.store()
            costs = {hop: fmean(times) / size * 1e6 for hop, times in hops.took.items()}
            calm = median(hops.took["engine"]) / size * 1e6
            judging = sum(costs[hop] for hop in JUDGED)
            yield Costs(rules=name, size=size, hops=costs, judging=judging, calm=calm, arrays=hops.arrays)
    finally:
        hops.close()


def _basis(city: City, rules: Mapping[str, str] | None) -> Basis:
    return configure(Bundle(MAIN, texts(city, {}, rules))).basis


def _instants(voices: Voices) -> Iterator[int]:
    """When a block was received: once all that it holds has been measured."""
    while True:
        yield START + int(voices.turn.sum()) * SECOND // RATE + 20


def _blocks(voices: Voices, script: Script, size: int) -> Iterator[bytes]:
    # No gateway speaks twice at one instant: a round over all of them takes longer than a millisecond.
    stamps = (START + int(voices.turn.sum()) * SECOND // RATE for _ in itertools.count())
    return blocks(voices, script, size, BURST, stamps)


def show(run: HopsRun, console: Console) -> None:
    """A column for each set of rules and size of block."""
    console.print(describe(run.machine), highlight=False)
    table = Table(
        title=f"{run.sensors:,} sensors, CPU us/message",
        title_justify="left",
        box=ROUNDED if console.is_terminal else None,
    )
    table.add_column("")
    for costs in run.costs:
        table.add_column(f"{costs.rules}\nblocks of {costs.size:,}", justify="right")
    for hop in run.costs[0].hops:
        table.add_row(hop, *(f"{costs.hops[hop]:.2f}" for costs in run.costs))
    table.add_row(f"judging: {', '.join(JUDGED)}", *(f"{costs.judging:.2f}" for costs in run.costs))
    table.add_row("engine, in the median block", *(f"{costs.calm:.2f}" for costs in run.costs))
    table.add_row("engine's arrays, MiB", *(f"{costs.arrays:.0f}" for costs in run.costs))
    console.print(table)


def encode(run: HopsRun) -> bytes:
    """The run as JSON."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"
