"""`tocsin explain`: the whole story of a warning, or why a rule did, or did not, speak of a subject."""

from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import typer

from ingest.clock import SystemClock
from ingest.document.source_text import did_you_mean
from notifiers.outbox.desk import Desk
from notifiers.outbox.incidents import SHORTEST
from tocsin.bundle import Bundles
from tocsin.commands import ENVIRONMENT, STATE, USAGE, Json, State, fail, instant_of
from tocsin.commands.language import Lang, Language, spoken
from tocsin.commands.progress import advancing
from tocsin.commands.sheet import tell
from tocsin.configuration import basis_of, configure, read_bundle
from tocsin.explaining.account_json import standing_json
from tocsin.explaining.account_text import standing_text
from tocsin.explaining.outside import UnknownName
from tocsin.explaining.sentence import sentence as sentence_of
from tocsin.explaining.standing import Source, Standing, closest, standing
from tocsin.explaining.story import Story, story
from tocsin.explaining.story_json import story_json
from tocsin.explaining.story_text import tell_story
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, JournalRecord, NothingRecorded
from tocsin.replay import read_basis

app = typer.Typer()

CONFIG, KINDS = Path("configs/tocsin.yaml"), Path("configs/kinds.yaml")


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="A warning's or incident's id or its beginning; or a rule.")],
    subject: Annotated[str, typer.Argument(help="With a rule: a sensor, zone or gateway.")] = "",
    at: Annotated[
        str | None, typer.Option(help="With a rule: a time ago (8h) or an instant, ISO 8601.")
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="When it was nearest, from here on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="... up to here.")] = None,
    state: State = STATE,
    on: Annotated[list[Path] | None, typer.Option(help="Readings as CSV instead of a journal.")] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="With --on: the settings file.")] = CONFIG,
    rules: Annotated[Path | None, typer.Option(help="With --on: a directory of rule files.")] = None,
    sensors: Annotated[Path | None, typer.Option(help="With --on: the sensors, CSV or YAML.")] = None,
    zones: Annotated[Path | None, typer.Option(help="With --on: the zones, GeoJSON.")] = None,
    kinds: Annotated[Path, typer.Option(help="With --on: the kinds of sensor.")] = KINDS,
    sentence: Annotated[bool, typer.Option("--sentence", help="Of a warning: one sentence upward.")] = False,
    as_json: Json = False,
    lang: Lang = None,
) -> None:
    """Why a warning is there and who knows of it; or why a rule did not fire, down to what was missing."""
    if not subject:
        if at or begin or end or on:
            raise typer.BadParameter("--at, --from, --to and --on are for RULE SUBJECT: name a subject")
        _tell_story(what, state, as_json=as_json, only=sentence, language=spoken(lang))
        return
    span = _span(at, begin, end)
    try:
        source = _source(state, on, _by_files(config, rules, sensors, zones, kinds))
        found = _asked(source, what, subject, span)
    except UnknownName as error:
        fail(str(error), USAGE)
    except NothingRecorded as error:
        fail(str(error), ENVIRONMENT)
    if as_json:
        tell(standing_json(found))
        return
    for line in standing_text(found, spoken(lang)):
        typer.echo(line)


def _span(at: str | None, begin: str | None, end: str | None) -> tuple[int | None, int]:
    """From (None for an instant) and to, ms."""
    if at is not None and begin is None and end is None:
        return None, instant_of(at)
    if at is None and begin is not None and end is not None:
        span = instant_of(begin), instant_of(end)
        if span[0] < span[1]:
            return span
        raise typer.BadParameter(f"--from {begin} is not before --to {end}")
    raise typer.BadParameter("say when: --at INSTANT, or --from INSTANT --to INSTANT for when it was nearest")


def _asked(source: Source, rule: str, subject: str, span: tuple[int | None, int]) -> Standing:
    begin, end = span
    if begin is None:
        with advancing("judging", source.record.span()[0], end) as advance:
            return standing(source, rule, subject, end, advance)
    with advancing("judging", begin, end) as advance:
        return closest(source, rule, subject, (begin, end), advance)


def _by_files(
    config: Path, rules: Path | None, sensors: Path | None, zones: Path | None, kinds: Path
) -> Callable[[], Basis]:
    """What readings from files are judged by: the files named, or those of the settings."""
    if rules is None and sensors is None:
        return lambda: configure(read_bundle(config)).basis
    if rules is None or sensors is None:
        raise typer.BadParameter("--rules and --sensors go together; or name the settings file, --config")
    return lambda: read_basis(kinds, sensors, zones, rules)


def _source(state: Path, on: list[Path] | None, by_files: Callable[[], Basis]) -> Source:
    if on:
        basis = by_files()
        return Source(CsvRecord(on), lambda _: basis)
    record = JournalRecord(state)
    return Source(record, lru_cache(lambda hash_: basis_of(record.bundles.load(hash_))), state / "outbox.db")


def _tell_story(number: str, state: Path, *, as_json: bool, only: bool, language: Language) -> None:
    """Of a warning, or of the newest of those whose ids begin alike in one incident."""
    found = _story(number, state)
    if as_json:
        tell(story_json(found))
    elif only:
        typer.echo(sentence_of(found, language))
    else:
        tell_story(found, language)


def _story(number: str, state: Path) -> Story:
    path = state / "outbox.db"
    if not path.exists():
        fail(f"{path} does not exist: no daemon has run with --state {state}", ENVIRONMENT)
    with closing(Desk.reading(path)) as desk:
        found = desk.dossiers(number, SystemClock().now())
        if not found:
            fail(_no_warning(number, desk), USAGE)
    if len(found) > 1:
        listed = ", ".join(each.warning for each in found)
        fail(f"several warnings begin with {number}: {listed}; write more of the id", USAGE)
    bundles = Bundles(state / "bundles")
    return story(
        found[0], lambda: JournalRecord(state), lru_cache(lambda hash_: basis_of(bundles.load(hash_)))
    )


def _no_warning(number: str, desk: Desk) -> str:
    if len(number) < SHORTEST:
        return f"{number} is too short: write at least {SHORTEST} characters of the warning's id"
    near = did_you_mean(number, desk.recent_warnings())
    return (
        f"no warning {number}; {near or 'the open ones: tocsin warnings; a rule needs its subject beside it'}"
    )
