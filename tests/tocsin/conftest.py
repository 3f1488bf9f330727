"""A working set of configuration files that a test may spoil."""

import shutil
from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A copy of the example configuration."""
    return Path(shutil.copytree(CONFIGS, tmp_path / "configs"))
