"""Conditions at any instant, those that the clock decides too, judged as the reference judges them."""

from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.registry import Registry
from rules.engine import Engine
from rules.engine.ladder import FOREVER, age_due
from rules.engine.ring import NEVER
from rules.engine.verdict import verdict
from rules.engine.view import Now
from rules.rule import Rule
from tests.rules import reference_verdict
from tests.rules.drawn import LEAVES, SENSORS, START, journals
from tests.rules.reference import Reference
from tests.rules.reference_verdict import Seen
from tests.rules.test_engine_properties import blocks_of
from tests.rules.town import KINDS, rule

TIMED = {
    "smoke": ["age(smoke) >= 3 reports", "age(temperature) < 40s", "age() > 1min", "age(battery) <= 1h"],
    "rain": ["age(rain) >= 2 reports", "age() == 5min"],
    "stage": ["age(stage) > 1h", "age() <= 30min"],
    "electrical": ["age(leakage) >= 20min", "age() != 20min"],
}
CALENDAR = ["hours(18:00-20:00)", "hours(22:30-06:10)", "season(11-15..03-15)", "season(11-01..11-14)"]


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, Rule, Any, int]:
    kind = draw(st.sampled_from(sorted(SENSORS)))
    asks = st.sampled_from([*TIMED[kind], *LEAVES[kind]])
    more = st.sampled_from([*CALENDAR, *TIMED[kind], *LEAVES[kind]])
    text = draw(st.one_of(asks, st.tuples(asks, st.sampled_from(["and", "or"]), more).map(" ".join)))
    found = rule(
        kind,
        {"yellow": draw(st.sampled_from([text, f"not ({text})"]))},
        margin=draw(st.sampled_from(["", "10 %"])),
        missing=draw(st.sampled_from([1, 3])),
    )
    later = draw(st.sampled_from([0, 1, 5 * SECOND, MINUTE, 5 * MINUTE - 1, 20 * MINUTE, 3 * HOUR, 9 * HOUR]))
    return kind, found, draw(journals(kind)), later


@given(questions())
def test_a_condition_means_at_any_instant_what_the_reference_says(question: Any) -> None:
    kind, found, journal, later = question
    registry = Registry.of(SENSORS[kind], {})
    engine, reference = (of(KINDS, registry, (found,)) for of in (Engine, Reference))
    told = []
    for readings in blocks_of(registry, journal):
        told += engine.advance(readings)
        reference.advance(readings)
    # The hours of a warning are left out of a baseline, and the reference knows none that the clock raises.
    assume("baseline" not in found.meaning or not told)
    instant = journal[-1][0] + later
    (judge,) = engine.judges
    board, (condition,) = judge.board, found.grades.values()
    for slot, state in enumerate(reference.sensors):
        clock = instant - state.arrived + state.newest
        for certain in (False, True):
            runs = judge.subjects[slot].runs if slot in judge.subjects else {}
            view = Now(board, slot, clock, instant, judge.patience(slot), runs, certain)
            known = reference.subjects[found.id, state.sensor.id].runs
            seen = Seen(state, clock, known, found, None, instant, certain)
            for nodes, moved in ((judge.ladder.raising, False), (judge.ladder.clearing, True)):
                (node,) = nodes.values()
                assert verdict(node, view) == reference_verdict.verdict(condition, seen, moved)


@given(questions())
def test_an_age_turns_when_it_is_said_to_and_not_before(question: Any) -> None:
    kind, found, journal, later = question
    registry = Registry.of(SENSORS[kind], {})
    engine = Engine(KINDS, registry, (found,))
    for readings in blocks_of(registry, journal):
        engine.advance(readings)
    (judge,) = engine.judges
    board, ladder, slots = judge.board, judge.ladder, np.flatnonzero(judge.ladder.member)
    after = journal[-1][0] + later
    due = age_due(ladder, board, slots, after)

    def said(slot: int, instant: int) -> list[int]:
        view = Now(board, slot, instant, instant, judge.patience(slot), {})
        return [verdict(check, view) for check in ladder.ages]

    for slot, instant in zip(slots.tolist(), due.tolist(), strict=True):
        until = instant if instant < FOREVER else after + DAY
        assert said(slot, until - 1) == said(slot, after)
        if instant < FOREVER:
            assert instant > after
            assert said(slot, instant) != said(slot, after)
        if board.newest[slot] == NEVER:
            assert instant == FOREVER


def test_the_questions_reach_far_enough_into_the_day() -> None:
    """The journal starts at 18:00 in Shanghai, where the hours above begin."""
    assert (START // HOUR + 8) % 24 == 18
