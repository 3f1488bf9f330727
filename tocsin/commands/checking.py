"""Whether the files of a configuration are right: before they go live, in an editor, in a review."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingest.clock import SystemClock
from ingest.finding import Finding
from tocsin import schema as schemas
from tocsin.checks import Asked, Checked, asked
from tocsin.checks import check as checked
from tocsin.commands import FINDINGS
from tocsin.explanations import explanations
from tocsin.sarif import place, sarif

app = typer.Typer()


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


FILES = typer.Argument(help="The settings file or its directory, or single files that they name.")
CONFIG = typer.Option("--config", "-c", help="The settings of single files, if no tocsin.yaml lies above.")
FORMAT = typer.Option("--format", help="json and sarif go to standard output.")


@app.command()
def check(
    paths: Annotated[list[Path] | None, FILES] = None,
    config: Annotated[Path | None, CONFIG] = None,
    format_: Annotated[Format, FORMAT] = Format.TEXT,
) -> None:
    """Every file the settings name, all findings at once; of single files, what is found in them."""
    question = asked(paths or [], config)
    everything = checked(question.settings, SystemClock().now())
    found = everything.of(question)
    match format_:
        case Format.TEXT:
            _tell(found, question, fine=not everything.errors)
        case Format.JSON:
            rows = [_row(finding, level, question) for finding, level in _levels(found)]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        case Format.SARIF:
            report = sarif(_levels(found), question.settings.parent)
            typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    if hidden := len(everything.errors) - len(found.errors):
        typer.echo(f"{hidden} errors in other files: tocsin check {question.settings}", err=True)
    if found.errors:
        raise SystemExit(FINDINGS)


@app.command(name="help")
def help_(
    code: Annotated[str, typer.Argument(help="A code of a finding, for example E103; all without one.")] = "",
) -> None:
    """What the code of a finding means: a wrong example, its correction, the way out."""
    known = explanations()
    if not code:
        typer.echo("\n".join(f"{each.code}  {each.meaning}" for each in known.values()))
    elif code.upper() in known:
        typer.echo(known[code.upper()].plain)
    else:
        raise typer.BadParameter(f"no finding has the code {code}; tocsin help lists all")


@app.command()
def schema(
    name: Annotated[str, typer.Argument(help="The file that the schema is of; all names without one.")] = "",
    write: Annotated[Path | None, typer.Option(help="Write all schemas into this directory.")] = None,
) -> None:
    """JSON Schema of the files, for completion and checks while you type."""
    if write is not None:
        typer.echo("\n".join(map(str, schemas.write(write))))
    elif not name:
        typer.echo("\n".join(schemas.FILES))
    elif name in schemas.FILES:
        typer.echo(schemas.text(name), nl=False)
    else:
        raise typer.BadParameter(f"no file is called {name}; there are: {', '.join(schemas.FILES)}")


def _levels(found: Checked) -> Iterator[tuple[Finding, str]]:
    yield from ((finding, "error") for finding in found.errors)
    yield from ((finding, "warning") for finding in found.warnings)


def _row(finding: Finding, level: str, question: Asked) -> dict[str, str | int]:
    return {
        "file": str(place(finding, question.settings.parent)),
        "line": finding.line,
        "column": finding.column,
        "code": finding.code,
        "severity": level,
        "message": finding.message,
        "suggestion": finding.suggestion,
    }


def _tell(found: Checked, question: Asked, *, fine: bool) -> None:
    for finding, level in _levels(found):
        typer.echo(f"warning: {finding}" if level == "warning" else str(finding), err=True)
    if fine and question.names is not None:
        typer.echo(f"{', '.join(sorted(question.names))}: fine")
    elif found.configuration is not None:
        basis, routes = found.configuration.basis, found.configuration.routes
        typer.echo(
            f"{question.settings}: fine: {len(basis.registry.sensors)} sensors, "
            f"{len(basis.registry.zones)} zones, {len(basis.rules)} rules, {len(routes.routes)} routes"
        )
