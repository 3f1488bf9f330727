"""A score card of two incidents with everything on it, said minute by minute."""

from typing import Any

import msgspec

from ingest.clock import MINUTE
from tocsin.drill.card import Act, Card, Course, Item, Missing, Moment, Real, Text, Verdict

BEGAN = 1_784_000_000_000
DEADLINES = {"acknowledged": MINUTE, "arrived": 3 * MINUTE, "handled": 5 * MINUTE}
NUMBER = "0123456789abcdef"


def both(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


def ms(minute: float) -> int:
    return int(minute * MINUTE)


def item(verdict: Verdict, **changes: Any) -> Item:
    said = {"kind": "warnings", "what": both("火灾：红色", "Fire: red"), "due": ms(20), "came": ms(15)}
    return Item(**{**said, "verdict": verdict, **changes})


def course(**changes: Any) -> Course:
    """Raised and told at minute 15; somebody is there too late."""
    said: dict[str, Any] = {
        "incident": NUMBER, "hazard": "fire", "zone": "market-street",
        "place": both("集市街", "Market Street"), "title": both("火灾", "Fire"), "grade": "red",
        "raised": ms(15), "told": ms(15), "delivered": ms(15.1), "reached": 5, "of": 6,
        "acknowledged": ms(15.5), "arrived": ms(19), "handled": None, "limits": DEADLINES, "closed": None,
    }  # fmt: skip
    return Course(**{**said, **changes})


def act(minute: float, by: str, does: str, said: str, *, done: bool) -> Act:
    return Act(at=ms(minute), by=by, does=does, incident=NUMBER, done=done, said=said)


def missing(who: str, zone: str, grade: str, why: str, *, expected: bool) -> Missing:
    return Missing(
        who=who, zone=zone, hazard="fire", grade=grade, why=why, detail="no receipt", expected=expected
    )


def card(**changes: Any) -> Card:
    """Of an hour, with a row in each table; everything that was expected came in time."""
    flood, riverside = both("真实：洪水", "REAL: flood"), both("河边", "Riverside")
    blue = course(incident="f" * 16, grade="blue", raised=ms(30), told=None, delivered=None, limits={})
    said: dict[str, Any] = {
        "title": both("集市街火灾", "Fire in Market Street"), "purpose": both("叫应", "Who answers"),
        "file": "market.yaml", "began": BEGAN, "held": BEGAN, "lasted": ms(70), "planned": ms(60),
        "speed": 30, "stopped": {}, "items": (item(Verdict.MET),),
        "courses": (course(), msgspec.structs.replace(blue, closed=ms(50))),
        "story": (
            Moment(at=ms(10), what="fire", text=both("smoke-1", "smoke-1")),
            Moment(at=ms(20), what="inject", text=both("lin: 快去", "lin: go")),
        ),
        "acts": (
            act(15.5, "zhao", "ack", "acknowledged", done=True),
            act(16, "lin", "release", "too late", done=False),
        ),
        "missing": (
            missing("horn-2", "market-street", "red", "missed", expected=True),
            missing("", "old-town", "", "nobody", expected=False),
        ),
        "others": (), "real": (Real(at=ms(40), grade="red", place=riverside, text=flood),),
        "counts": {"published": 12345}, "faults": {"duplicates": 7},
    }  # fmt: skip
    return Card(**{**said, **changes})
