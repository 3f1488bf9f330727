"""What was refused: read from the state directory itself, with or without a daemon."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ingest.quarantine import Quarantine, QuarantineRow, UnregisteredTopic
from ingest.reading import Reason
from rules.transition import iso
from tocsin.commands import ENVIRONMENT, STATE, Json, State, fail
from tocsin.commands.sheet import tell
from tocsin.reading_lines import visible

app = typer.Typer()


@app.command()
def quarantine(
    state: State = STATE,
    reason: Annotated[Reason | None, typer.Option(help="Only this reason.")] = None,
    device: Annotated[
        str, typer.Option(metavar="GLOB", help="Only this sensor or gateway; * and ? as in file names.")
    ] = "",
    limit: int = 20,
    as_json: Json = False,
) -> None:
    """What could not be decoded or is not registered: counts, the newest, and devices to adopt."""
    with refused_in(state) as quarantined:
        rows = quarantined.rows(limit, reason, device)
        counts, strangers = quarantined.counts(), quarantined.unregistered()
    if as_json:
        adoptable = [{"topic": s.topic, "messages": s.messages, "last": iso(s.last)} for s in strangers]
        tell({"counts": counts, "rows": list(map(_plain, rows)), "unregistered": adoptable})
        return
    Console().print(_counts(counts), _newest(rows), markup=False)
    if strangers:
        typer.echo(_strangers(strangers))


@contextmanager
def refused_in(state: Path) -> Iterator[Quarantine]:
    """The quarantine of a state directory, whose daemon may run."""
    path = state / "quarantine.db"
    if not path.exists():
        fail(f"{path} does not exist: no daemon has run with --state {state}", ENVIRONMENT)
    with Quarantine.open_read_only(path) as quarantined:
        yield quarantined


def _plain(row: QuarantineRow) -> dict[str, object]:
    return {
        "received": iso(row.received),
        "reason": row.reason,
        "topic": row.topic,
        "detail": row.detail,
        "more": row.more,
    }


def _counts(counts: dict[Reason, int]) -> Table:
    table = Table("reason", "messages", title="in quarantine")
    for each, count in counts.items():
        table.add_row(str(each), str(count))
    return table


def _newest(rows: list[QuarantineRow]) -> Table:
    table = Table("received", "reason", "topic", "detail", title="newest")
    for row in rows:
        more = f"; and {row.more:,} more like it" if row.more else ""
        table.add_row(iso(row.received), str(row.reason), visible(row.topic), visible(row.detail) + more)
    return table


def _strangers(found: list[UnregisteredTopic]) -> str:
    topics = "1 topic" if len(found) == 1 else f"{len(found):,} topics"
    return f"{topics} of no registered device: tocsin sensors adopt shows what can be added, and adds it"
