"""One warning that differs as a picture: what was measured against the ladder, the old grade, the new one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from html import escape

from ingest.clock import MINUTE
from rules.grade import Grade
from tocsin.commands.language import Language
from tocsin.comparison.axes import Scale, thinned, times, values
from tocsin.comparison.curves import Curve, Measured
from tocsin.comparison.episodes import Episode
from tocsin.comparison.words import grade_of, words_of

# In pixels of the picture.
WIDTH, LEFT, RIGHT = 1200, 74, 216
PANEL, RIBBON, APART, AXIS = 130, 24, 10, 26
# Left sides that are drawn; a ladder rarely has more.
PANELS = 3
LABEL = 13


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows: its time (ms), both episodes, and what each side measured."""

    begin: int
    end: int
    old: Episode | None
    new: Episode | None
    measured: tuple[Measured, Measured]
    zone: tzinfo
    language: Language


def picture(seen: Seen, identity: str) -> str:
    """An SVG; `identity` keeps its patterns apart from those of others on the page."""
    names = [*dict.fromkeys(name for side in seen.measured for name in side.curves)][:PANELS]
    across = Scale(seen.begin, seen.end, LEFT, WIDTH - RIGHT)
    parts: list[str] = []
    top = 6.0
    for name in names:
        sides = [side.curves.get(name) for side in seen.measured]
        parts += _panel([sides[0], sides[1]], across, top, seen)
        top += PANEL + 2 * APART + 6
    hatched = [*_hatched(seen, across, top - 2 * APART - 6 if names else 0, identity)]
    words = words_of(seen.language)
    for word, episode in (("old", seen.old), ("new", seen.new)):
        parts += _ribbon(words(word), episode, across, (top, seen))
        top += RIBBON + 6
    grid, ticks = _axis(across, top, seen)
    height = top + AXIS
    label = escape(f"{words('old')}: {_spoken(seen.old, seen)}; {words('new')}: {_spoken(seen.new, seen)}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{label}">'
        f"{_pattern(identity)}{''.join((*hatched, *grid, *parts, *ticks))}</svg>"
    )


def _pattern(identity: str) -> str:
    return (
        f'<defs><pattern id="{identity}" width="7" height="7" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><line y2="7" class="hatch"/></pattern></defs>'
    )


def _hatched(seen: Seen, across: Scale, bottom: float, identity: str) -> Iterator[str]:
    gaps = {gap for side in seen.measured for gap in side.gaps} if bottom else set()
    for since, until in sorted(gaps):
        left, right = across.at(since), across.at(until)
        title = escape(words_of(seen.language)("no data"))
        box = f'x="{left}" y="6" width="{right - left:g}" height="{bottom - 6:g}"'
        yield f'<rect class="gap" {box} fill="url(#{identity})"><title>{title}</title></rect>'


