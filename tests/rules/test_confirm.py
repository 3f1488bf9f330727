"""Confirmation by neighbours (D29, S19): it only ever upgrades, and is never a reason for silence."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.registry import Registry, Sensor
from rules.engine import Engine
from rules.grade import Grade
from rules.rule import Confirm, Rule
from rules.transition import line
from tests.rules.town import KINDS, Row, Town, at, block, rule, sensor
from tests.rules.town import line as shown

CONFIRM = Confirm(neighbours=2, radius=Decimal(10_000), share=Decimal("0.5"))
STORM = replace(
    rule("rain", {"orange": "sum(rain, 3h) >= 50 mm", "red": "sum(rain, 3h) >= 100 mm"}), confirm=CONFIRM
)


def gauge(name: str, km_east: float) -> Sensor:
    return structs.replace(sensor(name, "rain", 5 * MINUTE), lon=116.0 + km_east / 96.3, lat=30.0)


NEAR = [gauge("g", 0), gauge("n1", 3), gauge("n2", 6), gauge("far", 60)]


def test_s19_a_gauge_without_neighbours_waits_for_a_person_and_says_why() -> None:
    town = Town([STORM], gauge("g", 0), gauge("far", 60))
    town.send("11:55", 4)

    town.send("12:00", 100)

    assert town.lines == ["12:00 none>red review"]
    assert town.transitions[0].evidence["confirm"] == "no neighbour within 10 km, 2 demanded"


def test_s19_what_neighbours_agree_with_goes_out_and_the_rest_follows_when_they_do() -> None:
    town = Town([STORM], *NEAR)
    town.receive(at("11:58"), [Row("n1", "rain", Decimal(55), at("11:58"))])
    town.receive(at("11:59"), [Row("n2", "rain", Decimal(30), at("11:59"))])
    town.send("11:55", 4, received="11:59:30")

    town.send("12:00", 100)
    town.send("12:10", 21, sensor="n2")

    of_gauge = [t for t in town.transitions if t.subject == "g"]
    assert [f"{t.before}>{t.after} {t.disposition}" for t in of_gauge] == [
        "None>orange auto",
        "orange>red review",
        "red>red auto",
    ]
    assert of_gauge[1].evidence["confirm"] == "1 agreeing neighbour within 10 km, 2 demanded"
    assert of_gauge[2].reason == "confirmed by neighbours"
    assert of_gauge[2].at == at("12:10")


@pytest.mark.parametrize(
    ("order", "told", "lacking"),
    [
        ("n1 n2 g", ["None>orange auto"], []),
        ("n1 g n2", ["None>orange review", "orange>orange auto"], ["1 agreeing neighbour"]),
        ("g n1 n2", ["None>orange review", "orange>orange auto"], ["no agreeing neighbour"]),
    ],
)
def test_words_of_one_block_count_from_their_place_in_it(
    order: str, told: list[str], lacking: list[str]
) -> None:
    town = Town([STORM], *NEAR)
    town.receive(at("11:55"), [Row(name, "rain", Decimal(1), at("11:55")) for name in ("g", "n1", "n2")])

    rows = [Row(name, "rain", Decimal(55), at("12:00"), message=k) for k, name in enumerate(order.split())]
    town.receive(at("12:00"), rows)

    of_gauge = [t for t in town.transitions if t.subject == "g"]
    assert [f"{t.before}>{t.after} {t.disposition}" for t in of_gauge] == told
    said = [t.evidence["confirm"] for t in of_gauge if "confirm" in t.evidence]
    assert said == [f"{count} within 10 km, 2 demanded" for count in lacking]


def test_what_a_gauge_owes_is_settled_at_its_place_in_the_block() -> None:
    town = Town([replace(STORM, sustain=dict.fromkeys(STORM.grades, 5 * MINUTE))], *NEAR)
    town.receive(at("12:00"), [Row("g", "rain", Decimal(55), at("11:50"))])

    rows = [Row("n1", "rain", Decimal(55), at("12:03")), Row("g", "rain", Decimal(1), at("12:03"), message=1)]
    town.receive(at("12:04"), rows)

    (raised,) = town.transitions
    assert (raised.subject, raised.after, raised.disposition) == ("g", Grade.ORANGE, "review")
    assert raised.evidence["confirm"] == "1 agreeing neighbour within 10 km, 2 demanded"


def test_a_neighbour_that_falls_later_takes_nothing_back() -> None:
    town = Town([STORM], *NEAR)
    for name in ("n1", "n2"):
        town.send("11:58", 60, sensor=name)
    town.send("12:00", 110)
    before = [t for t in town.transitions if t.subject == "g"]

    town.every(5 * MINUTE, "15:05", [0, 0])
    town.send("15:10", 0, sensor="n1", received="15:11")

    assert [t for t in town.transitions if t.subject == "g"] == before
    assert [str(t.disposition) for t in before] == ["auto"]


def test_a_suspect_neighbour_confirms_nothing() -> None:
    town = Town([STORM], *NEAR)
    town.send("11:58", 60, sensor="n1")
    town.send("11:58", 60, sensor="n2", quality=8)

    town.send("12:00", 55)

    assert [str(t.disposition) for t in town.transitions if t.subject == "g"] == ["review"]


def test_a_neighbours_word_hastens_nothing_that_blind_time_holds() -> None:
    town = Town([replace(STORM, sustain={Grade.ORANGE: 0, Grade.RED: MINUTE})], *NEAR)
    town.send("11:59", 60, sensor="n1")
    town.send("12:00", 110)
    town.transitions += town.engine.blind(at("12:00:30"), at("12:05"))
    town.transitions += town.engine.sighted(at("12:05"))

    town.send("12:05:10", 60, sensor="n2")
    town.until("12:06")

    of_gauge = [shown(t) for t in town.transitions if t.subject == "g"]
    assert of_gauge == ["12:00 none>orange review", "12:05:10 orange>orange", "12:05:30 orange>red"]


def test_a_silent_neighbours_word_stands() -> None:
    town = Town([STORM], *NEAR)
    for name in ("n1", "n2"):
        town.send("06:00", 60, sensor=name)

    town.send("12:00", 55)

    assert [str(t.disposition) for t in town.transitions if t.subject == "g"] == ["auto"]


@st.composite
def storms(draw: st.DrawFn) -> list[tuple[int, list[Row]]]:
    """Readings of four gauges by the instant they are received, some late, some suspect."""
    received, journal = at("10:00"), []
    for _ in range(draw(st.integers(1, 10))):
        received += draw(st.sampled_from([0, 1, 5 * MINUTE, 20 * MINUTE]))
        rows = [
            Row(
                draw(st.sampled_from(["g", "n1", "n2", "n2"])),
                "rain",
                Decimal(draw(st.sampled_from([0, 3, 26, 49, 51, 101]))),
                received - draw(st.sampled_from([0, 0, 0, SECOND, 7 * MINUTE])),
                quality=draw(st.sampled_from([0, 0, 0, 8])),
                message=number,
            )
            for number in range(draw(st.integers(1, 8)))
        ]
        journal.append((received, rows))
    return journal


def told(rules: Sequence[Rule], journal: list[tuple[int, list[Row]]], single: bool) -> list[bytes]:
    """The lines of a journal: block by block, or one message at a time."""
    registry = Registry.of(NEAR, {})
    engine = Engine(KINDS, registry, tuple(rules))
    lines = []
    for received, rows in journal:
        for part in [[row] for row in rows] if single else [rows]:
            lines += [line(t) for t in engine.advance(block(registry, received, part))]
    return lines


@given(storms(), st.sampled_from([0, MINUTE, 5 * MINUTE]), st.sampled_from([0, 5 * MINUTE, HOUR]))
def test_one_message_at_a_time_and_whole_blocks_say_the_same(
    journal: list[tuple[int, list[Row]]], sustain: int, after: int
) -> None:
    waits = dict.fromkeys(STORM.grades, sustain)
    rules = [replace(STORM, sustain=waits, release=replace(STORM.release, after=after))]
    assert told(rules, journal, single=False) == told(rules, journal, single=True)


def revived(town: Town) -> Engine:
    """Another engine with the state of the town's."""
    state = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in town.engine.snapshot().items()}
    engine = Engine(KINDS, town.registry, town.rules)
    engine.restore(state)
    return engine


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_words_of_neighbours_survive_a_restart(cut: int) -> None:
    readings = [("n1", 60), ("n2", 30), ("g", 110), ("n2", 25)]
    whole, restarted = Town([STORM], *NEAR), Town([STORM], *NEAR)
    for number, (name, value) in enumerate(readings):
        stamp = at("12:00") + number * MINUTE
        whole.send(stamp, value, sensor=name)
        if number == cut:
            restarted.engine = revived(restarted)
        restarted.send(stamp, value, sensor=name)
    assert restarted.lines == whole.lines
    assert len(whole.lines) >= 3


