"""Where files lie that only pretend to be on a disk: thousands of syncs that prove nothing by taking time."""

import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")


def in_memory(needed: int = 16 << 20) -> Path | None:
    """The directory in memory, where there is one with so many bytes free: containers often have few."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= needed else None
