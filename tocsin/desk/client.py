"""The other end of the desk's socket, for the command line."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from notifiers.action import Action, Answer
from tocsin.change import Wanted
from tocsin.desk import DO_SECONDS, SAY_SECONDS, Request, reachable

# A city's files are read and checked in a fraction of this.
CHANGE_SECONDS = 300.0


class DeskUnreachable(Exception):
    """No daemon listens, or it gave no answer; says what to do."""


class Refused(PermissionError):
    """The desk does not answer this person, or not this question; says why."""


def ask(path: Path, question: str, *, since: int = 0, about: str = "") -> Any:
    """What the daemon answers, as plain JSON values; `DeskUnreachable`, `Refused`."""
    reply = msgspec.json.decode(_exchange(path, Request(ask=question, since=since, about=about)))
    if "found" not in reply:
        raise Refused(reply["said"])
    return reply["found"]


def act(path: Path, action: Action) -> Answer:
    """What became of an action; `DeskUnreachable` if nobody was there to be told, or nobody said."""
    return msgspec.json.decode(_exchange(path, Request(act=action)), type=Answer)


def change(path: Path, wanted: Wanted) -> Answer:
    """What became of a change of the configuration; `DeskUnreachable` as for an action."""
    return msgspec.json.decode(_exchange(path, Request(change=wanted), CHANGE_SECONDS), type=Answer)


def listens(path: Path) -> bool:
    """Whether a daemon is there."""
    try:
        with _connected(path, SAY_SECONDS):
            return True
    except DeskUnreachable:
        return False


def _exchange(path: Path, request: Request, patience: float = SAY_SECONDS + 2 * DO_SECONDS) -> bytes:
    with _connected(path, patience) as connection:
        line, reason = b"", "it hung up"
        try:
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
        except OSError as error:
            reason = error.strerror or str(error)
    if line.endswith(b"\n"):
        return line
    look = "actions" if request.act else "applied"
    unknown = f"; it may have been done all the same: look with `tocsin {look}` before you do it again"
    raise DeskUnreachable(
        f"{path}: the daemon gave no answer ({reason}), its log says why{'' if request.ask else unknown}"
    )


@contextmanager
def _connected(path: Path, patience: float) -> Iterator[socket.socket]:
    with ExitStack() as opened:
        try:
            name = opened.enter_context(reachable(path))
            connection = opened.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(patience)
            connection.connect(name)
        except OSError as error:
            raise DeskUnreachable(
                f"{path}: {error.strerror or error}: no daemon of this state directory is running, or its"
                " socket is not open to you; start one with `tocsin run`, or join its group"
            ) from error
        yield connection
