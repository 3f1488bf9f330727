"""A person's close: it ends what cannot end by itself, and nothing else (design 5)."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE, SECOND
from rules.engine import Engine
from rules.engine.closing import BROKE, CUT_OFF, STILL_JUDGED, TELLS_OF_SILENCE, Closing
from rules.grade import Grade
from rules.rule import Rule, Subjects
from rules.transition import warning_id
from rules.warning import UNCOUNTED, ZoneWarning
from tests.rules.broken import POISON, breaking
from tests.rules.district import District, place_rule, zone
from tests.rules.district import sensor as placed
from tests.rules.town import KINDS, Town, at, rule, sensor

SMOKE = "smoke >= 0.15 dB/m"
STAGE = rule("stage", {"yellow": "stage >= 2 m", "red": "sustained(stage >= 3 m, 2min)"}, sustain=MINUTE)
OTHER = rule("stage", {"red": "stage >= 9 m"}, name="other")
A, B = sensor("a", "stage", MINUTE), sensor("b", "stage", MINUTE)
FIRE = place_rule(Subjects.ZONE, {"yellow": f"sensors({SMOKE}) >= 1", "red": f"sensors({SMOKE}) >= 2"})


def closed(town: Town | District, clock: str, warning: str) -> str:
    """Let Ana close it; what came of it is in the transitions, and why not is returned."""
    lines, refused = town.engine.close(Closing(warning, "ana", "seen on site"), at(clock))
    town.transitions += lines
    return refused


def silent_town(*rules: Rule) -> Town:
    """`a` warns and falls silent at 10:04."""
    town = Town(rules or (STAGE,), A, B)
    town.send("10:00", 3)
    town.send("10:01", 3)
    town.until("10:30")
    return town


def burnt() -> District:
    """S15: F burns, and with it its only report; G of the same zone goes on and sees nothing."""
    town = District([FIRE], [placed("F"), placed("G")], [zone("z")])
    town.send("F", "10:00", 0.3)
    for second in range(0, 600, 10):
        town.receive(at("10:00") + second * SECOND, [town.row("G", at("10:00") + second * SECOND, 0.01)])
    return town


def test_a_blind_warning_of_a_sensor_is_closed_by_a_named_person() -> None:
    town = silent_town()
    [warning] = town.engine.warnings()

    assert closed(town, "10:30", warning.id) == ""
    line = town.transitions[-1]
    assert town.lines == ["10:01 none>yellow", "10:03 yellow>red", "10:30 red>none"]
    assert (line.warning, line.ordinal, line.reason, str(line.disposition)) == (
        warning.id,
        2,
        "closed",
        "auto",
    )
    assert line.evidence == {"text": warning.evidence, "by": "ana", "why": "seen on site"}
    assert town.engine.warnings() == []


def test_a_later_true_reading_raises_a_new_warning_with_a_new_id() -> None:
    town = silent_town()
    [old] = town.engine.warnings()
    closed(town, "10:30", old.id)
    town.until("11:00")
    town.send("11:00", 2.5)
    town.until("11:01:30")

    assert town.lines[3:] == ["11:01 none>yellow"]
    assert town.transitions[-1].warning == warning_id("r", "a", at("11:01")) != old.id


def test_a_warning_that_is_heard_is_refused_and_stays_as_it_is() -> None:
    town = silent_town()
    town.send("10:31", 3)
    before = town.engine.warnings()

    assert closed(town, "10:31:30", before[0].id) == STILL_JUDGED
    assert town.engine.warnings() == before


def test_what_was_due_before_is_told_before_it_is_refused() -> None:
    town = Town((STAGE,), A, B)
    town.send("10:00", 3)

    assert closed(town, "10:03", "none") == "is not open"
    assert town.lines == ["10:01 none>yellow", "10:03 yellow>red"]


def test_a_rule_that_tells_of_the_silence_itself_is_refused() -> None:
    town = silent_town(rule("stage", {"yellow": "age(stage) >= 5min"}))
    [warning] = town.engine.warnings()

    assert closed(town, "10:30", warning.id) == TELLS_OF_SILENCE


def test_a_place_whose_rule_tells_of_the_silence_is_refused() -> None:
    ages = place_rule(Subjects.ZONE, {"yellow": "sensors(age(smoke) >= 5min) >= 1"})
    town = District([ages], [placed("F")], [zone("z")])
    town.send("F", "10:00", 0.3)
    town.until("10:30")
    [warning] = town.warnings()

    assert closed(town, "10:30", warning.id) == TELLS_OF_SILENCE


def test_nothing_is_closed_while_tocsin_itself_is_blind() -> None:
    town = silent_town()
    [warning] = town.engine.warnings()
    town.transitions += town.engine.blind(at("10:30"), at("10:30"))

    assert closed(town, "10:31", warning.id) == CUT_OFF
    town.transitions += town.engine.sighted(at("10:32"))
    assert [w.id for w in town.engine.warnings()] == [warning.id]


def test_an_orphan_is_dropped_with_the_number_that_follows() -> None:
    town = silent_town()
    town.reload("10:31", OTHER)
    [orphan] = town.engine.warnings()

    assert (orphan.orphaned, closed(town, "10:32", orphan.id)) == (True, "")
    assert town.lines[2:] == ["10:32 red>none"]
    assert town.transitions[-1].ordinal == 2
    assert town.engine.warnings() == []


def test_an_orphan_of_a_snapshot_from_before_is_closed_as_well() -> None:
    town = silent_town()
    town.reload("10:31", OTHER)
    [orphan] = town.engine.warnings()
    kept = msgspec.to_builtins(orphan)
    del kept["ordinal"]

    assert msgspec.convert(kept, ZoneWarning) == replace(orphan, ordinal=UNCOUNTED)


def test_a_warning_of_a_rule_that_is_switched_off_is_closed() -> None:
    bad = breaking(rule("stage", {"yellow": "stage >= 2 m"}))
    town = Town((bad,), A, B)
    town.send("10:00", 3)
    town.send(at("10:01") + POISON, 3, sensor="b")
    [orphan] = town.engine.warnings()

    assert (orphan.orphaned, closed(town, "10:02", orphan.id)) == (True, "")
    assert town.lines[1:] == ["10:02 yellow>none"]
    assert restored(town).warnings() == []


def test_a_rule_that_breaks_while_it_is_asked_leaves_the_warning_to_be_closed_again() -> None:
    town = burnt()
    [warning] = town.warnings()
    town.engine.groups[0].ladder.raising[Grade.YELLOW] = "no condition"  # type: ignore[assignment]

    assert closed(town, "10:10", warning.id) == BROKE
    assert [w.id for w in town.warnings(orphaned=True)] == [warning.id]
    assert closed(town, "10:10", warning.id) == ""
    assert town.lines == ["10:00 none>yellow", "10:10 yellow>none"]


def test_a_blind_place_is_closed_and_its_dead_sensor_counts_no_more() -> None:
    town = burnt()
    [warning] = town.warnings()

    assert (warning.blind, closed(town, "10:10", warning.id)) == (True, "")
    town.send("G", "10:11", 0.2)
    assert town.lines == ["10:00 none>yellow", "10:10 yellow>none", "10:11 none>yellow"]


def test_a_blind_gateway_is_closed_like_a_zone() -> None:
    rule_ = place_rule(Subjects.GATEWAY, {"yellow": f"sensors({SMOKE}) >= 1"})
    town = District([rule_], [placed("F", gateway="gw"), placed("G", gateway="gw")], [zone("z")])
    town.send("F", "10:00", 0.3)
    town.until("10:05")

    assert closed(town, "10:05", town.warnings()[0].id) == ""
    town.restart()
    town.send("G", "10:06", 0.3)
    assert town.lines == ["gw 10:00 none>yellow", "gw 10:05 yellow>none", "gw 10:06 none>yellow"]


def test_a_place_where_another_sensor_says_so_is_still_judged() -> None:
    town = burnt()
    town.send("G", "10:10", 0.2)
    [warning] = town.warnings()

    assert closed(town, "10:10:05", warning.id) == STILL_JUDGED
    assert town.lines == ["10:00 none>yellow", "10:10 yellow>red"]


def test_the_place_above_falls_by_its_release_once_the_dead_sensor_counts_no_more() -> None:
    wide = place_rule(Subjects.ZONE, {"yellow": f"sensors({SMOKE}) >= 1"}, descendants=True)
    town = District([wide], [placed("F"), placed("G", zone="up")], [zone("up"), zone("z", "up")])
    town.send("F", "10:00", 0.3)
    for second in range(0, 1800, 10):
        stamp = at("10:00") + second * SECOND
        if stamp == at("10:10"):
            closed(town, "10:10", next(w.id for w in town.warnings() if w.subject == "z"))
        town.receive(stamp, [town.row("G", stamp, 0.01)])

    assert sorted(town.lines[:2]) == ["10:00 none>yellow", "up 10:00 none>yellow"]
    assert town.lines[2:] == ["10:10 yellow>none", "up 10:20 yellow>none"]


def test_a_reload_does_not_bring_it_back() -> None:
    town = burnt()
    closed(town, "10:10", town.warnings()[0].id)
    town.reload("10:11", [FIRE], [placed("F"), placed("G")])
    town.restart()
    town.until("12:00")

    assert town.lines == ["10:00 none>yellow", "10:10 yellow>none"]


def restored(town: Town | District) -> Engine:
    engine = Engine(KINDS, town.registry, town.rules)
    engine.restore(town.engine.snapshot())
    return engine


LATER = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2.5", "3.5"]), st.integers(1, 200)),
    max_size=8,
)


@given(later=LATER)
def test_an_engine_goes_on_as_one_that_had_never_raised_it(later: list[tuple[str, str, int]]) -> None:
    """The other gets the rule at the moment of the close, and what is silent says nothing to a new rule."""
    mine, other = silent_town(), silent_town(OTHER)
    closed(mine, "10:30", mine.engine.warnings()[0].id)
    other.reload("10:30", STAGE)
    kept = Town((STAGE,), A, B)
    kept.engine, kept.registry = restored(mine), mine.registry
    before = len(mine.transitions)
    instant = at("10:30")
    for name, value, seconds in later:
        instant += seconds * SECOND
        for town in (mine, other, kept):
            town.send(instant, value, sensor=name)
    for town in (mine, other, kept):
        town.until("14:00")

    assert mine.transitions[before:] == other.transitions == kept.transitions


@given(later=LATER)
@pytest.mark.parametrize("restart", [False, True])
def test_a_place_goes_on_as_one_that_had_never_raised_it(
    later: list[tuple[str, str, int]], restart: bool
) -> None:
    mine, other = burnt(), burnt()
    closed(mine, "10:10", mine.warnings()[0].id)
    quiet = place_rule(Subjects.ZONE, {"red": f"sensors({SMOKE}) >= 9"})
    other.reload("10:09:59", [quiet], [placed("F"), placed("G")])
    closed(other, "10:09:59", other.engine.warnings()[0].id)
    other.reload("10:10", [FIRE], [placed("F"), placed("G")])
    if restart:
        mine.restart()
    before = len(mine.transitions), len(other.transitions)
    instant = at("10:10")
    for name, value, seconds in later:
        instant += seconds * SECOND
        for town in (mine, other):
            town.receive(instant, [town.row({"a": "F", "b": "G"}[name], instant, float(value) - 2.4)])
    for town in (mine, other):
        town.until("14:00")

    assert mine.transitions[before[0] :] == other.transitions[before[1] :]
