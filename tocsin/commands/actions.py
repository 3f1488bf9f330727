"""What a person does to warnings. Each is an input of the daemon, journaled in the name of their account."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ingest.clock import SystemClock
from ingest.duration import DurationError, parse_duration
from notifiers.action import (
    Acknowledge,
    Action,
    Agree,
    Arrive,
    Cancel,
    Close,
    Handle,
    Raise,
    Refuse,
    Scope,
    Shelve,
    Unshelve,
)
from rules.grade import Grade
from tocsin.commands import FINDINGS, STATE, Json, State, fail
from tocsin.commands.sheet import tell
from tocsin.desk import socket_in
from tocsin.desk.client import act

app = typer.Typer()

Incident = Annotated[str, typer.Argument(help="An incident's or a warning's number; its beginning will do.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is told and kept.")]
ShelfId = Annotated[int, typer.Argument(help="The shelf's number, as `tocsin shelves` shows it.")]


def do(state: Path, action: Action, *, as_json: bool) -> None:
    """Say what became of it; what was refused ends with exit code 1."""
    answer = act(socket_in(state), action)
    if as_json:
        tell(msgspec.to_builtins(answer))
        raise SystemExit(0 if answer.done else FINDINGS)
    if not answer.done:
        fail(answer.said, FINDINGS)
    typer.echo(answer.said)


@app.command()
def ack(incident: Incident, state: State = STATE, as_json: Json = False) -> None:
    """I know of it and take it on: reminders end, the warning does not."""
    do(state, Acknowledge(incident), as_json=as_json)


@app.command()
def arrive(incident: Incident, state: State = STATE, as_json: Json = False) -> None:
    """Somebody is there."""
    do(state, Arrive(incident), as_json=as_json)


@app.command()
def handle(
    incident: Incident,
    note: Annotated[str, typer.Option(help="What was done.")] = "",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """What was to be done is done."""
    do(state, Handle(incident, note), as_json=as_json)


@app.command()
def close(
    warning: Annotated[str, typer.Argument(help="The warning's number.")],
    reason: Reason,
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """End a warning that cannot end by itself: orphaned, blind, or raised by hand."""
    do(state, Close(warning, reason), as_json=as_json)


@app.command()
def cancel(incident: Incident, reason: Reason, state: State = STATE, as_json: Json = False) -> None:
    """It was wrong: everybody who was told is told so."""
    do(state, Cancel(incident, reason), as_json=as_json)


@app.command()
def refuse(
    incident: Incident,
    revision: Annotated[int, typer.Argument(help="Which proposal, as `tocsin proposals` shows it.")],
    reason: Reason,
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """What waits for a person does not go out."""
    do(state, Refuse(incident, revision, reason), as_json=as_json)


@app.command("raise")
def raise_(
    hazard: Annotated[str, typer.Option(help="A hazard of the rules, as in routes.yaml.")],
    zone: Annotated[str, typer.Option()],
    grade: Annotated[str, typer.Option(help="blue, yellow, orange or red")],
    zh: Annotated[str, typer.Option(help="What people are told, in Chinese.")] = "",
    en: Annotated[str, typer.Option(help="What people are told, in English.")] = "",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """A warning by hand, under the same approvals as any other."""
    text = {language: words for language, words in (("zh", zh), ("en", en)) if words.strip()}
    if not text:
        raise typer.BadParameter("say what people are to be told: --zh, --en or both")
    do(state, Raise(hazard, zone, named(grade), text), as_json=as_json)


@app.command()
def shelve(
    scope: Annotated[str, typer.Argument(help="sensor, zone or rule")],
    name: Annotated[str, typer.Argument(help="Its id.")],
    reason: Reason,
    for_: Annotated[str, typer.Option("--for", help="How long: 90min, 8h, 2d.")],
    red: Annotated[bool, typer.Option(help="Red ones too, once a second person agrees.")] = False,
    maintenance: Annotated[bool, typer.Option(help="It is being worked on.")] = False,
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Tell nobody of a sensor, a zone or a rule for a while; what it hides is listed."""
    until = SystemClock().now() + duration(for_)
    do(state, Shelve(scoped(scope), name, reason, until, red, maintenance), as_json=as_json)


@app.command()
def agree(shelf: ShelfId, state: State = STATE, as_json: Json = False) -> None:
    """The second person of a shelf that hides red."""
    do(state, Agree(shelf), as_json=as_json)


@app.command()
def unshelve(shelf: ShelfId, state: State = STATE, as_json: Json = False) -> None:
    """Tell of it again; what is open is told at once."""
    do(state, Unshelve(shelf), as_json=as_json)


def named(grade: str) -> Grade:
    if grade.upper() not in Grade.__members__:
        raise typer.BadParameter(f"no grade '{grade}'; there are: blue, yellow, orange, red")
    return Grade.named(grade)


def scoped(scope: str) -> Scope:
    match scope:
        case "sensor" | "zone" | "rule":
            return scope
    raise typer.BadParameter(f"'{scope}' cannot be shelved; sensor, zone and rule can")


def duration(text: str) -> int:
    """In ms."""
    try:
        return parse_duration(text)
    except DurationError as error:
        raise typer.BadParameter(str(error)) from None
