"""What a sound configuration still lacks: what `tocsin check` warns of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec.structs import replace

from ingest.finding import Finding, words
from notifiers.cap.coverage import too_large
from notifiers.coverage import coverage
from notifiers.lengths import Sms, examples, too_long
from notifiers.routes import Reach
from notifiers.template_sms import Terms, check_lengths
from tocsin.channel_settings import PROVIDERS, Apprise, Cap, Kannel, TemplateSms
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


def _template_lengths(
    name: str, settings: TemplateSms, configuration: Configuration, now: int
) -> Iterator[Finding]:
    """Every rule and grade at the longest place, and every place once (E324)."""
    zone_of_time, limits = configuration.settings.zone_info, PROVIDERS[settings.provider].limits
    terms = Terms(settings.realm, settings.language, zone_of_time, limits, settings.signature)
    bulletins = examples(configuration.basis.rules, router_of(configuration), configuration.basis.registry)
    for act, template in settings.worded().items():
        problems = check_lengths(template, (replace(b, act=act) for b in bulletins), terms)
        if problems:
            longest, more = max(problems, key=len), len(problems) - 1
            message = words("{channel}: {problem}", channel=name, problem=longest)
            if more:
                message = words(
                    "{channel}: {problem}; and {more} more like it", channel=name, problem=longest, more=more
                )
            hint = words(
                "ask the cloud for a wider parameter and give it under limits, or shorten title or name"
            )
            yield Finding("channels", 0, 0, "E324", message, hint)


def _areas(name: str, settings: Cap, configuration: Configuration, now: int) -> Iterator[Finding]:
    router, registry = router_of(configuration), configuration.basis.registry
    yield from too_large(name, settings.largest_area, router, registry)


# What is looked at for each kind of channel.
CHECKS: Mapping[type, tuple[Check, ...]] = MappingProxyType(
    {Apprise: (_sms_lengths,), Kannel: (_sms_lengths,), TemplateSms: (_template_lengths,), Cap: (_areas,)}
)