def _panel(sides: list[Curve | None], across: Scale, top: float, seen: Seen) -> Iterator[str]:
    """The curve of the new side, or of the old where the new has none, and the thresholds of both."""
    old, new = sides
    curve = new or old
    assert curve is not None
    divisor, unit = (MINUTE, "min") if curve.unit == "ms" else (1, curve.unit)
    points = [(at, value / divisor) for at, value in thinned(curve.points)]
    marks = _thresholds(old, new, divisor)
    up = _upwards([value for _, value in points] + [level for _, level, _ in marks], top)
    name = escape(f"{curve.text} [{unit}]" if unit else curve.text)
    yield f'<text class="name" x="{LEFT}" y="{top + 8:g}">{name}</text>'
    for value in values(up.low, up.high, 4):
        y = up.at(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" text-anchor="end" x="{LEFT - 7}" y="{y + 4:g}">{value:g}</text>'
    yield from _ladder(marks, up, unit, seen.language)
    for stretch in _stretches(points, seen):
        steps = " ".join(f"{across.at(at)},{up.at(value)}" for at, value in stretch)
        yield f'<polyline class="curve" points="{steps}"/>'


def _upwards(levels: list[float], top: float) -> Scale:
    """From zero where that leaves the curve more than half of the height."""
    low, high = min(levels, default=0.0), max(levels, default=1.0)
    if 0 < low <= 0.5 * high:
        low = 0.0
    room = 0.08 * (high - low or 1)
    return Scale(low - (room if low else 0), high + room, top + PANEL + LABEL, top + LABEL)


def _stretches(points: list[tuple[int, float]], seen: Seen) -> Iterator[list[tuple[int, float]]]:
    """The curve, torn apart where there was no data."""
    untils = sorted({until for side in seen.measured for _, until in side.gaps})
    start = 0
    for until in untils:
        end = next((k for k in range(start, len(points)) if points[k][0] >= until), len(points))
        if end > start:
            yield points[start:end]
        start = end
    if points[start:]:
        yield points[start:]


def _thresholds(old: Curve | None, new: Curve | None, divisor: float) -> list[tuple[Grade, float, str]]:
    """(grade, level, whose): `both`, `old` or `new`."""
    was, now = (side.thresholds if side else {} for side in (old, new))
    found = [(g, was[g] / divisor, "both" if was[g] == now.get(g) else "old") for g in was]
    return found + [(g, now[g] / divisor, "new") for g in now if now[g] != was.get(g)]


def _ladder(marks: list[tuple[Grade, float, str]], up: Scale, unit: str, language: Language) -> Iterator[str]:
    """A line for each threshold, its name beside it; names that would lie on each other move down."""
    words, lowest = words_of(language), -100.0
    for grade, level, whose in sorted(marks, key=lambda mark: -mark[1]):
        y = up.at(level)
        at = max(y + 4, lowest + 12)
        lowest = at
        whom = "" if whose == "both" else f" ({words(whose)})"
        text = escape(f"{grade_of(language, grade)} {level:g} {unit}{whom}")
        yield (
            f'<line class="mark {grade} {whose}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{WIDTH - RIGHT + 8}" y="{at:g}">{text}</text>'
        )


def _ribbon(name: str, episode: Episode | None, across: Scale, place: tuple[float, Seen]) -> Iterator[str]:
    top, seen = place
    yield f'<text class="side" text-anchor="end" x="{LEFT - 7}" y="{top + 16:g}">{escape(name)}</text>'
    yield f'<rect class="quiet" x="{LEFT}" y="{top:g}" width="{WIDTH - RIGHT - LEFT}" height="{RIBBON}"/>'
    steps = episode.course if episode else ()
    for number, step in enumerate(steps):
        if step.grade is None:
            continue
        until = steps[number + 1].at if number + 1 < len(steps) else seen.end
        left, right = across.at(step.at), across.at(until)
        if right > left:
            yield from _block(step.grade, (left, right - left, top), seen.language)
    said = escape(_spoken(episode, seen))
    yield f'<text class="tick" x="{WIDTH - RIGHT + 8}" y="{top + 16:g}">{said}</text>'


def _block(grade: Grade, place: tuple[float, float, float], language: Language) -> Iterator[str]:
    """Its colour, and its name where there is room; its number where there is little."""
    left, width, top = place
    name = grade_of(language, grade)
    text = name if width > 62 else name.split()[-1] if width > 20 else ""
    box = f'x="{left}" y="{top:g}" width="{max(width, 1):g}" height="{RIBBON}"'
    yield f'<rect class="{grade}" {box}><title>{escape(name)}</title></rect>'
    if text:
        middle = f'text-anchor="middle" x="{left + width / 2:g}" y="{top + 16:g}"'
        yield f'<text class="on {grade}" {middle}>{escape(text)}</text>'


def _axis(across: Scale, top: float, seen: Seen) -> tuple[list[str], list[str]]:
    """What lies below everything, and the local times below the ribbons."""
    found = [(across.at(instant), text) for instant, text in times(seen.begin, seen.end, seen.zone, 10)]
    grid = [f'<line class="grid" x1="{x}" x2="{x}" y1="6" y2="{top:g}"/>' for x, _ in found]
    named = [(x, "middle", text) for x, text in found]
    named.append((WIDTH - RIGHT + 8, "start", escape(words_of(seen.language)("local time"))))
    ticks = [
        f'<text class="tick" text-anchor="{a}" x="{x}" y="{top + 16:g}">{text}</text>' for x, a, text in named
    ]
    return grid, ticks


def _spoken(episode: Episode | None, seen: Seen) -> str:
    if episode is None:
        return grade_of(seen.language, None)
    return grade_of(seen.language, episode.highest)
