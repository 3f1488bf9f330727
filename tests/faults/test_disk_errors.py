"""The n-th write or sync fails: disk full, I/O error, read-only; once, or until the disk is well again.

Whatever n is, what was acknowledged is there afterwards, nothing is told otherwise, and whoever could not go
on said why. `TOCSIN_FAULTS=all` fails every call of a life in every way, about 3,300 lives.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from errno import errorcode
from pathlib import Path

import pytest

from tests.faults.disk import ERRORS, build
from tests.faults.life import script
from tests.faults.lives import Ended, Job, live_all, promised
from tests.faults.promises import acked_in, reconciled

FIRST_CALLS = 60
# Behind the first 60 calls, which are those of the start, every so many-th.
STRIDE = 13
# So many calls a life makes at least; later ones differ from life to life.
CALLS = 550


def jobs(directory: Path) -> Iterator[Job]:
    """Each n with each error, alternately once and onwards; all of both if asked for."""
    everything = os.environ.get("TOCSIN_FAULTS") == "all"
    for nth in range(1, CALLS):
        for kind, error in enumerate(ERRORS):
            chosen = nth <= FIRST_CALLS or (nth % STRIDE == 0 and nth // STRIDE % len(ERRORS) == kind)
            for onwards in (False, True):
                if everything or (chosen and onwards == bool((nth + kind) % 2)):
                    name = f"{nth}-{errorcode[error]}-{'onwards' if onwards else 'once'}"
                    yield Job(str(directory / name), nth, error, onwards)


def complaints(job: Job, first: Ended, second: Ended) -> Iterator[str]:
    """What is wrong with one life that met a fault, and with the one after it."""
    state = Path(job.state)
    if not first.failed:
        yield f"the fault never came: {first.calls} calls"
    if first.code not in (0, 3):
        yield f"ended with {first.code}: {first.said}"
    if first.code == 3 and str(state) not in first.said:
        yield f"it does not say which file it is about: {first.said}"
    if len(acked_in(promised(state))) != len(script()):
        yield f"only {acked_in(promised(state))} acked in the end"
    if second.code != 0:
        yield f"the next life ended with {second.code}: {second.said}"


@pytest.mark.system
def test_whatever_write_or_sync_fails_nothing_acked_is_lost_or_changed(memory: Path) -> None:
    library, tried = build(memory), list(jobs(memory))
    ended = live_all(library, tried)
    found = [
        f"{Path(job.state).name}: after the fault: {finding}"
        for job in tried
        for finding in reconciled(Path(job.state), promised(Path(job.state)), drained=False).findings
    ]
    again = live_all(library, [Job(job.state, done=acked_in(promised(Path(job.state)))) for job in tried])
    for job, first, second in zip(tried, ended, again, strict=True):
        report = reconciled(Path(job.state), promised(Path(job.state)), drained=True)
        wrong = (*complaints(job, first, second), *report.findings)
        found += [f"{Path(job.state).name}: {finding}" for finding in wrong]

    codes = Counter(first.code for first in ended)
    calls = max(first.calls for first in ended)
    sys.stdout.write(f"{len(tried)} lives of up to {calls} calls: {codes[3]} refused, {codes[0]} went on\n")
    assert not found, "\n".join(found)
    # Both ends are met: a start that is refused, and a daemon that goes on by itself.
    assert codes.keys() == {0, 3}
