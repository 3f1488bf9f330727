"""Where files lie that only pretend to be on a disk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
# Bytes; containers often have a tenth of it.
ENOUGH = 512 << 20


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one: thousands of syncs that prove nothing by taking time."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH:
        yield tmp_path
        return
    directory = Path(tempfile.mkdtemp(prefix="tocsin-", dir=MEMORY))
    yield directory
    shutil.rmtree(directory)
