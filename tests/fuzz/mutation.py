"""Seeded mutations of byte strings: the same number always gives the same input, on every machine."""

import random
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

# Longer than the largest payload that is read (16 KiB), so that the limit itself is met; work stays bounded.
LARGEST = 20_000
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
EXTREMES = (
    b"0", b"-0", b"-1", b"1e400", b"-1e400", b"1e-400", b"NaN", b"nan", b"-Infinity", b".inf", b"inf",
    b"9" * 20, b"9" * 400, b"9" * 5_000, b"0." + b"1" * 400, b"2147483648", b"-2147483649",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616",
    b"65535", b"999.9", b"017", b"0x1F", b"1_000", b"1.5", b"4.9e-324", b"1.7976931348623157e308",
    b"253402300800000", b"-62135596800001", b"true", b"null",
    "٣".encode(), "１２".encode(), "Ⅳ".encode(),
)  # fmt: skip
ODDITIES = (
    b"\x00", b"\x07", b"\x1b[31m", b"\x7f", b"\r\n", b"\r", b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\ud800", b"\\u0000", b"\\udfff\\ud800", "\u202e".encode(), "\u200b".encode(), "\u0301".encode(),
    "\u2028".encode(), "\x85".encode(), "\ufeff".encode(), "＞＝".encode(), "（".encode(), "：".encode(),
    "ｓ".encode(), "ſ".encode(), "ı".encode(), "а".encode(), "㎜".encode(), "℃".encode(), "ﬀ".encode(),
    "\U0001f525".encode(), "\U0010ffff".encode(), "ﷺ".encode(),
)  # fmt: skip
BRACKETS = (
    (b"[", b"]"),
    (b"{", b"}"),
    (b"(", b")"),
    (b'{"x":', b"}"),
    (b"not ", b""),
    (b"- ", b""),
    (b"a: ", b""),
)
DEPTHS = (1, 2, 20, 33, 100, 900, 3_000)

Mutation: TypeAlias = Callable[[random.Random, bytes, "Mutator"], bytes]


class Mutator:
    """Inputs made from `seeds` and the words of a language: input n of a target is a function of both."""

    def __init__(self, target: str, seeds: Sequence[bytes], tokens: Sequence[bytes], seed: int = 0) -> None:
        self.seeds = seeds
        self.tokens = [*tokens, *ODDITIES]
        self._name = f"{target}:{seed}"

    def input(self, number: int) -> bytes:
        """One to a few mutations of one seed, cut to LARGEST bytes."""
        chance = random.Random(f"{self._name}:{number}")
        data = chance.choice(self.seeds)
        for _ in range(min(1 + int(chance.expovariate(0.7)), 8)):
            data = chance.choice(MUTATIONS)(chance, data, self)[:LARGEST]
        return data


def _place(chance: random.Random, data: bytes) -> int:
    return chance.randint(0, len(data))


def _chunk(chance: random.Random, data: bytes) -> bytes:
    start = _place(chance, data)
    return data[start : start + chance.choice((1, 2, 4, 16, 64, 1_000))]


def _flip(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    found = bytearray(data or b"\0")
    found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def _byte(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    place = _place(chance, data)
    return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]


def _delete(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    place = _place(chance, data)
    return data[:place] + data[place + len(_chunk(chance, data)) :]


def _copy(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    place = _place(chance, data)
    return data[:place] + _chunk(chance, data) * chance.choice((1, 1, 2, 50)) + data[place:]


def _token(chance: random.Random, data: bytes, mutator: Mutator) -> bytes:
    place = _place(chance, data)
    return data[:place] + chance.choice(mutator.tokens) + data[place + chance.choice((0, 0, 1, 5)) :]


def _number(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    found = list(NUMBER.finditer(data))
    if not found:
        return data + chance.choice(EXTREMES)
    number = chance.choice(found)
    return data[: number.start()] + chance.choice(EXTREMES) + data[number.end() :]


def _nest(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    first, last = sorted((_place(chance, data), _place(chance, data)))
    opening, closing = chance.choice(BRACKETS)
    depth = chance.choice(DEPTHS)
    return data[:first] + opening * depth + data[first:last] + closing * depth + data[last:]


def _splice(chance: random.Random, data: bytes, mutator: Mutator) -> bytes:
    other = chance.choice(mutator.seeds)
    return data[: _place(chance, data)] + other[_place(chance, other) :]


def _line(chance: random.Random, data: bytes, _: Mutator) -> bytes:
    """A line dropped, doubled, moved or indented."""
    lines = data.split(b"\n")
    line = lines.pop(chance.randrange(len(lines)))
    for _ in range(chance.choice((0, 1, 2))):
        lines.insert(chance.randint(0, len(lines)), chance.choice((b"", b" ", b"\t", b"  ")) + line)
    return b"\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _byte, _delete, _copy, _token, _token, _number, _number, _nest, _splice, _line,
)  # fmt: skip
