"""`tocsin diff`: two sets of rules on the same record, before one of them goes live."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from ingest.document.source_text import did_you_mean
from tocsin.commands import FINDINGS, USAGE, Json, fail, instant_of
from tocsin.commands.history import (
    CONFIG,
    Applied,
    Config,
    From,
    Kinds,
    On,
    Sensors,
    To,
    Zones,
    bundles_in,
    journal_of,
    places,
)
from tocsin.commands.language import Lang, Language, spoken
from tocsin.commands.sheet import tell
from tocsin.comparison.comparing import Comparison, compare
from tocsin.comparison.document import document
from tocsin.comparison.figures import conditions, failures
from tocsin.comparison.page import page
from tocsin.comparison.tables import headline, listed, sheets
from tocsin.comparison.words import words_of
from tocsin.page import Sheet
from tocsin.recorded import CsvRecord, JournalRecord, NothingRecorded, Period, Record
from tocsin.rule_sets import Around, RuleSet, UnknownRuleSet, rule_set

app = typer.Typer()

# Lines of the last table on a terminal, and pictures of the page.
LISTED, DRAWN = 20, 30
# Readings from which on a second process is worth its start.
MANY = 100_000
# Without a terminal nothing is cut off.
WIDE = 200

Name = Annotated[
    str, typer.Argument(help="A directory of rule files, a settings file, `applied`, or a bundle's hash.")
]


@app.command()
def diff(
    old: Name,
    new: Name,
    on: On,
    begin: From = "",
    end: To = "",
    config: Config = CONFIG,
    state: Applied = None,
    sensors: Sensors = None,
    zones: Zones = None,
    kinds: Kinds = None,
    html: Annotated[Path | None, typer.Option(help="A report to look at, one file.")] = None,
    as_json: Json = False,
    lang: Lang = None,
    fail_on: Annotated[
        list[str] | None, typer.Option(help="Exit code 1 if so; several with commas or again.")
    ] = None,
) -> None:
    """What another set of rules would have done on what was recorded, and who would have been told."""
    wanted = _conditions(fail_on or [])
    period = Period(instant_of(begin) if begin else None, instant_of(end) if end else None)
    journal = journal_of(on)
    around = Around(config, places(sensors, zones, kinds), bundles_in(state or journal))
    try:
        sides = rule_set(old, around), rule_set(new, around)
        record = JournalRecord(journal) if journal else CsvRecord(on)
        comparison = compared(record, sides, period)
    except UnknownRuleSet as error:
        fail(str(error), USAGE)
    except NothingRecorded as error:
        fail(str(error), FINDINGS)
    if html is not None:
        html.write_text(page(comparison, spoken(lang), DRAWN), encoding="utf-8")
        typer.echo(f"{html}", err=True)
    if as_json:
        tell(document(comparison))
    else:
        show(comparison, spoken(lang))
    _judge(comparison, wanted)


def _conditions(given: list[str]) -> list[str]:
    wanted = [name.strip() for each in given for name in each.split(",")]
    for name in wanted:
        if name not in conditions():
            advice = did_you_mean(name, conditions())
            fail(f"--fail-on {name}: {advice or 'there are'}; there are: {', '.join(conditions())}", USAGE)
    return wanted


def compared(record: Record, sides: tuple[RuleSet, RuleSet], period: Period) -> Comparison:
    """Both sides on the record, with a bar for each on a terminal. Raises NothingRecorded."""
    first, last = record.span()
    # A bar that refreshes itself does so in a thread, and the copy of this process that judges has none.
    console, hidden = Console(stderr=True), not sys.stderr.isatty()
    with Progress(console=console, disable=hidden, transient=True, auto_refresh=False) as bars:
        passes = [bars.add_task(rules.name, total=last - first) for rules in sides]
        shown = [0, 0]

        def tell(side: int, received: int) -> None:
            share = 100 * (received - first) // max(last - first, 1)
            if share > shown[side]:
                shown[side] = share
                bars.update(passes[side], completed=received - first, refresh=True)

        large = isinstance(record, CsvRecord) and record.readings >= MANY
        in_two = large and len(os.sched_getaffinity(0)) > 1
        return compare(record, sides, period, (partial(tell, 0), partial(tell, 1)), in_two=in_two)


def show(comparison: Comparison, language: Language) -> None:
    """The tables of what differs."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    console.print(Text(headline(comparison, language), "bold"))
    if not comparison.differs:
        return
    found = sum(pair.differs for pair in comparison.pairs)
    for sheet in (*sheets(comparison, language), listed(comparison, language, LISTED)):
        if sheet.rows:
            console.print(_table(sheet))
    if found > LISTED:
        words = words_of(language)
        console.print(
            f"{LISTED} {words('shown, the gravest first')}; {found - LISTED} {words('more: --json')}"
        )


def _table(sheet: Sheet) -> Table:
    table = Table(title=Text(sheet.title), title_justify="left")
    for column in sheet.columns:
        table.add_column(Text(column))
    for row in sheet.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _judge(comparison: Comparison, wanted: list[str]) -> None:
    found = {name: failures(comparison, name) for name in wanted}
    lines = [f"{name}: {each}" for name, of in found.items() for each in of]
    if lines:
        fail("\n".join(lines), FINDINGS)
