"""Where the files of these tests lie."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.memory import in_memory

# Bytes; containers often have a tenth of it.
ENOUGH = 512 << 20


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one."""
    with TemporaryDirectory(prefix="tocsin-", dir=in_memory(ENOUGH) or tmp_path) as directory:
        yield Path(directory)
