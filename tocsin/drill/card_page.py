"""A score card as one page: the picture of its hours, then the tables."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from html import escape

from tocsin.commands.language import Language
from tocsin.drill.card import Card
from tocsin.drill.card_picture import picture
from tocsin.drill.card_tables import headline, sheets
from tocsin.drill.card_words import told, words_of
from tocsin.page import page, section


def card_page(card: Card, zone: tzinfo, language: Language) -> str:
    """HTML that opens without a network."""
    words = words_of(language)
    title = f"{words('EXERCISE')} {told(card.title, language)}"
    return page(title, language, _body(card, zone, language))


def _body(card: Card, zone: tzinfo, language: Language) -> Iterator[str]:
    words = words_of(language)
    held = f"{datetime.fromtimestamp(card.held / 1000, zone):%Y-%m-%d %H:%M %Z}"
    kind = "agrees" if card.passed else "differs"
    yield f'<p class="head {kind}">{escape(headline(card, language))}</p>'
    yield f"<p>{escape(told(card.purpose, language))}</p>"
    speed = f"{words('speed')} {card.speed:g}" if card.speed else ""
    yield f'<p class="sides"><span>{escape(held)}</span><span>{escape(speed)}</span></p>'
    yield f"<figure>{picture(card, zone, language)}</figure>"
    for sheet in sheets(card, language):
        yield section(sheet)
