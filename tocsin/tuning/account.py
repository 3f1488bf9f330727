"""What is told of a tuning: a table, and the line that would be written; or the same as JSON."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from rules.transition import iso
from tocsin.commands.language import Language
from tocsin.tuning.tuning import Row, Tuning
from tocsin.verification import document
from tocsin.verification.figures import MONTH
from tocsin.verification.words import (
    COUNTED,
    NONE,
    PAIRED,
    counted,
    in_words,
    instant,
    lasting,
    paired,
    sentence,
)
from tocsin.wording import in_language


def headline(of: Tuning, zone: tzinfo, language: Language) -> str:
    """Which threshold, over what time, against how many events."""
    comparison = of.threshold.comparison
    begin, end = (instant(at, zone) for at in of.period)
    parts = [f"{in_words('Judged', language)}: {begin} – {end}"]
    if not of.sensors:
        parts.append(in_words("no sensor that the rule looks at reported in this time", language))
    if of.period[1] - of.period[0] < MONTH:
        parts.append(in_words("short record: a month is more than was recorded", language))
    if of.events is not None:
        lead = f"{in_words('lead of at most', language)} {lasting(of.lead, language)}"
        parts.append(f"{in_words('events', language)}: {of.events}, {lead}")
    told = sentence("\n".join(parts), language)
    return f"{of.rule.id} {comparison.grade}: {comparison.text}\n{told}"


def columns(of: Tuning, language: Language) -> list[str]:
    """The headings of the table."""
    named = ("threshold", "", *COUNTED, *(() if of.events is None else PAIRED))
    return [in_words(name, language) if name else "" for name in named]


def cells(of: Tuning, language: Language) -> Iterator[list[str]]:
    """A row for each value; one that was refused has the code in the place of its figures."""
    width = len(columns(of, language))
    for number, row in enumerate(of.rows):
        marks = [name for name, at in (("in force", of.present), ("best", of.best)) if at == number]
        mark = ", ".join(in_words(name, language) for name in marks)
        if row.figures is None:
            codes = " ".join(dict.fromkeys(found.code for found in row.candidate.refused))
            refused = f"{in_words('refused', language)}: {codes}"
            yield [row.candidate.written, refused, *[NONE] * (width - 2)]
        else:
            told = [] if row.pairing is None else paired(row.pairing, language)
            yield [row.candidate.written, mark, *counted(row.figures, language), *told]


def refusals(of: Tuning, language: Language) -> Iterator[str]:
    """Why `tocsin check` would refuse a value, a line a finding."""
    for row in of.rows:
        for found in in_language(row.candidate.refused, language):
            yield f"{row.candidate.written}: {found.code} {found.message}"


def written(of: Tuning, language: Language) -> str:
    """The line of the file as it is and as the best value would have it; nothing is written."""
    number, line = of.threshold.line(of.text)
    place = f"{of.rule.file}:{number}"
    if of.best is None:
        why = "without --events none is better than another"
        if of.events is not None:
            why = "no value told of an event: none is better than another"
        head = f"{in_words(why, language)}; {in_words('stands at', language)} {place}:"
        return f"{sentence(head, language)}\n  {line}"
    if of.best == of.present:
        head = f"{in_words('the threshold in force is the best of these', language)}; {place}:"
        return f"{sentence(head, language)}\n  {line}"
    head = f"{in_words('What would be written', language)}, {place}"
    head = sentence(f"{head} ({in_words('nothing is written', language)}):", language)
    return f"{head}\n- {line}\n+ {_best_line(of)}"


def as_document(of: Tuning) -> dict[str, Any]:
    """As JSON."""
    comparison = of.threshold.comparison
    number, line = of.threshold.line(of.text)
    return {
        "rule": of.rule.id,
        "grade": str(of.grade),
        "metric": comparison.left,
        "comparison": comparison.text,
        "unit": of.threshold.unit,
        "from": iso(of.period[0]),
        "to": iso(of.period[1]),
        "sensors": of.sensors,
        "events": of.events,
        "lead": document.seconds(of.lead) if of.events is not None else None,
        "thresholds": [_row(row) for row in of.rows],
        "in_force": of.rows[of.present].candidate.written,
        "best": None if of.best is None else of.rows[of.best].candidate.written,
        "file": of.rule.file,
        "line": number,
        "old": line,
        "new": None if of.best is None else _best_line(of),
    }


def _row(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {"threshold": row.candidate.written, "value": str(row.candidate.number)}
    if row.figures is None:
        told["refused"] = [{"code": each.code, "message": each.message} for each in row.candidate.refused]
        return told
    told |= document.counted(row.figures)
    return told if row.pairing is None else told | document.paired(row.pairing.contingency, row.pairing.leads)


def _best_line(of: Tuning) -> str:
    assert of.best is not None
    text = of.threshold.edited(of.text, of.rows[of.best].candidate.number)
    return of.threshold.line(text)[1]
