"""What Kannel tells the daemon: what became of a text, and what a phone sent.

    /channels/<name>/receipt?token=&key=&to=&type=%d&reply=%A
    /channels/<name>/message?token=&from=%p&charset=%C&text=%b

Texts of phones come in the bytes of their own charset, so the query is taken apart as bytes.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.clock import Clock
from notifiers.delivery import Delivery, Receipt, Reply, State
from notifiers.message import plain

# Both stand in URLs that Kannel fills in, where a % is an escape.
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
# Type of a receipt (`dlr-mask` in Kannel's guide): state, and what it says. Of a text in several parts Kannel
# asks for the receipt of the first one only.
_RECEIPTS = {
    "1": (State.DELIVERED, "delivered"),
    "2": (State.FAILED, "undeliverable"),
    "16": (State.FAILED, "refused"),
}
# Queued at the SMS centre, handed to it: the delivery is accepted already, and nothing is final.
_UNDERWAY = ("4", "8")
_LONGEST_DETAIL = 200

_log = structlog.get_logger(__name__)
_Fields = dict[str, bytes]


class Callbacks:
    """The two addresses of one channel, for whoever knows its token; see `KannelChannel`."""

    def __init__(
        self,
        name: str,
        token: str,
        clock: Clock,
        *,
        on_receipt: Callable[[Receipt], None],
        on_reply: Callable[[Reply], None],
        country: str,
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"kannel channel {name!r}: letters, digits, . - and _, for it stands in a URL")
        self.refused = 0
        self.underway = 0
        self._name = name
        self._token = checked_token(token)
        self._clock = clock
        self._on_receipt = on_receipt
        self._on_reply = on_reply
        self._country = country

    def routes(self) -> list[Route]:
        at = f"/channels/{self._name}"
        return [
            Route(f"{at}/receipt", self._guarded(self._receipt), methods=["GET"]),
            Route(f"{at}/message", self._guarded(self._message), methods=["GET"]),
        ]

    def receipt_query(self, delivery: Delivery) -> str:
        """Path and query at which Kannel tells what became of `delivery`; it fills in %d and %A."""
        known = urlencode({"token": self._token, "key": delivery.key, "to": delivery.address})
        return f"/channels/{self._name}/receipt?{known}&type=%d&reply=%A"

    def _guarded(self, hear: Callable[[_Fields], None]) -> Callable[[Request], Awaitable[Response]]:
        # Coroutines, so that what they call is called from the event loop.
        async def endpoint(request: Request) -> Response:
            said = _fields(request)
            if not hmac.compare_digest(said.get("token", b""), self._token.encode()):
                self.refused += 1
                return PlainTextResponse("wrong token\n", 403)
            hear(said)
            # For what makes no sense too: it would be the same when Kannel repeats it. Empty, so that the
            # phone is sent nothing.
            return PlainTextResponse("")

        return endpoint

    def _receipt(self, said: _Fields) -> None:
        kind, key, to = (said.get(name, b"").decode("latin-1") for name in ("type", "key", "to"))
        if kind in _UNDERWAY:
            self.underway += 1
        elif kind in _RECEIPTS and key and to:
            state, meaning = _RECEIPTS[kind]
            reply = plain(said.get("reply", b"").decode("utf-8", "replace"))
            detail = f"{meaning}: {reply}" if reply else meaning
            self._on_receipt(Receipt(key, state, self._clock.now(), detail[:_LONGEST_DETAIL], to))
        else:
            self._refuse("a receipt without key or number, or of an unknown type")

    def _message(self, said: _Fields) -> None:
        number = international(said.get("from", b"").decode("latin-1"), self._country)
        charset = said.get("charset", b"UTF-8").decode("latin-1")
        try:
            text = said.get("text", b"").decode(charset)
        except (UnicodeError, LookupError):
            self._refuse("a text in no charset that can be read")
            return
        if not number:
            self._refuse("a text from what is no telephone number")
            return
        self._on_reply(Reply(self._name, number, plain(text), self._clock.now()))

    def _refuse(self, reason: str) -> None:
        self.refused += 1
        _log.warning("kannel_callback_refused", channel=self._name, reason=reason)


def checked_token(token: str) -> str:
    """`token` if it can stand in a URL that Kannel fills in; ValueError otherwise, which does not show it."""
    if _TOKEN.fullmatch(token) is None:
        raise ValueError("kannel token: 16 characters or more of A-Z, a-z, 0-9, - and _")
    return token


def international(number: str, country: str) -> str:
    """`number` as contacts have it, with + and the country's code; "" for what is no telephone number.

    A network gives it as +8613..., 008613..., 8613... or 13..., with the zero that some dial before it.
    """
    digits = re.sub(r"[ ()-]", "", number)
    if re.fullmatch(r"\+?[0-9]{1,20}", digits) is None:
        return ""
    if digits.startswith("+"):
        return digits
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if digits.startswith("0"):
        return f"+{country}{digits[1:]}"
    return f"+{digits}" if digits.startswith(country) else f"+{country}{digits}"


def _fields(request: Request) -> _Fields:
    query = request.scope["query_string"].decode("latin-1")
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return {name: value.encode("latin-1") for name, value in pairs}
