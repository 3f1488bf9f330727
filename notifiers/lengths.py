"""How long the SMS of each rule would be, before the first of them is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.finding import Finding, words
from ingest.registry import Registry
from notifiers.bulletin import Act, Bulletin
from notifiers.message import FEW, alternatives, segments
from notifiers.routing import Announcement, Router
from rules.grade import Grade
from rules.language.printed import printed
from rules.rule import Rule
from rules.transition import Disposition, Transition

# Beyond ten parts carriers drop messages, and phones show them in pieces; this project's own figure.
MOST_PARTS = 10
_ID = "0" * 16


@dataclass(frozen=True, slots=True)
class Sms:
    """A channel, and what stands before each of its texts."""

    channel: str
    signature: str = ""


def too_long(
    sms: Sms, rules: Iterable[Rule], router: Router, registry: Registry, now: int
) -> Iterator[Finding]:
    """The rules whose SMS would take more than `MOST_PARTS` at the longest place name (E323).

    The first warning of each rule and grade, in the languages of whoever is told over the channel.
    """
    languages = _languages(sms.channel, router, registry, now)
    for rule in rules:
        for grade in rule.grades:
            of_each = [
                sms.signature + " ".join(text[language] for language in read)
                for read, zone in languages.get((rule.hazard, grade), {}).items()
                for text in [example(rule, grade, zone, router, registry).text]
            ]
            longest = max(of_each, key=lambda text: segments(text).count, default="")
            if (parts := segments(longest).count) > MOST_PARTS:
                message = words(
                    "{id} {grade} over {channel} is an SMS of {parts} parts: {longest}",
                    id=rule.id,
                    grade=grade,
                    channel=sms.channel,
                    parts=parts,
                    longest=longest,
                )
                hint = words("shorten title, advice or condition to {most} parts", most=MOST_PARTS)
                yield Finding(rule.file, rule.line, 1, "E323", message, hint)


def _languages(
    channel: str, router: Router, registry: Registry, now: int
) -> dict[tuple[str, Grade], dict[tuple[str, ...], str]]:
    """Of each hazard and grade: the languages of those who are told, and the zone of the longest name."""
    zones = sorted(router.leaves(), key=lambda zone: _length(zone, registry))
    return {
        (hazard, grade): {
            addressee.languages: zone
            for zone in zones
            for addressee in router.who(zone, hazard, grade, now)
            if addressee.channel == channel
        }
        for hazard, grade in router.raised()
    }


def examples(rules: Iterable[Rule], router: Router, registry: Registry) -> list[Bulletin]:
    """A first warning of every rule and grade at the place of the longest name, and one at every place."""
    zones = sorted(router.leaves(), key=lambda zone: _length(zone, registry))
    if not zones:
        return []
    ladders = [(rule, grade) for rule in rules for grade in rule.grades]
    found = [example(rule, grade, zones[-1], router, registry) for rule, grade in ladders]
    return found + [example(*ladders[0], zone, router, registry) for zone in zones if ladders]


def _length(zone: str, registry: Registry) -> int:
    return sum(len(name) for z in registry.ancestry(zone) for name in registry.zones[z].name.values())


def example(rule: Rule, grade: Grade, zone: str, router: Router, registry: Registry) -> Bulletin:
    """A first warning of `rule` in `zone`, with the longest name that its sensors have.

    The condition stands in it without its values, of many alternatives the longest.
    """
    parts = alternatives(printed(rule.grades[grade]))
    line = Transition(
        at=0,
        rule=rule.id,
        subject=max(_subjects(rule, registry), key=len, default=zone),
        warning=_ID,
        ordinal=0,
        before=None,
        after=grade,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={"text": " or ".join(parts if len(parts) <= FEW else [max(parts, key=len)])},
    )
    announcement = Announcement(
        incident=_ID,
        revision=0,
        act=Act.ALERT,
        hazard=rule.hazard,
        zone=zone,
        grade=grade,
        before=None,
        sent=0,
        expires=0,
        count=1,
        references=(),
    )
    return router.bulletin(line, announcement)


def _subjects(rule: Rule, registry: Registry) -> Iterator[str]:
    return (registry.sensors[slot].id for slot in registry.ranges.get(rule.kind, ()))
