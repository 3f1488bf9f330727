"""A directory as it could be on the disk after a power cut, rebuilt from the shim's log of calls.

What was synced is there. Of the writes since, each is kept, dropped or torn at sectors of 512 bytes, in any
combination; of the names made, moved and removed since their directory was synced, a beginning is kept, for
file systems log these in order.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

SECTOR = 512
_HEAD = struct.Struct("<cIIq")


@dataclass(frozen=True, slots=True)
class Call:
    """One record of the log, see shim.c; `data` is the other name of a rename."""

    kind: str
    path: str
    offset: int
    data: bytes


def calls_in(log: Path) -> list[Call]:
    whole, place, found = log.read_bytes(), 0, []
    while place < len(whole):
        kind, length, size, offset = _HEAD.unpack_from(whole, place)
        place += _HEAD.size
        path, data = whole[place : place + length], whole[place + length : place + length + size]
        found.append(Call(kind.decode(), path.decode(), offset, data))
        place += length + size
    return found


@dataclass(slots=True)
class _File:
    """What the disk has of one file, and the calls it may or may not have come to."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        for call in self.pending:
            _apply(self.synced, call)
        self.pending.clear()

    def survivor(self, chance: random.Random) -> bytes:
        left = bytearray(self.synced)
        for call in self.pending:
            fate = chance.choice(("kept", "dropped", "torn"))
            if fate == "torn" and call.kind == "w":
                for part in _sectors(call):
                    if chance.random() < 0.5:
                        _apply(left, part)
            elif fate == "kept":
                _apply(left, call)
        return bytes(left)


class Disk:
    """Follows the calls of a program; `cut` is what would be left of it now."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.said: list[str] = []
        # By directory: names that will last, and what happened to names since the directory was synced.
        self._lasting: dict[str, dict[str, _File]] = {}
        self._changes: dict[str, list[tuple[str, str, _File | None]]] = {}
        self._present: dict[str, _File] = {}

    def take(self, call: Call) -> None:
        directory, _, name = call.path.rpartition("/")
        match call.kind:
            case "m":
                self.said.append(call.path)
            case "d":
                # Directories are few and made at the start: they are taken to last.
                self._lasting.setdefault(call.path, {})
            case "c":
                self._present[call.path] = file = _File()
                self._change(directory, "", name, file)
            case "w" | "t":
                self._present[call.path].pending.append(call)
            case "s" if call.path in self._lasting:
                self._sync_names(call.path)
            case "s":
                self._present[call.path].sync()
            case "r":
                self._present[call.data.decode()] = file = self._present.pop(call.path)
                self._change(directory, name, call.data.decode().rpartition("/")[2], file)
            case "u":
                del self._present[call.path]
                self._change(directory, name, "", None)

    def cut(self, into: Path, chance: random.Random) -> None:
        """Write what is left to the directory `into`."""
        for directory, lasting in self._lasting.items():
            place = into / directory.removeprefix(self.root).lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            names, changes = dict(lasting), self._changes.get(directory, [])
            for change in changes[: chance.randint(0, len(changes))]:
                _rename(names, change)
            for name, file in names.items():
                (place / name).write_bytes(file.survivor(chance))

    def _change(self, directory: str, old: str, new: str, file: _File | None) -> None:
        self._changes.setdefault(directory, []).append((old, new, file))

    def _sync_names(self, directory: str) -> None:
        for change in self._changes.pop(directory, []):
            _rename(self._lasting[directory], change)


def instants(calls: list[Call], count: int, chance: random.Random) -> Iterator[tuple[int, Disk]]:
    """`count` instants in order, each with the disk fed up to there; its root is the first directory made.

    One at least lies before the first batch is acked, after the last, and between any two.
    """
    acked = [n for n, call in enumerate(calls) if call.kind == "m" and call.path.startswith("acked")]
    stretches = pairwise([0, *acked, len(calls)])
    chosen = {chance.randint(first + 1, last) for first, last in stretches}
    others = sorted(set(range(1, len(calls) + 1)) - chosen)
    at = sorted([*chosen, *chance.sample(others, max(count - len(chosen), 0))])
    disk = Disk(Path(next(call.path for call in calls if call.kind == "d")))
    done = 0
    for instant in at:
        for call in calls[done:instant]:
            disk.take(call)
        done = instant
        yield instant, disk


def _rename(names: dict[str, _File], change: tuple[str, str, _File | None]) -> None:
    old, new, file = change
    names.pop(old, None)
    if new and file is not None:
        names[new] = file


def _apply(content: bytearray, call: Call) -> None:
    if call.kind == "t":
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
        return
    content.extend(bytes(max(0, call.offset - len(content))))
    content[call.offset : call.offset + len(call.data)] = call.data


def _sectors(call: Call) -> Iterator[Call]:
    start, end = call.offset, call.offset + len(call.data)
    while start < end:
        stop = min((start // SECTOR + 1) * SECTOR, end)
        yield Call("w", call.path, start, call.data[start - call.offset : stop - call.offset])
        start = stop
