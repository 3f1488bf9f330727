"""Which zones are too large for a feed, before it refuses the first warning of one."""

from collections.abc import Iterator

from ingest.finding import Finding, words
from ingest.registry import Registry, Zone
from notifiers.cap.areas import square_kilometres
from notifiers.coverage import listed
from notifiers.routes import Route
from notifiers.routing import Router


def too_large(channel: str, largest: float, router: Router, registry: Registry) -> Iterator[Finding]:
    """One finding for each route to the feed `channel` that covers such zones (E325).

    `largest` in square kilometres, as the channel has it.
    """
    sizes = {zone.id: _size(zone) for zone in registry.zones.values()}
    for route in router.routes.routes:
        if route.public and channel in route.channels:
            where = [zone for zone in _covered(route, registry) if sizes[zone] > largest]
            if where:
                widest = max(sizes[zone] for zone in where)
                message = words(
                    "{channel} would not publish a warning of {where}: up to {widest:.0f} square "
                    "kilometres, over its largest_area of {largest:g}",
                    channel=channel,
                    where=listed(where),
                    widest=widest,
                    largest=largest,
                )
                hint = words("name smaller zones in the route, or raise largest_area")
                yield Finding(route.file, route.line, 1, "E325", message, hint)


def _covered(route: Route, registry: Registry) -> list[str]:
    """All zones of a route, those that others lie in as well: a person may warn them."""
    return [
        zone
        for zone in registry.zones
        if not route.zones or not route.zones.isdisjoint(registry.ancestry(zone))
    ]


def _size(zone: Zone) -> float:
    """Of the outline, which is what is published; 0 for a zone without one."""
    return square_kilometres([(lat, lon) for lon, lat in zone.polygon[0]]) if zone.polygon else 0.0
