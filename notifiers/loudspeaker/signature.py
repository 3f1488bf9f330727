"""Who said it: a MAC under everything that passes between the daemon and a horn.

The daemon alone keeps the fleet key. Each horn holds a key of its own, HMAC-SHA-256(fleet key, horn's id):
whoever takes a horn apart can speak as that horn, and command no other one. The signed bytes begin with the
kind of message and the horn's id, so that nothing signed for one purpose or horn passes for another.
docs/formats.md says it to whoever builds a horn.
"""

import hmac
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TypeVar

import msgspec

from notifiers.loudspeaker.wire import Message

SHORTEST_KEY = 32  # bytes, as much as the MAC itself: RFC 2104, section 3

M = TypeVar("M", bound=Message)


def own_key(fleet_key: bytes, horn: str) -> bytes:
    """The key of one horn, 32 bytes."""
    return hmac.digest(fleet_key, horn.encode(), sha256)


def signed_bytes(horn: str, message: Message) -> bytes:
    """What the MAC is over: kind, horn and every field in order, each as `<length in bytes>:<bytes>,`."""
    parts = (part.encode() for part in (message.kind, horn, *_values(message)))
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)


def signed(fleet_key: bytes, horn: str, message: Message) -> bytes:
    """The message as it goes out to, or comes from, this horn."""
    return msgspec.json.encode(msgspec.structs.replace(message, mac=_mac(fleet_key, horn, message)))


def opened(fleet_key: bytes, horn: str, kind: type[M], payload: bytes) -> M:
    """The message, if this horn signed it; raises ValueError or RecursionError for anything else."""
    message = msgspec.json.decode(payload, type=kind)
    # As bytes: a comparison of texts raises TypeError for what is not ASCII.
    if not hmac.compare_digest(message.mac.encode(), _mac(fleet_key, horn, message).encode()):
        raise ValueError(f"not signed with the key of {horn}")
    return message


def _mac(fleet_key: bytes, horn: str, message: Message) -> str:
    return hmac.digest(own_key(fleet_key, horn), signed_bytes(horn, message), sha256).hex()


def _values(message: Message) -> Iterator[str]:
    for field in message.__struct_fields__:
        if field != "mac":
            yield from _texts(getattr(message, field))


def _texts(value: object) -> Iterable[str]:
    """One text a value; of a dict its size, then key and value in turn."""
    if isinstance(value, dict):
        return [str(len(value)), *(text for pair in value.items() for text in pair)]
    if value is None:
        return [""]
    return [str(value).lower() if isinstance(value, bool) else str(value)]
