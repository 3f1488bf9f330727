"""Room that is kept back for warnings: a file that is given up when the disk is full.

What fills a disk is messages, history and other programs. Once a warning cannot be written for want of room,
the file goes. From then on only warnings and their deliveries are written: nothing is taken in, no history
and no snapshot is kept, until there is room for the file again.
"""

import asyncio
import os
from errno import EDQUOT, ENOSPC
from pathlib import Path
from sqlite3 import SQLITE_FULL

import structlog

from ingest.durable import named

log = structlog.get_logger()

SIZE = 64 << 20
CHECK_SECONDS = 2.0
# A disk with less than this is full, whatever error the system or SQLite chooses for it.
LEAST = 1 << 20
FULL = (ENOSPC, EDQUOT)


class Reserve:
    """`held`: whether the room is kept back. Used by one thread at a time.

    `size` in bytes; a quarter more must be free before the file is made again, else it would go at once.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Take over the file an earlier life left, or make it; on a full disk it is given up at once."""
        self._path = path
        self._size = size
        self._told = ""
        self.held = path.exists() and path.stat().st_size == size
        if self.held and size and self._free() < LEAST:
            self._give_up("it is full at the start")
        elif not self.restore():
            log.error("the disk is full: nothing is taken in until there is room", path=str(path), bytes=size)

    def relieve(self, error: Exception) -> None:
        """Called when a warning could not be written: give up the file if it is for want of room."""
        if self.held and self._is_full(error):
            self._give_up(str(error))

    def restore(self) -> bool:
        """Make the file if there is room for it; whether it is there now."""
        if self.held:
            return True
        try:
            # What a crash left of it counts as free.
            self._path.unlink(missing_ok=True)
            if self._free() < self._size + self._size // 4:
                return False
            self._make()
        except OSError as error:
            self._refused(error)
            return False
        self.held, self._told = True, ""
        return True

    async def run(self) -> None:
        """Make it again as soon as there is room."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not self.held and self.restore():
                log.info("the disk has room again: everything is taken in", path=str(self._path.parent))

    def _give_up(self, reason: str) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._refused(error)
        self.held = False
        log.error(
            "the disk is full: nothing is taken in, and the room kept back is given to warnings; make room",
            path=str(self._path.parent), bytes=self._size, reason=reason,
        )  # fmt: skip

    def _refused(self, error: OSError) -> None:
        """Say once what the disk says again and again."""
        if str(error) != self._told:
            self._told = str(error)
            log.error("the file that keeps room for warnings cannot be made or removed", reason=self._told)

    def _make(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        try:
            if self._size:
                with named(self._path):
                    os.posix_fallocate(descriptor, 0, self._size)
        finally:
            os.close(descriptor)

    def _is_full(self, error: Exception) -> bool:
        codes = {getattr(each, "sqlite_errorcode", 0) & 0xFF for each in (error, error.__cause__)}
        return SQLITE_FULL in codes or getattr(error, "errno", 0) in FULL or self._free() < LEAST

    def _free(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize
