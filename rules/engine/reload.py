"""Reload (D30): state moves by sensor and rule; open warnings go on, are judged anew, or are orphaned."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from ingest.kinds import Metric
from rules.engine.amount_ring import AmountRing
from rules.engine.board import Board, Ring
from rules.engine.deadlines import Order
from rules.engine.event import Event
from rules.engine.groups import GroupJudge
from rules.engine.groups.unchanged import GONE, Unchanged
from rules.engine.ladder import Ladder
from rules.engine.moved import Moved, Moves
from rules.engine.normal_form import Fault
from rules.engine.open_warnings import open_warning
from rules.engine.ring import NEVER
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Latch, Subject
from rules.grade import Grade
from rules.warning import ZoneWarning

# A new rule that warns for a greater share of its sensors, of at least so many, is a mistake more often than
# an event.
FLOOD, LEAST = 0.5, 4
# A rule over places as it was, and which of its places are the same.
Kept: TypeAlias = tuple[GroupJudge, Unchanged]


def move_values(old: Board, new: Board, moved: Moves) -> None:
    """Newest values and rings of the sensors that both boards have, of metrics that count alike."""
    if not len(moved.here):
        return
    if moved.same and old.kind == new.kind:
        new.take_over(old)
    else:
        _move_newest(old, new, moved)
    for metric in new.kind.metrics.values():
        before = old.kind.metrics.get(metric.name)
        if before is None or not _alike(before, metric):
            continue
        _move_rings(old, new, (before.column, metric.column), moved)
        for rule in old.baselines.keys() & new.baselines.keys():
            new.baselines[rule].move(
                old.baselines[rule], (before.column, metric.column), (moved.here, moved.there)
            )


def _move_newest(old: Board, new: Board, moved: Moves) -> None:
    for name in ("newest", "arrived", "alive"):
        getattr(new, name)[moved.there] = getattr(old, name)[moved.here]
    for metric in new.kind.metrics.values():
        before = old.kind.metrics.get(metric.name)
        source = old.columns.get(before.column) if before and _alike(before, metric) else None
        if source is not None:
            for name, array in new.columns.keep(metric.column).arrays.items():
                array[moved.there] = source.arrays[name][moved.here]


def kept(
    old: tuple[Sequence[Board], Sequence[GroupJudge]],
    new: tuple[Sequence[Board], Sequence[GroupJudge]],
    moved: Moved,
) -> dict[str, Kept]:
    """By id the rules over places that are at work in both, with the places that are the same."""
    groups = {group.rule.id: group for group in old[1]}
    alike = moved.alike | _kept_alike(old[0], new[0])
    return {
        group.rule.id: (groups[group.rule.id], moved.places[group.rule.id])
        for group in new[1]
        if group.rule.id in moved.places and group.is_as(groups) and group.kinds <= alike
    }


def _kept_alike(old: Sequence[Board], new: Sequence[Board]) -> frozenset[str]:
    """The kinds of whose sensors the same is kept as before, so that it is handed over whole."""
    shapes = {(b.kind.name, *key): ring.shape for b in old for key, ring in b.rings.items()}
    return frozenset(
        board.kind.name
        for board in new
        if all(shapes.get((board.kind.name, *key)) == ring.shape for key, ring in board.rings.items())
    )


def _alike(before: Metric, after: Metric) -> bool:
    return (before.unit, before.resolution, before.form) == (after.unit, after.resolution, after.form)


def _move_rings(old: Board, new: Board, columns: tuple[int, int], moved: Moves) -> None:
    before, after = columns
    for (column, cell), ring in new.rings.items():
        # Cells that nobody kept are filled from single reports: the coverage there is.
        source = old.rings.get((before, cell)) or old.rings.get((before, 0))
        if column == after and source is not None:
            _move_ring(source, ring, moved)


def _move_ring(source: Ring, target: Ring, moved: Moves) -> None:
    """A ring that keeps the same of its sensors is handed over whole."""
    whole = source.shape == target.shape
    slots = [] if whole else moved.pairs
    if isinstance(source, AmountRing) and isinstance(target, AmountRing):
        if whole:
            target.take_over(source, moved.here, moved.there)
        for here, there in slots:
            for amount in source.entries(here):
                target.insert(there, amount)
    elif not isinstance(source, AmountRing) and not isinstance(target, AmountRing):
        if whole:
            target.take_over(source, moved.here, moved.there)
        for here, there in slots:
            for report in source.entries(here):
                target.insert(there, report)


def move_subjects(old: RuleJudge, new: RuleJudge | None, moved: Moves | None, at: int) -> list[ZoneWarning]:
    """Move the subjects of one rule; the open warnings that no sensor of the new rule has are orphaned.

    Nothing is judged here, so nothing can break half way.
    """
    orphans: list[ZoneWarning] = []
    stands = _standing_grades(old, new) if new is not None else frozenset[Grade]()
    for here, subject in old.subjects.items():
        there = GONE if moved is None else int(moved.to[here])
        if new is None or there == GONE or not new.ladder.member[there]:
            warning = open_warning(old, here, subject, at)
            orphans += [replace(warning, orphaned=True)] if warning else []
            continue
        _revise(subject, old.ladder, new.ladder, stands)
        subject.runs = _moved_runs(subject, old, new, here, there)
        new.adopt(there, subject)
    return orphans


def _standing_grades(old: RuleJudge, new: RuleJudge) -> frozenset[Grade]:
    """The grades whose condition is as it was."""
    before, after = old.rule.grades, new.rule.grades
    return frozenset(grade for grade in after if before.get(grade) == after[grade])


def _revise(subject: Subject, before: Ladder, after: Ladder, stands: frozenset[Grade]) -> None:
    """Latches whose condition changed stay as they are, and everything that was running ends."""
    kept_release = before.rule.release == after.rule.release
    for grade, latch in subject.latches.items():
        if grade not in stands:
            latch.run = latch.release = None
        elif not kept_release:
            latch.release = None
    on = {grade: latch for grade, latch in subject.latches.items() if latch.raised is not None}
    kept = {grade: subject.latches.get(grade, Latch()) for grade in after.raising}
    subject.latches = dict(sorted((on | kept).items(), reverse=True))


def _moved_runs(subject: Subject, old: RuleJudge, new: RuleJudge, here: int, there: int) -> dict[int, int]:
    """The runs of `sustained` under the keys that the same comparisons have now."""

    if not old.ladder.held or not new.ladder.held:
        return {}

    def names(judge: RuleJudge, slot: int) -> list[tuple[object, ...]]:
        metrics = {metric.column: metric.name for metric in judge.ladder.kind.metrics.values()}
        return [
            (metrics[h.check.column], h.check.sense, h.check.bound_at(slot), h.duration, h.negated)
            for h in judge.ladder.held
        ]

    known = {name: subject.runs.get(key) for key, name in enumerate(names(old, here))}
    found = ((key, known.get(name)) for key, name in enumerate(names(new, there)))
    return {key: since for key, since in found if since is not None}


def judge_anew(judge: RuleJudge, at: int) -> None:
    """Judge every sensor of a new or changed rule on what still stands: up at once, down by a release run."""
    board = judge.board
    slots = np.flatnonzero((board.newest > NEVER) & judge.ladder.member)
    if judge.confirmation:
        judge.confirmation.learn(None, at)
    for slot in judge.candidates(slots, at):
        clock = board.clock(slot, at)
        judge.start_runs(slot, clock, at)
        judge.judge_by_clock(slot, Event(at, Order.READING, reload=True))


def flooded(judge: RuleJudge) -> set[Fault]:
    """The rule itself, if it warns for most of its sensors that have reported (E232)."""
    reported = int(((judge.board.newest > NEVER) & judge.ladder.member).sum())
    warned = sum(subject.top is not None for subject in judge.subjects.values())
    if reported < LEAST or warned <= FLOOD * reported:
        return set()
    reason = f"warned for {warned} of {reported} sensors as soon as it was loaded; is a threshold wrong?"
    return {Fault(judge.ladder.rule.id, "*", reason)}


def flooded_places(group: GroupJudge) -> set[Fault]:
    """The rule itself, if it warns for most of its places (E232)."""
    warned = sum(subject.top is not None for subject in group.subjects.values())
    if len(group.names) < LEAST or warned <= FLOOD * len(group.names):
        return set()
    reason = (
        f"warned for {warned} of {len(group.names)} places as soon as it was loaded; is a threshold wrong?"
    )
    return {Fault(group.rule.id, "*", reason)}


def pairs(old: Sequence[RuleJudge], new: Sequence[RuleJudge]) -> list[tuple[RuleJudge, RuleJudge | None]]:
    """Each old judge with the new one of the same rule and kind."""
    by_rule = {(judge.ladder.rule.id, judge.ladder.rule.kind): judge for judge in new}
    return [(judge, by_rule.get((judge.ladder.rule.id, judge.ladder.rule.kind))) for judge in old]
