"""What `tocsin who` shows: everyone who would be told and why, and who is asked next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table

from ingest.duration import format_duration
from notifiers.contacts import masked
from notifiers.routes import Deadlines
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from tocsin.configuration import Configuration
from tocsin.wiring import router_of


@dataclass(frozen=True, slots=True)
class Explained:
    """Tables and lines to print one below the other, and whether anybody is told at all."""

    parts: list[Table | str]
    anybody: bool


def explain(configuration: Configuration, zone: str, hazard: str, grade: Grade, at: int) -> Explained:
    """Who is told of `hazard` in `zone` at the instant `at` (ms); addresses are masked."""
    router = router_of(configuration)
    told = router.who(zone, hazard, grade, at)
    local = datetime.fromtimestamp(at / 1000, router.time_zone)
    parts: list[Table | str] = [f"{hazard} {grade} in {zone}, {local:%Y-%m-%d %H:%M %Z}"]
    if told:
        parts.append(_told(told, router))
    parts += _on_duty(told, configuration, at)
    if told and (waiting := _quiet(router, grade, local)):
        parts.append(waiting)
    if asked := _deadlines(router.routes.deadlines[grade], any(a.approval for a in told)):
        parts += [f"each from the announcement: {asked}", _levels(router.levels(zone, at), router)]
    return Explained(parts, bool(told))


def _told(told: Iterable[Addressee], router: Router) -> Table:
    table = Table("recipient", "channel", "address", "languages", "without receipt", "approval", "route")
    for a in told:
        instead = ", then ".join(f"{channel} {_shown(channel, to, router)}" for channel, to, _ in a.otherwise)
        table.add_row(
            a.recipient,
            a.channel,
            _shown(a.channel, a.address, router),
            " ".join(a.languages),
            instead,
            "a person releases it" if a.approval else "",
            a.why,
        )
    return table


def _levels(levels: list[list[Addressee]], router: Router) -> Table | str:
    if not levels:
        return "nobody is asked next: no level for this zone or one above it"
    table = Table("level", "recipient", "channel", "address", "languages", "line", title="who is asked next")
    for number, level in enumerate(levels, start=1):
        for a in level:
            shown = _shown(a.channel, a.address, router)
            table.add_row(str(number), a.recipient, a.channel, shown, " ".join(a.languages), a.why)
    return table


def _on_duty(told: list[Addressee], configuration: Configuration, at: int) -> list[Table | str]:
    """The rosters that put somebody of them on, and until when."""
    zone = configuration.settings.zone_info
    found: list[Table | str] = []
    for name in dict.fromkeys(a.duty for a in told if a.duty):
        roster = configuration.contacts.rosters[name]
        on = ", ".join(person.id for person in roster.on(at))
        until = datetime.fromtimestamp(roster.next_change(at) / 1000, zone)
        found.append(f"on duty by {name}: {on}, until {until:%Y-%m-%d %H:%M}")
    return found


def _quiet(router: Router, grade: Grade, local: datetime) -> str:
    quiet = router.routes.quiet_hours
    if quiet is None or grade >= Grade.ORANGE or not quiet.holds(60 * local.hour + local.minute):
        return ""
    return f"quiet hours: {grade} waits until {quiet.end // 60:02}:{quiet.end % 60:02}"


def _deadlines(deadlines: Deadlines, approval: bool) -> str:
    stages = {
        "released": deadlines.release if approval else None,
        "acknowledged": deadlines.acknowledge,
        "arrived": deadlines.arrive,
        "handled": deadlines.handle,
    }
    return ", ".join(f"{stage} within {format_duration(d)}" for stage, d in stages.items() if d is not None)


def _shown(channel: str, address: str, router: Router) -> str:
    return masked(address) if router.reaches_people(channel) else address
