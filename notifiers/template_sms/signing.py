"""What the three clouds sign of a request: one canonical form, which each hashes into its own signature."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

EMPTY = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is signed; `headers` by lower-case name, only those that are signed."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def signed(self) -> str:
        return ";".join(sorted(self.headers))

    def digest(self) -> str:
        """The hash of the canonical request, in hex."""
        lines = [self.method, self.path, self.query]
        lines += [f"{name}:{self.headers[name]}" for name in sorted(self.headers)]
        lines += ["", self.signed, hexed(self.body)]
        return hexed("\n".join(lines).encode())


def hexed(data: bytes) -> str:
    return sha256(data).hexdigest()


def keyed(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256."""
    return hmac.digest(key, text.encode(), sha256)


def query_of(parameters: Mapping[str, str]) -> str:
    """Sorted by name and encoded as RFC 3986 has it."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(parameters.items())
    )
