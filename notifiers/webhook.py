"""Bulletins as CloudEvents to another system, each signed so that it knows who speaks.

    POST <url>
    content-type: application/cloudevents+json; charset=utf-8
    webhook-id: <delivery key>   webhook-timestamp: <s since the epoch>   webhook-signature: v1,<base64>

The body is a CloudEvent 1.0 in structured mode; the headers are those of Standard Webhooks 1.0.0, whose
signature is the HMAC-SHA-256 of `id.timestamp.body`. An attempt that is repeated has the same id and body and
a new timestamp.
"""

import base64
import hmac
import ssl
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from ingest.clock import SECOND, Clock
from notifiers.bulletin import Bulletin
from notifiers.delivery import Delivery
from notifiers.http_post import Answer, Post, Poster, by_status, checked_url
from notifiers.outcome import Outcome, Sent
from notifiers.pace import Pace
from notifiers.seal import marked, refusal
from rules.realm import Realm

SECRET_PREFIX = "whsec_"
SMALLEST_SECRET, LARGEST_SECRET = 24, 64  # bytes, Standard Webhooks 1.0.0
_WORDED = ("title", "place", "evidence", "advice")


class WebhookChannel:
    """One receiver. `secret` is `whsec_` and the base64 of 24 to 64 random bytes; `source` names this Tocsin.

    The receiver must act once on each `webhook-id`. Raises ValueError for a URL that is not https (plain
    http only to loopback) and for a secret of another form; neither is shown. `rate` in messages a second.
    """

    honours_keys = True
    receipt_within: int | None = None

    def __init__(
        self,
        name: str,
        realm: Realm,
        url: str,
        secret: str,
        clock: Clock,
        *,
        source: str = "/tocsin",
        rate: float = 10.0,
        timeout: float = 4.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.realm = realm
        self._url = checked_url(name, url)
        self._secret = decoded(name, secret)
        self._clock = clock
        self._source = source
        self._pace = Pace(rate)
        self._poster = Poster(timeout=timeout, tls=tls)

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        await self._pace.turn()
        body = msgspec.json.encode(event(delivery, self.realm, self._source))
        stamp = self._clock.now() // SECOND
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": delivery.key,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(self._secret, delivery.key, stamp, body),
        }
        answer = await self._poster.post(Post(self._url, headers, body))
        if not isinstance(answer, Answer):
            return answer
        return Sent(delivery.key) if 200 <= answer.status < 300 else by_status(answer, self._clock.now())

    async def close(self) -> None:
        await self._poster.close()


def event(delivery: Delivery, realm: Realm, source: str) -> dict[str, Any]:
    """The CloudEvent of a delivery; `data` is the bulletin, worded for this recipient, and the realm."""
    bulletin = delivery.bulletin
    return {
        "specversion": "1.0",
        "id": delivery.key,
        "source": source,
        "type": f"tocsin.{bulletin.act}",
        "subject": bulletin.incident,
        "time": datetime.fromtimestamp(bulletin.sent / SECOND, UTC).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": {**_facts(bulletin, realm), "text": _marked(delivery.text, realm), "realm": str(realm)},
    }


def signature(secret: bytes, key: str, stamp: int, body: bytes) -> str:
    """The `webhook-signature` of a body sent as `key` at `stamp` (s since the epoch)."""
    digest = hmac.digest(secret, f"{key}.{stamp}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _facts(bulletin: Bulletin, realm: Realm) -> dict[str, Any]:
    """All fields; grades by name, and in whatever is worded the mark of a drill first."""
    facts: dict[str, Any] = msgspec.to_builtins(bulletin)
    facts |= {name: _marked(facts[name], realm) for name in _WORDED}
    for name, grade in (("grade", bulletin.grade), ("before", bulletin.before)):
        facts[name] = None if grade is None else str(grade)
    return facts


def _marked(words: dict[str, str], realm: Realm) -> dict[str, str]:
    return {language: marked(language, text, realm) for language, text in words.items()}


def decoded(name: str, secret: str) -> bytes:
    """The bytes of a secret; ValueError for one of another form, which does not show it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not SMALLEST_SECRET <= len(key) <= LARGEST_SECRET:
        raise ValueError(
            f"{name}: the secret is not {SECRET_PREFIX} and the base64 of"
            f" {SMALLEST_SECRET} to {LARGEST_SECRET} random bytes"
        )
    return key
