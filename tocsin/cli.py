"""What an operator types. Exit codes: 0 fine, 1 findings, 2 usage, 3 environment unreachable."""

import asyncio
import json
import sys
import time
import traceback
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.clock import SystemClock
from ingest.finding import ConfigurationError, Finding
from ingest.journal import JournalCorrupt, JournalUnavailable
from ingest.quarantine import Quarantine, QuarantineUnavailable
from ingest.reading import Reason
from notifiers.outbox.schema import OutboxError
from rules.engine import Engine
from rules.grade import Grade
from rules.transition import iso, line
from simulators.readings_csv import ReadingsError
from tocsin import doctor as doctors
from tocsin.candidate import UnknownCandidate
from tocsin.commands import actions, audit, backups, changes, duty, proposals, shadowing, standing
from tocsin.configuration import configure, read_bundle, read_text
from tocsin.demo import demonstrate
from tocsin.desk import DeskBusy
from tocsin.desk.client import DeskUnreachable, Refused
from tocsin.log import configure as configure_log
from tocsin.marker import require_own
from tocsin.replay import Tally, read_basis
from tocsin.replay import replay as replayed
from tocsin.run import serve
from tocsin.settings import read_settings
from tocsin.shortcomings import shortcomings
from tocsin.simulate import play, publish
from tocsin.storage import AlreadyRunning
from tocsin.trials import NoFilesError, run_trials, show
from tocsin.watch import Command, Look, Watch
from tocsin.watch import watch as watching
from tocsin.who import explain

