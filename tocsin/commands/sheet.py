"""What the desk answers, as people read it: a table on a terminal, lines with tabs anywhere else, or JSON."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.overview import NAMES, STYLE
from rules.grade import Grade

Cell: TypeAlias = str | Text


def tell(found: Any) -> None:
    """As one line of JSON."""
    typer.echo(json.dumps(found, ensure_ascii=False))


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Under `title`; where there are none, that there are none."""
    listed, console = list(rows), Console()
    if not listed:
        typer.echo(f"{title}: none")
        return
    if not console.is_terminal:
        typer.echo("\t".join(columns))
        for row in listed:
            typer.echo("\t".join(_plain(cell) for cell in row))
        return
    # Cells are Text: a plain string would be read as markup, and these come from rules and from people.
    table = Table(*columns, title=title)
    for row in listed:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console.print(table)


def grade(name: str | None) -> Text:
    """Its colour, always with number and names; none for what is over."""
    if name is None:
        return Text("–")
    found = Grade.named(name)
    return Text(NAMES[found], STYLE[found])


def when(instant: int | None) -> str:
    """In the time of this machine, with its name."""
    if instant is None:
        return "–"
    return datetime.fromtimestamp(instant / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def lasting(ms: int) -> str:
    """A time that is left, to the minute; what is past says so."""
    if ms <= 0:
        return "over"
    hours, minutes = divmod(-(-ms // 60_000), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def words(of: dict[str, str], otherwise: str = "") -> str:
    """In every language there is."""
    return " ".join(of.values()) or otherwise


def _plain(cell: Cell) -> str:
    return " ".join(str(cell).split())
