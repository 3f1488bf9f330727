"""The state as one file, and back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tocsin.backup import BackupError, Kept
from tocsin.backup import backup as backed_up
from tocsin.backup import restore as restored
from tocsin.commands import FINDINGS, STATE, State, fail

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, for example tocsin.tar.gz.")],
    state: State = STATE,
) -> None:
    """The whole state directory as one file; the daemon may run meanwhile."""
    with _shown("copying") as progress:
        _say(f"{file}: ", backed_up(state, file, progress))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `tocsin backup` wrote.")],
    state: State = STATE,
) -> None:
    """A state directory out of a backup, checked file by file; into an empty directory only."""
    with _shown("checking") as progress:
        _say(f"{state}: ", restored(file, state, progress))


@contextmanager
def _shown(doing: str) -> Iterator[Callable[[str], None]]:
    """What is being worked on, where there is a terminal; a backup that cannot be ends with exit code 1."""
    try:
        with Console(stderr=True).status(doing) as status:
            yield lambda name: status.update(f"{doing} {name}")
    except BackupError as error:
        fail(str(error), FINDINGS)


def _say(what: str, kept: Kept) -> None:
    size = f"{kept.bytes / 1e6:,.1f} MB"
    typer.echo(f"{what}{kept.files} files, {size}, realm {kept.realm}, journal up to entry {kept.position}")
