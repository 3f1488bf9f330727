"""The other end of the desk's socket, for the command line."""

import socket
from pathlib import Path
from typing import Any

import msgspec

from notifiers.action import Action, Answer
from tocsin.desk import DO_SECONDS, SAY_SECONDS, Request, reachable


class DeskUnreachable(Exception):
    """No daemon listens; says how to start one."""


class Refused(PermissionError):
    """The desk does not answer this person, or not this question; says why."""


def ask(path: Path, question: str, *, since: int = 0, about: str = "") -> Any:
    """What the daemon answers, as plain JSON values; `DeskUnreachable`, `Refused`."""
    reply = msgspec.json.decode(_exchange(path, Request(ask=question, since=since, about=about)))
    if "found" not in reply:
        raise Refused(reply["said"])
    return reply["found"]


def act(path: Path, action: Action) -> Answer:
    """What became of an action; `DeskUnreachable` if nobody was there to be told."""
    return msgspec.json.decode(_exchange(path, Request(act=action)), type=Answer)


def _exchange(path: Path, request: Request) -> bytes:
    try:
        with reachable(path) as name, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SAY_SECONDS + 2 * DO_SECONDS)
            connection.connect(name)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
    except OSError as error:
        raise DeskUnreachable(
            f"{path}: {error.strerror or error}: no daemon of this state directory is running, or its socket"
            " is not open to you; start one with `tocsin run`, or join its group"
        ) from error
    if not line:
        raise DeskUnreachable(f"{path}: the daemon hung up without an answer; its log says why")
    return line
