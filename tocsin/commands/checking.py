"""Whether the files of a configuration are right: before they go live, in an editor, in a review."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingest.clock import SystemClock
from ingest.finding import Finding, words
from tocsin import schema as schemas
from tocsin.checks import Asked, Checked, asked
from tocsin.checks import check as checked
from tocsin.commands import FINDINGS
from tocsin.commands.language import Lang, spoken
from tocsin.configuration import Configuration
from tocsin.explanations import explanations
from tocsin.sarif import place, sarif
from tocsin.wording import line_in_language, lines_in_language

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
    lang: Lang = None,
) -> None:
    """Every file the settings name, all findings at once; of single files, what is found in them."""
    question, language = asked(paths or [], config), spoken(lang)
    everything = checked(question.settings, SystemClock().now())
    found = everything.of(question).told(language)
    match format_:
        case Format.TEXT:
            for line in lines_in_language(_lines(found), language):
                typer.echo(line, err=True)
            if everything.configuration is not None:
                typer.echo(line_in_language(_fine(everything.configuration, question), language))
        case Format.JSON:
            rows = [_row(finding, level, question) for finding, level in _levels(found)]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        case Format.SARIF:
            report = sarif(_levels(found), question.settings.parent, language)
            typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    if hidden := len(everything.errors) - len(found.errors):
        elsewhere = words(
            "{count} errors in other files: tocsin check {settings}", count=hidden, settings=question.settings
        )
        typer.echo(line_in_language(elsewhere, language), err=True)
    if found.errors:
        raise SystemExit(FINDINGS)


@app.command(name="help")
def help_(
    code: Annotated[str, typer.Argument(help="A code of a finding, for example E103; all without one.")] = "",
    lang: Lang = None,
) -> None:
    """What the code of a finding means: a wrong example, its correction, the way out."""
    known = explanations(spoken(lang))
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


def _lines(found: Checked) -> Iterator[str]:
    for finding, level in _levels(found):
        yield words("warning: {finding}", finding=finding) if level == "warning" else str(finding)


def _fine(configuration: Configuration, question: Asked) -> str:
    if question.names is not None:
        return words("{files}: fine", files=", ".join(sorted(question.names)))
    basis, routes = configuration.basis, configuration.routes
    return words(
        "{settings}: fine: {sensors} sensors, {zones} zones, {rules} rules, {routes} routes",
        settings=question.settings,
        sensors=len(basis.registry.sensors),
        zones=len(basis.registry.zones),
        rules=len(basis.rules),
        routes=len(routes.routes),
    )
