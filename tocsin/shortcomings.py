"""What a sound configuration still lacks: what `tocsin check` warns of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from ingest.finding import Finding
from notifiers.cap.coverage import too_large
from notifiers.coverage import coverage
from notifiers.lengths import Sms, too_long
from notifiers.routes import Reach
from tocsin.channel_settings import Apprise, Cap, Kannel
from tocsin.configuration import Configuration
from tocsin.wiring import router_of

# Of the channel of that name and settings, at an instant.
Check: TypeAlias = Callable[[str, Any, Configuration, int], Iterable[Finding]]


def shortcomings(configuration: Configuration, now: int) -> list[Finding]:
    """Places that hear nothing, red that hangs by one thread, and what the channels cannot carry."""
    found = coverage(configuration.settings.routes, router_of(configuration), now)
    for name, settings in configuration.settings.channels.items():
        for check in CHECKS.get(type(settings), ()):
            found += check(name, settings, configuration, now)
    return found


def _sms_lengths(
    name: str, settings: Apprise | Kannel, configuration: Configuration, now: int
) -> Iterator[Finding]:
    if settings.reach is Reach.PHONE:
        sms, basis = Sms(name, settings.signature), configuration.basis
        yield from too_long(sms, basis.rules, router_of(configuration), basis.registry, now)


def _areas(name: str, settings: Cap, configuration: Configuration, now: int) -> Iterator[Finding]:
    router, registry = router_of(configuration), configuration.basis.registry
    yield from too_large(name, settings.largest_area, router, registry)


# What is looked at for each kind of channel.
CHECKS: Mapping[type, tuple[Check, ...]] = MappingProxyType(
    {Apprise: (_sms_lengths,), Kannel: (_sms_lengths,), Cap: (_areas,)}
)
