"""The program, run in the process of the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog

from tocsin.cli import main


class Ended(NamedTuple):
    """Its exit code and what it wrote."""

    code: int
    out: str
    err: str


Tocsin = Callable[..., Ended]


def program(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    """A call of `tocsin` with arguments, up to its exit code."""

    def run(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        # The log of the program is that of its process, and this one goes on without its stderr.
        structlog.reset_defaults()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    return run
