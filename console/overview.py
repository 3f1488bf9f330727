"""The command centre at a glance: one picture of the present, drawn on a terminal or told in lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ingest.clock import SECOND
from rules.grade import Grade

# Colour is always accompanied by the grade's name and number (ISO 22324).
STYLE = {
    Grade.BLUE: "bold white on blue",
    Grade.YELLOW: "bold black on yellow",
    Grade.ORANGE: "bold black on dark_orange",
    Grade.RED: "bold white on red",
}
NAMES = {
    Grade.BLUE: "Ⅳ 蓝 blue",
    Grade.YELLOW: "Ⅲ 黄 yellow",
    Grade.ORANGE: "Ⅱ 橙 orange",
    Grade.RED: "Ⅰ 红 red",
}
# How the width that grade and time leave is shared: who has it, and by when the next is due, is long.
SHARES = {"who has it": 5, "what": 3, "place": 3, "value": 3}
STATES = {
    "held": "magenta",
    "queued": "yellow",
    "claimed": "yellow",
    "accepted": "cyan",
    "delivered": "green",
    "played": "green",
    "acknowledged": "bold green",
    "failed": "bold red",
    "unknown": "bold red",
    "expired": "bold red",
}


@dataclass(frozen=True, slots=True)
class Online:
    """How many of a kind's sensors were heard within their time."""

    kind: str
    heard: int
    registered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is open of one hazard in one zone; `since` and `due` in ms since the epoch.

    `review`: a person has to look at it before anybody is told. `stage` is how far it came and `by` whom,
    both empty as long as nobody has it; `due` is when the next stage is, None if nobody is waited for.
    """

    id: str
    grade: Grade
    title: str
    place: str
    since: int
    value: str
    warnings: int
    review: bool
    stage: str
    by: str
    due: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What goes out once a person releases it; `expires` in ms since the epoch."""

    incident: str
    grade: Grade
    text: str
    to: str
    asked: str
    expires: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Who does not know, or does not answer; `since` in ms since the epoch, None where it is not known.

    `incident` is empty and `grade` None for what is missing whatever happens, such as a silent horn.
    """

    incident: str
    grade: Grade | None
    who: str
    detail: str
    since: int | None


@dataclass(frozen=True, slots=True)
class LastDelivery:
    """One of the latest deliveries; `at` in ms since the epoch, `states` as far as they were seen."""

    at: int
    channel: str
    recipient: str
    grade: Grade | None
    states: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the picture shows; `now` in ms since the epoch, `rate` readings a (real) second."""

    now: int
    zone: tzinfo
    realm: str
    rate: float
    journaled: int
    quarantined: int
    online: tuple[Online, ...]
    unreached: tuple[Missing, ...]
    waiting: tuple[Waiting, ...]
    incidents: tuple[Incident, ...]
    deliveries: tuple[LastDelivery, ...]