app = typer.Typer(
    help="Early warning for a city or county: MQTT in, graded warnings out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for commands in (standing, actions, proposals, duty, changes, shadowing, backups):
    app.add_typer(commands.app)
app.add_typer(audit.app, name="audit")

FINDINGS, USAGE, ENVIRONMENT = 1, 2, 3
# Of a table that no terminal shows.
WIDE = 200

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
Paths = Annotated[list[Path] | None, typer.Argument(help="Rule files, or directories of them.")]
Strict = Annotated[bool, typer.Option(help="A rule without a test is a failure too.")]
State = Annotated[
    Path, typer.Option("--state", envvar="STATE_DIRECTORY", help="Where everything that lasts is kept.")
]


class Level(StrEnum):
    """What is logged: this and what is more urgent."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


CONFIG = Path("configs/tocsin.yaml")
STATE = Path("state")


def main(arguments: list[str] | None = None) -> None:
    """The entry point: what went wrong becomes an exit code here, and only here.

    `arguments` are those of the process unless given.
    """
    require_own()
    try:
        app(arguments)
    except (ConfigurationError, ReadingsError, Refused) as error:
        fail(str(error), FINDINGS)
    except (DeskUnreachable, DeskBusy) as error:
        fail(str(error), ENVIRONMENT)
    except (AlreadyRunning, JournalCorrupt, JournalUnavailable, OutboxError, QuarantineUnavailable) as error:
        fail(str(error), ENVIRONMENT)
    except (NoFilesError, UnknownCandidate) as error:
        fail(str(error), USAGE)
    except OSError as error:
        fail(str(error), ENVIRONMENT)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BaseExceptionGroup as group:
        # A stage of the daemon failed: systemd starts it again, and whoever looks sees what it was.
        traceback.print_exception(group)
        fail("the daemon ended because a part of it failed", ENVIRONMENT)


def fail(reason: str, code: int) -> NoReturn:
    sys.stderr.write(f"{reason}\n")
    raise SystemExit(code)


@app.command()
def run(config: Config = CONFIG, state: State = STATE, log_level: Level = Level.INFO) -> None:
    """The daemon: serves until SIGTERM, re-reads its files on SIGHUP."""
    configure_log(log_level.value)
    asyncio.run(serve(config, state))


@app.command()
def watch(config: Config = CONFIG, log_level: Level = Level.INFO) -> None:
    """Beside the daemon: runs a command when its canaries do not come back, when it hangs or is gone."""
    findings: list[Finding] = []
    settings, wrong = read_settings(str(config), read_text(config, findings))
    if findings:
        raise ConfigurationError(findings)
    if settings is None:
        raise ConfigurationError(wrong)
    if settings.watchdog is None or not settings.watchdog.command:
        fail(f"{config}: no watchdog.command: name the program that is to tell somebody", FINDINGS)
    configure_log(log_level.value)
    command = Command(settings.watchdog.command)
    look = Look(settings.http.port)
    asyncio.run(watching(Watch(look, command, SystemClock(), settings.watchdog.patience)))


@app.command()
def demo(
    configs: Annotated[Path, typer.Option(help="The directory of the demo's files.")] = Path("configs"),
    for_: Annotated[float | None, typer.Option("--for", min=0.1, help="End after seconds.")] = None,
    scale: Annotated[float, typer.Option(min=0.01, help="Simulated seconds in a real one.")] = 1440.0,
    seed: int = 1,
) -> None:
    """A simulated county and a real flood, end to end on embedded parts."""
    # On a terminal it would be written across the picture.
    configure_log("error" if sys.stdout.isatty() else "warning", plain=True)
    if not asyncio.run(demonstrate(configs, for_, scale, seed)):
        raise SystemExit(FINDINGS)


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(help="The settings file, or the directory of tocsin.yaml.")
    ] = CONFIG,
) -> None:
    """Every file the settings name, all findings at once."""
    file = path / CONFIG.name if path.is_dir() else path
    configuration = configure(read_bundle(file))
    basis = configuration.basis
    for finding in shortcomings(configuration, SystemClock().now()):
        typer.echo(f"warning: {finding}", err=True)
    for fault in Engine(basis.kinds, basis.registry, basis.rules).faults():
        typer.echo(f"warning: rule {fault.rule}, sensor {fault.subject}: {fault.reason}", err=True)
    typer.echo(
        f"{file}: fine: {len(basis.registry.sensors)} sensors, {len(basis.registry.zones)} zones, "
        f"{len(basis.rules)} rules, {len(configuration.routes.routes)} routes"
    )


# ruff takes a command of this name for a test of its own.
@app.command()
def test(
    paths: Paths = None,  # noqa: PT028
    config: Config = CONFIG,  # noqa: PT028
    strict: Strict = False,  # noqa: PT028
) -> None:
    """The rules' own tests, run by the engine; sensors and zones are those of the tests."""
    of_files = list(run_trials(paths or [], config))
    for of_file in of_files:
        show(of_file, Console())
    passed = sum(not trial.finding for of_file in of_files for trial in of_file.trials)
    failed = sum(len(of_file.trials) for of_file in of_files) - passed
    without = sum(len(of_file.untested) for of_file in of_files)
    typer.echo(f"{passed} passed, {failed} failed, {without} rules without a test")
    if failed or (strict and without):
        raise SystemExit(FINDINGS)


@app.command()
def replay(
    sources: Annotated[list[Path], typer.Argument(help="Readings as CSV, gzip allowed.")],
    sensors: Annotated[Path, typer.Option(help="The sensors, CSV or YAML.")],
    rules: Annotated[Path, typer.Option(help="A directory of rule files.")],
    zones: Annotated[Path | None, typer.Option(help="The zones, GeoJSON.")] = None,
    kinds: Annotated[Path, typer.Option(help="The kinds of sensor.")] = Path("configs/kinds.yaml"),
    until: Annotated[
        str | None, typer.Option(help="End there, ISO 8601; deadlines up to then count.")
    ] = None,
) -> None:
    """Recorded readings through the same engine: one JSON line a transition."""
    began = time.perf_counter()
    tally = Tally()
    end = None if until is None else _instant(until)
    for transition in replayed(read_basis(kinds, sensors, zones, rules), sources, end, tally):
        sys.stdout.buffer.write(line(transition) + b"\n")
    seconds = time.perf_counter() - began
    typer.echo(
        f"{tally.readings} readings in {seconds:.2f} s, {tally.readings / seconds:,.0f} readings/s; "
        f"{tally.duplicates} duplicates, {tally.quarantined} quarantined, {tally.transitions} transitions",
        err=True,
    )


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not ISO 8601; write 2018-06-05T12:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} has no offset; write {moment.isoformat()}Z if it is UTC")
    return int(moment.timestamp() * 1000)


