"""Many lives, each in a process of its own that is forked from one which has loaded everything.

    python -m tests.faults.lives < JSON list of jobs > JSON list of [exit code, what it said on stderr]

Run under the shim. A life that ends in words ends with 3, as the daemon's own start does; anything else is a
defect.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from select import select
from typing import NoReturn

from ingest.journal import JournalCorrupt, JournalUnavailable
from ingest.quarantine import QuarantineUnavailable
from notifiers.outbox.schema import OutboxError
from tests.faults.disk import Control, mark
from tests.faults.forks import answers, end_with, watched
from tests.faults.life import Promises, live, writing_to
from tocsin.log import configure as configure_log

# What `tocsin run` answers in words, see tocsin/cli.py.
IN_WORDS = (JournalCorrupt, JournalUnavailable, OutboxError, QuarantineUnavailable, OSError)
AT_ONCE = 8
# How long a disk that fails onwards stays so.
SICK = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """One life: its files, what fails (`nth` 0: nothing), and the batches an earlier life has acked.

    The promises it makes are lines of `state`.said; `log` has the shim log every call.
    """

    state: str
    nth: int = 0
    error: int = 0
    onwards: bool = False
    log: str = ""
    done: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """`calls` the shim counted, `failed` of them refused."""

    code: int
    said: str
    calls: int
    failed: int


def live_all(library: Path, jobs: list[Job]) -> list[Ended]:
    """Run every job, a few at a time, in the order given."""
    return [Ended(*each) for each in answers("tests.faults.lives", library, [asdict(job) for job in jobs])]


def promised(state: Path) -> list[str]:
    """What the lives over `state` have said so far."""
    said = state.with_suffix(".said")
    return said.read_text().splitlines() if said.exists() else []


class Running:
    """One forked life."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.words = Path(job.state).with_suffix(".words")
        self.control = Control(Path(job.state).with_suffix(".control"))
        if job.nth:
            self.control.fail(job.nth, job.error, onwards=job.onwards)
        self._sick_since = 0.0
        self.pid = os.fork()
        if self.pid == 0:
            _child(job, self.control.path)
        # Can be read once the life is over.
        self.over = os.pidfd_open(self.pid)

    def look(self) -> Ended | None:
        """Heal the disk when it has been sick for long enough; the outcome once the life is over."""
        if self.job.onwards and self.control.failed:
            self._sick_since = self._sick_since or time.monotonic()
            if time.monotonic() > self._sick_since + SICK:
                self.control.heal()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        ended = os.waitstatus_to_exitcode(status)
        outcome = Ended(ended, self.words.read_text(), self.control.calls, self.control.failed)
        self.control.close()
        os.close(self.over)
        return outcome


def _child(job: Job, control: Path) -> NoReturn:
    state = Path(job.state)
    watched(state, control, job.log)
    written = writing_to(state.with_suffix(".said"))

    def say(text: str) -> None:
        written.said(text)
        mark(text)

    end_with(lambda: asyncio.run(live(state, Promises(say), job.done)), IN_WORDS)


def main() -> None:
    configure_log("warning")
    jobs = [Job(**{**job, "done": tuple(job["done"])}) for job in json.load(sys.stdin)]
    waiting, running, ended = list(enumerate(jobs)), dict[int, Running](), dict[int, Ended]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number, job = waiting.pop(0)
            running[number] = Running(job)
        select([life.over for life in running.values()], [], [], SICK / 10)
        for number, life in list(running.items()):
            if (outcome := life.look()) is not None:
                ended[number] = outcome
                del running[number]
    json.dump([list(asdict(ended[number]).values()) for number in range(len(jobs))], sys.stdout)


if __name__ == "__main__":
    main()
