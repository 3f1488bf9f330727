"""What a fleet that publishes tells of itself: while it does, at the end, and for later in a sent-log."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Address = tuple[str, int]
# s between two lines where there is no terminal.
LINE_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class SoFar:
    """Messages; those `behind` are due, and the broker has not acknowledged them."""

    published: int
    acked: int
    behind: int


Tell = Callable[[SoFar], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Messages at the end, and what was in them, counted."""

    published: int
    acked: int
    happened: Mapping[str, int]

    def __str__(self) -> str:
        found = f"published {self.published:,} messages, {self.acked:,} acknowledged"
        counts = ", ".join(f"{what} {count:,}" for what, count in sorted(self.happened.items()) if count)
        return f"{found}\nin it: {counts}" if counts else found


class _Words:
    """What is said of a fleet, with its rate since the last time."""

    def __init__(self) -> None:
        self._published, self._seen = 0, time.perf_counter()

    def of(self, so_far: SoFar) -> str:
        now = time.perf_counter()
        rate = (so_far.published - self._published) / max(now - self._seen, 1e-3)
        self._published, self._seen = so_far.published, now
        return (
            f"{so_far.published:,} published, {so_far.acked:,} acknowledged, {rate:,.0f}/s, "
            f"{so_far.behind:,} behind"
        )


@contextmanager
def progress(seconds: float | None) -> Iterator[Tell]:
    """A bar on a terminal, without an end if there are no `seconds`; else a line every few seconds."""
    console = Console(stderr=True)
    with _bar(console, seconds) if console.is_terminal else _lines() as tell:
        yield tell


@contextmanager
def _bar(console: Console, seconds: float | None) -> Iterator[Tell]:
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    words, began = _Words(), time.perf_counter()
    with Progress(*columns, console=console, transient=True, refresh_per_second=2) as shown:
        task = shown.add_task("publishing; Ctrl-C ends it", total=seconds)

        def tell(so_far: SoFar) -> None:
            shown.update(task, completed=time.perf_counter() - began, description=words.of(so_far))

        yield tell


@contextmanager
def _lines() -> Iterator[Tell]:
    words, told = _Words(), time.perf_counter()

    def tell(so_far: SoFar) -> None:
        nonlocal told
        if time.perf_counter() - told >= LINE_EVERY:
            told = time.perf_counter()
            typer.echo(words.of(so_far), err=True)

    yield tell
