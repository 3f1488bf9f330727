"""`python -m bench replay`: what was recorded, judged again: CSV, a journal, and what is kept of one.

CPU of one core, from the files to the last transition, with all shipped rules.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import mqtt5
import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.city_files import MAIN, texts
from bench.engine_figures import number
from bench.machine import Machine, describe
from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.journal import EntryKind, Journal, Retention
from ingest.session.wire import Message, Undecodable, messages
from simulators.city.plan import City, Plan
from simulators.city.run import Run
from simulators.city.script import Script, blocks
from simulators.city.voices import Voices
from tocsin.bundle import Bundle, Bundles
from tocsin.recorded import CsvRecord, JournalRecord, Record, Rerun
from tocsin.replay import applied

START = 1_764_448_000_000
EVERY = 10 * SECOND
# Messages of a block, and of a gateway in one go.
SIZE, BURST = 1000, 8
GAUGES, GAUGES_EVERY = 134, 5 * MINUTE
SITE = "warning_stage=3.20 m;guarantee_stage=3.90 m;record_stage=4.60 m"
# The issue's own limits, in readings/s.
LIMITS = {"csv": 300_000, "journal, first pass": 250_000, "columns of closed files": 1_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One way through one record: s of CPU, and the shares of reading and decoding, and of the engine.

    `values` are the numbers in the `readings`: a smoke detector's report has nine.
    """

    record: str
    source: str
    readings: int
    values: int
    transitions: int
    seconds: float
    decoding: float
    limit: int

    @property
    def judging(self) -> float:
        return self.seconds - self.decoding

    @property
    def holds(self) -> bool:
        return self.readings / self.seconds >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRun:
    """Everything measured in one run."""

    machine: Machine
    passes: list[Pass]

    @property
    def holds(self) -> bool:
        return all(each.holds for each in self.passes)


def measure(sensors: int, readings: int, days: int, tell: Callable[[str], None]) -> list[Pass]:
    """A city and a county's river gauges, each three ways; `tell` hears what is being measured."""
    found: list[Pass] = []
    for name, record in (
        (f"city of {sensors:,}", partial(_city, sensors, readings)),
        (f"{GAUGES} gauges, {days} d", partial(_gauges, days)),
    ):
        with tempfile.TemporaryDirectory(prefix="tocsin-replay-") as place:
            tell(f"{name}: recording")
            record(Path(place))
            for source in LIMITS:
                tell(f"{name}: {source}")
                found.append(_pass(name, source, Path(place)))
    return found


def _pass(name: str, source: str, state: Path) -> Pass:
    bundles = Bundles(state / "bundles")
    load = applied(bundles, None)
    basis = load(bundles.applied()[-1][1])

    def record() -> Record:
        return CsvRecord([state / "record.csv"]) if source == "csv" else JournalRecord(state)

    # What is kept of a journal is written by a pass that nobody measures.
    if source not in {"csv", "journal, first pass"}:
        for _ in JournalRecord(state, keep=True).entries(None, lambda: basis):
            pass
    began, values = time.process_time(), 0
    for _, decoded in record().entries(None, lambda: basis):
        values += len(decoded.readings) if decoded is not None else 0
    decoding = time.process_time() - began
    began = time.process_time()
    rerun = Rerun(record(), load if source != "csv" else lambda _: basis)
    transitions = sum(len(found.transitions) for found in rerun)
    seconds = time.process_time() - began
    return Pass(
        record=name,
        source=source,
        readings=rerun.judge.screen.readings,
        values=values,
        transitions=transitions,
        seconds=seconds,
        decoding=decoding,
        limit=LIMITS[source],
    )


