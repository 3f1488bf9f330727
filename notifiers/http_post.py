"""One POST to a gateway, and what it means when no answer comes: nothing left, or the message may be out."""

import asyncio
import ipaddress
import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from ingest.clock import SECOND
from notifiers.outcome import Rejected, Retry, Unknown

LARGEST_ANSWER = 65_536
# Not taken, by the words of RFC 9110 and 6585. What else begins with 5 may come from a server in between that
# has passed the message on.
NOT_TAKEN = frozenset({408, 425, 429, 500, 503})
_SECONDS = re.compile(r"\d{1,9}")
_ENDED = Unknown("the connection ended before the gateway answered")


@dataclass(frozen=True, slots=True)
class Post:
    """A request as it leaves; it holds credentials and addresses, so it shows neither."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said; `retry_after` is that header, empty if there was none."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""


class Poster:
    """Posts over connections of its own; `timeout` in s for connecting and for the answer, each.

    No redirect is followed and no proxy of the environment asked: a message goes where the settings say.
    """

    def __init__(
        self, *, timeout: float = 4.0, tls: ssl.SSLContext | None = None, connections: int = 8
    ) -> None:
        # They log whole URLs and headers, in which addresses and tokens stand.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # Each step may take `timeout`; the whole is bounded as well, for gateways that drip.
        self._within = 3 * timeout
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context() if tls is None else tls,
            timeout=timeout,
            # A kept connection may end while a message is on its way: then nobody knows whether it is out.
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=0),
            trust_env=False,
        )

    async def post(self, post: Post) -> Answer | Retry | Unknown:
        """The answer; Retry if the request never left, Unknown if it may have arrived."""
        try:
            async with asyncio.timeout(self._within):
                return await self._exchange(post)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Retry(SECOND, f"the gateway cannot be connected to: {str(error) or 'no answer in time'}")
        except httpx.PoolTimeout:
            return Retry(SECOND, "not begun: every attempt at the gateway hangs")
        except (TimeoutError, httpx.TimeoutException):
            return Unknown(f"no answer of the gateway within {self._within:g} s")
        except httpx.HTTPError:
            return _ENDED

    async def close(self) -> None:
        await self._client.aclose()

    async def _exchange(self, post: Post) -> Answer | Unknown:
        async with self._client.stream("POST", post.url, headers=post.headers, content=post.body) as response:
            after = response.headers.get("retry-after", "")
            if response.status_code >= httpx.codes.BAD_REQUEST:
                # The status stands, whatever becomes of the rest; the body may say why.
                return Answer(response.status_code, await _rest(response), after)
            body = await _body(response)
        if body is None:
            return Unknown(f"the gateway answered more than {LARGEST_ANSWER} bytes")
        return Answer(response.status_code, body, after)


def by_status(answer: Answer, now: int) -> Retry | Rejected | Unknown:
    """What a status that is no success means; `now` in ms, for a Retry-After that is a date."""
    reason = f"the gateway answered {answer.status}"
    if answer.status in NOT_TAKEN:
        return Retry(retry_after(answer.retry_after, now), reason)
    return Rejected(reason) if answer.status < httpx.codes.INTERNAL_SERVER_ERROR else Unknown(reason)


def retry_after(header: str, now: int) -> int:
    """The ms that a Retry-After asks for, in seconds or as a date; a second if it makes no sense."""
    if _SECONDS.fullmatch(header):
        return int(header) * SECOND
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return SECOND
    until = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max(int(until.timestamp()) * SECOND - now, 0)


def checked_url(name: str, url: str) -> str:
    """`url` if messages may go there; raises ValueError, which shows no more of it than its host."""
    try:
        parts, host = urlsplit(url), httpx.URL(url).host
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(f"{name}: the url makes no sense") from error
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError(f"{name}: the url is not one of https")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError(f"{name}: the url to {host} is plain http, which is for loopback only: use https")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{name}: the url to {host} holds a user or password")
    return url


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _body(response: httpx.Response) -> bytes | None:
    """None if it is too long to be an answer."""
    parts: list[bytes] = []
    async for part in response.aiter_bytes():
        parts.append(part)
        if sum(map(len, parts)) > LARGEST_ANSWER:
            return None
    return b"".join(parts)


async def _rest(response: httpx.Response) -> bytes:
    try:
        return await _body(response) or b""
    except httpx.HTTPError:
        return b""
