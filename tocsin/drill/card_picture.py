"""A drill as a picture: what happened above, below it each incident as a ribbon of its grade.

To the right stands, on a scale of minutes, what followed once it was told, against its deadlines.
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from html import escape

from ingest.clock import MINUTE
from ingest.duration import format_duration
from tocsin.commands.language import Language
from tocsin.comparison.axes import Scale, times
from tocsin.drill.card import Card, Course
from tocsin.drill.card_words import clock, graded, happening, told, words_of

# In pixels of the picture: names, hours, and what followed.
WIDTH, LEFT, MIDDLE, FOLLOWED, RIGHT = 1200, 250, 800, 850, 1180
TOP, STORY, RIBBON, APART, AXIS = 8, 16, 20, 8, 26
# Of a letter, a Chinese one as two.
LETTER = 6.5
# Incidents that are drawn, in the order in which they were opened.
MOST = 40
MARKS = {"delivered": "▼", "acknowledged": "◆", "arrived": "■", "handled": "●"}
# What takes longer than this stands at the edge.
LONGEST = 15 * MINUTE


def picture(card: Card, zone: tzinfo, language: Language) -> str:
    """An SVG."""
    drawn, words = card.courses[:MOST], words_of(language)
    hours, after = Scale(0, max(card.lasted, 1), LEFT, MIDDLE), Scale(0, _reach(drawn), FOLLOWED, RIGHT)
    lines = _lines(card, hours, language)
    top = TOP + STORY * max((line for line, *_ in lines), default=-1) + STORY + APART
    bottom = top + (RIBBON + APART) * len(drawn)
    parts = [*_hours(card, hours, bottom, zone), *_minutes(after, top, bottom, language)]
    parts += _story(lines, top - APART)
    for number, course in enumerate(drawn):
        row = top + (RIBBON + APART) * number
        parts += _ribbon(course, card.lasted, hours, row, language)
        parts += _followed(course, after, row, language)
    legend = [f"{sign} {words(name)}" for name, sign in {**MARKS, "due": "│"}.items()]
    if len(card.courses) > len(drawn):
        legend.append(words("{} more are not drawn").format(len(card.courses) - len(drawn)))
    parts.append(_text("tick", LEFT, bottom + AXIS + 12, "\u2003".join(legend)))
    label = escape(f"{told(card.title, language)}: {len(card.courses)}")
    height = bottom + AXIS + STORY
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _reach(courses: Sequence[Course]) -> int:
    """How far the minutes go (ms): to the last stage or deadline."""
    stages = [_after_told(course, mark) for course in courses for mark in MARKS]
    limits = [limit for course in courses for limit in course.limits.values()]
    return min(max([MINUTE, *limits, *(at for at in stages if at is not None)]), LONGEST)


def _after_told(course: Course, mark: str) -> int | None:
    at: int | None = getattr(course, mark)
    return None if at is None or course.told is None else at - course.told


Line = tuple[int, float, float, str, str]


def _lines(card: Card, across: Scale, language: Language) -> list[Line]:
    """Line, place of the instant, end of its text, text and what it says in full: none lies on another."""
    free: list[float] = []
    lines: list[Line] = []
    for moment in sorted(card.story, key=lambda moment: moment.at):
        x, what = across.at(moment.at), happening(moment.what, language)
        line = next((number for number, until in enumerate(free) if until <= x), len(free))
        end = x + 10 + LETTER * sum(1 + (letter > "⺀") for letter in what)
        free[line : line + 1] = [end]
        lines.append((line, x, end, what, f"{clock(moment.at)} {what} {told(moment.text, language)}"))
    return lines


def _story(lines: Sequence[Line], bottom: float) -> Iterator[str]:
    for line, x, end, what, said in lines:
        y = TOP + STORY * line
        yield f'<line class="moment" x1="{x}" x2="{x}" y1="{y}" y2="{bottom:g}"/>'
        inside = end <= FOLLOWED
        yield _text("tick", x + 3 if inside else x - 3, y + 10, what, "start" if inside else "end", said)


def _ribbon(course: Course, lasted: int, across: Scale, top: float, language: Language) -> Iterator[str]:
    left, right = across.at(course.raised), across.at(lasted if course.closed is None else course.closed)
    name = f"{told(course.title, language)} {told(course.place, language)}"
    said = escape(f"{name} {graded(course.grade, language)} {clock(course.raised)}")
    yield _text("side", LEFT - 8, top + 14, _short(name), "end", name)
    yield (
        f'<rect class="{course.grade}" x="{left}" y="{top:g}" width="{max(right - left, 2):g}"'
        f' height="{RIBBON}"><title>{said}</title></rect>'
    )


def _followed(course: Course, after: Scale, top: float, language: Language) -> Iterator[str]:
    """Deadlines as lines of its row, and what came as marks; late ones stand out by more than their place."""
    words = words_of(language)
    for stage, limit in course.limits.items():
        x, said = after.at(limit), escape(f"{words(stage)} {format_duration(limit)}")
        yield (
            f'<line class="mark {course.grade}" x1="{x}" x2="{x}" y1="{top:g}" y2="{top + RIBBON:g}">'
            f"<title>{said}</title></line>"
        )
    for what, sign in MARKS.items():
        if (took := _after_told(course, what)) is not None:
            late = took > course.limits.get(what, took)
            said = f"{words(what)} {clock(took)}{' ✗' if late else ''}"
            yield _text("late" if late else "stage", after.at(took), top + 14, sign, "middle", said)


def _hours(card: Card, across: Scale, bottom: float, zone: tzinfo) -> Iterator[str]:
    for at, said in times(card.began, card.began + card.lasted, zone, 9):
        x = across.at(at - card.began)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom:g}"/>'
        yield _text("tick", x, bottom + 14, said, "middle")


def _minutes(across: Scale, top: float, bottom: float, language: Language) -> Iterator[str]:
    whole = int(across.high // MINUTE)
    for minute in range(0, whole + 1, 1 if whole <= 8 else 3):
        x = across.at(minute * MINUTE)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{top:g}" y2="{bottom:g}"/>'
        yield _text("tick", x, bottom + 14, f"+{minute}min" if minute else "0", "middle")
    yield _text("tick", FOLLOWED, top - APART, words_of(language)("after it was told"))


def _short(name: str) -> str:
    """So much of it as there is room for."""
    room = (LEFT - 16) / (LETTER + 1)
    wide = 0
    for number, letter in enumerate(name):
        wide += 1 + (letter > "⺀")
        if wide > room:
            return f"{name[:number]}…"
    return name


def _text(style: str, x: float, y: float, shown: str, anchor: str = "start", title: str = "") -> str:
    more = f"<title>{escape(title)}</title>" if title else ""
    place = f'x="{round(x, 1):g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{escape(shown)}{more}</text>'