def _city(sensors: int, readings: int, state: Path) -> None:
    """Blocks as a broker hands them on, with the city's faults, alarms and a storm."""
    rate = sensors * SECOND // EVERY
    city = City.of(Plan.usual(sensors=sensors, gateways=min(500, sensors // 10), interval=EVERY))
    voices = Voices(city)
    script = Script(voices, Run(readings / rate, rate, timed=0.5))

    def now() -> int:
        return START + int(voices.turn.sum()) * SECOND // rate

    said = blocks(voices, script, SIZE, BURST, (now() for _ in count()))
    _write(
        state,
        Bundle(MAIN, texts(city, {}, None)),
        ((now() + 20, next(said)) for _ in range(readings // SIZE)),
    )


def _gauges(days: int, state: Path) -> None:
    """River gauges that rise and fall, at the same instants; every tenth day a flood at a tenth of them."""
    city = City.of(Plan.usual(sensors=1000, gateways=10, interval=GAUGES_EVERY))
    rows = [f"gauge-{n:03},stage,town-{n % 10:04},{SITE}" for n in range(GAUGES)]
    sensors = "\n".join(["id,kind,zone,site", *rows]) + "\n"

    def said() -> Iterator[tuple[int, bytes]]:
        for turn in range(days * DAY // GAUGES_EVERY):
            at, tide = START + turn * GAUGES_EVERY, math.sin(turn * 2 * math.pi * GAUGES_EVERY / DAY)
            flood = 2.5 * max(tide, 0) if at // DAY % 10 == 0 else 0
            levels = (1.5 + 0.3 * tide + (flood if n % 10 == 0 else 0) for n in range(GAUGES))
            yield at, b"".join(_report(n, at, level) for n, level in enumerate(levels))

    _write(state, Bundle(MAIN, {**texts(city, {}, None), "sensors.csv": sensors}), said())


def _report(gauge: int, at: int, level: float) -> bytes:
    topic = f"tocsin/v1/town-{gauge % 10:04}/stage/gauge-{gauge:03}/telemetry"
    return mqtt5.PublishPacket(topic, f'{{"t":{at},"v":{{"stage":{level:.3f}}}}}'.encode()).write()


def _write(state: Path, bundle: Bundle, said: Iterator[tuple[int, bytes]]) -> None:
    """A state directory, all of whose journal but its last entry is closed, and the same readings as CSV."""
    bundles = Bundles(state / "bundles")
    bundles.save(bundle)
    policy = Retention(HOUR, 365 * DAY, 2**40)
    with (
        Journal.open(state / "journal", policy) as journal,
        (state / "record.csv").open("w", encoding="utf-8") as csv,
    ):
        entry = journal.append(START - 1, EntryKind.BUNDLE, 1, bundle.hash.encode())
        bundles.record(entry.sequence, bundle.hash)
        csv.write("time,sensor,metric,value,received\n")
        for received, data in said:
            found = messages(data)
            entry = journal.append(received, EntryKind.MQTT, len(found), data)
            csv.writelines(line for message in found for line in _lines(message, received))
        # The same configuration once more, an hour later: it closes the file, and nothing is judged for it.
        journal.append(entry.received + HOUR, EntryKind.BUNDLE, 1, bundle.hash.encode())
        journal.maintain(entry.received + HOUR)


def _lines(message: Message, received: int) -> Iterator[str]:
    """What a message says, as CSV; nothing of what is no JSON."""
    if isinstance(message, Undecodable):
        return
    with suppress(msgspec.DecodeError):
        said, sensor = msgspec.json.decode(message.payload), message.topic.split("/")[4]
        yield from (f"{said['t']},{sensor},{name},{value},{received}\n" for name, value in said["v"].items())


def show(run: ReplayRun, console: Console) -> None:
    """A row for each pass."""
    console.print(describe(run.machine), highlight=False)
    table = Table(
        title="replay with all shipped rules, CPU of one core",
        title_justify="left",
        box=ROUNDED if console.is_terminal else None,
    )
    for heading in (
        "record",
        "from",
        "readings",
        "s",
        "readings/s",
        "values/s",
        "reading, decoding",
        "engine",
        "limit",
        "",
    ):
        table.add_column(heading, justify="left" if heading in {"record", "from", ""} else "right")
    for each in run.passes:
        table.add_row(
            each.record, each.source, f"{each.readings:,}", f"{each.seconds:.2f}",
            number(each.readings / each.seconds), number(each.values / each.seconds),
            f"{each.decoding / each.seconds:.0%}", f"{each.judging / each.seconds:.0%}",
            f">= {number(each.limit)}", "" if each.holds else "missed",
        )  # fmt: skip
    console.print(table)


def encode(run: ReplayRun) -> bytes:
    """The run as JSON."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"
