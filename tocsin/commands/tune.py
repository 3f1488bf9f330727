"""`tocsin tune`: what a rule would have done on the history with another threshold."""

from typing import Annotated

import typer

from ingest.document.source_text import did_you_mean
from ingest.finding import words, words_of
from rules.grade import Grade
from rules.rulebook import Ladder
from tocsin.commands import USAGE, Json, fail
from tocsin.commands.history import (
    CONFIG,
    LEAD,
    Applied,
    Config,
    Events,
    From,
    GradeName,
    History,
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
from tocsin.commands.language import Lang, Language, spoken
from tocsin.commands.progress import advancing
from tocsin.commands.sheet import show, tell
from tocsin.tuning.account import as_document, cells, columns, headline, refusals, written
from tocsin.tuning.threshold import Untunable, find
from tocsin.tuning.tuning import Tuner, Tuning
from tocsin.tuning.values import UnreadableValues
from tocsin.wording import line_in_language

app = typer.Typer()

METRIC = "The left side of the comparison, as in the rule: 'sum(rain, 3h)'; or a grade."
VALUES = "'300..600 step 50 mA' or '300,350,400'; around the one in force if not given."


@app.command()
def tune(
    rule: Annotated[str, typer.Argument(help="The id of the rule.")],
    on: On,
    metric: Annotated[str, typer.Option(help=METRIC)] = "",
    grade: GradeName = "",
    values: Annotated[str, typer.Option(help=VALUES)] = "",
    events: Events = None,
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
    """A threshold against the warnings it would have raised, and what really happened; writes nothing."""
    found = history(on, (begin, end), rules, (config, state), places(sensors, zones, kinds))
    named, left = (metric, "") if metric.upper() in Grade.__members__ else (grade, metric)
    language = spoken(lang)
    try:
        tuner = _tuner(found, rule, grade_named(named or grade), left, values)
    except (Untunable, UnreadableValues) as error:
        fail(line_in_language(words_of(error), language), USAGE)
    labelled = None if events is None else found.labelled(events, lead)
    with advancing(f"{rule}, {len(tuner.candidates)} thresholds", *found.period) as advance:
        tuning = tuner.try_on(found.record, found.period, labelled, advance)
    if as_json:
        tell(as_document(tuning))
    else:
        _show(tuning, found, language)


def _tuner(found: History, rule: str, grade: Grade | None, metric: str, values: str) -> Tuner:
    texts = found.texts()
    ladder = _ladder([*texts.read()[0]], rule)
    return Tuner.of(texts, ladder, find(ladder, grade, metric), values)


def _ladder(ladders: list[Ladder], rule: str) -> Ladder:
    known = {ladder.rule.id: ladder for ladder in ladders}
    if rule not in known:
        advice = did_you_mean(rule, known) or words("see `tocsin check`")
        raise Untunable(words("no rule '{rule}'; {advice}", rule=rule, advice=advice))
    return known[rule]


def _show(tuning: Tuning, found: History, language: Language) -> None:
    typer.echo(headline(tuning, found.rules.settings.zone_info, language))
    show("", columns(tuning, language), cells(tuning, language))
    for line in refusals(tuning, language):
        typer.echo(line)
    typer.echo(written(tuning, language))
