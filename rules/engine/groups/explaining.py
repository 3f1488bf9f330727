"""How a rule stands on a place now: which sensors count, which are nearest to it, how many more it takes."""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from rules.engine.groups.account import condition_text, doubts_of, shown
from rules.engine.groups.census import PlaceCensus
from rules.engine.groups.condition import Count, GroupNode, judged
from rules.engine.groups.judge import GroupJudge
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf
from rules.engine.nodes import Timed, Written
from rules.engine.parts import Members, Near, Part, distance_of, parts_of_sensor, taken_apart
from rules.engine.ring import NEVER
from rules.engine.rule_account import EVIDENCE, RuleAccount, Whole, stands
from rules.engine.subject import Latch, Subject
from rules.engine.verdict import TRUE
from rules.grade import Grade
from rules.language.tree import Comparison, Condition, Not

# So many of each are named.
MOST_COUNTING, MOST_NEAR = 500, 5


def account_of_place(judge: GroupJudge, place: str, now: int, off: str) -> RuleAccount:
    """KeyError if the rule is not for that place; `off`: why it is switched off."""
    if place not in judge.names:
        raise KeyError(place)
    number, ladder = judge.names.index(place), judge.ladder
    subject = judge.subjects.get(number)
    known = subject or Subject({grade: Latch() for grade in ladder.raising}, {}, NEVER)
    # Sensors fall silent after the readings of an instant.
    census = judge.watch.census(number, now, now - 1)
    account = RuleAccount(
        rule=judge.rule,
        subject=place,
        at=now,
        off=off,
        faults=tuple(sorted(fault.reason for fault in judge.faults if fault.subject == place)),
        warning=next(iter(shown(ladder, census, known)), None) if not off else None,
    )
    return account if off else _judged(judge, known, census, account)


def _judged(judge: GroupJudge, subject: Subject, census: PlaceCensus, account: RuleAccount) -> RuleAccount:
    ladder, now = judge.ladder, account.at
    verdicts = ladder.judged(ladder.raising, census)
    moved = ladder.judged(ladder.clearing, census)
    sure = ladder.judged(ladder.raising, replace(census, certain=True))

    def doubts(grade: Grade) -> tuple[str, ...]:
        return (EVIDENCE,) if verdicts[grade] == TRUE != sure[grade] else ()

    grades = tuple(
        stands(
            judge.rule,
            subject.latches[grade],
            (grade, _whole(ladder, judge.rule.grades[grade], node, census), verdicts[grade], moved[grade]),
            (now, now),
            (doubts(grade), ""),
        )
        for grade, node in ladder.raising.items()
    )
    only_if = None
    if judge.rule.only_if is not None and ladder.only_if is not None:
        only_if = _whole(ladder, judge.rule.only_if, ladder.only_if, census)
    return replace(account, only_if=only_if, grades=grades)


def _whole(ladder: GroupLadder, condition: Condition, node: GroupNode, census: PlaceCensus) -> Whole:
    written: dict[Written, GroupNode] = {}

    def judge(leaf: Written, negated: bool, inner: Any) -> Part:
        plain = _plainly(inner, leaf)
        written[leaf] = plain
        demanded: Condition = Not(leaf) if negated else leaf
        found = judged(inner, census)
        text = condition_text({leaf: plain}, ladder, demanded, census)
        part = Part(text=text, verdict=found, distance=0.0 if found == TRUE else 1.0)
        return _counted(part, inner, census, ladder) if isinstance(inner, Count) else part

    parts, distance = taken_apart(condition, node, judge)
    return Whole(condition_text(written, ladder, condition, census), judged(node, census), parts, distance)


def _plainly(node: Count | Timed, written: Written) -> GroupNode:
    """As it stands in the text, without the `not` before it."""
    if isinstance(node, Timed):
        return replace(node, negated=False)
    assert isinstance(written, Comparison)
    return replace(node, operator=written.operator, negated=False)


def _counted(part: Part, count: Count, census: PlaceCensus, ladder: GroupLadder) -> Part:
    """With how many count, how many more it takes, and who is next."""
    leaf = count.leaf
    true = census.number(leaf)
    members, known = census.speaking(leaf)
    value = Fraction(true)
    if leaf.is_share:
        value = Fraction(100 * true, known) if known else Fraction(0)
    nearest = _nearest(leaf, census, ladder)
    counting = sorted({*census.true(leaf), *census.late.get(leaf.number, ())})
    missing = Fraction(0) if part.verdict == TRUE else _missing(count, value)
    names = tuple(ladder.registry.sensors[slot].id for slot in counting[:MOST_COUNTING])
    return replace(
        part,
        unit="%" if leaf.is_share else "",
        value=value if known or not leaf.is_share else None,
        threshold=count.bound,
        missing=missing,
        quality=tuple(doubts_of(ladder, [(leaf, counting)], late=False)),
        members=Members(members, known, names, nearest[:MOST_NEAR]),
        distance=part.distance and _distance(missing, count, nearest),
    )


def _missing(count: Count, value: Fraction) -> Fraction:
    """How many more sensors, or percent; less than none where too many count."""
    if count.leaf.is_share:
        return count.bound - value
    match count.operator:
        case ">=":
            return ceil(count.bound) - value
        case ">":
            return floor(count.bound) + 1 - value
        case "<=":
            return floor(count.bound) - value
        case "<":
            return ceil(count.bound) - 1 - value
    return count.bound - value if count.operator == "==" else Fraction(1)


def _distance(missing: Fraction, count: Count, nearest: tuple[Near, ...]) -> float:
    """The last sensor that it takes counts as far as it is itself."""
    if count.leaf.is_share or missing < 1 or len(nearest) < missing:
        return distance_of(missing, count.bound)
    last = Fraction(nearest[int(missing) - 1].distance)
    return distance_of(missing - 1 + last, count.bound)


def _nearest(leaf: Leaf, census: PlaceCensus, ladder: GroupLadder) -> tuple[Near, ...]:
    """The sensors that speak and do not count, the nearest to it first."""
    true, found = census.true(leaf), list[Near]()
    for part, slots in leaf.present(census.place):
        spoken = slots[part.has_spoken(slots)]
        for own in spoken[~np.isin(spoken + part.slots.start, list(true))].tolist():
            sensor = ladder.registry.sensors[own + part.slots.start]
            view = leaf.view(part, own, census.time, census.by)
            parts, distance = parts_of_sensor(leaf.form.condition, part.node, part.board.kind, sensor, view)
            found.append(Near(sensor.id, parts, distance))
    return tuple(sorted(found, key=lambda near: (near.distance, near.sensor)))
