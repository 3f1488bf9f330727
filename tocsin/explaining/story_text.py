"""A warning's story in sections for a terminal, in order of time within each."""

import json
from typing import Any

import msgspec
import typer

from notifiers.contacts import masked
from notifiers.outbox.concerning import Did
from notifiers.outbox.dossier import Sent, Told
from rules.grade import Grade
from rules.language.quantities import measured
from rules.transition import Disposition
from tocsin.commands.language import Language
from tocsin.commands.sheet import Cell, grade, show, when
from tocsin.explaining.sentence import sentence
from tocsin.explaining.story import Led, Reported, Story
from tocsin.explaining.story_words import Words


def tell_story(story: Story, language: Language) -> None:
    """Print it all."""
    words = Words(language)
    of = story.dossier
    typer.echo(sentence(story, language))
    incident = of.incident.id if of.incident else words("unrouted")
    typer.echo(words("head").format(of.warning, incident, len(of.others) + bool(of.lines)))
    led = {each.ordinal: each for each in story.led}
    for told in of.lines:
        _tell_line(told, led.get(told.line.ordinal), words)
    if story.unread:
        typer.echo(words("unread").format(story.unread))
    _show(
        words, "others", [(o.warning, o.rule, o.subject, _grade(o.grade), when(o.since)) for o in of.others]
    )
    _tell_suppression(story, words)
    _show(
        words,
        "bulletins",
        [
            (str(b.revision), str(b.act), _grade(b.grade), when(b.sent), issued.author or "Tocsin")
            for issued in of.bulletins
            for b in [issued.bulletin]
        ],
    )
    _show(words, "deliveries", [_delivery(sent) for sent in of.deliveries])
    _show(words, "stages", [(when(s.at), s.stage, _name(story, s.user, words), s.note) for s in of.stages])
    _show(words, "deadlines", [(d.stage, when(d.due), when(d.missed)) for d in of.deadlines])
    _show(words, "actions", [_did(story, did, words) for did in of.actions])
    _show(words, "unreached", [(str(u.why), u.who or "*", when(u.since), u.detail) for u in of.unreached])
    _show(words, "audit", [(str(r.sequence), when(r.at), r.what, r.user, _facts(r.facts)) for r in of.audit])


def _tell_line(told: Told, led: Led | None, words: Words) -> None:
    line, evidence = told.line, told.line.evidence
    before, after = (_plain(each) for each in (line.before, line.after))
    review = f"  {words('review')}" if line.disposition is Disposition.REVIEW else ""
    typer.echo(f"{when(line.at)}  {before} → {after}  {line.reason}{review}")
    typer.echo(f"    {evidence.get('text', '')}")
    rests = [f"{words('observed')} {when(evidence.get('observed'))}"]
    if (coverage := evidence.get("coverage")) is not None:
        rests.append(f"{words('coverage')} {coverage:.0%}")
    if evidence.get("quality"):
        rests.append(f"{words('quality')}: {', '.join(evidence['quality'])}")
    rests += [
        f"{words(key)}: {_listed(evidence[key])}" for key in ("confirm", "members") if evidence.get(key)
    ]
    typer.echo(f"    {'; '.join(rests)}")
    typer.echo(f"    {words('routed')}: {words.routed(told.routed)}")
    for since, until in led.blind if led else ():
        typer.echo(f"    {words('blind').format(when(since), when(until))}")
    if led is None or not led.readings:
        return
    earlier = words("earlier").format(led.earlier) if led.earlier else ""
    rows = [
        (r.sensor, _value(r), when(r.observed), when(r.received), ", ".join(r.quality)) for r in led.readings
    ]
    typer.echo(f"    {words('readings')}{earlier}")
    show("", words.columns("readings"), rows)


def _value(reading: Reported) -> str:
    return f"{reading.metric} {measured(reading.value, reading.unit)}"


def _tell_suppression(story: Story, words: Words) -> None:
    of = story.dossier
    if of.incident is not None and of.incident.cancelled:
        typer.echo(words("cancelled").format(of.incident.cancelled))
    if of.collapsed is not None:
        found = of.collapsed
        capped = words("capped").format(_plain(found.capped)) if found.capped else ""
        typer.echo(
            words("flood").format(found.rule, when(found.since), when(found.over), found.notice) + capped
        )
    _show(
        words,
        "shelves",
        [
            (str(s.id), f"{s.scope} {s.name}", s.reason, s.user, when(s.since), when(s.ended or s.until))
            for s in of.shelves
        ],
    )
    _show(
        words,
        "digests",
        [(d.digest, d.recipient, d.channel, d.place or "–", when(d.due), when(d.sent)) for d in of.digests],
    )
    _show(
        words,
        "proposals",
        [
            (
                *(str(p.revision), _grade(p.grade), str(p.state), _name(story, p.decided_by, words)),
                *(when(p.decided_at), p.reason),
            )
            for p in of.proposals
        ],
    )


def _delivery(sent: Sent) -> tuple[Cell, ...]:
    progress, delivery = sent.progress, sent.progress.delivery
    to = delivery.address if delivery.address == delivery.recipient else masked(delivery.address)
    instead = ", ".join(f"{channel} {recipient}" for channel, recipient in sent.instead)
    state = str(progress.state) + (f" ({progress.detail})" if progress.detail else "")
    return (
        *(str(delivery.revision), delivery.recipient, delivery.channel, to, progress.why),
        *(when(delivery.created), state, when(progress.updated), str(delivery.attempt)),
        *(progress.provider_id, instead, str(sent.step) if sent.step else "", "?" if sent.asks else ""),
    )


def _did(story: Story, did: Did, words: Words) -> tuple[Cell, ...]:
    action = msgspec.to_builtins(did.action)
    done = words("done") if did.done else words("refused")
    return when(did.at), _name(story, did.user, words), did.via, str(action.pop("type")), done, did.said


def _name(story: Story, user: str, words: Words) -> str:
    name = story.names.get(user, {}).get(words.language)
    return f"{name} ({user})" if name and name != user else user


def _grade(of: Grade | None) -> Cell:
    return grade(None if of is None else str(of))


def _plain(of: Grade | None) -> str:
    return str(_grade(of))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _facts(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _show(words: Words, section: str, rows: list[tuple[Cell, ...]]) -> None:
    """A section; where there is nothing, nothing."""
    if rows:
        typer.echo(f"\n{words(section)}")
        show("", words.columns(section), rows)
