"""A comparison as one page: tables, then each warning that differs as a picture."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from tocsin.commands.language import Language
from tocsin.comparison.comparing import Comparison
from tocsin.comparison.curves import Measured, measured, window
from tocsin.comparison.episodes import Pair, gravest_first
from tocsin.comparison.picture import Seen, picture
from tocsin.comparison.tables import headline, how, listed, sheets
from tocsin.comparison.words import words_of
from tocsin.page import page as whole
from tocsin.page import section, table


def page(comparison: Comparison, language: Language, most: int) -> str:
    """HTML; of the warnings that differ the `most` gravest are drawn, the others counted."""
    words, found = words_of(language), gravest_first(comparison.pairs)
    body = [_head(comparison, language), *_tables(comparison, language)]
    if found:
        body.append(f"<h2>{escape(words('Warnings that differ'))}</h2>")
        body.append(f"<p>{escape(_shown(len(found), most, language))}</p>")
        body.append(table(listed(comparison, language, most)))
        drawn = zip(found, measured(comparison, found[:most]), strict=False)
        body += (_drawn(comparison, *each, language, f"gap{number}") for number, each in enumerate(drawn))
    return whole(words("Two sets of rules compared"), language, body)


def _head(comparison: Comparison, language: Language) -> str:
    words, zone = words_of(language), comparison.time_zone
    begin, end = (datetime.fromtimestamp(at / 1000, zone) for at in (comparison.begin, comparison.end))
    sides = " ".join(
        f"<span><b>{escape(words(word))}</b> {escape(side.rules.name)}</span>"
        for word, side in (("old", comparison.old), ("new", comparison.new))
    )
    span = f"{begin:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M %Z}"
    line = escape(headline(comparison, language))
    kind = "differs" if comparison.differs else "agrees"
    return f'<p class="head {kind}">{line}</p><p class="sides">{sides} <span>{escape(span)}</span></p>'


def _tables(comparison: Comparison, language: Language) -> Iterator[str]:
    yield '<div class="tables">'
    for sheet in sheets(comparison, language):
        yield section(sheet)
    yield "</div>"


def _shown(found: int, most: int, language: Language) -> str:
    words = words_of(language)
    line = f"{min(found, most)} {words('shown, the gravest first')}"
    return line if found <= most else f"{line}; {found - most} {words('more are in the tables above')}"


def _drawn(
    comparison: Comparison, pair: Pair, sides: tuple[Measured, Measured], language: Language, identity: str
) -> str:
    begin, end = window(comparison, pair)
    seen = Seen(begin, end, pair.old, pair.new, sides, comparison.time_zone, language)
    first = datetime.fromtimestamp(pair.begin / 1000, comparison.time_zone)
    title = f"{_named(comparison, pair, language)}, {first:%Y-%m-%d %H:%M %Z}"
    caption = f"<b>{escape(title)}</b> <span>{escape(how(pair, language))}</span>"
    return f"<figure><figcaption>{caption}</figcaption>{picture(seen, identity)}</figure>"


def _named(comparison: Comparison, pair: Pair, language: Language) -> str:
    """The rule's title, the subject and its zone."""
    router, registry = comparison.new.rules.router, comparison.new.basis.registry
    title = router.title(pair.either.rule).get(language, pair.either.rule)
    zone = registry.zones.get(comparison.zone(pair))
    place = "" if zone is None else zone.name.get(language, zone.id)
    return " · ".join(dict.fromkeys(part for part in (title, pair.either.subject, place) if part))
