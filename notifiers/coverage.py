"""What sound routes still leave open: places that nobody hears of, and red that hangs by one thread."""

from collections.abc import Iterator

from ingest.duration import format_duration
from ingest.finding import Finding, words
from notifiers.routes import Reach
from notifiers.routing import Router
from rules.grade import Grade

_SHOWN = 5


def coverage(name: str, router: Router, now: int) -> list[Finding]:
    """What the routes file `name` leaves open at `now` (E320 to E322)."""
    return [*_nobody(name, router, now), *_nobody_next(name, router, now), *_one_thread(name, router, now)]


def _nobody(name: str, router: Router, now: int) -> Iterator[Finding]:
    """One finding for each hazard and grade."""
    zones: dict[tuple[str, Grade], list[str]] = {}
    for zone, hazard, grade in router.unreached(now):
        zones.setdefault((hazard, grade), []).append(zone)
    for (hazard, grade), where in zones.items():
        message = words(
            "{hazard} {grade} reaches nobody in {where}", hazard=hazard, grade=grade, where=listed(where)
        )
        yield Finding(name, 0, 0, "E320", message, words("add a route, or a wider one"))


def _nobody_next(name: str, router: Router, now: int) -> Iterator[Finding]:
    within = router.routes.deadlines[Grade.RED].acknowledge
    where = [zone for zone in router.leaves() if not router.levels(zone, now)]
    if within is not None and where and any(grade is Grade.RED for _, grade in router.raised()):
        message = words(
            "red must be acknowledged within {within}, and nobody is asked next in {where}",
            within=format_duration(within),
            where=listed(where),
        )
        yield Finding(
            name, 0, 0, "E321", message, words("add a level for these zones, or for one above them")
        )


def _one_thread(name: str, router: Router, now: int) -> Iterator[Finding]:
    for hazard in [hazard for hazard, grade in router.raised() if grade is Grade.RED]:
        alone: dict[str, list[str]] = {}
        for zone in router.leaves():
            told = router.who(zone, hazard, Grade.RED, now)
            channels = {a.channel for a in told} | {channel for a in told for channel, *_ in a.otherwise}
            horns = any(router.reach(channel) is Reach.HORN for channel in channels)
            if len(channels) == 1 and not horns:
                alone.setdefault(channels.pop(), []).append(zone)
        for channel, where in alone.items():
            message = words(
                "{hazard} red goes out over {channel} alone in {where}",
                hazard=hazard,
                channel=channel,
                where=listed(where),
            )
            hint = words("add a second channel, horns, or otherwise: what is tried when it gives no receipt")
            yield Finding(name, 0, 0, "E322", message, hint)


def listed(zones: list[str]) -> str:
    """The first few of them, and how many more there are."""
    shown = ", ".join(zones[:_SHOWN])
    more = len(zones) - _SHOWN
    return words("{shown} and {more} more", shown=shown, more=more) if more > 0 else shown
