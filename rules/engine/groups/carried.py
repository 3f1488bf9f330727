"""Reload (D28, D30): a rule over places takes over what its older version knew, by names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rules.engine.deadlines import Order
from rules.engine.event import Event
from rules.engine.foresight import Foresight
from rules.engine.groups.leaf import Leaf, Part, loosened
from rules.engine.groups.unchanged import GONE, Unchanged
from rules.engine.groups.words import Truth
from rules.engine.ring import NEVER
from rules.engine.standing import standing
from rules.engine.subject import Latch, Subject
from rules.warning import ZoneWarning

if TYPE_CHECKING:
    from rules.engine.groups.judge import GroupJudge


def move(old: GroupJudge, new: GroupJudge, at: int) -> list[ZoneWarning]:
    """Move what is known, without judging; the open warnings of places that are gone come back orphaned."""
    for leaf in new.hearing.leaves:
        _move_leaf(old, new, leaf)
    return _move_subjects(old, new, at)


def judge_anew(old: GroupJudge | None, new: GroupJudge, stays: Unchanged | None, at: int) -> None:
    """Judge what was moved and what stands: up at once, down by a release run; `old` None for a new rule.

    Not what `stays`, if anything does.
    """
    before = [GONE] * len(new.names) if stays is None else stays.before.tolist()
    places = {place for place, number in enumerate(before) if number == GONE}
    anew = np.zeros(len(new.ladder.registry.sensors), np.bool_)
    for place in places:
        anew[new.ladder.places.all(place)] = True
    for leaf in new.hearing.leaves:
        for part in leaf.parts.values():
            _hear_anew(new, leaf, part, at, anew)
    for slot in sorted({slot for leaf in new.hearing.leaves for slot in _kept(leaf) if anew[slot]}):
        for place in new.watch.is_kept(slot):
            new.watch.wake(place)
    changed = old is None or old.rule.meaning != new.rule.meaning
    for place in sorted(new.subjects.keys() & places):
        note = (
            "" if old is None or (changed and new.names[place] not in old.names) else _note(old, new, place)
        )
        new.judge(place, Event(at, Order.READING, reload=changed, note=note))


def _move_leaf(old: GroupJudge, new: GroupJudge, leaf: Leaf) -> None:
    """What is kept of sensors, where the condition and its margin are the same."""
    margins = [(judge.rule.release.share, judge.rule.release.amount) for judge in (old, new)]
    before = next((b for b in old.hearing.leaves if (b.form, b.moved) == (leaf.form, leaf.moved)), None)
    if before is None or (leaf.moved and margins[0] != margins[1]):
        return
    for slot in sorted(_kept(before)):
        there = _moved(old, new, slot)
        part = None if there is None else leaf.part_of(there)
        if there is None or part is None:
            continue
        if slot in before.standing:
            leaf.standing[there] = before.standing[slot]
        if slot in before.ended:
            leaf.ended[there] = before.ended[slot]
        if slot in before.runs:
            leaf.runs[there], leaf.clocks[there] = before.runs[slot], before.clocks.get(slot, NEVER)
        if (before.number, slot) in old.hearing.contradicted:
            new.hearing.contradicted.add((leaf.number, there))
        new.hearing.mark(there)


def _moved(old: GroupJudge, new: GroupJudge, slot: int) -> int | None:
    """The slot of a sensor that is still there, of the same kind and in some place of the rule."""
    sensor = old.ladder.registry.sensors[slot]
    there = new.ladder.registry.slots.get(sensor.id)
    if there is None or new.ladder.registry.sensors[there].kind != sensor.kind:
        return None
    return there if new.ladder.places.of_sensor(there) else None


def _move_subjects(old: GroupJudge, new: GroupJudge, at: int) -> list[ZoneWarning]:
    numbers = {name: place for place, name in enumerate(new.names)}
    gone = {name for place, name in enumerate(old.names) if place in old.subjects} - numbers.keys()
    orphans = [replace(warning, orphaned=True) for warning in old.warnings(at) if warning.subject in gone]
    for place, subject in sorted(old.subjects.items()):
        there = numbers.get(old.names[place])
        if there is not None:
            new.watch.wake(there, _revised(old, new, subject))
            new.watch.reasons[there] = old.watch.reasons.get(place, {})
    return orphans


def _revised(old: GroupJudge, new: GroupJudge, subject: Subject) -> Subject:
    """Latches whose condition changed stay as they are, and everything that was running ends."""
    for grade, latch in subject.latches.items():
        if old.rule.grades.get(grade) != new.rule.grades.get(grade):
            latch.run = latch.release = None
        elif old.rule.release != new.rule.release:
            latch.release = None
    on = {grade: latch for grade, latch in subject.latches.items() if latch.raised is not None}
    kept = {grade: subject.latches.get(grade, Latch()) for grade in new.ladder.raising}
    subject.latches = dict(sorted((on | kept).items(), reverse=True))
    return subject


def _hear_anew(new: GroupJudge, leaf: Leaf, part: Part, at: int, anew: Truth) -> None:
    """Hear what still stands; of a sensor whose stand was carried, whether it still does."""
    known = np.flatnonzero((part.board.newest > NEVER) & anew[part.slots.start : part.slots.stop])
    node = loosened(part.node)
    if node is not None:
        known = known[Foresight(part.board, standing(part.board, (), known)).may_turn_true(node)]
    carried = {slot for slot in leaf.standing if slot in part.slots and anew[slot]}
    for slot in sorted(set((known + part.slots.start).tolist()) - carried):
        new.hearing.hear_new(leaf, part, slot, at)
        new.watch.note(leaf, part, slot, at)
        # A run of what is silent begins only where another part of the condition stands.
        if part.held and slot in leaf.standing:
            carried.add(slot)
    for slot in sorted(carried):
        new.hearing.hear(leaf, part, slot, at, at - 1)
        new.watch.note(leaf, part, slot, at)


def _kept(leaf: Leaf) -> set[int]:
    return leaf.standing.keys() | leaf.ended.keys() | leaf.runs.keys()


def _note(old: GroupJudge, new: GroupJudge, place: int) -> str:
    """The sensors that came or went and count for something: `B joined, C left`."""
    before, after = _counting(old, _number(old, new.names[place])), _counting(new, place)
    was, now = _members(old, _number(old, new.names[place])), _members(new, place)
    joined = [f"{name} joined" for name in sorted(after - was)]
    left = [f"{name} left" for name in sorted(before - now)]
    return ", ".join([*joined, *left])


def _number(judge: GroupJudge, name: str) -> int | None:
    return judge.names.index(name) if name in judge.names else None


def _members(judge: GroupJudge, place: int | None) -> set[str]:
    slots = [] if place is None else judge.ladder.places.all(place).tolist()
    return {judge.ladder.registry.sensors[slot].id for slot in slots}


def _counting(judge: GroupJudge, place: int | None) -> set[str]:
    tallies = judge.watch.tallies.get(-1 if place is None else place, {}).values()
    slots = {slot for tally in tallies for slot in tally.standing | tally.ended}
    return {judge.ladder.registry.sensors[slot].id for slot in slots}
