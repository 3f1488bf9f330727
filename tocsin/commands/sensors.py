"""The sensors: how many are there, and how those that speak without being registered become some."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.clock import SystemClock
from ingest.finding import words, words_of
from rules.transition import iso
from tocsin.adoption import Candidate, candidates, matching, strangers
from tocsin.commands import FINDINGS, STATE, Json, State, fail, instant_of
from tocsin.commands.journal import reading, sensing
from tocsin.commands.language import Lang, Language, spoken
from tocsin.commands.quarantine import refused_in
from tocsin.commands.sheet import show, tell, when
from tocsin.online import Share, shares, silent
from tocsin.reading_lines import visible
from tocsin.registration import Files, Registration
from tocsin.sensor_lines import NoPlaceError
from tocsin.wording import line_in_language

app = typer.Typer(help="How many sensors are there, and which to adopt.", no_args_is_help=True)

CONFIG = Path("configs/tocsin.yaml")


@app.command()
def status(
    state: State = STATE,
    since: Annotated[
        str, typer.Option("--since", help="How far back the journal is read where there is no snapshot.")
    ] = "24h",
    list_silent: Annotated[
        bool, typer.Option("--silent", help="Each sensor that is not online, those never heard first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """By kind and zone: registered, heard within three intervals, heard last; the worst first."""
    now = SystemClock().now()
    with reading(state) as journal:
        stages, exact = sensing(state, journal, now + 1, now - instant_of(since))
        _, received = journal.newest()
    if not exact:
        typer.echo(f"no snapshot is whole: what was heard before the last {since} is not known", err=True)
    registry, heard = stages.basis.registry, stages.screen.heard
    found, missing = shares(registry, heard, now), list(silent(registry, heard, now))
    if as_json:
        quiet = [{"sensor": sensor, "last": _iso(last)} for sensor, last in missing]
        told = {"now": iso(now), "received": _iso(received or None), "groups": list(map(_plain, found))}
        tell(told | ({"silent": quiet} if list_silent else {}))
        return
    show("sensors", ("online", "registered", "share", "kind", "zone", "heard last"), map(_row, found))
    online = len(heard) - len(missing)
    typer.echo(
        f"{online} of {len(heard)} online; the newest entry of the journal is of {when(received or None)}"
    )
    if list_silent:
        rows = ((sensor, when(last) if last else "never") for sensor, last in missing)
        show("not online", ("sensor", "heard last"), rows)


def _row(found: Share) -> tuple[str, ...]:
    share = f"{found.online / found.registered:.0%}"
    last = "never" if found.last is None else when(found.last)
    return str(found.online), str(found.registered), share, found.kind, found.zone, last


def _plain(found: Share) -> dict[str, object]:
    return {
        "kind": found.kind,
        "zone": found.zone,
        "registered": found.registered,
        "online": found.online,
        "share": round(found.online / found.registered, 4),
        "last": _iso(found.last),
    }


def _iso(instant: int | None) -> str | None:
    return None if instant is None else iso(instant)


@app.command()
def adopt(
    topics: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC-GLOB]...", help="Only these, in quotes; * and ?.")
    ] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="The settings file.")] = CONFIG,
    state: State = STATE,
    zone: Annotated[str, typer.Option(help="Only devices of this zone.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind; of those behind a gateway, what they are.")] = "",
    into: Annotated[Path | None, typer.Option(help="The file of sensors, of those in the settings.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Add them; without it they are only shown.")] = False,
    lang: Lang = None,
) -> None:
    """Devices in quarantine that nobody registered, as lines of the file of sensors."""
    language = spoken(lang)
    files = Files.read(config)
    with refused_in(state) as quarantine:
        known = strangers(quarantine, matching(topics or []))
    found = list(candidates(known, files.configuration.basis, zone, kind))
    show(
        "to adopt",
        ("sensor", "zone", "kind", "gateway", "metrics", "messages", "last", "note"),
        (_line(each, language) for each in found),
    )
    able = [candidate.fields for candidate in found if not candidate.against]
    if able:
        try:
            registration = Registration.checked(files, files.named(into), able)
        except NoPlaceError as error:
            fail(line_in_language(words_of(error), language), FINDINGS)
        typer.echo(line_in_language(_put(registration, len(able), config, write), language))
    if len(able) < len(found):
        raise SystemExit(FINDINGS)


def _put(registration: Registration, count: int, config: Path, write: bool) -> str:
    lines = words("1 sensor") if count == 1 else words("{count} sensors", count=count)
    path = registration.path
    if not write:
        return words(
            "nothing written: with --write, {lines} would be added to {path}", lines=lines, path=path
        )
    registration.write()
    return words(
        "{lines} added to {path}; write lon and lat, and site, where rules need them. "
        "The daemon does not know of it yet: tocsin check {config}, then systemctl reload tocsin",
        lines=lines,
        path=path,
        config=config,
    )


def _line(found: Candidate, language: Language) -> tuple[str, ...]:
    stranger = found.stranger
    metrics = ", ".join(
        line_in_language(words("{metric} (not of {kind})", metric=m, kind=found.kind), language)
        if m in found.foreign and found.kind
        else m
        for m in sorted(stranger.metrics)
    )
    cells = (stranger.id, stranger.zone, found.kind, stranger.gateway, metrics)
    return (
        *map(visible, cells),
        str(stranger.messages),
        when(stranger.last),
        visible(line_in_language(found.against or words("can be added"), language)),
    )
