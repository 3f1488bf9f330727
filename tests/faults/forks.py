"""Jobs under the shim, each in a process of its own that is forked from one which has loaded everything."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import run
from typing import Any, NoReturn

from tests.faults.disk import attach

ROOT = Path(__file__).parents[2]
# Seconds; a job with nothing wrong takes a tenth of one, with a disk that comes back one or two.
LONGEST = 30
IN_WORDS, DEFECT = 3, 70


def answers(module: str, library: Path, jobs: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """What `python -m module`, with the shim loaded, writes for these jobs: JSON in, JSON out."""
    done = run(
        [sys.executable, "-m", module],
        cwd=ROOT, env={**os.environ, "LD_PRELOAD": str(library)}, check=True, text=True,
        input=json.dumps(jobs), stdout=-1,
    )  # fmt: skip
    answered: list[list[Any]] = json.loads(done.stdout)
    return answered


def watched(directory: Path, control: Path, log: str) -> None:
    """From now on this process is watched by the shim, ends by itself and speaks to `directory`.words."""
    signal.alarm(LONGEST)
    words = directory.with_suffix(".words")
    os.dup2(os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), sys.stderr.fileno())
    attach(control, directory, Path(log) if log else None)


def end_with(work: Callable[[], None], in_words: tuple[type[Exception], ...]) -> NoReturn:
    """Do it and end: with 0, with 3 after an error of `in_words`, or with 70 and a traceback."""
    code = DEFECT
    try:
        work()
        code = 0
    except in_words as error:
        sys.stderr.write(f"{error}\n")
        code = IN_WORDS
    finally:
        if code == DEFECT:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)
