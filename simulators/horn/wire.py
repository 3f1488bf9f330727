"""What a horn hears and says, and the MACs under it, as docs/formats.md describes them.

Written from there and not shared with the daemon, so that each shows that the other one keeps to it.
"""

import hmac
import json
from collections.abc import Iterable
from typing import Any

import msgspec


def own_key(fleet_key: bytes, horn: str) -> bytes:
    """What is burnt into the horn: the fleet key itself never leaves the command centre."""
    return hmac.new(fleet_key, horn.encode(), "sha256").digest()


def netstrings(parts: Iterable[str]) -> bytes:
    """Each part as `<length in bytes>:<bytes>,`."""
    signed = bytearray()
    for part in parts:
        text = part.encode()
        signed += f"{len(text)}:".encode() + text + b","
    return bytes(signed)


def mac(key: bytes, parts: Iterable[str]) -> str:
    """Over kind, horn and values; `key` is the horn's own."""
    return hmac.new(key, netstrings(parts), "sha256").hexdigest()


class Command(msgspec.Struct):
    """What is to be played; `grade` is None where nothing is warned of any more, `expires` in ms."""

    id: str
    incident: str
    revision: int
    warning: str
    act: str
    grade: str | None
    text: dict[str, str]
    repeat: int
    expires: int
    realm: str
    stop: bool
    nonce: str
    mac: str = ""

    def signed_by(self, key: bytes, horn: str) -> bool:
        return same(self.mac, mac(key, self.parts(horn)))

    def parts(self, horn: str) -> list[str]:
        text = [part for language, words in self.text.items() for part in (language, words)]
        stop = "true" if self.stop else "false"
        return [
            *("command", horn, self.id, self.incident, str(self.revision), self.warning, self.act),
            *(self.grade or "", str(len(self.text)), *text, str(self.repeat), str(self.expires)),
            *(self.realm, stop, self.nonce),
        ]


class Poll(msgspec.Struct):
    """Are you there?"""

    nonce: str
    at: int
    mac: str = ""

    def signed_by(self, key: bytes, horn: str) -> bool:
        return same(self.mac, mac(key, ["poll", horn, self.nonce, str(self.at)]))


def receipt(key: bytes, horn: str, said: dict[str, Any]) -> bytes:
    """`said` is {id, state, at, reason?}."""
    parts = ["receipt", horn, said["id"], said["state"], str(said["at"]), said.get("reason", "")]
    return _encoded(said, mac(key, parts))


def state(key: bytes, horn: str, said: dict[str, Any]) -> bytes:
    """`said` is {nonce, at, volume, battery?}."""
    parts = ["state", horn, said["nonce"], str(said["at"]), str(said["volume"]), str(said.get("battery", ""))]
    return _encoded(said, mac(key, parts))


def button(key: bytes, horn: str, said: dict[str, Any]) -> bytes:
    """`said` is {id, at}."""
    return _encoded(said, mac(key, ["button", horn, said["id"], str(said["at"])]))


def same(given: str, right: str) -> bool:
    """Compared in constant time; as bytes, for a MAC that is not ASCII is wrong too."""
    return hmac.compare_digest(given.encode(), right.encode())


def _encoded(said: dict[str, Any], signature: str) -> bytes:
    return json.dumps({**said, "mac": signature}, ensure_ascii=False).encode()
