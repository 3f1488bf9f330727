"""SMS, chat rooms and e-mail through any service that Apprise knows.

Apprise reports success or failure; what a failure means stands only in its log lines, whose wording its
plug-ins share (`error=503`, `Socket Exception: ...`). They are read here and go nowhere else, because the
detailed ones hold addresses and credentials. A failure that they do not explain counts as unknown: the
message may be out. Nor does Apprise return the header of an answer, so a `Retry-After` is not seen.
"""

import asyncio
import logging
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.plugins.base import NotifyBase
from apprise.result import AppriseResult

from ingest.clock import SECOND
from ingest.finding import words
from notifiers.delivery import Delivery
from notifiers.headline import headline
from notifiers.http_post import NOT_TAKEN
from notifiers.message import plain
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.pace import Pace
from notifiers.seal import marked, refusal
from rules.realm import Realm

_DETAIL = logging.getLevelName(logging.DEBUG)
_STATUS = re.compile(r"\berror=(\d{3})\b")
_SOCKET = "Socket Exception"
_NOBODY = re.compile(r"There (?:are|were) no\b.*\bto notify")
# What `requests` and the system say when the connection was never made, so that nothing can have been sent.
_NOT_CONNECTED = re.compile(
    r"Failed to establish a new connection|Failed to resolve|NameResolutionError|ConnectTimeout"
    r"|connect timeout|SSLError|ProxyError|Connection refused|name resolution|Name or service not known"
)
# The reply of a mail server as `smtplib` shows it: its code and its bytes.
_SMTP_REPLY = re.compile(r"\((\d{3}), b['\"]")


def _confine_logs() -> None:
    apprise = logging.getLogger("apprise")
    apprise.setLevel(logging.DEBUG)
    apprise.propagate = False
    apprise.addHandler(logging.NullHandler())
    # At its debug level it prints paths, and some providers take the account's token in the path.
    logging.getLogger("urllib3").setLevel(logging.INFO)


