"""Times of the day and of the year: `hours(22:00-06:00)`, `season(05-01..10-15)`."""

import re
from datetime import date, timedelta

from ingest.finding import words
from rules.language.functions import SIGNATURES
from rules.language.parsing import Node, word
from rules.language.scope import Call, Scope
from rules.language.tree import Hours, Season

_DIGITS = re.compile(r"\d+")
# A year that has a 29 February.
_LEAP_YEAR = 2024
_MIDNIGHT = 24 * 60


def read_hours(call: Call, scope: Scope) -> Hours | None:
    """The hours of the call; 24:00 as the end is midnight. None after a problem."""
    numbers = _numbers(call, "hours", scope)
    if numbers is None:
        return None
    start, end = 60 * numbers[0] + numbers[1], 60 * numbers[2] + numbers[3]
    if max(numbers[1], numbers[3]) >= 60 or start >= _MIDNIGHT or end > _MIDNIGHT:
        _refuse(call, words("there is no such time of day"), scope)
    elif start == end % _MIDNIGHT:
        _refuse(call, words("the hours start and end at the same time"), scope)
    else:
        return Hours(start, end % _MIDNIGHT, scope.vocabulary.time_zone)
    return None


def read_season(call: Call, scope: Scope) -> Season | None:
    """The season of the call; None after a problem."""
    numbers = _numbers(call, "dates", scope)
    if numbers is None:
        return None
    try:
        start, end = (date(_LEAP_YEAR, *numbers[i : i + 2]) for i in (0, 2))
    except ValueError:
        _refuse(call, words("there is no such day"), scope)
        return None
    after = end + timedelta(days=1)
    if (after.month, after.day) == (start.month, start.day):
        _refuse(call, words("the season is the whole year"), scope)
        return None
    return Season((start.month, start.day), (end.month, end.day), scope.vocabulary.time_zone)


def _numbers(call: Call, shape: str, scope: Scope) -> list[int] | None:
    """The four numbers of the span that the call has for its argument."""
    [node] = call.arguments
    numbers = [int(digits) for digits in _DIGITS.findall(str(word(node)))] if node.data == shape else []
    if len(numbers) == 4:
        return numbers
    _refuse(call, words("`{text}` is no span", text=scope.written(node)), scope)
    return None


def _refuse(call: Call, message: str, scope: Scope) -> None:
    node: Node = call.arguments[0]
    scope.refuse(
        node, "E206", message, words("write for example {form}", form=SIGNATURES[call.function].form)
    )
