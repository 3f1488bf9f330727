"""Ages of the sensors of a place: counted when asked for, so that no reading costs anything."""

from bisect import bisect_left
from collections.abc import Iterator

import numpy as np

from rules.engine.groups.condition import Count
from rules.engine.groups.leaf import Leaf, Part, bound_ms
from rules.engine.nodes import Check
from rules.engine.ring import NEVER, Longs, Slots


def old_enough(leaf: Leaf, place: int, by: int) -> list[int]:
    """The sensors whose age compares as demanded at the end of `by` (engine time, ms)."""
    found: list[int] = []
    for part, check, slots in _parts(leaf, place):
        turn = _turns_at(part, check, slots)
        heard = part.has_spoken(slots)
        true = slots[heard & ((turn <= by) == (check.sense == ">="))]
        found += (true + part.slots.start).tolist()
    return found


def next_turn(count: Count, place: int, by: int) -> int | None:
    """No later than the first instant after `by` at which the count's result can change without a reading.

    A sensor that never reported might do so at once; of a place without members the first report tells.
    """
    if not count.leaf.has_spoken(place):
        return None
    leaf, turns, members = count.leaf, [np.zeros(0, np.int64)], 0
    for part, check, slots in _parts(leaf, place):
        heard = part.has_spoken(slots)
        members += int(heard.sum())
        turns.append(np.where(heard, _turns_at(part, check, slots), by + _patience(check, slots)))
    ahead = np.concatenate(turns)
    ahead = ahead[ahead > by]
    if not len(ahead):
        return None
    true, step = len(old_enough(leaf, place, by)), -1 if leaf.asks_for_young else 1
    needed = _needed(count, true, step, (members, len(ahead)))
    return None if needed is None else int(np.partition(ahead, needed - 1)[needed - 1])


def _needed(count: Count, true: int, step: int, sizes: tuple[int, int]) -> int | None:
    """How many of those ahead must turn before the result changes; None if all do not suffice."""
    members, ahead = sizes
    if count.operator in ("==", "!=") or not members:
        return 1
    now = count.holds(true, members)

    def differs(turned: int) -> bool:
        number = max(true + step * turned, 0)
        return count.holds(number, max(number, members)) != now

    needed = 1 + bisect_left(range(1, ahead + 1), True, key=differs)
    return needed if needed <= ahead else None


def _parts(leaf: Leaf, place: int) -> Iterator[tuple[Part, Check, Slots]]:
    for part, slots in leaf.present(place):
        assert isinstance(part.node, Check)
        yield part, part.node, slots


def _turns_at(part: Part, check: Check, slots: Slots) -> Longs:
    """When the result of each turns: an age of exactly the bound is old enough, and still young enough."""
    heard = part.heard(check.column)[slots]
    return np.where(heard > NEVER, heard + _patience(check, slots), NEVER)


def _patience(check: Check, slots: Slots) -> Longs:
    return bound_ms(check, slots) + (check.sense == "<=")
