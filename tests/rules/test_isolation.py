"""A rule that breaks is switched off for all to see; the others, and the daemon, go on (F16)."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from rules.engine import Engine
from rules.engine.deadlines import Deadlines
from rules.engine.isolation import Isolation
from rules.engine.kind_judge import KindJudge
from rules.engine.ledger import Ledger
from rules.engine.normal_form import Fault
from rules.engine.rule_judge import RuleJudge
from rules.engine.waves import runs
from rules.rule import Rule, Subjects
from tests.rules.broken import POISON, BreakingCheck, breaking
from tests.rules.district import District, place_rule, zone
from tests.rules.district import sensor as placed
from tests.rules.town import KINDS, Town, at, block, rule, sensor

YELLOW = {"yellow": "stage >= 2 m"}
GOOD = rule("stage", YELLOW, name="good")
BAD = breaking(rule("stage", YELLOW, name="bad"))
A, B = sensor("a", "stage", MINUTE), sensor("b", "stage", MINUTE)


def told(town: Town) -> list[tuple[str, str, str]]:
    return [(t.rule, t.subject, str(t.after)) for t in town.transitions]


def broken(engine: Engine) -> list[str]:
    """The rules that are switched off, each with one fault that says so."""
    faults = [fault for fault in engine.faults() if "switched off" in fault.reason]
    assert faults == sorted(engine.switched_off.values(), key=lambda fault: fault.rule)
    return [fault.rule for fault in faults]


def raised_and_broken(*rules: Rule) -> Town:
    """Both rules warn for `a`; then `b` rises at an instant that one of them cannot bear."""
    town = Town(rules or (BAD, GOOD), A, B)
    town.send("10:00", 3, sensor="a")
    town.send(at("10:01") + POISON, 3, sensor="b")
    return town


def test_the_rule_is_switched_off_with_its_reason_and_the_others_go_on() -> None:
    town = raised_and_broken()
    town.send("10:02", 3.5, sensor="b")

    assert told(town) == [("bad", "a", "yellow"), ("good", "a", "yellow"), ("good", "b", "yellow")]
    assert town.engine.faults() == [
        Fault(
            "bad",
            "*",
            "switched off at 2023-11-15T10:01:00.013+00:00: ZeroDivisionError: a value nobody thought of;"
            " change the rule and reload; its open warnings stay open",
        )
    ]


def test_its_open_warnings_stay_open_and_shown_while_those_of_others_clear() -> None:
    town = raised_and_broken()
    before = next(w for w in town.engine.warnings() if w.rule == "bad")
    for minute in range(2, 20):
        town.send(f"10:{minute:02}", 0, sensor="a")
        town.send(f"10:{minute:02}", 0, sensor="b")

    assert told(town)[3:] == [("good", "a", "None"), ("good", "b", "None")]
    assert town.engine.warnings() == [before]
    assert (before.subject, str(before.grade), before.orphaned) == ("a", "yellow", True)


def test_what_it_waited_for_does_not_come_any_more() -> None:
    town = Town((BAD, GOOD), A, B)
    town.send("10:00", 3, sensor="a")
    for second in range(0, 61, 10):
        town.send(f"10:01:{second:02}" if second < 60 else "10:02", 0, sensor="a")
    town.send(at("10:02") + POISON, 3, sensor="b")
    for minute in range(3, 12):
        town.send(f"10:{minute:02}", 0.5, sensor="a")
    town.until("10:12")

    assert [(t.rule, t.subject, str(t.after)) for t in town.transitions if t.subject == "a"][2:] == [
        ("good", "a", "None")
    ]


def test_readings_before_and_behind_it_in_the_same_block_are_judged() -> None:
    town = Town((BAD, GOOD), A, B, *(sensor(name, "stage", MINUTE) for name in "cdefgh"))
    stamp = at("10:00") + POISON
    stamps = {name: stamp - (name != "c") for name in "abcdefgh"}
    rows = [town.row(s, 3, sensor=name, message=n) for n, (name, s) in enumerate(stamps.items())]
    town.receive(stamp, rows)

    assert [t.subject for t in town.transitions if t.rule == "good"] == list("abcdefgh")
    assert [t.subject for t in town.transitions if t.rule == "bad"] == ["a", "b"]
    assert broken(town.engine) == ["bad"]


def test_a_deadline_that_breaks_takes_its_rule_alone() -> None:
    """Messages take 987 ms: by the sensor's clock it is 13 ms past a second when the hour begins."""
    grades = {"yellow": "hours(22:00-06:00) and stage >= 2 m"}
    town = Town((breaking(rule("stage", grades, name="bad")), rule("stage", grades, name="good")), A)
    town.send(at("13:30"), 3, received=at("13:30") + 1000 - POISON)

    town.until("14:30")

    assert told(town) == [("good", "a", "yellow")]
    assert broken(town.engine) == ["bad"]
    assert town.engine.due is None or town.engine.due > at("14:30")


