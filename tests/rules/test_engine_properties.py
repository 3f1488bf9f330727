"""The engine against the slow reference: random rules, readings, gaps, jitter, repeats, any cut of them."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR
from ingest.reading import Readings
from ingest.registry import Registry
from rules.engine import Engine
from rules.transition import Transition
from tests.rules.drawn import SENSORS, START, cases
from tests.rules.reference import Reference
from tests.rules.town import KINDS, Row, block


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


END = START + 200 * HOUR


def blocks_of(registry: Registry, journal: list[tuple[int, list[list[Row]]]]) -> Iterator[Readings]:
    for received, messages in journal:
        yield block(registry, received, [row for rows in messages for row in rows])


def judged(
    engine: Engine, registry: Registry, journal: list[tuple[int, list[list[Row]]]]
) -> list[Transition]:
    found = [t for readings in blocks_of(registry, journal) for t in engine.advance(readings)]
    return found + engine.advance_to(END)


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
