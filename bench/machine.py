"""What a run ran on: figures of two machines compare only with this beside them."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BLOCK = 4096
WRITES = 100


@dataclass(frozen=True, slots=True)
class Machine:
    """`sync` in ms: what the disk takes to make 4 KiB durable, the median of a hundred."""

    processor: str
    cores: int
    memory: int
    kernel: str
    python: str
    state: str
    sync: float


def machine(state: Path) -> Machine:
    """This machine; `state` is a directory on the file system that the daemon will write to."""
    return Machine(
        processor=_field("/proc/cpuinfo", "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        kernel=platform.release(),
        python=platform.python_version(),
        state=_file_system(state),
        sync=_sync(state / "sync"),
    )


def describe(machine: Machine) -> str:
    """One line."""
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory / 2**30:.0f} GiB, "
        f"Linux {machine.kernel}, Python {machine.python}; state on {machine.state}, "
        f"4 KiB durable in {machine.sync:.2f} ms"
    )


def _field(path: str, name: str) -> str:
    for text in Path(path).read_text().splitlines():
        if text.startswith(name):
            return text.partition(":")[2].strip()
    return ""


def _file_system(path: Path) -> str:
    """The type of the file system that holds `path`."""
    mounts = [text.split() for text in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(fields[1], fields[2]) for fields in mounts if path.resolve().is_relative_to(fields[1])]
    return max(above, key=lambda mount: len(mount[0]))[1]


def _sync(path: Path) -> float:
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(WRITES):
            file.write(bytes(BLOCK))
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    path.unlink()
    return median(took) * 1000
