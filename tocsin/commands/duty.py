"""What a duty officer looks back on, and hands over."""

import json
from typing import Annotated, Any

import typer

from tocsin.commands import STATE, Json, Since, State, instant_of
from tocsin.commands.sheet import grade, show, tell, when
from tocsin.desk import socket_in
from tocsin.desk.client import ask

app = typer.Typer()

TOLD = ("highest told", "incident", "hazard", "zone", "opened", "closed", "cancelled")
SHELF = ("shelf", "what", "reason", "by", "agreed", "until", "ended")


@app.command()
def shelves(state: State = STATE, as_json: Json = False) -> None:
    """What is told to nobody, why, until when, and which open warnings that hides."""
    found = ask(socket_in(state), "shelves")
    if as_json:
        tell(found)
        return
    columns = ("shelf", "what", "up to", "reason", "by", "agreed", "until", "hides")
    show("shelves", columns, map(_shelf, found))


@app.command()
def shed(
    summary: Annotated[
        str, typer.Argument(help="A digest's or a flood's id: each warning that it stands for.")
    ] = "",
    since: Since = "24h",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """What was not told one by one: summed up in digests, collapsed in floods, hidden by shelves, counted."""
    found = ask(socket_in(state), "shed", since=instant_of(since), about=summary)
    if as_json:
        tell(found)
        return
    if summary:
        columns = ("grade", "warning", "incident", "hazard", "zone")
        show(f"told by {summary}", columns, map(_stood_for, found))
        return
    show(
        "digests",
        ("digest", "to", "over", "place", "due", "sent", "incidents", "warnings"),
        map(_digest, found["digests"]),
    )
    show(
        "floods",
        ("flood", "rule", "since", "over", "ended", "collapsed", "untold", "decision"),
        map(_flood, found["floods"]),
    )
    show("shelves", ("shelf", "what", "hides"), map(_hiding, found["shelves"]))
    show(
        "all warnings",
        ("to", "over", "single", "digested", "waiting", "noticed", "untold", "together"),
        map(_account, found["accounts"]),
    )


def _stood_for(found: dict[str, Any]) -> tuple[Any, ...]:
    return grade(found["grade"]), *(found[name] for name in ("warning", "incident", "hazard", "zone"))


def _digest(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(found["id"], found["recipient"], found["channel"], found["place"] or "requests"),
        *(when(found["due"]), when(found["sent"]), str(found["incidents"]), str(found["warnings"])),
    )


def _flood(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(found["id"], found["rule"], when(found["since"]), when(found["over"]), when(found["ended"])),
        *(str(found["collapsed"]), str(found["untold"]), found["decision"] or "–"),
    )


def _hiding(found: dict[str, Any]) -> tuple[Any, ...]:
    return str(found["id"]), f"{found['scope']} {found['name']}", str(len(found["hides"]))


def _account(found: dict[str, Any]) -> tuple[Any, ...]:
    parts = [found["account"][name] for name in ("single", "digested", "waiting", "noticed", "untold")]
    return found["recipient"], found["channel"], *map(str, parts), str(found["warnings"])


def _shelf(found: dict[str, Any]) -> tuple[Any, ...]:
    why = f"{found['reason']} (maintenance)" if found["maintenance"] else found["reason"]
    hides = [f"{hidden['grade']} {hidden['rule']} {hidden['subject']}" for hidden in found["hides"]]
    return (
        str(found["id"]),
        f"{found['scope']} {found['name']}",
        grade("red" if found["red"] and found["agreed"] else "orange"),
        why,
        found["user"],
        found["agreed"] or ("nobody yet" if found["red"] else "–"),
        when(found["until"]),
        ", ".join(hides) or "nothing now",
    )


@app.command()
def actions(since: Since = "24h", state: State = STATE, as_json: Json = False) -> None:
    """What people did, and what they were answered."""
    found = ask(socket_in(state), "actions", since=instant_of(since))
    if as_json:
        tell(found)
        return
    show("actions", ("entry", "at", "who", "over", "what", "", "answer"), map(_acted, found))


def _acted(found: dict[str, Any]) -> tuple[Any, ...]:
    said = dict(found["action"])
    what = f"{said.pop('type')} {json.dumps(said, ensure_ascii=False)}"
    done = "done" if found["done"] else "REFUSED"
    return str(found["sequence"]), when(found["at"]), found["user"], found["via"], what, done, found["said"]


@app.command()
def deadletters(state: State = STATE, as_json: Json = False) -> None:
    """The newest deliveries that were given up, and why."""
    found = ask(socket_in(state), "deadletters")
    if as_json:
        tell(found)
        return
    show(
        "dead letters",
        ("at", "grade", "incident", "no.", "to", "over", "state", "attempts", "why"),
        map(_dead, found),
    )


def _dead(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        when(found["at"]),
        grade(found["grade"]),
        found["incident"],
        str(found["revision"]),
        found["recipient"],
        found["channel"],
        found["state"],
        str(found["attempts"]),
        found["detail"],
    )


@app.command()
def handover(since: Since = "8h", state: State = STATE, as_json: Json = False) -> None:
    """What whoever comes on duty must know of the time before."""
    found = ask(socket_in(state), "handover", since=instant_of(since))
    if as_json:
        tell(found)
        return
    typer.echo(f"from {when(found['since'])} to {when(found['now'])}")
    for part, title in (("open", "open now"), ("raised", "raised"), ("ended", "ended")):
        show(title, TOLD, map(_told, found[part]))
    show("waits for a release", ("grade", "incident", "no.", "author"), map(_waits, found["waiting"]))
    columns = ("grade", "incident", "no.", "state", "by", "at", "reason")
    show("decided", columns, map(_decided, found["decided"]))
    show("work", ("at", "incident", "grade", "stage", "by", "note"), map(_stage, found["stages"]))
    show("shelved", SHELF, map(_shelved, found["shelved"]))
    show("unreached", ("why", "incident", "zone", "who", "what is known"), map(_missed, found["unreached"]))


def _told(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        grade(found["highest"]),
        *(found["incident"], found["hazard"], found["zone"]),
        *(when(found["opened"]), when(found["closed"]), found["cancelled"]),
    )


def _waits(found: dict[str, Any]) -> tuple[Any, ...]:
    return grade(found["grade"]), found["incident"], str(found["revision"]), found["author"] or "Tocsin"


def _decided(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(grade(found["grade"]), found["incident"], str(found["revision"]), found["state"]),
        *(found["decided_by"] or "nobody", when(found["decided_at"]), found["reason"]),
    )


def _stage(found: dict[str, Any]) -> tuple[Any, ...]:
    at, stage = when(found["at"]), found["stage"]
    return at, found["incident"], grade(found["grade"]), stage, found["user"], found["note"]


def _shelved(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(str(found["id"]), f"{found['scope']} {found['name']}", found["reason"], found["user"]),
        *(found["agreed"], when(found["until"]), when(found["ended"])),
    )


def _missed(found: dict[str, Any]) -> tuple[Any, ...]:
    who = found["who"] or "everybody there"
    return found["why"], found["incident"], found["zone"], who, found["detail"]
