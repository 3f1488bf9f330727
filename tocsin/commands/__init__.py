"""What an operator types, by what it is about; `tocsin/cli.py` puts it together.

Exit codes: 0 done, 1 refused or findings, 2 usage, 3 no daemon there.
"""

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ingest.clock import SystemClock
from ingest.duration import DurationError, parse_duration

FINDINGS, USAGE, ENVIRONMENT = 1, 2, 3

STATE = Path("state")
State = Annotated[
    Path, typer.Option("--state", envvar="STATE_DIRECTORY", help="Where everything that lasts is kept.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON instead of a table.")]
Since = Annotated[str, typer.Option("--since", help="A time ago (8h, 2d) or an instant, ISO 8601.")]


def fail(reason: str, code: int) -> NoReturn:
    sys.stderr.write(f"{reason}\n")
    raise SystemExit(code)


def instant_of(since: str) -> int:
    """The instant (ms) that `--since` means; a usage error for what is neither."""
    with suppress(DurationError):
        return SystemClock().now() - parse_duration(since)
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise typer.BadParameter(
            f"{since} is neither a time ago nor an instant: write 8h, or 2026-06-03T08:00+08:00"
        ) from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{since} has no offset; write {since}+08:00, or Z for UTC")
    instant = int(moment.timestamp() * 1000)
    if not 0 <= instant <= SystemClock().now():
        raise typer.BadParameter(f"{since} is not between 1970 and now")
    return instant
