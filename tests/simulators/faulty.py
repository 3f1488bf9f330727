"""A few devices, what they say through layers of faults, and what the shipped judge makes of it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from mqtt5 import PublishPacket, QoS

from ingest.clock import HOUR, SECOND
from ingest.journal import Entry
from ingest.series.embedded import EmbeddedStore
from simulators.device import Device, read_devices
from simulators.faults import FAULTS, Layer, Scope
from simulators.report import Report
from simulators.reports import Reports
from simulators.scenario import Scenario
from tests.tocsin.village import START, block, bundle
from tocsin.bundle import Bundle
from tocsin.configuration import basis_of
from tocsin.judge import Basis, Judge

ROOT = Path(__file__).parents[2]
SENSORS = """id,kind,zone,lon,lat,gateway,heartbeat,site
s1,smoke,village,116.40,30.20,gw-1,5min,
s2,smoke,village,116.41,30.20,gw-1,5min,
e1,electrical,village,116.40,30.21,gw-1,5min,
r1,rain,village,116.50,30.25,gw-2,5min,
h1,stage,village,116.51,30.25,gw-2,5min,warning_stage=2.27 m
g1,gas,village,116.50,30.26,gw-2,1min,
t1,tank,village,116.50,30.26,,90s,level_high=85 %
"""
# What a broker hands over at once, ms.
TICK = 60 * SECOND

# What lasts begins seldom and gateways are out in turn, or nothing else would be left to happen.
SELDOM = Scope(share=0.008)
SCOPES = {
    **dict.fromkeys(("stuck", "drift", "clock-ahead", "clock-behind", "clock-steps", "late"), SELDOM),
    "outage": Scope(begin=START + 3 * HOUR, end=START + 4 * HOUR),
    "store-and-forward": Scope(begin=START + 4 * HOUR, end=START + 5 * HOUR),
}


def every_fault() -> list[Layer]:
    """All layers, each at work within six hours and beside the others."""
    return [make(SCOPES.get(name, Scope(share=0.03)), 1) for name, make in FAULTS.items()]


def files() -> Bundle:
    """The village with these devices and the shipped kinds."""
    kinds = (ROOT / "configs" / "kinds.yaml").read_text(encoding="utf-8")
    return bundle(others={"kinds.yaml": kinds, "sensors.csv": SENSORS})


@cache
def basis() -> Basis:
    return basis_of(files())


def devices(folder: Path) -> list[Device]:
    path = folder / "sensors.csv"
    path.write_text(SENSORS, encoding="utf-8")
    return read_devices(path)


def fleet(of: Sequence[Device], *layers: Layer, seed: int = 1) -> Reports:
    """Calm days from START on."""
    return Reports(of, Scenario(), seed, START, faults=layers)


def wire(reports: Iterable[Report]) -> list[tuple[str, bytes, bool]]:
    """What a broker is given: topic, payload, whether to retain it."""
    return [(report.topic, report.encoded(), report.retain) for report in reports]


@dataclass(frozen=True, slots=True)
class Account:
    """Messages, and readings in the database; as in `console.summary`."""

    journaled: int
    accepted: int
    duplicates: int
    quarantined: int
    readings: int
    stored: int


def account(reports: Iterable[Report], directory: Path) -> Account:
    """What the judge and the embedded store make of all of them."""
    judge, journaled = Judge(basis(), lambda _: basis()), 0
    with closing(EmbeddedStore(directory / "series.db")) as store:
        blocks = []
        for entry in _entries(reports):
            journaled += entry.count
            judged = judge.take(entry)
            blocks += [judged.block] if judged.block is not None else []
        store.write(blocks)
        screen = judge.screen
        return Account(
            journaled, screen.accepted, screen.duplicates, screen.quarantined, screen.readings, store.count()
        )


def _entries(reports: Iterable[Report]) -> Iterator[Entry]:
    ticks = groupby(reports, key=lambda report: report.leaves // TICK)
    for number, (tick, of) in enumerate(ticks, start=1):
        packets = [
            PublishPacket(
                report.topic, report.encoded(), qos=QoS.AT_LEAST_ONCE, packet_id=1, retain=report.retain
            )
            for report in of
        ]
        yield block(number, (tick + 1) * TICK, packets)
