"""What a transition of a place was judged on, in plain JSON values, and its open warnings."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np

from rules.engine.event import Event
from rules.engine.groups.census import PlaceCensus
from rules.engine.groups.condition import GroupNode, counts, judged
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf
from rules.engine.nodes import Written
from rules.engine.subject import Subject
from rules.engine.telling import Evidence, speaks_for
from rules.engine.verdict import UNKNOWN
from rules.engine.view import quality_names
from rules.grade import Grade
from rules.language.printed import Judged, explained
from rules.language.tree import Comparison, Condition, Sensors, Share
from rules.transition import Disposition
from rules.warning import ZoneWarning

# A line names so many sensors at most.
MOST_MEMBERS = 500


def account(ladder: GroupLadder, census: PlaceCensus, grade: Grade, event: Event) -> Evidence:
    """The evidence for a grade; `members` are the sensors that count true for any of its group functions.

    `coverage` is the least share of sensors that are known to be true or false; `observed` the newest stamp
    of a member, or the instant of the event without one.
    """
    grade = speaks_for(grade, ladder.raising, lambda node: judged(node, census))
    node, condition = ladder.raising.get(grade), ladder.rule.grades.get(grade)
    leaves = list({count.leaf.number: count.leaf for count in counts(node)}.values()) if node else []
    true = {leaf.number: sorted({*census.true(leaf), *census.late.get(leaf.number, ())}) for leaf in leaves}
    slots = sorted({slot for found in true.values() for slot in found})
    speaking = [census.speaking(leaf) for leaf in leaves]
    stamps = [_stamp(leaf, slot) for leaf in leaves for slot in true[leaf.number]]
    return {
        "text": condition_text(ladder.as_written, ladder, condition, census) if condition else "",
        "rule": ladder.rule.meaning,
        "observed": max(stamps, default=event.instant),
        "coverage": min((round(known / members, 3) for members, known in speaking if members), default=None),
        "quality": doubts_of(ladder, [(leaf, true[leaf.number]) for leaf in leaves], late=event.late),
        "late": event.late,
        "members": [ladder.registry.sensors[slot].id for slot in slots[:MOST_MEMBERS]],
    }


def shown(ladder: GroupLadder, census: PlaceCensus, subject: Subject) -> list[ZoneWarning]:
    """The open warning of a place, if it has one."""
    if subject.warning is None or subject.top is None:
        return []
    certain = subject.top == subject.auto
    return [
        ZoneWarning(
            id=subject.warning.id,
            rule=ladder.rule.id,
            subject=ladder.places.names[census.place],
            grade=subject.top,
            disposition=Disposition.AUTO if certain else Disposition.REVIEW,
            since=subject.warning.since,
            changed=subject.warning.changed,
            orphaned=False,
            blind=_is_blind(ladder, census, subject.top),
            evidence=subject.warning.text,
            ordinal=subject.warning.ordinal,
        )
    ]


def _is_blind(ladder: GroupLadder, census: PlaceCensus, grade: Grade) -> bool:
    """Whether the warning cannot clear: too few sensors speak, or one that counts is silent."""
    node = ladder.clearing.get(grade)
    if node is None:
        return True
    if judged(node, census) == UNKNOWN:
        return True
    leaves = (count.leaf for count in counts(node) if not count.leaf.is_age)
    return any(
        is_silent(leaf, slot, census.by)
        for leaf in leaves
        for slot in leaf.standing.keys() & census.true(leaf)
    )


def is_silent(leaf: Leaf, slot: int, by: int) -> bool:
    """Whether a metric that the leaf reads has been silent for too long at a sensor."""
    part = leaf.part_of(slot)
    assert part is not None
    own = slot - part.slots.start
    return any(int(part.heard(column)[own] + part.patience[own]) <= by for column in part.columns)


def condition_text(
    written: Mapping[Written, GroupNode], ladder: GroupLadder, condition: Condition, census: PlaceCensus
) -> str:
    """The condition with its values; `written` has what each part of it was compiled to."""
    return explained(condition, lambda part: counted_part(part, written[part], ladder, census))


def counted_part(part: Written, node: GroupNode, ladder: GroupLadder, census: PlaceCensus) -> Judged:
    """What one part, compiled to `node`, was judged on: how many sensors count, of how many."""
    if not isinstance(part, Comparison) or not isinstance(part.left, Sensors | Share):
        return Judged(None, "", judged(node, census))
    leaf = next(leaf for leaf in ladder.leaves if leaf.form == part.left)
    members, known = census.speaking(leaf)
    number = census.number(leaf)
    verdict = judged(node, census)
    if isinstance(part.left, Sensors):
        return Judged(Decimal(number), "", verdict, members=members)
    percent = _percent(Fraction(100 * number, known)) if known else None
    return Judged(percent, "%", verdict, members=members)


def _percent(share: Fraction) -> Decimal:
    return (Decimal(share.numerator) / share.denominator).quantize(Decimal("0.1"))


def _stamp(leaf: Leaf, slot: int) -> int:
    part = leaf.part_of(slot)
    assert part is not None
    return int(part.board.newest[slot - part.slots.start])


def doubts_of(ladder: GroupLadder, true: Iterable[tuple[Leaf, list[int]]], *, late: bool) -> list[str]:
    """What is known against the newest values of the sensors that count."""
    names = {"late"} if late else set[str]()
    for leaf, slots in true:
        for part in leaf.parts.values():
            own = np.array([slot - part.slots.start for slot in slots if slot in part.slots], np.int64)
            if leaf.is_age or not len(own):
                continue
            for column in part.columns & part.board.columns.keys():
                flags = int(np.bitwise_or.reduce(part.board.columns[column].flags[own]))
                names |= quality_names(flags)
            if (part.board.arrived[own] - part.board.newest[own] > ladder.rule.max_age).any():
                names.add("stale")
    return sorted(names)