@app.command()
def simulate(
    sensors: Annotated[Path, typer.Option(help="The sensors, CSV.")] = Path("configs/sensors.csv"),
    source: Annotated[list[Path] | None, typer.Option("--from", help="Play recorded readings (CSV).")] = None,
    host: str = "127.0.0.1",
    port: int = 1883,
    scale: Annotated[float, typer.Option(min=0.01, help="Recorded seconds in a real one.")] = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Messages a second; 0 is by heartbeat.")] = 0.0,
    for_: Annotated[
        float | None, typer.Option("--for", min=0.1, help="End the fleet after this many seconds.")
    ] = None,
    seed: int = 1,
) -> None:
    """Publish like the real devices: a seeded fleet, or recorded data."""
    with Console(stderr=True).status("publishing; Ctrl-C ends it"):
        if source:
            published = asyncio.run(play(source, sensors, (host, port), scale))
        else:
            published = asyncio.run(publish(sensors, (host, port), rate, for_, seed))
    typer.echo(f"published {published} messages", err=True)


@app.command()
def who(
    zone: Annotated[str, typer.Option()],
    hazard: Annotated[str, typer.Option()],
    grade: Annotated[str, typer.Option(help="blue, yellow, orange or red")],
    at: Annotated[str | None, typer.Option(help="The instant, ISO 8601; now if not given.")] = None,
    config: Config = CONFIG,
) -> None:
    """Who would be told, over what, by which route, and who is asked next; nothing is sent."""
    configuration = configure(read_bundle(config))
    if zone not in configuration.basis.registry.zones:
        fail(f"no zone '{zone}'; there are: {', '.join(sorted(configuration.basis.registry.zones))}", USAGE)
    hazards = sorted({rule.hazard for rule in configuration.basis.rules})
    if hazard not in hazards:
        fail(f"no rule raises the hazard '{hazard}'; there are: {', '.join(hazards)}", USAGE)
    if grade.upper() not in Grade.__members__:
        fail(f"no grade '{grade}'; there are: blue, yellow, orange, red", USAGE)
    when = SystemClock().now() if at is None else _instant(at)
    explained = explain(configuration, zone, hazard, Grade.named(grade), when)
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    for part in explained.parts:
        console.print(part, markup=False, highlight=False)
    if not explained.anybody:
        fail("nobody", FINDINGS)


@app.command()
def quarantine(
    state: State = STATE,
    reason: Annotated[Reason | None, typer.Option(help="Only this reason.")] = None,
    limit: int = 20,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What could not be decoded or is not registered: counts, the newest, and devices to adopt."""
    path = state / "quarantine.db"
    if not path.exists():
        fail(f"{path} does not exist: no daemon has run with --state {state}", ENVIRONMENT)
    quarantined = Quarantine.open_read_only(path)
    rows = quarantined.rows(limit, reason)
    counts, strangers = quarantined.counts(), quarantined.unregistered()
    if as_json:
        listed = [
            {
                "received": iso(r.received),
                "reason": r.reason,
                "topic": r.topic,
                "detail": r.detail,
                "more": r.more,
            }
            for r in rows
        ]
        adoptable = [{"topic": s.topic, "messages": s.messages, "last": iso(s.last)} for s in strangers]
        found = {"counts": counts, "rows": listed, "unregistered": adoptable}
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    counts_table = Table("reason", "messages", title="in quarantine")
    for each, count in counts.items():
        counts_table.add_row(str(each), str(count))
    newest = Table("received", "reason", "topic", "detail", title="newest")
    for row in rows:
        more = f"; and {row.more:,} more like it" if row.more else ""
        newest.add_row(iso(row.received), str(row.reason), row.topic, row.detail + more)
    Console().print(counts_table, newest, markup=False)


@app.command()
def doctor(config: Config = CONFIG, state: State = STATE) -> None:
    """Whether broker, database, disk and horns are fit for service."""
    examined = doctors.run(configure(read_bundle(config)), state)
    table = Table("part", "", "seen")
    for each in examined:
        table.add_row(each.what, "fine" if each.fine else Text("NOT FINE", "bold red"), each.detail)
    Console().print(table, markup=False)
    if not all(each.fine for each in examined):
        raise SystemExit(ENVIRONMENT)
