"""What a cloud is asked, what it answers, and what its codes mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from notifiers.http_post import Answer, Post, by_status, checked_url, retry_after
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.template_sms.template import Limits

# A gateway may repeat what it was asked: what does not look like a code or an id is not shown.
_CODE = re.compile(r"(?!.*\d{7})[A-Za-z0-9][A-Za-z0-9_.]{1,79}")
_ID = re.compile(r"[\w.:^-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sms:
    """`number` in the form of E.164, with its plus; `parameters` in the order of the template's wording."""

    number: str = field(repr=False)
    template: str
    parameters: Mapping[str, str] = field(repr=False)
    key: str


class Provider(Protocol):
    """A cloud and an account there; `signature` is the approved name that it sets before every SMS.

    `post` and `outcome` are pure; instants in ms since the epoch, `nonce` never the same twice.
    """

    limits: ClassVar[Limits]

    @property
    def signature(self) -> str: ...

    def post(self, sms: Sms, at: int, nonce: str) -> Post: ...

    def outcome(self, answer: Answer, sms: Sms, now: int) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a cloud, each standing for those that begin with it and a full stop as well.

    `later` by the ms to wait, `lone` of the one number alone, both less than a warning is sent for; `unsure`
    leave open whether the SMS is out; `refused` say that it is not.
    """

    yes: str
    later: Mapping[str, int]
    lone: Mapping[str, int]
    unsure: frozenset[str]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer says of the one SMS: its code, "" where there is none, and the cloud's own id."""

    code: str
    provider_id: str


def judged(verdict: Verdict | None, codes: Codes, answer: Answer, sms: Sms, now: int) -> Outcome:
    """The outcome of an answer, None if it cannot be read; a code that is not known leaves it open.

    So does a 500: something failed within the cloud, before or behind the sending.
    """
    fine = answer.status < 300
    if verdict is None or not _CODE.fullmatch(verdict.code):
        return Unknown("the gateway's answer makes no sense") if fine else _by_status(answer, now)
    code = verdict.code
    if code == codes.yes and fine:
        known = _ID.fullmatch(verdict.provider_id) and sms.number.lstrip("+") not in verdict.provider_id
        return Sent(verdict.provider_id if known else sms.key)
    reason = f"the gateway answered {code}"
    for waits, lone in ((codes.lone, True), (codes.later, False)):
        if (wait := next((ms for name, ms in waits.items() if _under(code, name)), None)) is not None:
            asked = retry_after(answer.retry_after, now) if answer.retry_after else wait
            return Retry(asked, reason, lone)
    if any(_under(code, name) for name in codes.unsure):
        return Unknown(reason)
    if any(_under(code, name) for name in codes.refused):
        return Rejected(reason)
    return Unknown(reason) if fine else replace(_by_status(answer, now), reason=reason)


def check_account(cloud: str, endpoint: str, *credentials: str) -> None:
    """Raises ValueError for an endpoint that is more than https and a host, and for what no header can hold.

    A key with a line break behind it is the usual mistake with secrets from files. Nothing of it is shown.
    """
    parts = urlsplit(checked_url(cloud, endpoint))
    if parts.path or parts.query or parts.fragment:
        raise ValueError(f"{cloud}: the endpoint is scheme and host alone, without anything behind them")
    for credential in credentials:
        if not credential or not all("!" <= character <= "~" for character in credential):
            raise ValueError(
                f"{cloud}: a key is empty, or has a space, a line break or other than ASCII in it"
            )


def _by_status(answer: Answer, now: int) -> Retry | Rejected | Unknown:
    if answer.status == 500:
        return Unknown(f"the gateway answered {answer.status}")
    return by_status(answer, now)


def _under(code: str, name: str) -> bool:
    return code == name or code.startswith(f"{name}.")
