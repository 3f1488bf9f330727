"""`tocsin score`: the live rules against what really happened."""

from pathlib import Path
from typing import Annotated

import typer

from rules.grade import Grade
from tocsin.commands import Json
from tocsin.commands.history import (
    CONFIG,
    LEAD,
    Applied,
    Config,
    From,
    GradeName,
    Kinds,
    Lead,
    On,
    Rules,
    Sensors,
    To,
    Zones,
    grade_named,
    history,
    places,
)
from tocsin.commands.language import Lang, spoken
from tocsin.commands.progress import advancing
from tocsin.commands.sheet import show, tell
from tocsin.recorded import Period, Rerun
from tocsin.verification.account import as_document, headline, sheets
from tocsin.verification.alarms import judged
from tocsin.verification.score import score as scored

app = typer.Typer()


@app.command()
def score(
    on: On,
    events: Annotated[Path, typer.Option(help="What really happened, CSV.")],
    grade: GradeName = "",
    lead: Lead = LEAD,
    begin: From = "",
    end: To = "",
    rules: Rules = "",
    config: Config = CONFIG,
    state: Applied = None,
    sensors: Sensors = None,
    zones: Zones = None,
    kinds: Kinds = None,
    as_json: Json = False,
    lang: Lang = None,
) -> None:
    """What the rules caught, missed and raised for nothing; --grade is the weakest that counts."""
    found = history(on, (begin, end), rules, (config, state), places(sensors, zones, kinds))
    weakest, basis = grade_named(grade) or Grade.BLUE, found.basis
    labelled = found.labelled(events, lead, by_hazard=True)
    with advancing("score", *found.period) as advance:
        rerun = Rerun(found.record, found.rules.basis_for, Period(*found.period))
        courses = judged(rerun, found.period[0], advance).courses
    result = scored(courses, basis.rules, basis.registry, labelled, (weakest, found.period))
    if as_json:
        tell(as_document(result))
        return
    language, zone = spoken(lang), found.rules.settings.zone_info
    typer.echo(headline(result, zone, language))
    for sheet in sheets(result, zone, language):
        if sheet.rows:
            typer.echo(f"\n{sheet.title}")
            show("", sheet.columns, sheet.rows)
