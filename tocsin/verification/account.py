"""What is told of a score: its tables, or the same as JSON."""

from datetime import tzinfo
from typing import Any

from rules.grade import Grade
from rules.transition import iso
from tocsin.commands.language import Language
from tocsin.page import Sheet
from tocsin.verification import document
from tocsin.verification.score import FalseAlarm, Missed, OfZone, Score
from tocsin.verification.words import (
    COUNTED,
    NONE,
    PAIRED,
    counted,
    in_words,
    instant,
    lasting,
    paired,
    paired_counts,
    sentence,
)


def headline(of: Score, zone: tzinfo, language: Language) -> str:
    """Over what time, which warnings, against how many events."""
    begin, end = (instant(at, zone) for at in of.period)
    lead = f"{in_words('lead of at most', language)} {lasting(of.lead, language)}"
    return sentence(
        f"{in_words('Judged', language)}: {begin} – {end}, {in_words('grade', language)} >= {of.grade}\n"
        f"{in_words('events', language)}: {of.events}, {lead}",
        language,
    )


def sheets(of: Score, zone: tzinfo, language: Language) -> list[Sheet]:
    """By rule, by hazard and zone, and the cases that went wrong."""
    rules = [
        [each.rule, each.hazard, *counted(each.figures, language), *paired(each.pairing, language)]
        for each in of.rules
    ]
    zones = [_of_zone(each, language) for each in of.zones]
    missed = [_missed(each, zone, language) for each in of.missed]
    false = [_false(each, zone, language) for each in of.false_alarms]
    named = (
        ("By rule", ("rule", "hazard", *COUNTED, *PAIRED), rules),
        ("By hazard and zone", ("hazard", "zone", *PAIRED, "evacuation", "too short"), zones),
        ("Missed or too weak", ("begin", "end", "place", "hazard", "called for", "closest"), missed),
        ("False alarms", ("begin", "end", "rule", "place", "hazard", "grade"), false),
    )
    return [
        Sheet(in_words(title, language), [in_words(name, language) for name in columns], rows)
        for title, columns, rows in named
    ]


def as_document(of: Score) -> dict[str, Any]:
    """As JSON."""
    return {
        "from": iso(of.period[0]),
        "to": iso(of.period[1]),
        "grade": str(of.grade),
        "events": of.events,
        "lead": document.seconds(of.lead),
        "rules": [
            {"rule": each.rule, "hazard": each.hazard}
            | document.counted(each.figures)
            | document.paired(each.pairing.contingency, each.pairing.leads)
            for each in of.rules
        ],
        "zones": [
            {"hazard": each.hazard, "zone": each.zone}
            | document.paired(each.contingency, each.leads)
            | {"evacuation": document.seconds(each.evacuation), "too_short": each.too_short}
            for each in of.zones
        ],
        "missed": [_missed_document(each) for each in of.missed],
        "false_alarms": [_false_document(each) for each in of.false_alarms],
    }


def _of_zone(of: OfZone, language: Language) -> list[str]:
    short = NONE if of.too_short is None else str(of.too_short)
    counts = paired_counts(of.contingency, of.leads, language)
    return [of.hazard, of.zone, *counts, lasting(of.evacuation, language), short]


def _missed(of: Missed, zone: tzinfo, language: Language) -> list[str]:
    event = of.event
    called = in_words("any", language) if event.grade is None else str(event.grade)
    times = [instant(event.begin, zone), instant(event.end, zone)]
    return [*times, event.place, of.hazard, called, _grade(of.closest, language)]


def _false(of: FalseAlarm, zone: tzinfo, language: Language) -> list[str]:
    alarm = of.alarm
    end = in_words("still open", language) if alarm.is_open else instant(alarm.end, zone)
    return [instant(alarm.begin, zone), end, alarm.rule, alarm.place, of.hazard, str(alarm.highest)]


def _grade(grade: Grade | None, language: Language) -> str:
    return in_words("none", language) if grade is None else str(grade)


def _missed_document(of: Missed) -> dict[str, Any]:
    event = of.event
    return {
        "begin": iso(event.begin),
        "end": iso(event.end),
        "place": event.place,
        "hazard": of.hazard,
        "line": event.line,
        "called_for": None if event.grade is None else str(event.grade),
        "closest": None if of.closest is None else str(of.closest),
    }


def _false_document(of: FalseAlarm) -> dict[str, Any]:
    alarm = of.alarm
    return {
        "begin": iso(alarm.begin),
        "end": None if alarm.is_open else iso(alarm.end),
        "rule": alarm.rule,
        "subject": alarm.place,
        "hazard": of.hazard,
        "grade": str(alarm.highest),
    }
