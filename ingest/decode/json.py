"""What a fast JSON reader lets pass or words badly: duplicate keys, infinities, other encodings.

`examine` is the exact but slow look at a payload, taken when the fast reader did not read all of it.
"""

import json

import msgspec

from ingest.decode.refusal import Refusal, quoted
from ingest.reading import Reason

# What the fast readers raise: ValueError covers text that is not UTF-8 and integers of thousands of digits.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


_encode = msgspec.json.Encoder().encode


def is_plain(payload: bytes, read: object) -> bool:
    """Whether `read` accounts for all that `payload` says: no member twice, and none that is not known.

    Every member and every colon in a text needs a colon in the payload, so equal numbers leave no room for
    more. An escape could hide a colon: False then, and False says no more than that `examine` has to look.
    """
    return b"\\" not in payload and payload.count(58) == _encode(read).count(58)


def examine(payload: bytes) -> list[set[str]]:
    """The member names of every object of a sound payload, innermost first; raises Refusal."""
    objects: list[set[str]] = []

    def members(pairs: list[tuple[str, object]]) -> None:
        names = {name for name, _ in pairs}
        if len(names) != len(pairs):
            raise Refusal(Reason.DUPLICATE_KEY, f"{_repeated(pairs)} is given twice; which one holds?")
        objects.append(names)

    text = _text(payload)
    try:
        json.loads(text, object_pairs_hook=members, parse_constant=_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.MALFORMED, f"not JSON: {error}") from error
    return objects


def refusal(payload: bytes, error: Exception) -> Refusal:
    """Why the fast reader raised `error` over `payload`."""
    try:
        _text(payload)
        if b"NaN" in payload or b"Infinity" in payload:
            examine(payload)
    except Refusal as found:
        return found
    if "out of range" in str(error):
        return Refusal(Reason.NOT_FINITE, f"a number no float can hold: {error}")
    return Refusal(Reason.MALFORMED, str(error))


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Refusal(Reason.NOT_UTF8, f"payload byte {error.start} is not UTF-8") from error


def _repeated(pairs: list[tuple[str, object]]) -> str:
    names = [name for name, _ in pairs]
    return quoted(next(name for name in names if names.count(name) > 1))


def _constant(name: str) -> None:
    raise Refusal(Reason.NOT_FINITE, f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Refusal(Reason.NOT_FINITE, f"{quoted(text)} is beyond every float")
    return number
