"""The command centre at a glance: one picture of the present, drawn on a terminal or told in lines."""

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


@dataclass(frozen=True, slots=True)
class Online:
    """How many of a kind's sensors were heard within their time."""

    kind: str
    heard: int
    registered: int


@dataclass(frozen=True, slots=True)
class OpenWarning:
    """One open warning; `since` in ms since the epoch."""

    grade: Grade
    title: str
    place: str
    since: int
    value: str
    review: bool


@dataclass(frozen=True, slots=True)
class LastDelivery:
    """One of the latest deliveries; `at` in ms since the epoch."""

    at: int
    channel: str
    recipient: str
    grade: Grade | None
    state: str
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
    warnings: tuple[OpenWarning, ...]
    deliveries: tuple[LastDelivery, ...]


def clock_time(instant: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(instant / SECOND, zone).strftime("%m-%d %H:%M:%S")


def draw(view: Overview, rows: int = 10, *, small: bool = False) -> RenderableType:
    """The live view; at most `rows` warnings (strongest first) and deliveries (newest first).

    `small` tells the kinds in one line and cuts what would wrap.
    """
    head = Text.assemble(
        (f" {view.realm.upper()} ", "bold reverse"),
        f"  {clock_time(view.now, view.zone)} {view.zone}   ",
        (f"{view.rate:,.0f} readings/s", "bold"),
        f"   journaled {view.journaled:,}   quarantined {view.quarantined:,}",
    )
    return Panel(
        Group(
            head,
            _online_line(view.online) if small else _online(view.online),
            _warnings(view, rows, small),
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


def _warnings(view: Overview, rows: int, small: bool) -> Table:
    # Cells are Text: a plain string would be read as markup, and these come from rules and from people.
    table = Table("grade", "warning", "place", "since", "value", title="open warnings", expand=True)
    ordered = sorted(view.warnings, key=lambda w: (-w.grade, w.since))
    for w in ordered[:rows]:
        name = NAMES[w.grade] + ("  待核实 review" if w.review else "")
        cells = (w.title, w.place, clock_time(w.since, view.zone), w.value)
        texts = [Text(cell, no_wrap=small, overflow="ellipsis") for cell in cells]
        table.add_row(Text(name, STYLE[w.grade], no_wrap=small), *texts)
    if len(ordered) > rows:
        table.add_row("", f"and {len(ordered) - rows} more", "", "", "")
    return table


def _deliveries(view: Overview, rows: int) -> Table:
    table = Table("at", "channel", "to", "state", "text", title="last deliveries", expand=True)
    for d in view.deliveries[:rows]:
        text = Text(d.text, no_wrap=True, overflow="ellipsis")
        cells = (clock_time(d.at, view.zone), d.channel, d.recipient, d.state)
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in cells), text)
    return table


def line(view: Overview) -> str:
    """The same in one line, where there is no terminal."""
    counts = {grade: sum(w.grade is grade for w in view.warnings) for grade in reversed(Grade)}
    heard = sum(each.heard for each in view.online)
    registered = sum(each.registered for each in view.online)
    return (
        f"{clock_time(view.now, view.zone)}  {view.rate:,.0f} readings/s  online {heard}/{registered}  "
        + "  ".join(f"{grade} {count}" for grade, count in counts.items())
        + f"  quarantined {view.quarantined}"
    )
