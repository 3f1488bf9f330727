"""What waits for a person, and letting it out."""

import sys
from typing import Annotated, Any

import typer

from notifiers.action import Release
from tocsin.commands import FINDINGS, STATE, USAGE, Json, State, fail
from tocsin.commands.actions import Incident, do
from tocsin.commands.sheet import grade, lasting, show, tell, words
from tocsin.desk import socket_in
from tocsin.desk.client import ask

app = typer.Typer()


@app.command()
def proposals(state: State = STATE, as_json: Json = False) -> None:
    """What waits for a person: what it says, to whom, whose release it needs and how long is left."""
    found = ask(socket_in(state), "proposals")
    if as_json:
        tell(found)
        return
    show(
        "proposals",
        ("grade", "incident", "no.", "area", "text", "to", "author", "asked", "may release", "left", "hash"),
        map(_row, found),
    )


def _row(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        grade(found["grade"]),
        found["incident"],
        str(found["revision"]),
        _area(found),
        words(found["text"]),
        f"{len(found['to'])} addresses",
        found["author"] or "Tocsin",
        f"{', '.join(found['asked']) or 'nobody'}, level {found['level']}",
        ", ".join(found["may_release"]) or "nobody",
        lasting(found["left"]),
        found["hash"],
    )


@app.command()
def release(
    incident: Incident,
    revision: Annotated[
        int | None, typer.Argument(help="Which proposal; the one that waits if there is only one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    break_glass: Annotated[
        bool,
        typer.Option("--break-glass", help="Though you wrote it and nobody else is there; all are told."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; with --break-glass it must be given.")] = "",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Let out what waits, exactly as it is shown here."""
    if break_glass and not reason.strip():
        raise typer.BadParameter("say why you release it alone: --reason")
    proposal = _waiting(ask(socket_in(state), "proposals", about=incident), incident, revision)
    if not (yes and as_json):
        _show(proposal)
    if not yes:
        if not sys.stdin.isatty():
            fail("nobody is there to confirm: give --yes once you have read it", USAGE)
        typer.confirm("Release this, to all of them?", abort=True)
    wanted = Release(proposal["incident"], proposal["revision"], proposal["hash"], break_glass, reason)
    do(state, wanted, as_json=as_json)


def _waiting(found: list[dict[str, Any]], incident: str, revision: int | None) -> dict[str, Any]:
    """An incident has two at most: of what is certain, and of what is in doubt."""
    if not found:
        fail(f"nothing of {incident} waits for a release", FINDINGS)
    numbers = " and ".join(f"no. {each['revision']} ({each['grade']})" for each in found)
    meant = [each for each in found if revision in (None, each["revision"])]
    if not meant:
        fail(f"no. {revision} does not wait any more; what waits: {numbers}", FINDINGS)
    if len(meant) > 1:
        fail(f"two wait: {numbers}; say which", USAGE)
    return meant[0]


def _show(found: dict[str, Any]) -> None:
    typer.echo(f"{grade(found['grade'])}  {found['incident']} no. {found['revision']} ({found['act']})")
    typer.echo(f"area    {_area(found)}")
    for language, text in found["text"].items():
        typer.echo(f"{language:<7} {text}")
    for recipient, channel in found["to"]:
        typer.echo(f"to      {recipient} over {channel}")
    typer.echo(f"author  {found['author'] or 'Tocsin'}, left {lasting(found['left'])}")
    typer.echo(f"hash    {found['hash']}")


def _area(found: dict[str, Any]) -> str:
    area = found["area"]
    if area is None:
        return "none: no zone of the configuration"
    return f"{words(area['name'], area['zone'])} ({area['code'] or 'no code'})"
