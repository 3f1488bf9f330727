"""One report of an instantaneous metric, or several kept as one."""

from typing import NamedTuple

from rules.engine.nodes import Check, Key

WIDEST_REACH = 2**31 - 1


class Report(NamedTuple):
    """One report, or several as one: the newest at `stamp`, the oldest `reach` ms before it.

    `last` is the value at `stamp`, `high` and `low` the extremes; values are counts of the resolution.
    `others` more reports are in it, whose values add up to `rest`. `hits` says for comparisons that rules
    count of how many reports they are true. Rings keep extremes, sums and hits only where a rule asks.
    """

    stamp: int
    reach: int
    high: int
    low: int
    last: int
    flags: int
    others: int = 0
    rest: int = 0
    hits: tuple[tuple[Key, int], ...] = ()

    def hits_of(self, counted: Check, slot: int) -> int:
        """Of how many reports a comparison is true; by the last value alone where nobody counted."""
        for key, hits in self.hits:
            if key == counted.key:
                return hits
        bound = counted.bound_at(slot)
        return (1 + self.others) if bound is not None and counted.compare(self.last, bound) else 0


def single(stamp: int, value: int, flags: int) -> Report:
    """One report by itself."""
    return Report(int(stamp), 0, int(value), int(value), int(value), int(flags))


def as_one(older: Report, newer: Report, hits: tuple[tuple[Key, int], ...]) -> Report:
    """Two neighbours as one entry at the later stamp; `hits` are those of both."""
    reach = max(newer.reach, newer.stamp - older.stamp + older.reach)
    return Report(
        newer.stamp,
        min(reach, WIDEST_REACH),
        max(older.high, newer.high),
        min(older.low, newer.low),
        newer.last,
        older.flags | newer.flags,
        older.others + newer.others + 1,
        older.rest + older.last + newer.rest,
        hits,
    )
