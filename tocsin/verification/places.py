"""Which places belong together: a sensor, its zone, and the zones above it."""

from collections.abc import Callable
from functools import cache

from ingest.registry import Registry


def relation(registry: Registry) -> Callable[[str, str], bool]:
    """Whether of two sensors, gateways or zones one lies in the other, or is the other."""

    @cache
    def above(place: str) -> frozenset[str]:
        zone = registry.place(place)
        return frozenset([place, *([] if zone is None else registry.ancestry(zone))])

    return lambda one, other: one in above(other) or other in above(one)
