"""Files that are whole or absent, whatever happens while they are written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".tmp"


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Name `path` in an OSError that names no file: a failed write or fsync knows only a descriptor."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable: a rename or a removal is not, until its directory is."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with named(directory):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unfinished(path: Path) -> Path:
    """The name `path` has until it is whole."""
    return path.with_name(path.name + UNFINISHED)


@contextmanager
def whole_file(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a file that takes the name `path`, durably, when the body ends; an error leaves `path` as it was.

    Until then it lies beside it as `unfinished(path)`. `mode` is who may use it, less what the umask takes
    away. Raises OSError.
    """
    temporary = unfinished(path)
    try:
        with (
            named(path),
            open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file,
        ):
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        # A disk that takes nothing may not give it back either; the first error is the one to tell.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
