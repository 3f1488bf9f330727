"""Huawei Cloud Message & SMS: batchSendSms v1, signed by SDK-HMAC-SHA256.

Requests, signature and codes as support.huaweicloud.com describes them. `extend` comes back with a receipt
and drops nothing, so keys are not honoured.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

import msgspec

from ingest.clock import MINUTE, SECOND
from notifiers.http_post import Answer, Post
from notifiers.outcome import Outcome
from notifiers.template_sms.provider import Codes, Sms, Verdict, check_account, judged
from notifiers.template_sms.signing import Call, keyed
from notifiers.template_sms.template import Limits

_PATH = "/sms/batchSendSms/v1"
_ACCEPTED = "000000"
_SEE_STATUS = frozenset({_ACCEPTED, "E000510"})
_CODES = Codes(
    yes=_ACCEPTED,
    # Too many SMS wait at the platform, and too many requests at its door.
    later={"E200015": 10 * MINUTE, "APIGW.0308": 5 * SECOND},
    lone={},
    unsure=frozenset(),
    refused=frozenset(
        {
            # The request and the account; the template.
            *("E000000", "E000001", "E000110", "E000112", "E000503", "E000620"),
            *("E200018", "E200020", "E200028", "E200030", "E200031", "E200033", "E200041"),
        }
    ),
)


class _Result(msgspec.Struct, rename="camel"):
    status: str = ""
    sms_msg_id: str = ""


class _Said(msgspec.Struct):
    code: str = ""
    result: list[_Result] = []


@dataclass(frozen=True, slots=True)
class Huawei:
    """`sender` is the channel number of the signature. Raises ValueError as `check_account` does."""

    # A parameter of the kind TEXT takes 1 to 20 characters, and not these.
    limits: ClassVar[Limits] = Limits(parameter=20, message=500, refused=frozenset(".。'<>{}"))

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    sender: str
    signature: str
    endpoint: str = "https://smsapi.cn-north-4.myhuaweicloud.com"

    def __post_init__(self) -> None:
        check_account("huawei", self.endpoint, self.app_key, self.app_secret, self.sender)

    def post(self, sms: Sms, at: int, nonce: str) -> Post:
        # This signature has no nonce: an attempt is dated to the second.
        form = {
            "from": self.sender,
            "to": sms.number,
            "templateId": sms.template,
            "templateParas": json.dumps(list(sms.parameters.values()), ensure_ascii=False),
            "signature": self.signature,
            "extend": sms.key,
        }
        body = urlencode(form).encode()
        signed = {
            "content-type": "application/x-www-form-urlencoded",
            "host": urlsplit(self.endpoint).netloc,
            "x-sdk-date": datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        # In what is signed the path ends in a slash, whatever it is.
        call = Call("POST", f"{_PATH}/", "", signed, body)
        headers = {**signed, "authorization": authorization(call, self.app_key, self.app_secret)}
        return Post(f"{self.endpoint}{_PATH}", headers, body)

    def outcome(self, answer: Answer, sms: Sms, now: int) -> Outcome:
        return judged(_verdict(answer.body), _CODES, answer, sms, now)


def authorization(call: Call, app_key: str, app_secret: str) -> str:
    text = f"SDK-HMAC-SHA256\n{call.headers['x-sdk-date']}\n{call.digest()}"
    signature = keyed(app_secret.encode(), text).hex()
    return f"SDK-HMAC-SHA256 Access={app_key}, SignedHeaders={call.signed}, Signature={signature}"


def _verdict(body: bytes) -> Verdict | None:
    try:
        said = msgspec.json.decode(body, type=_Said)
    # Text that is not UTF-8 and nesting without end are no DecodeErrors.
    except (ValueError, RecursionError):
        return None
    if said.code not in _SEE_STATUS:
        return Verdict(said.code, "")
    return Verdict(said.result[0].status, said.result[0].sms_msg_id) if said.result else None
