"""The engine against the slow reference: random rules, readings, gaps, jitter, repeats, any cut of them."""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.reading import Readings
from ingest.registry import Registry
from rules.engine import Engine
from rules.rule import Rule
from rules.transition import Transition
from tests.rules.reference import Reference
from tests.rules.town import KINDS, Row, at, block, rule, sensor

START = at("10:00")
SENSORS = {
    "smoke": [
        sensor("a", "smoke", 10 * SECOND),
        sensor("b", "smoke", 10 * SECOND),
        sensor("c", "smoke", 0, heartbeat=2 * MINUTE),
    ],
    "rain": [
        sensor("a", "rain", 5 * MINUTE),
        sensor("b", "rain", HOUR),
        sensor("c", "rain", 0, heartbeat=HOUR),
    ],
}
STEP = {"smoke": 10 * SECOND, "rain": 5 * MINUTE}
SMOKE_LEAVES = [
    "smoke >= 0.15 dB/m",
    "smoke >= 0.2 dB/m",
    "smoke < 0.1 dB/m",
    "temperature >= 54 degC",
    "max(smoke, 30s) >= 0.15 dB/m",
    "max(smoke, 20min) >= 0.2 dB/m",
    "rise(temperature, 40s) >= 20 degC",
    "sustained(smoke >= 0.15 dB/m, 20s)",
    "sustained(temperature >= 54 degC, 45s)",
]
RAIN_LEAVES = [
    "sum(rain, 10min) >= 3 mm",
    "sum(rain, 30min) >= 5 mm",
    "sum(rain, 30min) > 0 mm",
    "sum(rain, 1h) >= 8 mm",
    "sum(rain, 1h) < 2 mm",
    "sum(rain, 3h) >= 12 mm",
]
LEAVES = {"smoke": SMOKE_LEAVES, "rain": RAIN_LEAVES}
GRADES = ["blue", "yellow", "orange", "red"]


def conditions(kind: str) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(LEAVES[kind])
    two = st.tuples(leaf, st.sampled_from(["and", "or"]), leaf).map(" ".join)
    return st.one_of(
        leaf, leaf, two, leaf.map(lambda text: f"not {text}"), two.map(lambda text: f"not ({text})")
    )


