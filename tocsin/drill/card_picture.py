"""The hours of a drill as a picture: what happened above, each incident as a ribbon of its grade below."""

from collections.abc import Iterator
from datetime import tzinfo
from html import escape

from tocsin.commands.language import Language
from tocsin.comparison.axes import Scale, times
from tocsin.drill.card import Card, Course
from tocsin.drill.card_words import clock, told, words_of

# In pixels of the picture.
WIDTH, LEFT, RIGHT = 1200, 250, 20
TOP, STORY, RIBBON, APART, AXIS = 8, 18, 20, 8, 26
# Incidents that are drawn, in the order in which they were opened.
MOST = 40
MARKS = {"delivered": "▼", "acknowledged": "◆", "arrived": "■", "handled": "●"}


def picture(card: Card, zone: tzinfo, language: Language) -> str:
    """An SVG."""
    across = Scale(0, max(card.lasted, 1), LEFT, WIDTH - RIGHT)
    drawn, words = card.courses[:MOST], words_of(language)
    parts = [*_story(card, across, language)]
    top = TOP + STORY * min(len(card.story), 3) + APART
    for course in drawn:
        parts += _ribbon(course, card, across, top, language)
        top += RIBBON + APART
    height = top + AXIS + STORY
    ticks = [*_axis(card, across, top, zone)]
    legend = " ".join(f"{sign} {words(name)}" for name, sign in MARKS.items())
    legend = f'<text class="tick" x="{LEFT}" y="{top + AXIS + 12:g}">{escape(legend)}</text>'
    label = escape(f"{told(card.title, language)}: {len(card.courses)}")
    body = "".join((*ticks, *parts, legend))
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{label}">{body}</svg>'


def _story(card: Card, across: Scale, language: Language) -> Iterator[str]:
    """In three lines, one after the other, so that neighbours do not lie on each other."""
    for number, moment in enumerate(card.story):
        x, y = across.at(moment.at), TOP + STORY * (number % 3) + 10
        said = escape(f"{clock(moment.at)} {moment.what} {told(moment.text, language)}")
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{y:g}" y2="{TOP + 3 * STORY}"/>'
        yield f'<text class="tick" x="{x + 3:g}" y="{y:g}">{escape(moment.what)}<title>{said}</title></text>'


def _ribbon(course: Course, card: Card, across: Scale, top: float, language: Language) -> Iterator[str]:
    end = card.lasted if course.closed is None else course.closed
    left, right = across.at(course.raised), across.at(end)
    name = escape(f"{told(course.title, language)} {told(course.place, language)}")
    yield f'<text class="side" text-anchor="end" x="{LEFT - 8}" y="{top + 14:g}">{name}</text>'
    yield (
        f'<rect class="{course.grade}" x="{left}" y="{top:g}" width="{max(right - left, 2):g}"'
        f' height="{RIBBON}"><title>{name} {course.grade} {clock(course.raised)}</title></rect>'
    )
    for what, sign in MARKS.items():
        at: int | None = getattr(course, what)
        if at is not None:
            said = escape(f"{words_of(language)(what)} {clock(at)}")
            place = f'text-anchor="middle" x="{across.at(at)}" y="{top + 14:g}"'
            yield f'<text class="on {course.grade}" {place}>{sign}<title>{said}</title></text>'


def _axis(card: Card, across: Scale, bottom: float, zone: tzinfo) -> Iterator[str]:
    for at, said in times(card.began, card.began + card.lasted, zone, 12):
        x = across.at(at - card.began)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom:g}"/>'
        yield f'<text class="tick" text-anchor="middle" x="{x}" y="{bottom + 14:g}">{said}</text>'
