"""What a fast JSON reader lets pass or words badly: duplicate keys, infinities, other encodings.

`examine` is the exact but slow look at a payload, taken when the fast reader did not read all of it.
"""

import json
import re

import msgspec

from ingest.decode.refusal import Fault, Refusal, quoted
from ingest.reading import Reason

# What the fast readers raise: ValueError covers text that is not UTF-8 and integers of thousands of digits.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
# Where the fast readers stopped; before `Infinity` they have read a minus.
STOPPED = re.compile(r"\(byte (\d+)\)$")
NO_NUMBER = re.compile(rb"NaN|Infinity")

_encode = msgspec.json.Encoder().encode


def is_plain(payload: bytes, read: object) -> bool:
    """Whether `read` accounts for all that `payload` says: no member twice, and none that is not known.

    Every member and every colon in a text needs a colon in the payload, so equal numbers leave no room for
    more. An escape could hide a colon: False then, and False says no more than that `examine` has to look.
    """
    return b"\\" not in payload and payload.count(58) == _encode(read).count(58)


def examine(payload: bytes) -> object:
    """What a sound payload says, with objects as dicts; raises Refusal."""
    text = _text(payload)
    try:
        return _EXACT.decode(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.MALFORMED, f"not JSON: {error}") from error


def fault(payload: bytes, error: Exception) -> Fault:
    """Why the fast reader raised `error` over `payload`: the first thing that is wrong, as far as it read."""
    try:
        payload.decode()
    except UnicodeDecodeError as bad:
        return _not_utf8(bad)
    detail = str(error)
    stopped = STOPPED.search(detail) if NO_NUMBER.search(payload) else None
    if stopped and (word := NO_NUMBER.match(payload, int(stopped[1]))):
        return Fault(Reason.NOT_FINITE, f"{word[0].decode()} is not a number")
    if "out of range" in detail:
        return Fault(Reason.NOT_FINITE, f"a number no float can hold: {detail}")
    return Fault(Reason.MALFORMED, detail)


def _not_utf8(error: UnicodeDecodeError) -> Fault:
    return Fault(Reason.NOT_UTF8, f"payload byte {error.start} is not UTF-8")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Refusal(*_not_utf8(error)) from error


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refusal(Reason.DUPLICATE_KEY, f"{_repeated(pairs)} is given twice; which one holds?")
    return members


def _repeated(pairs: list[tuple[str, object]]) -> str:
    seen: set[str] = set()
    return quoted(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]


def _constant(name: str) -> None:
    raise Refusal(Reason.NOT_FINITE, f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Refusal(Reason.NOT_FINITE, f"{quoted(text)} is beyond every float")
    return number


_EXACT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_finite)