def clock_time(instant: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(instant / SECOND, zone).strftime("%m-%d %H:%M:%S")


def draw(view: Overview, rows: int = 10, *, small: bool = False) -> RenderableType:
    """The live view: what somebody must see to first, then at most `rows` incidents and deliveries.

    `small` tells the kinds in one line, and of what is to be seen to the two weightiest.
    """
    head = Text.assemble(
        (f" {view.realm.upper()} ", "bold reverse"),
        f"  {clock_time(view.now, view.zone)} {view.zone}   ",
        (f"{view.rate:,.0f} readings/s", "bold"),
        f"   journaled {view.journaled:,}   quarantined {view.quarantined:,}",
    )
    few = 2 if small else 4
    return Panel(
        Group(
            head,
            _online_line(view.online) if small else _online(view.online),
            _unreached(view, few),
            _waiting(view, few),
            _incidents(view, rows, small),
            _deliveries(view, rows),
        ),
        title="Tocsin 警钟",
    )


def _online(online: tuple[Online, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in online:
        share = each.heard / each.registered
        table.add_row(
            each.kind,
            ProgressBar(total=each.registered, completed=each.heard, width=30),
            f"{each.heard}/{each.registered} online {share:.0%}",
        )
    return table


def _online_line(online: tuple[Online, ...]) -> Text:
    told = "  ".join(f"{each.kind} {each.heard}/{each.registered}" for each in online)
    return Text(f"online  {told}", no_wrap=True, overflow="ellipsis")


def _unreached(view: Overview, few: int) -> RenderableType:
    lines = []
    for m in view.unreached:
        since = "" if m.since is None else f", since {_clock(m.since, view)}"
        lines.append(Text.assemble(_badge(m.grade), f" {_whom(m)}{since}: {m.detail}"))
    return _to_see_to("not reached, or no answer 未通知到", lines, few, "bold white on red")


def _whom(missing: Missing) -> str:
    return missing.who + (f", {missing.incident[:8]}" if missing.incident else "")


def _waiting(view: Overview, few: int) -> RenderableType:
    lines = [
        Text.assemble(
            _badge(w.grade),
            f" {w.incident[:8]} to {w.to}, until {_clock(w.expires, view)}, asked: {w.asked}: {w.text}",
        )
        for w in view.waiting
    ]
    return _to_see_to("waits for a person 待审批", lines, few, "bold white on magenta")


def _to_see_to(title: str, lines: Sequence[Text], few: int, style: str) -> RenderableType:
    """The title with the count, and the weightiest `few`, one line each."""
    head = Text(f" {title}: {len(lines) or 'none'} ", style if lines else "dim")
    for shown in lines[:few]:
        shown.no_wrap, shown.overflow = True, "ellipsis"
    return Group(head, *lines[:few])


def _badge(grade: Grade | None) -> tuple[str, str]:
    return ("", "") if grade is None else (f" {NAMES[grade]} ", STYLE[grade])


def _clock(instant: int, view: Overview) -> str:
    return clock_time(instant, view.zone)[6:]


def _incidents(view: Overview, rows: int, small: bool) -> Table:
    table = Table("grade", "since", title="incidents 事件", expand=True)
    for name, share in SHARES.items():
        if not (small and name == "value"):
            table.add_column(name, ratio=share)
    ordered = sorted(view.incidents, key=lambda i: (-i.grade, i.since))
    for incident in ordered[:rows]:
        name = NAMES[incident.grade] + ("  待核实 review" if incident.review else "")
        count = f" ×{incident.warnings}" if incident.warnings > 1 else ""
        since = clock_time(incident.since, view.zone)[:-3]
        cells = (since, _held_by(incident, view), incident.title + count, incident.place, incident.value)
        shown = _cells(cells)[: len(table.columns) - 1]
        table.add_row(Text(name, STYLE[incident.grade], no_wrap=True), *shown)
    if len(ordered) > rows:
        table.add_row("", "", f"and {len(ordered) - rows} more")
    return table


def _held_by(incident: Incident, view: Overview) -> str:
    due = "" if incident.due is None else f", due {_clock(incident.due, view)}"
    return (f"{incident.by} {incident.stage}" if incident.stage else "nobody yet") + due


def _deliveries(view: Overview, rows: int) -> Table:
    table = Table("at", "channel", "to", "state", title="deliveries 送达", expand=True)
    table.add_column("text", ratio=1)
    for d in view.deliveries[:rows]:
        at, channel, to, text = _cells((clock_time(d.at, view.zone), d.channel, d.recipient, d.text))
        state = Text(" → ".join(d.states), STATES.get(d.states[-1], "dim"), no_wrap=True, overflow="ellipsis")
        table.add_row(at, channel, to, state, text)
    return table


def _cells(texts: Iterable[str]) -> list[Text]:
    """As Text: a plain string would be read as markup, and these come from rules and from people."""
    return [Text(text, no_wrap=True, overflow="ellipsis") for text in texts]


def line(view: Overview) -> str:
    """The same in one line, where there is no terminal; grades count incidents."""
    counts = {grade: sum(i.grade is grade for i in view.incidents) for grade in reversed(Grade)}
    heard = sum(each.heard for each in view.online)
    registered = sum(each.registered for each in view.online)
    return (
        f"{clock_time(view.now, view.zone)}  {view.rate:,.0f} readings/s  online {heard}/{registered}  "
        + "  ".join(f"{grade} {count}" for grade, count in counts.items())
        + f"  quarantined {view.quarantined}  unreached {len(view.unreached)}  waiting {len(view.waiting)}"
    )


def told(view: Overview) -> list[tuple[str, str]]:
    """What there is to say beside the line, each with what it is known by once it has been said."""
    said = [
        (f"unreached {m.incident} {m.who} {m.detail}", f"  UNREACHED {_whom(m)}: {m.detail}")
        for m in view.unreached
    ]
    said += [
        (f"waiting {w.incident} {w.text}", f"  WAITS for {w.asked}, {w.incident[:8]}, to {w.to}: {w.text}")
        for w in view.waiting
    ]
    said += [
        (
            f"stage {i.id} {i.stage} {i.by} {i.grade}",
            f"  {i.stage} by {i.by}, {i.id[:8]}: {NAMES[i.grade]}, {i.title}, {i.place}",
        )
        for i in view.incidents
        if i.stage
    ]
    return said + [_told(delivery, view) for delivery in reversed(view.deliveries)]


def _told(delivery: LastDelivery, view: Overview) -> tuple[str, str]:
    whom, states = f"{delivery.channel} to {delivery.recipient}", " → ".join(delivery.states)
    said = f"{whom}: {states}: {delivery.text}"
    return said, f"  {clock_time(delivery.at, view.zone)}  {said}"
