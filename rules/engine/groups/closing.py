"""A person ends the warning of a place that is blind: what its silent sensors said last counts no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.closing import (
    STILL_JUDGED,
    TELLS_OF_SILENCE,
    Closing,
    StaysOpenError,
    tell_closed,
)
from rules.engine.event import Event
from rules.engine.groups.account import is_silent
from rules.engine.groups.census import PlaceCensus, Tally
from rules.engine.groups.leaf import Leaf
from rules.engine.groups.words import said
from rules.engine.ledger import Ledger
from rules.engine.nodes import checks
from rules.engine.verdict import TRUE

if TYPE_CHECKING:
    from rules.engine.groups.judge import GroupJudge


def close_place(judge: GroupJudge, place: int, ledger: Ledger, event: Event, closing: Closing) -> None:
    """End the warning of one place; raises StaysOpenError.

    Other places that count the same silent sensors are judged without their last word: down by a release.
    """
    subject = judge.subjects[place]
    warning = next(w for w in judge.warnings(event.instant) if w.id == closing.warning)
    if warning.orphaned:
        tell_closed(ledger, subject, warning, event, closing)
        judge.watch.sleep(place)
        return
    if _tells_of_silence(judge):
        raise StaysOpenError(TELLS_OF_SILENCE)
    silent = _silent(judge, place, event.instant)
    if not warning.blind or _holds_without(judge, place, silent, event.instant):
        raise StaysOpenError(STILL_JUDGED)
    tell_closed(ledger, subject, warning, event, closing)
    judge.watch.reasons.pop(place, None)
    concerned = {place} | _lose(judge, silent, event.instant)
    for other in sorted(concerned):
        judge.judge(other, event)


def _tells_of_silence(judge: GroupJudge) -> bool:
    nodes = (part.node for leaf in judge.ladder.leaves for part in leaf.parts.values())
    return any(check.function == "age" for node in nodes for check in checks(node))


def _silent(judge: GroupJudge, place: int, time: int) -> set[int]:
    """The sensors of the place of which a leaf keeps something that rests on what is silent."""
    members = set(judge.ladder.places.all(place).tolist())
    return {
        slot
        for leaf in judge.hearing.leaves
        for slot in members & (leaf.standing.keys() | leaf.runs.keys())
        if _rests_on_silence(leaf, slot, time)
    }


def _rests_on_silence(leaf: Leaf, slot: int, time: int) -> bool:
    part = leaf.part_of(slot)
    assert part is not None
    heard = leaf.view(part, slot - part.slots.start, time, time, forgets=True)
    return is_silent(leaf, slot, time) and said(part.node, part.board, heard) != TRUE


def _holds_without(judge: GroupJudge, place: int, silent: set[int], time: int) -> bool:
    """Whether the sensors that still speak say enough to raise it."""
    tallies = {number: _without(tally, silent) for number, tally in judge.watch.tallies[place].items()}
    # As it is judged right behind: who falls silent at this very instant still speaks.
    census = PlaceCensus(place, tallies, time, time - 1)
    return TRUE in judge.ladder.judged(judge.ladder.raising, census).values()


def _without(tally: Tally, silent: set[int]) -> Tally:
    return Tally(tally.standing - silent, tally.ended - silent, tally.running - silent)


def _lose(judge: GroupJudge, slots: set[int], time: int) -> set[int]:
    """Forget what silent sensors said last; returns the watched places that counted it."""
    found: set[int] = set()
    for leaf in judge.hearing.leaves:
        for slot in sorted(slots & (leaf.standing.keys() | leaf.ended.keys() | leaf.runs.keys())):
            found.update(judge.watch.watched_places(leaf, slot))
            _forget(judge, leaf, slot)
            part = leaf.part_of(slot)
            assert part is not None
            judge.watch.note(leaf, part, slot, time)
    return found


def _forget(judge: GroupJudge, leaf: Leaf, slot: int) -> None:
    for kept in (leaf.standing, leaf.ended, leaf.runs, leaf.clocks):
        kept.pop(slot, None)
    judge.hearing.contradicted.discard((leaf.number, slot))
    judge.hearing.mark(slot)
