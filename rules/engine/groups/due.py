"""When a place next changes without a reading, in engine time."""

from collections.abc import Iterator

import numpy as np

from rules.engine.blindness import LONGEST_GRACE, postponed
from rules.engine.calendar import next_change
from rules.engine.deadlines import Due, Order
from rules.engine.groups.census import PlaceCensus
from rules.engine.groups.hearing import Hearing
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf, bound_ms
from rules.engine.groups.watch import Watch
from rules.engine.lifecycle import earliest_fall
from rules.engine.nodes import Timed, checks, leaves
from rules.engine.ring import NEVER
from rules.engine.subject import Latch, Subject


def due_at_rest(ladder: GroupLadder, census: PlaceCensus) -> Due | None:
    """Of a place that is not watched: no sensor of it says true, but sensors grow old."""
    return min(_ages(ladder, census), default=None)


def next_due(
    ladder: GroupLadder, watch: Watch, hearing: Hearing, census: PlaceCensus, now: Due
) -> Due | None:
    """The first deadline after `now` of a place that is watched."""
    place, time, by = census.place, census.time, census.by
    subject = watch.subjects[place]
    found = [*_rises(ladder, subject), *_completions(watch, hearing, place, time)]
    found += [(next_change(clock.condition, time), Order.RAISING) for clock in ladder.clocks]
    found += [*_ages(ladder, census), *_silences(ladder, watch, place, by), *_turns(ladder, place, by)]
    found += _leavings(ladder, watch, place)
    return min([*_falls(ladder, subject), *(due for due in found if due > now)], default=None)


def blind_periods(ladder: GroupLadder) -> list[tuple[int, int]]:
    """Blind time, the same for all kinds."""
    return next((part.board.blind for leaf in ladder.leaves for part in leaf.parts.values()), [])


def grace(ladder: GroupLadder, place: int) -> int:
    """How long the sensors of a place are given to report again after blind time, ms."""
    found = [
        int(part.board.patience[members].max())
        for leaf in ladder.leaves
        for part in leaf.parts.values()
        if len(members := leaf.places.members(place, part.slots))
    ]
    return min(max(found, default=0), LONGEST_GRACE)


def _rises(ladder: GroupLadder, subject: Subject) -> Iterator[Due]:
    for grade, latch in subject.latches.items():
        if latch.run is not None and not latch.auto:
            yield postponed(latch.run + ladder.rule.sustain[grade], blind_periods(ladder)), Order.RAISING


def _completions(watch: Watch, hearing: Hearing, place: int, time: int) -> Iterator[Due]:
    for leaf in hearing.leaves:
        for slot in watch.tallies[place][leaf.number].running:
            due = hearing.due(leaf, slot, time)
            if due is not None:
                yield due, Order.RAISING


def _falls(ladder: GroupLadder, subject: Subject) -> Iterator[Due]:
    after = ladder.rule.release.after
    for latch in subject.latches.values():
        if latch.release is not None:
            yield max(latch.release + after, earliest_fall(latch, after)), Order.CLEARING


def _leavings(ladder: GroupLadder, watch: Watch, place: int) -> Iterator[Due]:
    """A stand is no longer inside (T - within, T] for any reading of that instant (D27)."""
    for leaf in ladder.leaves:
        if leaf.within:
            for slot in watch.tallies[place][leaf.number].ended:
                yield leaf.leaves_at(slot), Order.RAISING


def _ages(ladder: GroupLadder, census: PlaceCensus) -> Iterator[Due]:
    for count in ladder.age_counts:
        turn = census.ages(count.leaf).next_turn(count, census.by)
        if turn is not None:
            yield turn, Order.SILENCE


def _silences(ladder: GroupLadder, watch: Watch, place: int, by: int) -> Iterator[Due]:
    """The next sensor to fall silent, where a count may become unknown or a share change by it."""
    waits = any(_waits(latch) for latch in watch.subjects[place].latches.values())
    for leaf in ladder.leaves:
        if leaf.is_age:
            continue
        if waits or (leaf.is_share and watch.tallies[place][leaf.number].standing):
            yield from _first_silent(leaf, place, by)


def _waits(latch: Latch) -> bool:
    """Whether it matters that a word is no longer known: to a release, or to a run that may not stand."""
    return latch.release is not None or (latch.run is not None and not latch.auto)


def _first_silent(leaf: Leaf, place: int, by: int) -> Iterator[Due]:
    for part in leaf.parts.values():
        slots = leaf.places.members(place, part.slots)
        for column in part.columns:
            heard = part.heard(column)[slots]
            silent = (heard + part.patience[slots])[heard > NEVER]
            ahead = silent[silent > by]
            if len(ahead):
                yield int(ahead.min()), Order.SILENCE


def _turns(ladder: GroupLadder, place: int, by: int) -> Iterator[Due]:
    """Of leaves whose conditions ask for ages or the clock beside readings."""
    for leaf in ladder.leaves:
        if leaf.turns:
            for part in leaf.parts.values():
                slots = leaf.places.members(place, part.slots)
                found = [np.zeros(0, np.int64)]
                for check in checks(part.node):
                    if check.function == "age":
                        heard = part.heard(check.column)[slots]
                        turn = (heard + bound_ms(check, slots))[heard > NEVER]
                        found += [turn, turn + 1]
                ahead = np.concatenate(found)
                ahead = ahead[ahead > by]
                if len(ahead):
                    yield int(ahead.min()), Order.SILENCE
                timed = (node for node in leaves(part.node) if isinstance(node, Timed))
                yield from ((next_change(node.condition, by), Order.RAISING) for node in timed)
