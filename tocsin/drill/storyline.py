"""A storyline as what the simulators play: events, faults, how horns and phones are, tempers of people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import cos, radians, sin
from pathlib import Path

from ingest.clock import SECOND
from simulators.device import Device
from simulators.events import (
    Arcing,
    Crowd,
    Event,
    Fire,
    HotCable,
    Leakage,
    Nuisance,
    Release,
    Sag,
    Storm,
    TankUpset,
)
from simulators.faults import FAULTS, Layer, Scope
from simulators.faults.carriage import LateBatch, Outage, StoreAndForward
from simulators.horn import Condition
from simulators.officers import ABSENT, ORDINARY, Profile
from simulators.phone import Fault
from simulators.scenario import Scenario
from simulators.timetable import Timetable
from tocsin.drill.drill_file import Drill, DrillFile, StoryEntry, TemperEntry
from tocsin.drill.happenings import (
    ArcingEntry,
    CableEntry,
    CrowdEntry,
    FaultEntry,
    FireEntry,
    HornsEntry,
    LeakageEntry,
    NuisanceEntry,
    PhonesEntry,
    ReleaseEntry,
    SagEntry,
    StormEntry,
    TankEntry,
)
from tocsin.drill.layout import Layout

# Seconds count in a drill: what a device says leaves soon after.
TICK = 10 * SECOND
# In a drill nobody decides by chance against what is asked for.
USUAL = replace(ORDINARY, refuses=0)
# What goes on once it has begun ends with the entry.
_LASTING = {layer.name: layer for layer in (LateBatch, Outage, StoreAndForward)}
_ANSWERS = {"busy": Fault.BUSY, "unavailable": Fault.UNAVAILABLE, "hang up": Fault.HANG_UP}
_CONDITIONS = {"well": Condition(), "dead": Condition(dead=True), "broken": Condition(broken=True)}


def layout_of(drill: Drill, begin: int, sensors: Path, devices: Sequence[Device]) -> Layout:
    """What a drill that begins at `begin` (ms) makes of a town with these sensors; NobodyThere."""
    file = drill.file
    events = [event for entry in file.storyline for event in _events(entry, begin)]
    return Layout(
        sensors=sensors,
        seed=file.seed,
        scenario=Scenario.of(events, devices, file.seed),
        faults=[*_faults(file, begin)],
        mishaps=0.0,
        tick=TICK,
        horns=_horns(file, begin),
        phones=_phones(file, begin),
        profiles=_profiles(file),
        usual=USUAL,
    )


def _events(entry: StoryEntry, begin: int) -> Iterator[Event]:
    """What sensors feel; nothing of what happens to messages, horns and people."""
    at = begin + entry.at
    match entry.happening:
        case FireEntry() as of:
            yield Fire(at, of.place, of.growth, of.peak, of.burning, of.fuel, neighbours=of.neighbours)
        case NuisanceEntry() as of:
            yield Nuisance(at, of.place, of.cause, of.peak, of.lasts)
        case LeakageEntry() as of:
            yield Leakage(at, of.place, of.leak, of.grows, of.lasts)
        case CableEntry() as of:
            yield HotCable(at, of.place, of.rise, of.overload, of.lasts)
        case ArcingEntry() as of:
            yield Arcing(at, of.place, of.half_cycles, of.bursts, of.every)
        case SagEntry() as of:
            yield Sag(at, of.place, of.drop, of.lasts)
        case StormEntry() as of:
            yield Storm(at, of.place, of.depth, of.lasts, of.peak, of.radius, _drift(of))
        case ReleaseEntry() as of:
            way = of.wind, of.wind_from, of.stability, of.upwind
            yield Release(at, of.place, of.gas, of.mass, of.lasts, *way)
        case TankEntry() as of:
            yield TankUpset(at, of.place, of.cause, of.size, of.lasts)
        case CrowdEntry() as of:
            yield Crowd(at, of.place, of.people, of.lasts)


def _drift(of: StormEntry) -> tuple[float, float]:
    """km/h east and north."""
    speed, bearing = of.drift or 0.0, radians(of.towards)
    return speed * sin(bearing), speed * cos(bearing)


def _faults(file: DrillFile, begin: int) -> Iterator[Layer]:
    for number, entry in enumerate(file.storyline):
        if isinstance(of := entry.happening, FaultEntry):
            since = begin + entry.at
            scope = Scope(
                sensors=frozenset(of.sensors or ()),
                gateways=frozenset(of.gateways or ()),
                begin=since,
                end=since + of.lasts,
                share=of.share,
            )
            seed = file.seed + number
            lasting = _LASTING.get(of.kind)
            yield FAULTS[of.kind](scope, seed) if lasting is None else lasting(scope, seed, of.lasts)


def _horns(file: DrillFile, begin: int) -> Mapping[str, Timetable[Condition]]:
    changes: dict[str, list[tuple[int, Condition]]] = {}
    for entry in file.storyline:
        if isinstance(of := entry.happening, HornsEntry):
            for horn in of.which:
                changes.setdefault(horn, []).append((begin + entry.at, _CONDITIONS[of.are]))
    return {horn: Timetable(_CONDITIONS["well"], of_horn) for horn, of_horn in changes.items()}


def _phones(file: DrillFile, begin: int) -> Timetable[Fault | None]:
    changes: list[tuple[int, Fault | None]] = []
    for entry in file.storyline:
        if isinstance(of := entry.happening, PhonesEntry):
            since = begin + entry.at
            changes += [(since, _ANSWERS[of.answer]), (since + of.lasts, None)]
    return Timetable(None, changes)


def _profiles(file: DrillFile) -> Mapping[str, Profile]:
    """Players answer for themselves."""
    tempers = {person: _profile(temper) for person, temper in file.people.items()}
    return tempers | dict.fromkeys(file.players, ABSENT)


def _profile(temper: TemperEntry) -> Profile:
    of_ten = round(10 * temper.answers)
    least, most = (part // 1000 for part in temper.after)
    refuses = round(10 * temper.refuses)
    return replace(USUAL, takes=of_ten, presses=of_ten, decides=of_ten, refuses=refuses, answer=(least, most))
