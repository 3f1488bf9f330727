"""What an operator types. Exit codes: 0 fine, 1 findings, 2 usage, 3 environment unreachable."""

import asyncio
import sys
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
from ingest.finding import ConfigurationError, Finding, words
from ingest.journal import JournalCorrupt, JournalUnavailable
from ingest.quarantine import QuarantineUnavailable
from notifiers.outbox.schema import OutboxError
from rules.grade import Grade
from simulators.publisher.link import RefusedError
from simulators.readings_csv import ReadingsError
from tocsin import doctor as doctors
from tocsin.candidate import UnknownCandidate
from tocsin.commands import (
    actions,
    audit,
    backups,
    changes,
    checking,
    diff,
    drill,
    duty,
    explaining,
    proposals,
    quarantine,
    replaying,
    score,
    sensors,
    shadowing,
    simulating,
    standing,
    tail,
    tune,
)
from tocsin.commands.language import Lang, spoken
from tocsin.configuration import configure, read_bundle, read_text
from tocsin.demo import demonstrate
from tocsin.desk import DeskBusy
from tocsin.desk.client import DeskUnreachable, Refused
from tocsin.log import configure as configure_log
from tocsin.marker import require_own
from tocsin.run import serve
from tocsin.settings import read_settings
from tocsin.storage import AlreadyRunning
from tocsin.trials import NoFilesError, run_trials
from tocsin.trials.shown import show
from tocsin.watch import Command, Look, Watch
from tocsin.watch import watch as watching
from tocsin.who import explain
from tocsin.wording import in_language, line_in_language

app = typer.Typer(
    help="Early warning for a city or county: MQTT in, graded warnings out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for commands in (
    checking, standing, actions, proposals, duty, changes, shadowing, backups, replaying, diff, tune, score,
    explaining, tail, quarantine, simulating,
):  # fmt: skip
    app.add_typer(commands.app)
app.add_typer(audit.app, name="audit")
app.add_typer(sensors.app, name="sensors")
app.add_typer(drill.app, name="drill")

FINDINGS, USAGE, ENVIRONMENT = 1, 2, 3
# Of a table that no terminal shows.
WIDE = 200

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
Paths = Annotated[
    list[Path] | None, typer.Argument(help="Rule files and test files, or directories of them.")
]
Strict = Annotated[bool, typer.Option(help="A rule or grade without its tests is a failure too.")]
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
    except (DeskUnreachable, DeskBusy, RefusedError) as error:
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
        if (busy := group.subgroup(DeskBusy)) is not None:
            fail(str(busy.exceptions[0]), ENVIRONMENT)
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


# ruff takes a command of this name for a test of its own.
@app.command()
def test(
    paths: Paths = None,  # noqa: PT028
    config: Config = CONFIG,  # noqa: PT028
    strict: Strict = False,  # noqa: PT028
    lang: Lang = None,  # noqa: PT028
) -> None:
    """The rules' own tests, and test files, run by the engine: grades over time, and who is told."""
    language = spoken(lang)
    try:
        of_files = list(run_trials(paths or [], config))
    except ConfigurationError as error:
        raise ConfigurationError(in_language(error.findings, language)) from None
    for of_file in of_files:
        show(of_file, Console(), language)
    passed = sum(not trial.finding for of_file in of_files for trial in of_file.trials)
    failed = sum(len(of_file.trials) for of_file in of_files) - passed
    without = sum(len(of_file.untested) for of_file in of_files)
    summary = words(
        "{passed} passed, {failed} failed, {without} rules without a test",
        passed=passed,
        failed=failed,
        without=without,
    )
    typer.echo(line_in_language(summary, language))
    if failed or (strict and any(of_file.lacking for of_file in of_files)):
        raise SystemExit(FINDINGS)


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not ISO 8601; write 2018-06-05T12:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} has no offset; write {moment.isoformat()}Z if it is UTC")
    return int(moment.timestamp() * 1000)


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
def doctor(config: Config = CONFIG, state: State = STATE) -> None:
    """Whether broker, database, disk and horns are fit for service."""
    examined = doctors.run(configure(read_bundle(config)), state)
    table = Table("part", "", "seen")
    for each in examined:
        table.add_row(each.what, "fine" if each.fine else Text("NOT FINE", "bold red"), each.detail)
    Console().print(table, markup=False)
    if not all(each.fine for each in examined):
        raise SystemExit(ENVIRONMENT)
