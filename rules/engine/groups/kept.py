"""What a rule over places keeps beside the boards, for snapshots."""

import msgspec

from rules.engine.groups.hearing import Hearing
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Stand
from rules.engine.groups.watch import Watch
from rules.engine.subject import Subject
from rules.grade import Grade


class LeafState(msgspec.Struct):
    """As in Leaf, in the order of the slots."""

    standing: list[tuple[int, Stand]]
    ended: list[tuple[int, Stand]]
    runs: list[tuple[int, dict[int, int]]]
    clocks: list[tuple[int, int]]


class GroupState(msgspec.Struct):
    """Subjects and reasons by number of the place, leaves by number; `contradicted` as in Hearing."""

    subjects: list[tuple[int, Subject]]
    reasons: list[tuple[int, dict[Grade, str]]]
    leaves: list[LeafState]
    contradicted: list[tuple[int, int]]


def state_of(ladder: GroupLadder, watch: Watch, hearing: Hearing) -> GroupState:
    """A state that shares what it holds: to be encoded before anything else happens."""
    leaves = [
        LeafState(
            sorted(leaf.standing.items()),
            sorted(leaf.ended.items()),
            sorted(leaf.runs.items()),
            sorted(leaf.clocks.items()),
        )
        for leaf in ladder.leaves
    ]
    reasons = [(place, found) for place, found in sorted(watch.reasons.items()) if found]
    return GroupState(sorted(watch.subjects.items()), reasons, leaves, sorted(hearing.contradicted))


def resume(ladder: GroupLadder, watch: Watch, hearing: Hearing, state: GroupState) -> None:
    """Fill a fresh judge of the same rule and registry."""
    for leaf, own in zip(ladder.leaves, state.leaves, strict=True):
        leaf.standing, leaf.ended = dict(own.standing), dict(own.ended)
        leaf.runs, leaf.clocks = dict(own.runs), dict(own.clocks)
    hearing.contradicted = set(state.contradicted)
    slots = {slot for _, slot in state.contradicted} | {
        slot for leaf in ladder.leaves for slot in leaf.runs.keys() | leaf.standing.keys()
    }
    for slot in slots:
        hearing.mark(slot)
    for place, subject in state.subjects:
        watch.wake(place, subject)
    watch.reasons = dict(state.reasons)
