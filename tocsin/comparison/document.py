"""A comparison as JSON: docs/formats.md says what each key holds."""

from collections.abc import Callable
from typing import Any

from rules.grade import Grade
from rules.transition import iso
from tocsin.comparison.comparing import Comparison, Told
from tocsin.comparison.episodes import Episode, Kind, Pair
from tocsin.comparison.figures import leads, rows


def document(comparison: Comparison) -> dict[str, Any]:
    """Plain values; instants in UTC, shifts in ms."""
    pairs = comparison.pairs
    return {
        "difference": comparison.differs,
        "old": comparison.old.rules.name,
        "new": comparison.new.rules.name,
        "from": iso(comparison.begin),
        "to": iso(comparison.end),
        "rules": _counts(comparison, lambda pair: pair.either.rule),
        "zones": _counts(comparison, comparison.zone),
        "lead": [
            {
                "rule": lead.rule,
                "grade": str(lead.grade),
                "earlier": lead.earlier,
                "later": lead.later,
                "median_ms": lead.median,
                "largest_ms": lead.most,
            }
            for lead in leads(pairs)
        ],
        "told": {"old": _told(comparison.old.told), "new": _told(comparison.new.told)},
        "warnings": [_pair(pair, comparison.zone(pair)) for pair in pairs if pair.differs],
    }


def _counts(comparison: Comparison, name: Callable[[Pair], str]) -> dict[str, Any]:
    return {
        row.name: {"old": row.old, "new": row.new} | {str(kind): row.kinds[kind] for kind in Kind}
        for row in rows(comparison.pairs, name)
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "people": dict(sorted(told.people.items())),
        "channels": dict(sorted(told.channels.items())),
        "sms_parts": told.sms_parts,
        "horns": told.horns,
    }


def _pair(pair: Pair, zone: str) -> dict[str, Any]:
    return {
        "rule": pair.either.rule,
        "subject": pair.either.subject,
        "zone": zone,
        "kinds": [str(kind) for kind in pair.kinds],
        "old": _episode(pair.old),
        "new": _episode(pair.new),
        "shifts_ms": {str(grade): shift for grade, shift in pair.shifts.items()},
    }


def _episode(episode: Episode | None) -> dict[str, Any] | None:
    if episode is None:
        return None
    first = {str(grade): episode.first(grade) for grade in Grade}
    return {
        "begin": iso(episode.begin),
        "end": None if episode.end is None else iso(episode.end),
        "highest": str(episode.highest),
        "first": {grade: iso(at) for grade, at in first.items() if at is not None},
        "course": [
            {
                "at": iso(step.at),
                "grade": None if step.grade is None else str(step.grade),
                "disposition": str(step.disposition),
            }
            for step in episode.course
        ],
    }
