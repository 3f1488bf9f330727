"""Tencent Cloud SMS: SendSms of 2021-01-11, signed by TC3-HMAC-SHA256.

Requests, signature and codes as cloud.tencent.com describes them. `SessionContext` comes back with a receipt
and drops nothing, so keys are not honoured.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from ingest.clock import SECOND
from notifiers.http_post import Answer, Post
from notifiers.outcome import Outcome
from notifiers.template_sms.provider import Codes, Sms, Verdict, check_account, judged
from notifiers.template_sms.signing import Call, keyed
from notifiers.template_sms.template import Limits

_CODES = Codes(
    yes="Ok",
    later={"RequestLimitExceeded": 5 * SECOND},
    lone={
        "LimitExceeded.DeliveryFrequencyLimit": 30 * SECOND,
        "LimitExceeded.PhoneNumberThirtySecondLimit": 30 * SECOND,
    },
    unsure=frozenset({"InternalError"}),
    # The limit of a number in an hour, too: once it is lifted the warning is sent no more, and a refusal
    # takes the next way at once.
    refused=frozenset(
        {
            "AuthFailure",
            "FailedOperation",
            "InvalidAction",
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidRequest",
            "LimitExceeded",
            "MissingParameter",
            "UnauthorizedOperation",
            "UnsupportedOperation",
            "UnsupportedRegion",
        }
    ),
)


class _Failure(msgspec.Struct, rename="pascal"):
    code: str = ""


class _Status(msgspec.Struct, rename="pascal"):
    code: str = ""
    serial_no: str = ""


class _Response(msgspec.Struct, rename="pascal"):
    send_status_set: list[_Status] = []
    error: _Failure | None = None


class _Said(msgspec.Struct, rename="pascal"):
    response: _Response


@dataclass(frozen=True, slots=True)
class Tencent:
    """`app_id` is the SmsSdkAppId, `signature` the SignName.

    Raises ValueError as `check_account` does.
    """

    # 12 characters of a parameter; for a verified enterprise as many as the SMS takes, by its `limits`.
    limits: ClassVar[Limits] = Limits(parameter=12, message=500)

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    app_id: str
    signature: str
    region: str = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"

    def __post_init__(self) -> None:
        check_account("tencent", self.endpoint, self.secret_id, self.secret_key, self.app_id, self.region)

    def post(self, sms: Sms, at: int, nonce: str) -> Post:
        # TC3 has no nonce: an attempt is dated to the second.
        said = {
            "PhoneNumberSet": [sms.number],
            "SmsSdkAppId": self.app_id,
            "SignName": self.signature,
            "TemplateId": sms.template,
            "TemplateParamSet": list(sms.parameters.values()),
            "SessionContext": sms.key,
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        signed = {"content-type": "application/json; charset=utf-8", "host": urlsplit(self.endpoint).netloc}
        call, stamp = Call("POST", "/", "", signed, body), at // SECOND
        headers = {
            **signed,
            "authorization": authorization(call, self.secret_id, self.secret_key, "sms", stamp),
            "x-tc-action": "SendSms",
            "x-tc-version": "2021-01-11",
            "x-tc-timestamp": str(stamp),
            "x-tc-region": self.region,
        }
        return Post(f"{self.endpoint}/", headers, body)

    def outcome(self, answer: Answer, sms: Sms, now: int) -> Outcome:
        return judged(_verdict(answer.body), _CODES, answer, sms, now)


def authorization(call: Call, secret_id: str, secret_key: str, service: str, stamp: int) -> str:
    """`stamp` in s since the epoch."""
    date = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    key = f"TC3{secret_key}".encode()
    for part in scope.split("/"):
        key = keyed(key, part)
    signature = keyed(key, f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{call.digest()}").hex()
    return (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={call.signed}, Signature={signature}"
    )


def _verdict(body: bytes) -> Verdict | None:
    try:
        said = msgspec.json.decode(body, type=_Said).response
    # Text that is not UTF-8 and nesting without end are no DecodeErrors.
    except (ValueError, RecursionError):
        return None
    if said.error is not None:
        return Verdict(said.error.code, "")
    for status in said.send_status_set:
        return Verdict(status.code, status.serial_no)
    return None