def test_a_restart_asks_the_neighbours_of_a_doubtful_warning_no_other_questions() -> None:
    waits = replace(
        STORM, sustain={Grade.ORANGE: 0, Grade.RED: MINUTE}, confirm=replace(CONFIRM, neighbours=1)
    )
    whole, restarted = Town([waits], *NEAR), Town([waits], *NEAR)
    for town in (whole, restarted):
        town.send("08:58", 60, sensor="n1")
        town.send("12:00", 110, quality=8)
        town.transitions += town.engine.blind(at("12:00"), at("12:01"))
        town.transitions += town.engine.sighted(at("12:01"))
        town.send("12:01", 0, sensor="n1")
    restarted.engine = revived(restarted)
    for town in (whole, restarted):
        town.send("12:01", 60, sensor="n2", quality=8)
        town.until("12:02")

    assert restarted.lines == whole.lines
    assert len(whole.lines) >= 3


def test_neighbours_that_a_reload_brings_confirm() -> None:
    alone = [gauge("g", 0), gauge("n1", 30), gauge("n2", 6)]
    town = Town([STORM], *alone)
    for name in ("n1", "n2"):
        town.send("11:58", 60, sensor=name)
    town.send("12:00", 55)

    town.registry = Registry.of(NEAR, {})
    town.reload("12:01", STORM)

    told = [t for t in town.transitions if t.subject == "g"]
    assert [(str(t.disposition), t.reason) for t in told] == [
        ("review", "raised"),
        ("auto", "confirmed by neighbours"),
    ]


def test_a_reload_keeps_the_words_of_neighbours_and_learns_those_of_new_rules() -> None:
    town = Town([STORM], *NEAR)
    for name in ("n1", "n2"):
        town.send("11:58", 60, sensor=name)

    town.reload("11:59", STORM, replace(STORM, id="other"))
    town.send("12:00", 110)

    told = [t for t in town.transitions if t.subject == "g"]
    assert [(t.rule, str(t.disposition)) for t in told] == [("other", "auto"), ("r", "auto")]
