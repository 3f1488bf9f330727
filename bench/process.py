"""Processes that a benchmark starts, and what the kernel knows of them."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# A payload of figures on one line may be longer than asyncio's default.
LINE = 2**24
LOG_SHOWN = 4_000


async def python(module: str, *arguments: str, log: Path) -> Process:
    """`python -m module`, with pipes to its input and output; what it complains of goes to `log`."""
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, stderr=errors, limit=LINE
        )


async def daemon(config: Path, state: Path, log: Path, level: str) -> Process:
    """`tocsin run`; what it says from `level` on goes to `log`."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin", "run", "--config", str(config), "--state", str(state),
            "--log-level", level, stdin=DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip


async def line(process: Process, log: Path) -> str:
    """The next line of its output; RuntimeError shows the log of a process that ended instead."""
    assert process.stdout is not None
    if text := await process.stdout.readline():
        return text.decode().strip()
    raise failure(f"process {process.pid} ended with {await process.wait()}", log)


def failure(what: str, log: Path) -> RuntimeError:
    """What to raise about a process, with what it said last."""
    return RuntimeError(f"{what}; its log ends:\n{log.read_text()[-LOG_SHOWN:]}")


async def end(process: Process) -> int:
    """SIGTERM if it still runs; its exit code."""
    if process.returncode is None:
        process.terminate()
    return await process.wait()


def children() -> set[int]:
    """The processes that this one started and that still run."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = _stat(entry)[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == str(os.getpid()):
                found.add(int(entry.name))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads, in steps of 1 / TICKS s."""
    return _cpu(Path(f"/proc/{pid}"))


def thread_seconds(pid: int) -> dict[str, float]:
    """The same of each thread that still runs, by its name; threads of one name together."""
    found: dict[str, float] = defaultdict(float)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = "main" if thread.name == str(pid) else (thread / "comm").read_text().strip()
            found[name] += _cpu(thread)
        except (FileNotFoundError, ProcessLookupError):
            # It ended between two looks.
            continue
    return dict(found)


def memory(pid: int) -> tuple[int, int]:
    """Bytes that are resident now, and the most at one time."""
    fields = dict(text.split(":", 1) for text in Path(f"/proc/{pid}/status").read_text().splitlines())
    if "VmHWM" not in fields:
        raise RuntimeError(f"/proc/{pid}/status has no VmHWM: the process has ended")
    now, most = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


def _cpu(place: Path) -> float:
    fields = _stat(place)
    return (int(fields[11]) + int(fields[12])) / TICKS


def _stat(place: Path) -> list[str]:
    """The fields of proc_pid_stat(5) behind the name, which may hold anything: state, parent, ..."""
    return (place / "stat").read_text().rpartition(")")[2].split()


def on_disk(directory: Path) -> int:
    """Bytes that its files take on disk."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())
