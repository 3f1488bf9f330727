"""Bundles: the texts that decide how bytes become warnings, content-addressed.

The daemon runs the last applied bundle from its own state; files on disk act only by being applied, so a
half-saved file and a crash together still leave a working daemon.
"""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from ingest.durable import whole_file


@dataclass(frozen=True, slots=True)
class Bundle:
    """File name (relative to the settings file) to text; `main` names the settings file."""

    main: str
    texts: dict[str, str]

    @property
    def hash(self) -> str:
        return blake2b(self.encode(), digest_size=16).hexdigest()

    def encode(self) -> bytes:
        return msgspec.json.encode({"main": self.main, "texts": self.texts}, order="sorted")


class Applied(msgspec.Struct, frozen=True):
    """What the journal says where a bundle comes into force: its hash, who wanted it and why.

    `by` is a contact's id, or `signal`; "" for what a start applies. `plan` is the number of the plan it was
    applied by, "" without one.
    """

    bundle: str
    by: str = ""
    reason: str = ""
    plan: str = ""

    def encode(self) -> bytes:
        """The hash alone where nothing else is known."""
        return msgspec.json.encode(self) if self.by else self.bundle.encode()

    @classmethod
    def decode(cls, data: bytes) -> "Applied":
        """Raises msgspec.DecodeError for JSON that is no such thing."""
        return msgspec.json.decode(data, type=cls) if data.startswith(b"{") else cls(data.decode())


class Bundles:
    """Every bundle ever applied, one file each, and from which journal entry on each was in force."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._index = directory / "applied"
        self._applied = self._read()

    def save(self, bundle: Bundle) -> str:
        """Durable when it returns; the hash is what the journal records."""
        path = self._directory / f"{bundle.hash}.json"
        if not path.exists():
            with whole_file(path) as file:
                file.write(bundle.encode())
        return bundle.hash

    def load(self, hash_: str) -> Bundle:
        raw = msgspec.json.decode((self._directory / f"{hash_}.json").read_bytes())
        return Bundle(raw["main"], raw["texts"])

    def applied(self) -> list[tuple[int, str]]:
        """(first journal sequence, hash), oldest first; empty before the first start."""
        return self._applied

    def record(self, sequence: int, hash_: str) -> None:
        """Note what the journal says; repeating a known entry changes nothing."""
        if (sequence, hash_) in self._applied:
            return
        rows = sorted([*self._applied, (sequence, hash_)])
        with whole_file(self._index) as file:
            file.write("".join(f"{first} {name}\n" for first, name in rows).encode())
        self._applied = rows

    def _read(self) -> list[tuple[int, str]]:
        if not self._index.exists():
            return []
        rows = (line.split() for line in self._index.read_text().splitlines())
        return [(int(sequence), hash_) for sequence, hash_ in rows]

    def at(self, sequence: int) -> str:
        """The hash in force at a journal entry; KeyError if none was."""
        for first, hash_ in reversed(self._applied):
            if first <= sequence:
                return hash_
        raise KeyError(f"no bundle was in force at journal entry {sequence}")