@st.composite
def rules(draw: st.DrawFn, kind: str, name: str) -> Rule:
    grades = sorted(draw(st.sets(st.sampled_from(GRADES), min_size=1, max_size=3)), key=GRADES.index)
    step = STEP[kind]
    return rule(
        kind,
        {grade: draw(conditions(kind)) for grade in grades},
        name=name,
        only_if=draw(st.none() | conditions(kind)),
        sustain=draw(
            st.just(0)
            | st.fixed_dictionaries({g: st.sampled_from([0, step // 2, 2 * step, 3 * step]) for g in grades})
        ),
        margin=draw(st.sampled_from(["", "10 %", "33 %"])),
        after=draw(st.sampled_from([0, step // 2, 3 * step, 8 * step])),
        missing=draw(st.sampled_from([1, 3])),
        max_age=draw(st.sampled_from([step, 4 * step, 100 * step])),
    )


VALUES = {
    "smoke": {
        "smoke": ["0", "0.09", "0.13", "0.14", "0.15", "0.19", "0.2", "0.3"],
        "temperature": ["20", "45", "53.99", "54", "75"],
    },
    "rain": {"rain": ["0", "0.01", "1", "2.5", "3", "5", "9"]},
}


@st.composite
def message(draw: st.DrawFn, kind: str, received: int, number: int) -> list[Row]:
    """One message: a reading, or a pack of up to three, in time, late, or a little ahead (an amount)."""
    name = draw(st.sampled_from("aaabc"))
    step = STEP[kind]
    rows: list[Row] = []
    stamps: set[int] = set()
    for _ in range(draw(st.sampled_from([1, 1, 1, 3]))):
        lag = draw(st.sampled_from([0, 0, 0, 0, 1, 2, 3, 7, 20])) * step
        jitter = draw(st.sampled_from([0, 0, 0, -SECOND, SECOND, 3 * SECOND]))
        stamp = received // step * step - lag + jitter
        if stamp in stamps:
            continue
        stamps.add(stamp)
        metrics = draw(st.sets(st.sampled_from(sorted(VALUES[kind])), min_size=1))
        for metric in sorted(metrics):
            value = Decimal(draw(st.sampled_from(VALUES[kind][metric])))
            period = draw(st.sampled_from([0, 0, 0, 0, HOUR, 5 * MINUTE])) if kind == "rain" else 0
            quality = draw(st.sampled_from([0] * 9 + [8]))
            rows.append(Row(name, metric, value, stamp, period, quality, number))
    return rows


@st.composite
def journals(draw: st.DrawFn, kind: str) -> list[tuple[int, list[list[Row]]]]:
    """Messages by the instant they are received."""
    received = START
    blocks: list[tuple[int, list[list[Row]]]] = []
    for _ in range(draw(st.integers(3, 16))):
        received += (
            draw(st.sampled_from([0, 1, 1, 1, 1, 2, 4, 9, 30]))
            * STEP[kind]
            // draw(st.sampled_from([1, 1, 1, 3]))
        )
        messages = draw(st.integers(1, 3))
        blocks.append((received, [draw(message(kind, received, k)) for k in range(messages)]))
    return blocks


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[Rule, ...], list[tuple[int, list[list[Row]]]]]:
    kind = draw(st.sampled_from(sorted(SENSORS)))
    found = tuple(draw(rules(kind, name)) for name in ["x", "y"][: draw(st.integers(1, 2))])
    return kind, found, draw(journals(kind))


def told(t: Transition) -> dict[str, Any]:
    return {
        "at": t.at,
        "rule": t.rule,
        "subject": t.subject,
        "warning": t.warning,
        "ordinal": t.ordinal,
        "before": t.before,
        "after": t.after,
        "disposition": str(t.disposition),
        "reason": t.reason,
        "observed": t.evidence["observed"],
        "coverage": t.evidence["coverage"],
        "late": t.evidence["late"],
    }


END = START + 40 * HOUR


def blocks_of(registry: Registry, journal: list[tuple[int, list[list[Row]]]]) -> Iterator[Readings]:
    for received, messages in journal:
        yield block(registry, received, [row for rows in messages for row in rows])


def judged(
    engine: Engine, registry: Registry, journal: list[tuple[int, list[list[Row]]]]
) -> list[Transition]:
    found = [t for readings in blocks_of(registry, journal) for t in engine.advance(readings)]
    return found + engine.advance_to(END)


PATIENT = settings(
    deadline=None,
    max_examples=int(os.environ.get("TOCSIN_EXAMPLES", "40")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@PATIENT
@given(cases())
def test_the_engine_says_what_the_reference_says(case: Any) -> None:
    kind, found, journal = case
    registry = Registry.of(SENSORS[kind], {})
    reference = Reference(KINDS, registry, found)
    expected = [t for readings in blocks_of(registry, journal) for t in reference.advance(readings)]
    expected += reference.advance_to(END)
    for t in expected:
        del t["message"]

    assert [told(t) for t in judged(Engine(KINDS, registry, found), registry, journal)] == expected


@PATIENT
@given(cases(), st.data())
def test_cuts_idle_steps_and_restarts_change_nothing(case: Any, data: st.DataObject) -> None:
    """Every message alone, deadlines settled in between, the engine rebuilt from its snapshot."""
    kind, found, journal = case
    registry = Registry.of(SENSORS[kind], {})
    whole = judged(Engine(KINDS, registry, found), registry, journal)
    engine = Engine(KINDS, registry, found)
    pieces: list[Transition] = []
    for received, messages in journal:
        for rows in messages:
            step = data.draw(st.sampled_from(["go on", "settle", "settle until due", "restart"]))
            if step == "settle":
                pieces += engine.advance_to(received)
            if step == "settle until due":
                while (due := engine.due) is not None and due <= received:
                    pieces += engine.advance_to(due)
            if step == "restart":
                state = engine.snapshot()
                engine = Engine(KINDS, registry, found)
                engine.restore(state)
            pieces += engine.advance(block(registry, received, rows))
    while (due := engine.due) is not None and due <= END:
        pieces += engine.advance_to(due)

    assert pieces + engine.advance_to(END) == whole
