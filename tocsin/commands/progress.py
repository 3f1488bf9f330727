"""How far a command has come that reads a record: shown to a person, never to a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def advancing(what: str, first: int, last: int, *, hidden: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar from `first` to `last` on a terminal; call what it yields with where the work has come to.

    `hidden` where other lines go to the same terminal meanwhile.
    """
    console = Console(stderr=True)
    hidden = hidden or last <= first or not console.is_terminal
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(what, total=max(last - first, 0))
        yield lambda position: progress.update(task, completed=position - first)
