"""Rules over zones against the reference: random conditions, lateness, gaps, doubts, cuts, restarts."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE
from ingest.reading import Quality
from rules.rule import Rule, Subjects
from tests.rules.district import District, place_rule, sensor, zone
from tests.rules.reference_groups import GRID, Reference
from tests.rules.town import MIDNIGHT, Row

ZONES = [zone("town"), zone("east", "town"), zone("west", "town")]
SENSORS = [*(sensor(name, zone="east") for name in "ABC"), *(sensor(name, zone="west") for name in "DE")]
INSIDE = [
    "smoke >= 0.15 dB/m",
    "not smoke < 0.1 dB/m",
    "smoke < 0.05 dB/m",
    "smoke >= 0.15 dB/m or temperature >= 54 degC",
    "smoke >= 0.1 dB/m and not temperature < 30 degC",
    "max(temperature, 1min) >= 54 degC",
    "sustained(smoke >= 0.15 dB/m, 30s)",
]
TIMES = ["age() >= 3 reports", "age() >= 45s", "age(smoke) < 3 reports"]
OPERATORS = [">=", ">=", ">", "<", "<=", "==", "!="]


@dataclass(frozen=True)
class Reading:
    """`received` and `lag` in steps of the grid."""

    sensor: str
    received: int
    lag: int
    smoke: str | None
    temperature: str | None
    suspect: bool


@st.composite
def functions(draw: st.DrawFn) -> str:
    inside = draw(st.sampled_from([*INSIDE, *INSIDE, *TIMES]))
    operator = draw(st.sampled_from(OPERATORS))
    if draw(st.booleans()):
        within = draw(st.sampled_from(["", ", within=30s", ", within=1min"])) if inside in INSIDE else ""
        return f"sensors({inside}{within}) {operator} {draw(st.integers(1, 3))}"
    return f"share({inside}) {operator} {draw(st.sampled_from([20, 50, 60, 90]))} %"


@st.composite
def conditions(draw: st.DrawFn) -> str:
    parts = draw(st.lists(functions(), min_size=1, max_size=2))
    text = draw(st.sampled_from([" and ", " or "])).join(parts)
    return f"not ({text})" if draw(st.integers(0, 4)) == 0 else text


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    grades = draw(st.lists(st.sampled_from(["yellow", "orange", "red"]), min_size=1, max_size=2, unique=True))
    return place_rule(
        Subjects.ZONE,
        {grade: draw(conditions()) for grade in grades},
        only_if=draw(st.sampled_from([None, None, "sensors(temperature >= 30 degC) >= 1"])),
        sustain=draw(st.sampled_from([0, 0, 20_000])),
        after=draw(st.sampled_from([20_000, 60_000])),
        margin=draw(st.sampled_from(["", "20 %"])),
        max_age=30_000,
        descendants=draw(st.booleans()),
    )


SMOKES = ["0.02", "0.02", "0.06", "0.12", "0.13", "0.2", "0.2", None]
TEMPERATURES = [None, None, "20", "45", "60"]
LAGS = [0, 0, 0, 0, 1, 2, 5, 9, 14]
STEPS = 60


@st.composite
def spells(draw: st.DrawFn, name: str) -> list[Reading]:
    """Spells of alike readings, every 5 or 10 s, or of silence."""
    found: dict[int, Reading] = {}
    at = draw(st.integers(0, 10))
    for _ in range(draw(st.integers(2, 9))):
        length, step = draw(st.sampled_from([1, 2, 4, 9, 18])), draw(st.sampled_from([2, 2, 2, 1]))
        smoke, warm = draw(st.sampled_from(SMOKES)), draw(st.sampled_from(TEMPERATURES))
        lag, other = draw(st.sampled_from(LAGS)), draw(st.sampled_from(LAGS))
        suspect = draw(st.integers(0, 4)) == 0
        for received in range(at, min(at + length, STEPS), step):
            lag, other = other, lag
            if smoke or warm:
                found.setdefault(received - lag, Reading(name, received, lag, smoke, warm, suspect))
        at += length + (draw(st.sampled_from([2, 8])) if not (smoke or warm) else 0)
    return list(found.values())


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """What all sensors report, in the order of arrival; a sensor uses no stamp twice."""
    drawn = [reading for name in "ABCDE" for reading in draw(spells(name))]
    order = draw(st.randoms(use_true_random=False))
    order.shuffle(drawn)
    return sorted(drawn, key=lambda reading: reading.received)


def rows(reading: Reading) -> list[Row]:
    stamp = MIDNIGHT + (reading.received - reading.lag) * GRID
    quality = int(Quality.SUSPECT) if reading.suspect else 0
    values = {"smoke": reading.smoke, "temperature": reading.temperature}
    return [Row(reading.sensor, m, Decimal(v), stamp, quality=quality) for m, v in values.items() if v]


def numbered(blocks: list[Reading]) -> list[Row]:
    return [
        Row(row.sensor, row.metric, row.value, row.observed, quality=row.quality, message=message)
        for message, reading in enumerate(blocks)
        for row in rows(reading)
    ]


@given(rules(), histories(), st.sets(st.integers(0, 200)), st.sets(st.integers(0, STEPS), max_size=2))
def test_places_are_judged_as_the_definition_says(
    rule: Rule, drawn: list[Reading], cuts: set[int], restarts: set[int]
) -> None:
    town = District([rule], SENSORS, ZONES)
    reference = Reference(rule, town.registry, MIDNIGHT)
    for step in range(STEPS):
        now = MIDNIGHT + step * GRID
        reference.until(now)
        block: list[Reading] = []
        for k, reading in enumerate(drawn):
            if reading.received != step:
                continue
            reference.read(reading.sensor, rows(reading)[0].observed, values(reading))
            block.append(reading)
            if k in cuts:
                town.receive(now, numbered(block))
                block = []
        town.receive(now, numbered(block))
        if step in restarts:
            town.restart()
    end = MIDNIGHT + 2 * MINUTE + STEPS * GRID
    town.until_ms(end)
    reference.until(end)

    assert told(town) == reference.found


def values(reading: Reading) -> dict[str, tuple[Decimal, int]]:
    return {row.metric: (row.value, row.quality) for row in rows(reading)}


def told(town: District) -> list[tuple[object, ...]]:
    return [
        (t.at, t.subject, t.before, t.after, str(t.disposition), t.evidence["late"], t.evidence["members"])
        for t in town.transitions
    ]
