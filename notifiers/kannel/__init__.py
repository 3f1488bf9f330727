"""SMS by Kannel: texts go to its smsbox over HTTP; receipts and the texts of phones come back by callback."""

import asyncio
import logging
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx
from starlette.routing import Route

from ingest.clock import MINUTE, SECOND, Clock
from notifiers.apprise import body
from notifiers.delivery import Delivery, Receipt, Reply
from notifiers.kannel.answers import outcome_of
from notifiers.kannel.callbacks import Callbacks
from notifiers.message import segments
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.pace import Pace
from notifiers.seal import refusal
from rules.realm import Realm

# A blank in `to` would make two recipients of one.
_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_LONGEST_ANSWER = 4096
# Delivered, undeliverable, queued at the SMS centre, handed to it, refused by it: everything Kannel tells.
_EVERY_RECEIPT = 31
_UCS2, _GSM7 = 2, 0


class KannelChannel:
    """One smsbox. `url` is its sendsms, `callbacks_at` where Kannel reaches the daemon's HTTP server.

    The composition root mounts `callbacks()` there. `token` is what Kannel shows with each of them: 16
    characters or more of A-Z, a-z, 0-9, - and _. `sender` is the number that phones see and answer to,
    `signature` stands before the text. `country` is the code put before a number that a phone's network
    gives without one. `rate` in messages a second, `timeout` in seconds for connecting and again for the
    answer. `refused` counts callbacks that nobody acts on, `underway` receipts that say nothing final.

    Kannel does not know keys: who repeats an unknown outcome may send a text twice. Raises ValueError for
    settings it cannot work with, never with a secret in it.
    """

    honours_keys = False

    def __init__(
        self,
        name: str,
        realm: Realm,
        clock: Clock,
        *,
        url: str,
        username: str,
        password: str,
        token: str,
        callbacks_at: str,
        on_receipt: Callable[[Receipt], None],
        on_reply: Callable[[Reply], None],
        sender: str = "",
        signature: str = "",
        country: str = "86",
        rate: float = 10.0,
        timeout: float = 4.0,
        receipt_within: int = 100 * SECOND,
    ) -> None:
        self.name = name
        self.realm = realm
        self.receipt_within: int | None = receipt_within
        self._clock = clock
        self._url = _address("url", url)
        self._user = {"username": username, "password": password}
        self._sender = sender
        self._signature = signature
        self._pace = Pace(rate)
        self._timeout = timeout
        self._callbacks = Callbacks(
            name, token, clock, on_receipt=on_receipt, on_reply=on_reply, country=country
        )
        self._callbacks_at = _address("callbacks_at", callbacks_at)
        # It prints the URL of every request, and the password stands in it.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # A connection for each message: one that is kept can end under a request that may have arrived.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout, pool=None),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    @property
    def refused(self) -> int:
        return self._callbacks.refused

    @property
    def underway(self) -> int:
        return self._callbacks.underway

    def callbacks(self) -> list[Route]:
        """What Kannel calls: the receipts, and the texts that phones send."""
        return self._callbacks.routes()

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        if _NUMBER.fullmatch(delivery.address) is None:
            return Rejected(f"the address of {delivery.recipient} is no telephone number")
        await self._pace.turn()
        try:
            async with asyncio.timeout(2 * self._timeout):
                return await self._ask(delivery)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Retry(0, "smsbox cannot be connected to")
        except (TimeoutError, httpx.TimeoutException):
            return Unknown("smsbox took the request and did not answer in time")
        except httpx.TransportError:
            return Unknown("the connection ended before smsbox answered in full")

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, delivery: Delivery) -> Outcome:
        request = self._client.stream("GET", self._url, params=self._query(delivery))
        said = b""
        async with request as answer:
            async for piece in answer.aiter_raw():
                said += piece
                if len(said) > _LONGEST_ANSWER:
                    break
        heard = (answer.status_code, answer.headers)
        outcome = outcome_of(*heard, said[:_LONGEST_ANSWER], delivery.key, self._clock.now())
        if isinstance(outcome, Sent) or not self._repeated(said, delivery):
            return outcome
        return outcome_of(*heard, b"", delivery.key, self._clock.now())

    def _repeated(self, said: bytes, delivery: Delivery) -> bool:
        """Whether an answer shows what was asked, as the error page of a server in between may."""
        password, number = self._user["password"], delivery.address.removeprefix("+")
        words = said.decode("utf-8", "replace")
        return any(hidden in words for hidden in (password, quote_plus(password), quote(password), number))

    def _query(self, delivery: Delivery) -> dict[str, str | int]:
        text = body(delivery, self.realm, self._signature)
        query: dict[str, str | int] = {
            **self._user,
            "to": delivery.address,
            "text": text,
            "charset": "UTF-8",
            "coding": _UCS2 if segments(text).encoding == "UCS-2" else _GSM7,
            "validity": max((delivery.expires - self._clock.now()) // MINUTE, 1),
            "dlr-mask": _EVERY_RECEIPT,
            "dlr-url": self._callbacks_at + self._callbacks.receipt_query(delivery),
        }
        return {**query, "from": self._sender} if self._sender else query


def _address(setting: str, url: str) -> str:
    """`url` without a slash at its end; Kannel reads a % in a callback as one of its own escapes."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"kannel {setting}: {error}") from error
    reachable = parts.scheme in ("http", "https") and parts.host and (parts.port or 0) < 65_536
    if not reachable or parts.userinfo or set("?#%") & set(url):
        raise ValueError(f"kannel {setting}: an http:// or https:// address, with no user and none of ? # %")
    return url.rstrip("/")
