"""Durations as operators write them: `90s`, `5min`, `4h40min`, `24小时`; inside, int milliseconds."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from ingest.finding import quoted, words

MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000, "ms": 1}
CHINESE = {"毫秒": "ms", "秒": "s", "分钟": "min", "小时": "h", "天": "d"}
# What people write instead; `m` is a metre wherever units are read, so it is never a minute.
MISTAKEN = {
    **dict.fromkeys(("m", "M", "mins", "minute", "minutes", "分", "MIN", "Min"), "min"),
    **dict.fromkeys(("sec", "secs", "second", "seconds", "S"), "s"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours", "H", "时", "小時"), "h"),
    **dict.fromkeys(("day", "days", "D", "日"), "d"),
    **dict.fromkeys(("msec", "millis", "millisecond", "milliseconds", "MS"), "ms"),
}
LONGEST = 3_660 * MILLISECONDS["d"]
TERM = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([^\W\d_]*)")
EXAMPLES = words("write a number and a unit: 500ms, 90s, 5min, 3h, 1d")


class DurationError(ValueError):
    """Text that is no duration; `suggestion` says what to write."""

    code = "E150"

    def __init__(self, message: str, suggestion: str = EXAMPLES) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def parse_duration(text: str) -> int:
    """Milliseconds of `text`: terms of ms, s, min, h, d (or 毫秒 秒 分钟 小时 天), the largest unit first.

    Raises DurationError; a bare number and `30m` are errors.
    """
    normal = unicodedata.normalize("NFKC", text).strip()
    terms = TERM.findall(normal)
    if not terms or TERM.sub("", normal).strip():
        raise DurationError(words("{value} is not a duration", value=quoted(text)))
    named = [(number, CHINESE.get(unit, unit)) for number, unit in terms]
    _check_units(text, named)
    total = sum((Decimal(number) * MILLISECONDS[unit] for number, unit in named), Decimal(0))
    if total > LONGEST:
        raise DurationError(
            words("{text!r} is longer than ten years", text=text),
            words("at most {longest}", longest=format_duration(LONGEST)),
        )
    if total != int(total):
        raise DurationError(
            words("{text!r} is finer than a millisecond", text=text), words("use whole milliseconds")
        )
    return int(total)


def format_duration(milliseconds: int) -> str:
    """The canonical text: one term of the largest unit that divides it, `90s`, `5min`, `3h`."""
    if milliseconds == 0:
        return "0s"
    unit = next(unit for unit, length in MILLISECONDS.items() if milliseconds % length == 0)
    return f"{milliseconds // MILLISECONDS[unit]}{unit}"


def format_time_left(milliseconds: int) -> str:
    """What is left of a time (ms), for people: whole seconds, rounded up, in several terms, `29min59s`."""
    rest, text = -(-milliseconds // 1000) * 1000, ""
    for unit in ("d", "h", "min", "s"):
        count, rest = divmod(rest, MILLISECONDS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _check_units(text: str, terms: list[tuple[str, str]]) -> None:
    if not all(unit in MILLISECONDS for _, unit in terms):
        meant = [number + MISTAKEN.get(unit, unit) for number, unit in terms]
        known = all(MISTAKEN.get(unit, unit) in MILLISECONDS for _, unit in terms)
        raise DurationError(
            words("{text!r} has no unit of time", text=text), _meant(meant) if known else EXAMPLES
        )
    lengths = [MILLISECONDS[unit] for _, unit in terms]
    if lengths != sorted(set(lengths), reverse=True):
        raise DurationError(
            words("{text!r}: units go from large to small, each once", text=text),
            words("for example 4h40min"),
        )


def _meant(terms: list[str]) -> str:
    return words("did you mean {near}?", near="".join(terms))


def _duration(value: object) -> int:
    if isinstance(value, str):
        return parse_duration(value)
    raise DurationError(words("{value} is not a duration", value=quoted(value)))


DurationText = Annotated[str, Field(pattern=r"[0-9０-９]\s*(ms|s|min|h|d|毫秒|秒|分钟|小时|天)\s*$")]
"""What stands in the file, as far as a pattern can tell."""

Duration = Annotated[int, BeforeValidator(_duration, json_schema_input_type=DurationText)]
"""A field of a configuration model: text in the file, int milliseconds in the model."""
