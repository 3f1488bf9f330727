"""The chain of what was done: read from the state directory itself, with or without a daemon."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from notifiers.outbox.audit import Head
from notifiers.outbox.desk import Desk
from tocsin.commands import ENVIRONMENT, FINDINGS, STATE, Json, Since, State, fail, instant_of
from tocsin.commands.sheet import show as listed
from tocsin.commands.sheet import tell, when
from tocsin.desk.questions import plain

app = typer.Typer(help="The chain of what was decided, sent, heard and changed.", no_args_is_help=True)

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@app.command()
def verify(
    head: Annotated[
        str, typer.Option(metavar="N:HASH", help="A head that was noted down, as this command shows it.")
    ] = "",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Whether any record was changed, removed or put in; exit code 1 and the first place if one was."""
    with reading(state) as desk:
        broken, newest = desk.verify(_anchor(head)), desk.audit_head()
    at = f"{newest.sequence}:{newest.hash.hex()}"
    if as_json:
        found = None if broken is None else {"sequence": broken.sequence, "why": broken.why}
        tell({"head": at, "broken": found})
    elif broken is None:
        typer.echo(f"{newest.sequence} records, none changed; the head to note down elsewhere is {at}")
    if broken is not None:
        fail(f"record {broken.sequence} {broken.why}", FINDINGS)


@app.command()
def show(since: Since = "24h", state: State = STATE, as_json: Json = False) -> None:
    """The records, the newest thousand at most, oldest first."""
    begin = instant_of(since)
    with reading(state) as desk:
        found = plain(desk.audit(begin))
    if as_json:
        tell(found)
        return
    rows = (
        (str(r["sequence"]), when(r["at"]), r["user"] or "Tocsin", r["what"], _facts(r["facts"]))
        for r in found
    )
    listed("audit", ("record", "at", "who", "what", "facts"), rows)


def _facts(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _anchor(head: str) -> Head | None:
    if not head:
        return None
    found = _HEAD.fullmatch(head)
    if found is None:
        raise typer.BadParameter(f"{head} is no head: write the number of a record, a colon and its hash")
    return Head(int(found[1]), bytes.fromhex(found[2]))


@contextmanager
def reading(state: Path) -> Iterator[Desk]:
    """The outbox of a state directory; what is no database any more is a finding."""
    path = state / "outbox.db"
    if not path.exists():
        fail(f"{path} does not exist: no daemon has run with --state {state}", ENVIRONMENT)
    try:
        with closing(Desk.reading(path)) as desk:
            yield desk
    except sqlite3.OperationalError as error:
        fail(f"{path}: {error}", ENVIRONMENT)
    except sqlite3.DatabaseError as error:
        fail(f"{path} is damaged: {error}", FINDINGS)
