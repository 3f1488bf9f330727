"""Alibaba Cloud SMS: SendSms of 2017-05-25, signed by ACS3-HMAC-SHA256 (signature method V3).

Requests, signature and codes as help.aliyun.com describes them. SMS are not dropped by `OutId`, so keys are
not honoured.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from ingest.clock import MINUTE, SECOND
from notifiers.http_post import Answer, Post
from notifiers.outcome import Outcome
from notifiers.template_sms.provider import Codes, Sms, Verdict, check_account, judged
from notifiers.template_sms.signing import EMPTY, Call, keyed, query_of
from notifiers.template_sms.template import Limits

_CODES = Codes(
    yes="OK",
    later={"Throttling": 5 * SECOND, "ServiceUnavailable": 5 * SECOND},
    # In a minute, an hour or a day.
    lone={"isv.BUSINESS_LIMIT_CONTROL": MINUTE},
    unsure=frozenset({"isp.SYSTEM_ERROR", "InternalError"}),
    # The rest of what begins with isv is the account's, the template's or the number's fault; so are the
    # quotas of a day or month, which nobody lifts before the warning is over.
    refused=frozenset(
        {"isv", "isp.RAM_PERMISSION_DENY", "SignatureDoesNotMatch", "InvalidAccessKeyId", "Forbidden"}
    ),
)


class _Said(msgspec.Struct, rename="pascal"):
    code: str = ""
    biz_id: str = ""


@dataclass(frozen=True, slots=True)
class Aliyun:
    """`signature` is the SignName. Raises ValueError as `check_account` does."""

    # A parameter of a notification template takes 1 to 35 characters.
    limits: ClassVar[Limits] = Limits(parameter=35, message=500)

    access_key: str = field(repr=False)
    secret: str = field(repr=False)
    signature: str
    endpoint: str = "https://dysmsapi.aliyuncs.com"

    def __post_init__(self) -> None:
        check_account("aliyun", self.endpoint, self.access_key, self.secret)

    def post(self, sms: Sms, at: int, nonce: str) -> Post:
        query = query_of(
            {
                "PhoneNumbers": sms.number.removeprefix("+"),
                "SignName": self.signature,
                "TemplateCode": sms.template,
                "TemplateParam": json.dumps(dict(sms.parameters), ensure_ascii=False),
                "OutId": sms.key,
            }
        )
        headers = headers_of(urlsplit(self.endpoint).netloc, "SendSms", "2017-05-25", at, nonce)
        call = Call("POST", "/", query, headers, b"")
        signed = {**headers, "authorization": authorization(call, self.access_key, self.secret)}
        return Post(f"{self.endpoint}/?{query}", signed, b"")

    def outcome(self, answer: Answer, sms: Sms, now: int) -> Outcome:
        return judged(_verdict(answer.body), _CODES, answer, sms, now)


def headers_of(host: str, action: str, version: str, at: int, nonce: str) -> Mapping[str, str]:
    """Those that are signed, of a call without a body."""
    return {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }


def authorization(call: Call, access_key: str, secret: str) -> str:
    signature = keyed(secret.encode(), f"ACS3-HMAC-SHA256\n{call.digest()}").hex()
    return f"ACS3-HMAC-SHA256 Credential={access_key},SignedHeaders={call.signed},Signature={signature}"


def _verdict(body: bytes) -> Verdict | None:
    try:
        said = msgspec.json.decode(body, type=_Said)
    # Text that is not UTF-8 and nesting without end are no DecodeErrors.
    except (ValueError, RecursionError):
        return None
    return Verdict(said.code, said.biz_id)
