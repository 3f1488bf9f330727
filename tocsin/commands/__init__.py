"""What an operator types, by what it is about; `tocsin/cli.py` puts it together.

Exit codes: 0 done, 1 refused or findings, 2 usage, 3 no daemon there.
"""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

FINDINGS, USAGE, ENVIRONMENT = 1, 2, 3

STATE = Path("state")
State = Annotated[
    Path, typer.Option("--state", envvar="STATE_DIRECTORY", help="Where everything that lasts is kept.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON instead of a table.")]


def fail(reason: str, code: int) -> NoReturn:
    sys.stderr.write(f"{reason}\n")
    raise SystemExit(code)