class AppriseChannel:
    """One service, by an Apprise URL with `{recipient}` in it, and `{key}` where the service takes one.

    `room`: everybody reads the same room, so the URL needs no recipient. `titled`: a message of its own
    title and of lines, as chat and e-mail show them; an SMS has neither. `honours_keys`: the gateway drops a
    message whose key it has seen. `rate`: messages a second. `signature` stands before the text, as carriers
    demand it: 【...】. `timeout` in seconds, for connecting and for the answer; `resolving` what looking up
    the name may take beyond that (glibc gives up after twice 5 s). Raises ValueError for a template that
    Apprise cannot use.
    """

    receipt_within: int | None = None

    def __init__(
        self,
        name: str,
        realm: Realm,
        url_template: str,
        *,
        room: bool = False,
        titled: bool = False,
        honours_keys: bool = False,
        signature: str = "",
        rate: float = 10.0,
        timeout: float = 4.0,
        resolving: float = 12.0,
        concurrency: int = 8,
    ) -> None:
        self.name = name
        self.realm = realm
        self.honours_keys = honours_keys
        self._template = url_template
        self._room = room
        self._titled = titled
        self._signature = signature
        self._pace = Pace(rate)
        self._timeout = timeout
        self._resolving = resolving
        # Its own threads: those of a gateway that hangs are missed by nobody else.
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix=name)
        _confine_logs()
        # A redirect would take text and number to where the settings do not say.
        self._asset = AppriseAsset(async_mode=False, storage_mode="memory", http_redirects=False)
        with warnings.catch_warnings():
            # Apprise imports its plug-ins at first use, and theirs is a module that Python has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._verify_template()

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        await self._pace.turn()
        attempt = self._threads.submit(self._send, delivery)
        within = 2 * self._timeout + self._resolving
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(attempt)), within)
        except TimeoutError:
            if attempt.cancel():
                return Retry(SECOND, f"not begun within {within:g} s: every attempt at the gateway hangs")
            return Unknown(f"no answer of the gateway within {within:g} s")

    def close(self) -> None:
        """Let go of the threads; an attempt that hangs ends with its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, delivery: Delivery) -> Outcome:
        service = self._service(delivery.address, delivery.key)
        if service is None:
            return Rejected(f"the gateway's URL cannot take the address of {delivery.recipient}")
        gateway = Apprise(asset=self._asset)
        gateway.add(service)
        wording = body(delivery, self.realm, self._signature, lines=self._titled)
        heading = title(delivery, self.realm) if self._titled else ""
        # Said to be plain text, so that a service which shows HTML or Markdown escapes what looks like it.
        with gateway.notify(
            wording, heading, body_format=NotifyFormat.TEXT, log_level=logging.DEBUG
        ) as result:
            return outcome_of(result, delivery.key)

    def _service(self, recipient: str, key: str) -> NotifyBase | None:
        filled = self._template.replace("{recipient}", quote(recipient, safe="")).replace("{key}", quote(key))
        service = Apprise.instantiate(filled, asset=self._asset)
        if service is not None:
            # By default Apprise sleeps 5.5 s between two messages, within the call.
            service.request_rate_per_sec = 0
            service.socket_connect_timeout = service.socket_read_timeout = self._timeout
        return service

    def _verify_template(self) -> None:
        # The template can hold a password, so no message shows more of it than its scheme.
        scheme = self._template.partition("://")[0] if "://" in self._template else "(none)"
        shown = words("{name}: url with scheme {scheme}", name=self.name or "apprise", scheme=scheme)
        if not self._room and "{recipient}" not in self._template:
            raise ValueError(
                words(
                    "{shown}: {{recipient}} is missing, put it where the number or address goes", shown=shown
                )
            )
        if self.honours_keys and "{key}" not in self._template:
            raise ValueError(words("{shown}: a gateway that honours keys needs {{key}} in it", shown=shown))
        if self._service("+8610000000000", "0" * 24) is None:
            raise ValueError(
                words("{shown}: not a URL that Apprise can use, see its list of services", shown=shown)
            )


def body(delivery: Delivery, realm: Realm, signature: str = "", *, lines: bool = False) -> str:
    """Mark of a drill, signature, the text in each language of the recipient.

    On one line, or with `lines` a paragraph for each language and its own line breaks kept.
    """
    parts = []
    for index, (language, text) in enumerate(delivery.text.items()):
        signed = f"{signature}{text}" if index == 0 else text
        parts.append(marked(language, signed, realm))
    if not lines:
        return plain(" ".join(parts))
    return "\n\n".join("\n".join(plain(line) for line in part.splitlines()) for part in parts)


def title(delivery: Delivery, realm: Realm) -> str:
    """Mark of a drill, grade, title and place, in the first language of the recipient."""
    language = next(iter(delivery.text))
    return marked(language, headline(delivery.bulletin, language), realm)


def outcome_of(result: AppriseResult, key: str) -> Outcome:
    """The outcome of one call; Apprise does not return the provider's own id, so `key` stands for it."""
    if result:
        return Sent(key)
    for entry in result.logs():
        if entry.level == _DETAIL:
            if entry.message.startswith(_SOCKET):
                return _by_socket(entry.message)
            # The text itself, and what the gateway wrote: neither says what became of it.
            continue
        if (status := _STATUS.search(entry.message)) is not None:
            return _by_status(int(status[1]))
        if _NOBODY.search(entry.message):
            return Rejected("the gateway cannot use the recipient's address")
    return Unknown("Apprise gave no reason for the failure")


def _by_status(status: int) -> Outcome:
    reason = f"the gateway answered {status}"
    if status in NOT_TAKEN:
        return Retry(0, reason)
    return Rejected(reason) if status < 500 else Unknown(reason)


def _by_socket(message: str) -> Outcome:
    if _NOT_CONNECTED.search(message):
        return Retry(0, "the gateway cannot be connected to")
    if (reply := _SMTP_REPLY.search(message)) is not None:
        # In SMTP the 4 says for now and the 5 for good.
        reason = f"the mail server answered {reply[1]}"
        return Retry(SECOND, reason) if reply[1].startswith("4") else Rejected(reason)
    return Unknown("the connection ended before the gateway answered")
