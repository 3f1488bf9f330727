"""Many openings of an outbox of version 1, each in a process forked from one that has loaded everything.

    python -m tests.faults.migrations < JSON list of jobs > JSON list of what became of each

Run under the shim.
"""

import json
import os
import select
import signal
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from notifiers.outbox import Outbox
from notifiers.outbox.schema import OutboxError
from rules.realm import Realm
from tests.faults.disk import Control, mark
from tests.faults.forks import ROOT, answers, end_with, watched

VERSION_1 = (ROOT / "tests" / "notifiers" / "outbox_1.sql").read_text("utf-8")
MADE = "acked version 1"


@dataclass(frozen=True, slots=True)
class Opening:
    """The directory of an outbox, which call of it fails (0: none), and after how many seconds it is killed.

    With `log` the outbox is made first, under the shim, which logs every call.
    """

    directory: str
    nth: int = 0
    error: int = 0
    onwards: bool = False
    kill: float | None = None
    log: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The exit code (3: refused in words), what it said, calls in all and failed ones, seconds."""

    code: int
    said: str
    calls: int
    failed: int
    seconds: float


def open_all(library: Path, openings: list[Opening]) -> list[Opened]:
    jobs = [asdict(opening) for opening in openings]
    return [Opened(*each) for each in answers("tests.faults.migrations", library, jobs)]


def make(directory: Path) -> Path:
    """An outbox of version 1, as an orderly stop leaves it."""
    directory.mkdir()
    connection = sqlite3.connect(directory / "outbox.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(f"BEGIN;\n{VERSION_1}\nCOMMIT;")
    connection.close()
    return directory / "outbox.db"


def _opened(opening: Opening) -> Opened:
    directory = Path(opening.directory)
    words = directory.with_suffix(".words")
    control = Control(directory.with_suffix(".control"))
    if opening.nth:
        control.fail(opening.nth, opening.error, onwards=opening.onwards)
    began = time.monotonic()
    if (pid := os.fork()) == 0:
        _child(opening, control.path)
    if opening.kill is not None:
        # At that instant, wherever it is by then; one that has ended by itself is not waited for.
        with os.fdopen(os.pidfd_open(pid)) as ending:
            select.select([ending], [], [], opening.kill)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    said = words.read_text() if words.exists() else ""
    opened = Opened(os.waitstatus_to_exitcode(status), said, control.calls, control.failed, seconds)
    control.close()
    return opened


def _child(opening: Opening, control: Path) -> NoReturn:
    directory = Path(opening.directory)
    watched(directory, control, opening.log)

    def work() -> None:
        if opening.log:
            make(directory)
            mark(MADE)
        Outbox.open(directory / "outbox.db", Realm.LIVE).close()

    end_with(work, (OutboxError,))


def main() -> None:
    ended = [_opened(Opening(**each)) for each in json.load(sys.stdin)]
    json.dump([list(asdict(each).values()) for each in ended], sys.stdout)


if __name__ == "__main__":
    main()
