"""How it stands: what is open, who does not know, who is on duty."""

from typing import Any

import typer

from ingest.duration import format_time_left
from rules.grade import Grade
from tocsin.commands import FINDINGS, STATE, Json, State
from tocsin.commands.sheet import grade, show, tell, when, words
from tocsin.desk import socket_in
from tocsin.desk.client import ask

app = typer.Typer()


@app.command()
def status(state: State = STATE, as_json: Json = False) -> None:
    """All at a glance: the daemon, the open incidents and who has them, what waits, who is on duty."""
    found = ask(socket_in(state), "status")
    if as_json:
        tell(found)
        return
    typer.echo(f"{found['realm'].upper()}  tocsin {found['version']}  {when(found['now'])}")
    for part, problem in found["problems"].items():
        typer.echo(f"PROBLEM  {part}: {problem}")
    show(
        "open incidents",
        ("grade", "incident", "hazard", "zone", "warnings", "stage", "by", "next due"),
        map(_incident, found["incidents"]),
    )
    if found["warming"]:
        show(
            "统计窗口未满，期间只升不降 windows that fill first: until then they may raise, not clear",
            ("rule", "what", "kind", "metric", "window", "not before"),
            map(_filling, found["warming"]),
        )
    counts = ("proposals", "unreached", "shelves")
    typer.echo("  ".join(f"{what}: {found[what]}" for what in counts))
    for duty in found["duty"]:
        typer.echo(
            f"on duty ({duty['roster']}): {', '.join(duty['on'])} until {when(duty['until'])}, "
            f"then {', '.join(duty['next'])}"
        )


def _filling(found: dict[str, Any]) -> tuple[Any, ...]:
    window = format_time_left(found["window"])
    what, until = words(found["title"]), when(found["until"])
    return found["rule"], what, found["kind"], found["metric"], window, until


def _incident(found: dict[str, Any]) -> tuple[Any, ...]:
    strongest = max((Grade.named(g) for g in (found["announced"], found["proposed"]) if g), default=None)
    due = [instant for instant in found["deadlines"].values() if instant is not None]
    stage = "cancelled" if found["cancelled"] else found["stage"] or "open"
    return (
        grade(None if strongest is None else str(strongest)),
        found["id"],
        found["hazard"],
        found["zone"],
        str(found["warnings"]),
        stage,
        found["by"],
        when(min(due, default=None)),
    )


@app.command()
def warnings(state: State = STATE, as_json: Json = False) -> None:
    """The open warnings, the strongest first."""
    found = ask(socket_in(state), "warnings")
    if as_json:
        tell(found)
        return
    show(
        "open warnings",
        ("grade", "warning", "incident", "what", "place", "since", "value", "mind"),
        map(_warning, found),
    )


def _warning(found: dict[str, Any]) -> tuple[Any, ...]:
    mind = [word for word in ("orphaned", "blind") if found[word]]
    if found["disposition"] == "review":
        mind.append("待核实 review")
    return (
        grade(found["grade"]),
        found["id"],
        found["incident"] or "–",
        words(found["title"], found["rule"]),
        f"{words(found['place'], found['zone'])} {found['subject']}",
        when(found["since"]),
        found["value"],
        ", ".join(mind),
    )


@app.command()
def unreached(state: State = STATE, as_json: Json = False) -> None:
    """Who does not know, or does not answer; exit code 1 if there is anybody."""
    found = ask(socket_in(state), "unreached")
    if as_json:
        tell(found)
    else:
        show(
            "unreached",
            ("why", "grade", "incident", "zone", "hazard", "who", "since", "what is known"),
            map(_unreached, found),
        )
    if found:
        raise SystemExit(FINDINGS)


def _unreached(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        found["why"],
        grade(found["grade"]),
        found["incident"],
        found["zone"],
        found["hazard"],
        found["who"] or "everybody there",
        when(found["since"]),
        found["detail"],
    )


@app.command()
def whoami(state: State = STATE, as_json: Json = False) -> None:
    """Who the daemon takes you for, and what you may do."""
    found = ask(socket_in(state), "whoami")
    if as_json:
        tell(found)
        return
    roles = ", ".join(found["roles"]) or "no role: may acknowledge, arrive and handle"
    typer.echo(f"{found['id']} ({words(found['name'])}), by the account {found['account']}: {roles}")