def test_a_late_reading_that_breaks_takes_its_rule_alone() -> None:
    town = Town((BAD, GOOD), A)
    town.send("10:05", 0)
    town.send(at("10:01") + POISON, 3, received="10:05:30")

    assert told(town) == [("good", "a", "yellow")]
    assert broken(town.engine) == ["bad"]


def test_a_rule_over_places_that_breaks_takes_itself_alone() -> None:
    grades = {"yellow": "sensors(smoke >= 0.15 dB/m) >= 1"}
    rules = [place_rule(Subjects.ZONE, grades, name=name) for name in ("bad", "good")]
    rules[0] = breaking(rules[0])
    town = District(
        rules, [placed("y", zone="north"), placed("z", zone="south")], [zone("north"), zone("south")]
    )
    town.send("y", "10:00", 0.3)
    town.receive(at("10:01") + POISON, [town.row("z", at("10:01") + POISON, 0.3)])
    town.until("11:00")

    assert [(t.rule, t.subject, str(t.after)) for t in town.transitions][:3] == [
        ("bad", "north", "yellow"),
        ("good", "north", "yellow"),
        ("good", "south", "yellow"),
    ]
    assert broken(town.engine) == ["bad"]
    shown, faults = town.engine.warnings(), town.engine.faults()
    assert [(w.rule, w.subject, w.orphaned) for w in shown] == [
        ("bad", "north", True),
        ("good", "north", False),
        ("good", "south", False),
    ]
    town.restart()
    assert (town.engine.warnings(), town.engine.faults()) == (shown, faults)
    mended = place_rule(Subjects.ZONE, grades, name="bad", after=9 * MINUTE)
    town.reload("11:01", [mended, rules[1]], town.registry.sensors)
    assert town.engine.switched_off == {}
    assert {(w.rule, w.subject): w.id for w in town.warnings()}["bad", "north"] == shown[0].id


@dataclass
class Sorting:
    """What an engine does when a rule is off."""

    kinds: list[KindJudge]

    def out(self) -> None:
        for kind in self.kinds:
            kind.sort_out()


def test_even_the_quick_look_that_all_rules_share_is_broken_by_one_alone() -> None:
    """A threshold that cannot be found breaks the vectorised pass; whose it is shows rule by rule."""
    town = Town((rule("stage", {"yellow": "stage == 3 m"}, name="bad"), GOOD), A, B)
    kinds: list[KindJudge] = []
    sorting = Sorting(kinds)
    ledger, isolation = Ledger(), Isolation(Deadlines(), sorting.out)
    judges = []
    for judge in town.engine.judges:
        ladder = judge.ladder
        if ladder.rule.id == "bad":
            [(grade, check)] = ladder.raising.items()
            poisoned = BreakingCheck(check.left, check.sense, check.bound)  # type: ignore[union-attr]
            ladder = replace(ladder, raising={grade: poisoned})
        judges.append(RuleJudge(judge.number, ladder, judge.board, town.registry, (Deadlines(), ledger)))
    kind = KindJudge("stage", town.engine.boards[0], judges, isolation)
    kinds.append(kind)
    readings = block(
        town.registry,
        at("10:00"),
        [town.row(at("10:00"), 3, sensor=s, message=n) for n, s in enumerate("ab")],
    )
    [[wave]] = runs(readings, np.array([0]), np.array([False]))

    kind.take(wave, at("10:00"), lambda late: None)

    assert [(t.rule, t.subject) for t in ledger.take()] == [("good", "a"), ("good", "b")]
    assert [fault.rule for fault in isolation.off.values()] == ["bad"]


