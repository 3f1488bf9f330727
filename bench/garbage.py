"""`python -m bench.garbage`: what bad messages cost the good ones beside them, in CPU time of one run.

Each kind of garbage is put between good messages, one for one, and both go the daemon's way: parsed, decoded,
screened, judged, the refused ones written to the quarantine's file.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from mqtt5 import PublishPacket, QoS
from rich.console import Console
from rich.table import Table

from bench.city_files import MAIN, texts
from ingest.clock import SECOND
from ingest.journal import Entry, EntryKind
from ingest.quarantine import Quarantine
from ingest.session.wire import messages
from simulators.city.plan import City, Plan
from simulators.city.voices import Voices
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge

SENSORS, GATEWAYS = 2_000, 20
BLOCKS, BLOCK = 12, 500
# The first blocks fill caches and windows.
WARM = 4
TRIES = 3
START = 1_718_000_000_000
FACTORS = ("mm", "m", "km", "s", "d", "A", "mA", "V", "L", "kg")
Message = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU us of one garbage message: until it is refused, and until it stands in quarantine."""

    name: str
    refused: float
    kept: float


def small_city() -> Voices:
    """What the sensors of a small city say."""
    return Voices(City.of(Plan.usual(sensors=SENSORS, gateways=GATEWAYS, interval=SENSORS // BLOCK * SECOND)))


def basis(city: City) -> Basis:
    """The shipped rules over the sensors of a city."""
    return configure(Bundle(MAIN, texts(city, {}))).basis


def said(voices: Voices, instant: int) -> list[Message]:
    """The next messages of all gateways, BLOCK at most, on a quiet day."""
    gateways = np.arange(voices.city.plan.gateways)
    counts = np.minimum(voices.room(gateways), BLOCK // len(gateways))
    found = messages(b"".join(map(bytes, voices.say(gateways, counts, instant))))
    return [(m.topic, m.payload) for m in found if isinstance(m, PublishPacket)]


def garbage() -> dict[str, Callable[[str, bytes, int], Message]]:
    """By name: a bad message made from the topic and payload of a good one, and a number."""
    return {
        "broken JSON": lambda topic, payload, n: (topic, payload[:-2]),
        "random bytes": lambda topic, payload, n: (topic, bytes((n * 7 + k * 13) % 256 for k in range(100))),
        "not a number": lambda topic, payload, n: (topic, payload.replace(b'"v":{', b'"v":{"x":NaN,')),
        "a key twice": lambda topic, payload, n: (topic, payload.replace(b'"t":', b'"t":1,"t":')),
        "unknown metric": lambda topic, payload, n: (topic, payload.replace(b'"v":{', b'"v":{"x":1,')),
        "wrong unit": lambda topic, payload, n: (topic, payload[:-1] + b',"u":{"smoke":"furlong"}}'),
        "a new unit each time": lambda topic, payload, n: (
            topic,
            payload[:-1] + b',"u":{"smoke":"x%d"}}' % n,
        ),
        "a new product of units": lambda topic, payload, n: (
            topic,
            payload[:-1] + b',"u":{"smoke":"%s"}}' % product(n),
        ),
        "another's name": lambda topic, payload, n: (topic, b'[{"n":"nobody/smoke","v":%d}]' % n),
        "no offset": lambda topic, payload, n: (topic, b'{"t":"2018-05-27T20:00:00",' + payload[5:]),
        "impossible value": lambda topic, payload, n: (topic, b'{"t":%d,"v":{"smoke":9999}}' % (START + n)),
        "unknown sensor": lambda topic, payload, n: (topic.replace("/telemetry", f"{n}/telemetry"), payload),
        "wrong topic": lambda topic, payload, n: (topic + "/x", payload),
        "17 kB": lambda topic, payload, n: (topic, payload[:-1] + b" " * 17_000 + b"}"),
    }


def product(number: int) -> bytes:
    """One of 10,000 units that are none of smoke."""
    a, b, c, d = (FACTORS[int(digit)] for digit in f"{number % 10_000:04}")
    return f"{a}*{b}/{c}*{d}".encode()


def entries(blocks: Sequence[Sequence[PublishPacket]]) -> Iterator[Entry]:
    """Journal entries, one a second."""
    for number, packets in enumerate(blocks, start=1):
        data = b"".join(packet.write() for packet in packets)
        yield Entry(number, START + number * SECOND, EntryKind.MQTT, len(packets), data)


def packet(message: Message) -> PublishPacket:
    return PublishPacket(*message, qos=QoS.AT_LEAST_ONCE, packet_id=1)


def cost(basis: Basis, journal: Sequence[Entry], directory: Path | None) -> float:
    """CPU seconds of all blocks behind the first WARM, best of TRIES; `directory` is for a quarantine."""
    best = float("inf")
    for number in range(TRIES):
        judge = Judge(basis, lambda _: basis)
        with ExitStack() as stack:
            path = None if directory is None else directory / f"{number}.db"
            quarantine = None if path is None else stack.enter_context(Quarantine.open(path))
            took = 0.0
            for entry in journal:
                began = time.process_time()
                judged = judge.take(entry)
                if quarantine is not None:
                    quarantine.add(entry.sequence, entry.received, judged.rejected)
                took += time.process_time() - began if entry.sequence > WARM else 0
        best = min(best, took)
    return best


def measure(directory: Path) -> tuple[float, list[Cost]]:
    """CPU us of a good message alone, and what each kind of garbage adds."""
    voices = small_city()
    known = basis(voices.city)
    good = [said(voices, START + n * SECOND) for n in range(1, BLOCKS + 1)]
    plain = list(entries([[packet(m) for m in block] for block in good]))
    judged = (BLOCKS - WARM) * BLOCK
    found: list[Cost] = []
    alone = cost(known, plain, None) / judged * 1e6
    for name, spoil in garbage().items():
        mixed = [
            [
                packet(m)
                for m in chain.from_iterable((m, spoil(*m, n * BLOCK + k)) for k, m in enumerate(block))
            ]
            for n, block in enumerate(good)
        ]
        journal = list(entries(mixed))
        beside = cost(known, plain, None) / judged * 1e6
        refused = cost(known, journal, None) / judged * 1e6
        with tempfile.TemporaryDirectory(dir=directory) as place:
            kept = cost(known, journal, Path(place)) / judged * 1e6
        alone = min(alone, beside)
        found.append(Cost(name, refused - beside, kept - beside))
    return alone, found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-garbage-") as place:
        alone, found = measure(Path(place))
    table = Table(title=f"a good message costs {alone:.1f} us of CPU", title_justify="left", box=None)
    for name in (
        "garbage",
        "refused us",
        "in quarantine us",
        "times a good one",
        "good throughput left on one busy core",
    ):
        table.add_column(name, justify="left" if name == "garbage" else "right")
    for one in found:
        left = alone / (alone + one.kept)
        times = one.kept / alone
        table.add_row(one.name, f"{one.refused:.1f}", f"{one.kept:.1f}", f"{times:.2f}", f"{left:.0%}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
