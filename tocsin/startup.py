"""How long a start takes, phase by phase: what an operator who waits for the daemon looks for in the log."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger()

LAST = "replay"
# What is called at the end of each phase, with its name.
Over = Callable[[str], None]


class Phases:
    """Seconds of each phase of a start, in their order; `program` is what the process took until now."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self.seconds = {"program": round(process_age(), 2)}

    def over(self, phase: str) -> None:
        """The phase that began with the end of the one before is over; after `LAST` the log has them all."""
        now = time.perf_counter()
        self.seconds[phase] = round(now - self._since, 2)
        self._since = now
        if phase == LAST:
            log.info("started", seconds=self.seconds, cpu=cpu())


def cpu() -> float:
    """CPU seconds of the process so far, of all its threads; far less than it took: the machine was busy."""
    return round(time.process_time(), 2)


def untimed(_: str) -> None:
    """Where nobody looks at the time."""


def process_age() -> float:
    """Seconds since the kernel started this process, in steps of a hundredth (proc_pid_stat(5), field 22)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
