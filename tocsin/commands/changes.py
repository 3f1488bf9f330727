"""What changes the rules while everything runs: looked at first, then applied, or taken back."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ingest.clock import SystemClock
from ingest.duration import DurationError, parse_duration
from ingest.journal import open_read_only
from tocsin.audit_trail import CONFIGURATION
from tocsin.bundle import Bundle, Bundles
from tocsin.candidate import before, candidate
from tocsin.change import Wanted
from tocsin.commands import ENVIRONMENT, FINDINGS, STATE, Json, State, fail
from tocsin.commands.audit import reading
from tocsin.commands.diff import compared
from tocsin.commands.diff import show as show_differences
from tocsin.commands.language import spoken
from tocsin.commands.sheet import show, tell, when
from tocsin.comparison.comparing import Comparison
from tocsin.comparison.document import document as differences
from tocsin.configuration import configure
from tocsin.desk import socket_in
from tocsin.desk.client import change
from tocsin.plan.document import document
from tocsin.plan.planning import plan as planned
from tocsin.plan.shown import shown, summary
from tocsin.recorded import JournalRecord, NothingRecorded, Period
from tocsin.rule_sets import standing

app = typer.Typer()

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file, if CANDIDATE is not given.")]
CONFIG = Path("configs/tocsin.yaml")
Candidate = Annotated[
    str, typer.Argument(help="A settings file, a directory of rule files, or an applied bundle's hash.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit.")]


@app.command()
def plan(
    wanted: Candidate = "",
    config: Config = CONFIG,
    state: State = STATE,
    on: Annotated[
        str, typer.Option("--on", help="Judge so much of the newest journal by both; '' for none.")
    ] = "1h",
    as_json: Json = False,
) -> None:
    """What a change would do, now and in the last hour; nothing is changed."""
    bundles, clock = bundles_in(state), SystemClock()
    new = candidate(wanted or str(config), bundles)
    found = planned(state, new, clock)
    comparison = _recently(state, (bundles.load(found.old), new), _since(on, clock.now())) if on else None
    found = replace(found, compared=comparison is not None)
    if as_json:
        both = {"comparison": None if comparison is None else differences(comparison)}
        tell(document(found) | both)
        return
    shown(found)
    if comparison is not None:
        show_differences(comparison, spoken(None))
    for line in summary(found):
        typer.echo(line)


@app.command()
def apply(
    number: Annotated[str, typer.Option("--plan", help="The plan's number, as `tocsin plan` shows it.")],
    wanted: Candidate = "",
    config: Config = CONFIG,
    reason: Reason = "",
    require_diff: Annotated[
        bool, typer.Option("--require-diff", help="Only if the plan compared both on a record.")
    ] = False,
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Put into force exactly what a plan showed; one that has gone stale is refused."""
    name = _absolute(wanted or str(config))
    _do(state, Wanted(name, number, reason, compared=require_diff), as_json=as_json)


@app.command()
def rollback(
    to: Annotated[str, typer.Option("--to", help="A bundle's hash; the one in force before without.")] = "",
    reason: Reason = "",
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Put into force again what was; it needs no plan."""
    hash_ = to or before(bundles_in(state))
    _do(state, Wanted(hash_, "", reason, "rollback"), as_json=as_json)


@app.command()
def applied(state: State = STATE, as_json: Json = False) -> None:
    """What was in force: since when, by whom and why; the newest last."""
    bundles = bundles_in(state)
    with reading(state) as desk:
        noted = {record.facts.get("entry"): record for record in desk.audited(CONFIGURATION)}
    rows = []
    for number, (entry, hash_) in enumerate(bundles.applied(), start=1):
        record = noted.get(entry)
        rows.append(
            {
                "number": number,
                "bundle": hash_,
                "entry": entry,
                "at": _received(state, entry) if record is None else record.at,
                "by": "" if record is None else record.user,
                "reason": "" if record is None else record.facts["reason"],
                "plan": "" if record is None else record.facts["plan"],
            }
        )
    if as_json:
        tell(rows)
        return
    columns = ("number", "bundle", "since", "by", "reason", "plan")
    show("applied", columns, (_row(row) for row in rows))


def _since(on: str, now: int) -> int:
    try:
        return now - parse_duration(on)
    except DurationError as error:
        raise typer.BadParameter(f"--on: {error}: {error.suggestion}") from None


def _recently(state: Path, of: tuple[Bundle, Bundle], since: int) -> Comparison | None:
    """What both make of the journal since then (ms); None if nothing was received."""
    record = JournalRecord(state)
    sides = [standing(name, configure(bundle)) for name, bundle in zip(("in force", "new"), of, strict=True)]
    try:
        first, last = record.span()
        return compared(record, (sides[0], sides[1]), Period(max(since, first))) if last >= since else None
    except NothingRecorded:
        return None
    finally:
        record.close()


def _row(row: dict[str, object]) -> tuple[str, ...]:
    at, by = row["at"], str(row["by"] or "start")
    since = when(at if isinstance(at, int) else None)
    return (
        str(row["number"]),
        str(row["bundle"]),
        since,
        by,
        str(row["reason"]),
        str(row["plan"]),
    )


def _received(state: Path, entry: int) -> int | None:
    """When the journal took an entry (ms); None if retention has removed it."""
    with open_read_only(state / "journal") as journal:
        found = journal.read(entry - 1, 1)
    return found[0].received if found and found[0].sequence == entry else None


def _do(state: Path, wanted: Wanted, *, as_json: bool) -> None:
    answer = change(socket_in(state), wanted)
    if as_json:
        tell(msgspec.to_builtins(answer))
        raise SystemExit(0 if answer.done else FINDINGS)
    if not answer.done:
        fail(answer.said, FINDINGS)
    typer.echo(answer.said)


def _absolute(name: str) -> str:
    """As the daemon finds it, wherever it was started."""
    path = Path(name)
    return str(path.resolve()) if path.exists() else name


def bundles_in(state: Path) -> Bundles:
    """Those of a state directory that a daemon has run with; the command ends if there is none."""
    if not (state / "bundles").is_dir():
        fail(f"{state} is no state directory: no daemon has run with it; give --state", ENVIRONMENT)
    return Bundles(state / "bundles")
