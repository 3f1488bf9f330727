"""How a rule stands, as plain JSON values (docs/formats.md); instants and durations in ms."""

from fractions import Fraction
from typing import Any

import msgspec

from rules.engine.parts import Members, Part
from rules.engine.rule_account import GradeAccount, Newest, RuleAccount, Whole
from rules.transition import line
from tocsin.desk.questions import plain
from tocsin.explaining.standing import Closest, Standing

VERDICTS = {1: "true", 0: "unknown", -1: "false"}


def standing_json(stands: Standing) -> dict[str, Any]:
    """The whole answer."""
    rule = stands.rule
    return {
        "rule": rule.id,
        "title": dict(rule.title),
        "hazard": rule.hazard,
        "file": rule.file,
        "line": rule.line,
        "subject": stands.subject,
        "at": stands.at,
        "judged_since": stands.since,
        "apart": plain(stands.apart),
        "account": None if stands.account is None else account_json(stands.account),
        "shelves": plain(stands.shelves),
        "told": None if stands.told is None else msgspec.json.decode(line(stands.told)),
        "closest": [_closest(each) for each in stands.closest],
    }


def account_json(account: RuleAccount) -> dict[str, Any]:
    """One rule on one subject at one instant."""
    return {
        "grade": None if account.top is None else str(account.top),
        "warning": plain(account.warning),
        "off": account.off,
        "blind": account.blind,
        "faults": list(account.faults),
        "newest": [_newest(each) for each in account.newest],
        "only_if": None if account.only_if is None else _whole(account.only_if),
        "allowed": account.allowed,
        "grades": [_grade(each) for each in account.grades],
    }


def _grade(grade: GradeAccount) -> dict[str, Any]:
    return {
        "grade": str(grade.grade),
        **_whole(grade.condition),
        "carried": grade.carried,
        "raised": grade.raised,
        "disposition": None if grade.raised is None else "auto" if grade.auto else "review",
        "sustain": grade.sustain,
        "sustain_left": grade.sustain_left,
        "release_left": grade.release_left,
        "holds": grade.holds,
        "doubts": list(grade.doubts),
        "neighbours": grade.neighbours,
    }


def _whole(whole: Whole) -> dict[str, Any]:
    return {
        "text": whole.text,
        "verdict": VERDICTS[whole.verdict],
        "distance": round(whole.distance, 6),
        "parts": [_part(part) for part in whole.parts],
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "text": part.text,
        "verdict": VERDICTS[part.verdict],
        "value": _number(part.value),
        "operator": part.operator,
        "threshold": _number(part.threshold),
        "unit": part.unit,
        "missing": _number(part.missing),
        "beyond": part.beyond,
        "coverage": round(part.covered / part.width, 3) if part.covered is not None and part.width else None,
        "left": part.left,
        "quality": list(part.quality),
        "silent": part.silent,
        "members": None if part.members is None else _members(part.members),
    }


def _members(members: Members) -> dict[str, Any]:
    return {
        "members": members.members,
        "speaking": members.speaking,
        "counting": list(members.counting),
        "nearest": [
            {"sensor": near.sensor, "parts": [_part(part) for part in near.parts]} for near in members.nearest
        ],
    }


def _newest(newest: Newest) -> dict[str, Any]:
    return {
        "metric": newest.metric,
        "value": _number(newest.value),
        "unit": newest.unit,
        "observed": newest.observed,
        "received": newest.received,
        "quality": list(newest.quality),
        "silent": newest.silent,
    }


def _closest(closest: Closest) -> dict[str, Any]:
    return {"at": closest.at, "reached": closest.reached, **_grade(closest.grade)}


def _number(value: Fraction | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
