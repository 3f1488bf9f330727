"""The shim of shim.c from Python: built once, given to programs, told what to fail."""

import ctypes
import errno
import mmap
import os
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "shim.c"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
_FIELDS = struct.Struct("<6q")


def build(directory: Path) -> Path:
    """The shim as a library for LD_PRELOAD; needs gcc."""
    library = directory / "shim.so"
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
        check=True,
    )
    return library


def attach(control: Path, directory: Path, log: Path | None) -> None:
    """From now on the shim this process was started with watches `directory`."""
    shim = ctypes.CDLL(None)
    shim.shim_attach(os.fsencode(control), os.fsencode(directory), os.fsencode(log) if log else None)


def mark(text: str) -> None:
    """Put a word of this process into the shim's log."""
    ctypes.CDLL(None).shim_mark(text.encode())


class Control:
    """What the shim is to do, in a file that both sides map."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_FIELDS.size))
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _FIELDS.size)

    def fail(self, nth: int, error: int, *, onwards: bool) -> None:
        """Refuse the nth call from the start, and with `onwards` every one after it."""
        self._map[:24] = struct.pack("<3q", nth, error, onwards)

    def heal(self) -> None:
        """The disk takes everything again."""
        self._map[:8] = struct.pack("<q", 0)

    def hold(self, capacity: int) -> None:
        """From now on so many bytes fit below the directory; 0 lifts the limit."""
        self._map[40:] = struct.pack("<q", capacity)

    @property
    def calls(self) -> int:
        return int(_FIELDS.unpack(self._map)[3])

    @property
    def failed(self) -> int:
        return int(_FIELDS.unpack(self._map)[4])

    def close(self) -> None:
        self._map.close()