@pytest.mark.parametrize("minute", [0, 1, 2])
def test_a_restart_before_or_after_it_broke_gives_the_same(minute: int) -> None:
    """The switch-off is part of the snapshot, and what comes before it leads to it again."""
    whole, restarted = Town((BAD, GOOD), A, B), Town((BAD, GOOD), A, B)
    for town in (whole, restarted):
        for step, (stamp, name, value) in enumerate(
            [
                (at("10:00"), "a", 3),
                (at("10:01") + POISON, "b", 3),
                (at("10:02"), "a", 0),
                (at("10:15"), "a", 0),
            ]
        ):
            town.send(stamp, value, sensor=name)
            if town is restarted and step == minute:
                fresh = Engine(KINDS, town.registry, town.rules)
                fresh.restore(town.engine.snapshot())
                town.engine = fresh

    assert restarted.transitions == whole.transitions
    assert restarted.engine.faults() == whole.engine.faults() != []
    assert restarted.engine.warnings() == whole.engine.warnings() != []
    assert restarted.engine.due == whole.engine.due


def test_a_reload_that_does_not_change_the_rule_leaves_it_off() -> None:
    town = raised_and_broken()
    faults = town.engine.faults()
    town.reload("10:02", BAD, replace(GOOD, advice={"en": "Leave."}))
    town.send("10:03", 3, sensor="b")

    assert town.engine.faults() == faults
    assert ("bad", "a") in [(w.rule, w.subject) for w in town.engine.warnings() if w.orphaned]


def test_a_reload_that_mends_the_rule_goes_on_with_its_open_warnings() -> None:
    town = raised_and_broken()
    before = next(w for w in town.engine.warnings() if w.rule == "bad")
    town.reload("10:02", rule("stage", YELLOW, name="bad", after=9 * MINUTE), GOOD)

    assert broken(town.engine) == []
    assert [(t.rule, t.subject, str(t.after)) for t in town.transitions][3:] == [("bad", "b", "yellow")]
    after = next(w for w in town.engine.warnings() if (w.rule, w.subject) == ("bad", "a"))
    assert (after.id, after.orphaned) == (before.id, False)


def test_a_rule_that_breaks_while_it_is_loaded_does_not_spoil_the_reload() -> None:
    town = Town((GOOD,), A, B)
    town.send("10:00", 3, received=at("10:00") + 1000 - POISON)
    town.reload("10:01", BAD, GOOD)

    assert broken(town.engine) == ["bad"]
    assert [(w.rule, w.subject) for w in town.engine.warnings()] == [("good", "a")]


def test_a_warning_whose_rule_broke_is_orphaned_when_the_rule_is_taken_away() -> None:
    town = raised_and_broken()
    town.reload("10:02", GOOD)

    assert [(w.rule, w.subject) for w in town.engine.warnings() if w.orphaned] == [("bad", "a")]
    assert town.engine.faults() == []


def test_blind_time_and_hours_of_silence_pass_over_a_broken_rule() -> None:
    town = raised_and_broken()
    town.engine.blind(at("10:02"), at("10:03"))
    town.engine.sighted(at("10:30"))
    town.engine.advance_to(at("10:30") + 5 * HOUR + SECOND)

    assert broken(town.engine) == ["bad"]
    assert ("bad", "a") in [(w.rule, w.subject) for w in town.engine.warnings()]
