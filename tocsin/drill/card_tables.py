"""A score card as tables: the same ones for the terminal and for the page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from statistics import median

from ingest.duration import format_time_left
from tocsin.commands.language import Language
from tocsin.drill.card import Card, Course, Item
from tocsin.drill.card_words import clock, deed, graded, happening, hop, reason, told, verdict_of, words_of
from tocsin.page import Sheet

STAGES = ("acknowledged", "arrived", "handled")


def headline(card: Card, language: Language) -> str:
    """Whether the drill was passed, and how much of it."""
    words = words_of(language)
    met = words("{} of {} expectations met").format(card.met, len(card.items))
    played = max(min(card.lasted, card.planned), 0)
    how = words("played {} of {}").format(clock(played), clock(card.planned))
    line = words("{}: {}; {}").format(words("passed" if card.passed else "not passed"), met, how)
    return words("{}; stopped: {}").format(line, told(card.stopped, language)) if card.stopped else line


def sheets(card: Card, language: Language) -> list[Sheet]:
    """Those with a row, in the order in which somebody reads them."""
    expected = ("expected", "due", "came", "result", "detail")
    hours = ("warning", "grade", "raised", "heard", "ack", "arrived", "handled", "know")
    missing = ("who", "place", "grade", "why", "detail", "meant so")
    written: list[tuple[str, Sequence[str], Iterable[Sequence[str]]]] = [
        ("Real warnings during the drill", ("at", "grade", "place", "text"), _real(card, language)),
        ("What was expected", expected, (_item(item, language) for item in card.items)),
        ("How long it took", hours, (_course(course, language) for course in card.courses)),
        ("Not reached at the end", missing, _missing(card, language)),
        ("Who did what", ("at", "who", "did", "incident", "answered"), _acts(card, language)),
        ("What happened", ("at", "what", "detail"), _story(card, language)),
        ("Messages", ("what", "count"), ((hop(n, language), f"{c:,}") for n, c in card.counts.items())),
        (
            "Faults played",
            ("what", "count"),
            ((happening(n, language), f"{c:,}") for n, c in card.faults.items()),
        ),
    ]
    found = (_sheet(title, columns, rows, language) for title, columns, rows in written)
    return [sheet for sheet in found if sheet.rows]


def side_by_side(cards: Iterable[Card], zone: tzinfo, language: Language) -> Sheet:
    """A row for each drill, the oldest first."""
    columns = "drill", "held", "met", "false", "unreached", "to hear", "to ack", "in time"
    rows = (
        (
            told(card.title, language),
            f"{datetime.fromtimestamp(card.held / 1000, zone):%Y-%m-%d %H:%M}",
            f"{card.met}/{len(card.items)}",
            str(len(card.others)),
            str(sum(not missing.expected for missing in card.missing)),
            _median(_after(course.delivered, course.raised) for course in card.courses),
            _median(_after(course.acknowledged, course.told) for course in card.courses),
            " ".join(_in_time(card.courses, stage) for stage in STAGES),
        )
        for card in sorted(cards, key=lambda card: card.held)
    )
    title = "Drills side by side: medians, and stages in time"
    return _sheet(title, columns, rows, language)


def _sheet(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], language: Language) -> Sheet:
    words = words_of(language)
    return Sheet(words(title), [words(column) for column in columns], [*rows])


def _item(item: Item, language: Language) -> Sequence[str]:
    """Instants after the start, but of handling, which has so much time after it was told."""
    time = _took if item.kind == "handling" else clock
    verdict = verdict_of(item.verdict, language)
    return told(item.what, language), time(item.due), time(item.came), verdict, item.detail


def _course(course: Course, language: Language) -> Sequence[str]:
    """Raised after the start; heard after that; stages after it was told, against their deadlines."""
    return (
        f"{told(course.title, language)} {told(course.place, language)}",
        graded(course.grade, language),
        clock(course.raised),
        _took(_after(course.delivered, course.raised)),
        *(_stage(course, stage) for stage in STAGES),
        f"{course.reached}/{course.of}",
    )


def _stage(course: Course, stage: str) -> str:
    took, limit = _after(getattr(course, stage), course.told), course.limits.get(stage)
    if limit is None:
        return _took(took)
    sign = "✓" if took is not None and took <= limit else "✗"
    return f"{sign} {_took(took)} / {_took(limit)}"


def _real(card: Card, language: Language) -> Iterator[Sequence[str]]:
    """Each text says by itself that it is real."""
    for real in card.real:
        said = told(real.text, language)
        yield clock(real.at), graded(real.grade, language) or "–", told(real.place, language), said


def _missing(card: Card, language: Language) -> Iterator[Sequence[str]]:
    """As the outbox has it: without a recipient it is everybody there who does not know."""
    words = words_of(language)
    places = {course.zone: told(course.place, language) for course in card.courses}
    for each in card.missing:
        who, place = each.who or words("everybody there"), places.get(each.zone, each.zone)
        meant = words("yes" if each.expected else "no")
        yield who, place, graded(each.grade, language), reason(each.why, language), each.detail, meant


def _acts(card: Card, language: Language) -> Iterator[Sequence[str]]:
    """What was answered stands as it was answered."""
    for act in card.acts:
        did = f"{'✓' if act.done else '✗'} {deed(act.does, language)}"
        yield clock(act.at), act.by, did, act.incident[:8], act.said


def _story(card: Card, language: Language) -> Iterator[Sequence[str]]:
    for moment in card.story:
        yield clock(moment.at), happening(moment.what, language), told(moment.text, language)


def _after(instant: int | None, since: int | None) -> int | None:
    return None if instant is None or since is None else instant - since


def _took(ms: int | None) -> str:
    """`1min39s`, and `–` for what never was."""
    return "–" if ms is None else format_time_left(ms)


def _median(times: Iterable[int | None]) -> str:
    known = [time for time in times if time is not None]
    return _took(int(median(known))) if known else "–"


def _in_time(courses: Sequence[Course], stage: str) -> str:
    """Of the incidents that have a deadline for it."""
    limited = [(_after(getattr(c, stage), c.told), c.limits[stage]) for c in courses if stage in c.limits]
    return f"{sum(took is not None and took <= limit for took, limit in limited)}/{len(limited)}"
