"""A comparison as tables: the same ones for the terminal and for the page."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.commands.language import Language
from tocsin.comparison.comparing import Comparison, Told
from tocsin.comparison.episodes import Episode, Pair, gravest_first
from tocsin.comparison.figures import COUNTED, Row, leads, rows
from tocsin.comparison.words import Words, grade_of, shift_of, words_of
from tocsin.page import Sheet


def headline(comparison: Comparison, language: Language) -> str:
    """In one line whether anything differs, and how much."""
    words = words_of(language)
    if not comparison.differs:
        return words("No difference")
    found = [pair for pair in comparison.pairs if pair.differs]
    counts = [(str(kind), sum(kind in pair.kinds for pair in found)) for kind in COUNTED]
    told = ", ".join(f"{words(kind)} {count}" for kind, count in counts if count)
    line = words("{} of {} warnings differ").format(len(found), len(comparison.pairs))
    return f"{line}: {told}" if told else line


def sheets(comparison: Comparison, language: Language) -> list[Sheet]:
    """By rule, who would be told, lead time, by zone; those without a row are left out."""
    words, pairs = words_of(language), comparison.pairs
    by_rule = rows(pairs, lambda pair: pair.either.rule)
    by_zone = rows(pairs, lambda pair: comparison.zone(pair) or "–")
    found = [
        _counts(words("By rule"), words("rule"), by_rule, words),
        _told(comparison.old.told, comparison.new.told, words),
        _leads(comparison, language),
        _counts(words("By zone"), words("zone"), by_zone, words),
    ]
    return [sheet for sheet in found if sheet.rows]


def listed(comparison: Comparison, language: Language, most: int) -> Sheet:
    """The warnings that differ, the gravest first, at most so many."""
    words, zone = words_of(language), comparison.time_zone
    columns = [words(name) for name in ("rule", "subject", "old", "new", "how")]

    def course(episode: Episode | None) -> str:
        if episode is None:
            return "–"
        begin = datetime.fromtimestamp(episode.begin / 1000, zone)
        end = words("still open") if episode.end is None else f"{_local(episode.end, begin, zone)}"
        return f"{grade_of(language, episode.highest)} {begin:%m-%d %H:%M} – {end}"

    found = gravest_first(comparison.pairs)[:most]
    lines = [
        (pair.either.rule, pair.either.subject, course(pair.old), course(pair.new), how(pair, language))
        for pair in found
    ]
    return Sheet(words("Warnings that differ"), columns, lines)


def how(pair: Pair, language: Language) -> str:
    """`earlier, stronger; orange II -35 min`."""
    words = words_of(language)
    shifts = [
        f"{grade_of(language, g)} {shift_of(shift, words)}" for g, shift in pair.shifts.items() if shift
    ]
    return "; ".join(
        part for part in (", ".join(words(str(kind)) for kind in pair.kinds), *shifts[::-1]) if part
    )


def _local(instant: int, begin: datetime, zone: object) -> str:
    end = datetime.fromtimestamp(instant / 1000, begin.tzinfo)
    return f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%m-%d %H:%M}"


def _counts(title: str, name: str, found: Iterable[Row], words: Words) -> Sheet:
    columns = [name, words("old"), words("new"), *(words(str(kind)) for kind in COUNTED)]
    lines = [
        (row.name, str(row.old), str(row.new), *(str(row.kinds[kind] or "") for kind in COUNTED))
        for row in found
    ]
    return Sheet(title, columns, lines)


def _leads(comparison: Comparison, language: Language) -> Sheet:
    words = words_of(language)
    columns = [words(name) for name in ("rule", "grade", "earlier", "later", "median", "largest")]
    lines = [
        (
            lead.rule,
            grade_of(language, lead.grade),
            str(lead.earlier or ""),
            str(lead.later or ""),
            shift_of(lead.median, words),
            shift_of(lead.most, words),
        )
        for lead in leads(comparison.pairs)
    ]
    return Sheet(words("Lead time: when a grade is first reached"), columns, lines)


def _told(old: Told, new: Told, words: Words) -> Sheet:
    channels = sorted(old.channels.keys() | new.channels.keys())
    figures = [
        (words("people told"), len(old.people), len(new.people)),
        *((f"{words('messages')}: {name}", old.channels[name], new.channels[name]) for name in channels),
        (words("SMS parts"), old.sms_parts, new.sms_parts),
        (words("horns sounded"), old.horns, new.horns),
    ]
    lines = [
        (name, str(was), str(now), f"{now - was:+}" if now != was else "0") for name, was, now in figures
    ]
    for name, one, other in (("only before", old, new), ("only now", new, old)):
        if only := sorted(one.people.keys() - other.people.keys()):
            lines.append((words(name), *((", ".join(only), "") if one is old else ("", ", ".join(only))), ""))
    return Sheet(words("Who would be told"), [words(n) for n in ("what", "old", "new", "difference")], lines)
