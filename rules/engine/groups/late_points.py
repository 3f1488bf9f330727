"""Late readings of single sensors: they count at their stamp, against others within reach of it (D27)."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.engine.groups.hearing import Hearing
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf, Part
from rules.engine.groups.watch import Watch
from rules.engine.late import Late
from rules.engine.ring import NEVER


@dataclass(frozen=True, slots=True)
class Points:
    """For which leaves, by number, a sensor said true at `stamp`, and whether that is beyond doubt."""

    slot: int
    stamp: int
    sure: dict[int, bool]


def points(hearing: Hearing, told: Iterable[tuple[Leaf, Part]], late: Late, received: int) -> dict[int, bool]:
    """The leaves for which a late reading says true at its stamp; its newest readings are heard as well."""
    found: dict[int, bool] = {}
    for leaf, part in told:
        hearing.hear_late(leaf, part, late, received)
        sure = hearing.point(leaf, part, late, received)
        if sure is not None:
            found[leaf.number] = sure
    return found


def around(ladder: GroupLadder, watch: Watch, place: int, late: Points) -> dict[int, dict[int, bool]]:
    """By leaf the sensors of a place that count with the late one, and whether each is beyond doubt."""
    leaves = (leaf for leaf in ladder.leaves if leaf.number in late.sure and not leaf.is_share)
    return {
        leaf.number: {late.slot: late.sure[leaf.number]} | _near(leaf, watch, place, late)
        for leaf in leaves
        if place in leaf.places.of_sensor(late.slot)
    }


def _near(leaf: Leaf, watch: Watch, place: int, late: Points) -> dict[int, bool]:
    """The others that said true less than `within` before or after; without one, at the stamp."""
    tally, reach = watch.tallies[place][leaf.number], leaf.within
    found: dict[int, bool] = {}
    for slot in tally.standing - {late.slot}:
        stand = leaf.standing[slot]
        if stand.since < late.stamp + max(reach, 1):
            found[slot] = stand.sure
    members = set(leaf.places.all(place).tolist())
    for slot in (members & leaf.ended.keys()) - {late.slot} - found.keys():
        stand = leaf.ended[slot]
        if stand.since < late.stamp + reach and (stand.until or NEVER) > late.stamp - reach:
            found[slot] = stand.sure
    return found
