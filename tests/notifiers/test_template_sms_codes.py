"""What the codes of the clouds mean for the SMS, and that nothing else of an answer is shown."""

import json
from collections.abc import Callable

import pytest

from ingest.clock import MINUTE, SECOND
from notifiers.http_post import Answer
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.template_sms import Provider, Sms
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.tencent import Tencent
from tests.notifiers.announced import AT

SMS = Sms("+8610000000001", "T1", {"grade": "红色"}, "0123456789abcdef01234567")
ALIYUN = Aliyun("key", "canary-secret", "青溪应急")
TENCENT = Tencent("id", "canary-secret", "1400006666", "青溪应急")
HUAWEI = Huawei("key", "canary-secret", "8820032023", "青溪应急")


def aliyun(code: str, biz_id: str = "") -> bytes:
    return json.dumps({"Code": code, "Message": "canary", "RequestId": "r", "BizId": biz_id}).encode()


def tencent(code: str, serial: str = "") -> bytes:
    status = {"Code": code, "SerialNo": serial, "Message": "canary", "PhoneNumber": SMS.number}
    return json.dumps({"Response": {"SendStatusSet": [status], "RequestId": "r"}}).encode()


def failure(code: str) -> bytes:
    return json.dumps({"Response": {"Error": {"Code": code, "Message": "canary"}, "RequestId": "r"}}).encode()


def huawei(code: str, status: str = "", sms_id: str = "") -> bytes:
    result = [{"status": status, "smsMsgId": sms_id, "originTo": SMS.number}] if status else []
    return json.dumps({"code": code, "description": "canary", "result": result}).encode()


def says(code: str) -> str:
    return f"the gateway answered {code}"


@pytest.mark.parametrize(
    ("provider", "status", "body", "outcome"),
    [
        (ALIYUN, 200, aliyun("OK", "9006197469^0"), Sent("9006197469^0")),
        (ALIYUN, 400, aliyun("OK", "9006197469^0"), Rejected(says("OK"))),
        (
            ALIYUN,
            200,
            aliyun("isv.BUSINESS_LIMIT_CONTROL"),
            Retry(MINUTE, says("isv.BUSINESS_LIMIT_CONTROL"), lone=True),
        ),
        (ALIYUN, 400, aliyun("Throttling.User"), Retry(5 * SECOND, says("Throttling.User"))),
        (ALIYUN, 503, aliyun("ServiceUnavailable"), Retry(5 * SECOND, says("ServiceUnavailable"))),
        (ALIYUN, 200, aliyun("isv.AMOUNT_NOT_ENOUGH"), Rejected(says("isv.AMOUNT_NOT_ENOUGH"))),
        (ALIYUN, 200, aliyun("isv.OUT_OF_SERVICE"), Rejected(says("isv.OUT_OF_SERVICE"))),
        (ALIYUN, 200, aliyun("isv.DAY_LIMIT_CONTROL"), Rejected(says("isv.DAY_LIMIT_CONTROL"))),
        (ALIYUN, 200, aliyun("isv.SMS_TEMPLATE_ILLEGAL"), Rejected(says("isv.SMS_TEMPLATE_ILLEGAL"))),
        (ALIYUN, 400, aliyun("SignatureDoesNotMatch"), Rejected(says("SignatureDoesNotMatch"))),
        (
            ALIYUN,
            404,
            aliyun("InvalidAccessKeyId.NotFound"),
            Rejected(says("InvalidAccessKeyId.NotFound")),
        ),
        (ALIYUN, 200, aliyun("isp.RAM_PERMISSION_DENY"), Rejected(says("isp.RAM_PERMISSION_DENY"))),
        (ALIYUN, 200, aliyun("isp.SYSTEM_ERROR"), Unknown(says("isp.SYSTEM_ERROR"))),
        (ALIYUN, 500, aliyun("InternalError"), Unknown(says("InternalError"))),
        (ALIYUN, 200, aliyun("Brand.New"), Unknown(says("Brand.New"))),
        (ALIYUN, 429, aliyun("Brand.New"), Retry(SECOND, says("Brand.New"))),
        (ALIYUN, 504, aliyun("Brand.New"), Unknown(says("Brand.New"))),
        (ALIYUN, 400, aliyun("Brand.New"), Rejected(says("Brand.New"))),
        (TENCENT, 200, tencent("Ok", "5000:104571066915"), Sent("5000:104571066915")),
        (
            TENCENT,
            200,
            tencent("LimitExceeded.PhoneNumberThirtySecondLimit"),
            Retry(30 * SECOND, says("LimitExceeded.PhoneNumberThirtySecondLimit"), lone=True),
        ),
        (
            TENCENT,
            200,
            tencent("LimitExceeded.PhoneNumberOneHourLimit"),
            Rejected(says("LimitExceeded.PhoneNumberOneHourLimit")),
        ),
        (
            TENCENT,
            200,
            tencent("LimitExceeded.PhoneNumberDailyLimit"),
            Rejected(says("LimitExceeded.PhoneNumberDailyLimit")),
        ),
        (
            TENCENT,
            200,
            tencent("FailedOperation.InsufficientBalanceInSmsPackage"),
            Rejected(says("FailedOperation.InsufficientBalanceInSmsPackage")),
        ),
        (
            TENCENT,
            200,
            failure("AuthFailure.SignatureFailure"),
            Rejected(says("AuthFailure.SignatureFailure")),
        ),
        (
            TENCENT,
            200,
            failure("RequestLimitExceeded.IPLimitExceeded"),
            Retry(5 * SECOND, says("RequestLimitExceeded.IPLimitExceeded")),
        ),
        (TENCENT, 200, tencent("InternalError.Timeout"), Unknown(says("InternalError.Timeout"))),
        (TENCENT, 200, tencent("BrandNew"), Unknown(says("BrandNew"))),
        (HUAWEI, 200, huawei("000000", "000000", "d6e3cdd0-522b_8539659"), Sent("d6e3cdd0-522b_8539659")),
        (HUAWEI, 200, huawei("000000", "E200015"), Retry(10 * MINUTE, says("E200015"))),
        (HUAWEI, 200, huawei("E000510", "E200028"), Rejected(says("E200028"))),
        (HUAWEI, 400, huawei("E000110"), Rejected(says("E000110"))),
        (HUAWEI, 403, huawei("E000112"), Rejected(says("E000112"))),
        (HUAWEI, 429, huawei("APIGW.0308"), Retry(5 * SECOND, says("APIGW.0308"))),
        (HUAWEI, 200, huawei("E299999"), Unknown(says("E299999"))),
        (HUAWEI, 400, huawei("E299999"), Rejected(says("E299999"))),
        (HUAWEI, 200, huawei("000000"), Unknown("the gateway's answer makes no sense")),
    ],
)
def test_a_code_has_its_outcome(provider: Provider, status: int, body: bytes, outcome: Outcome) -> None:
    assert provider.outcome(Answer(status, body), SMS, AT) == outcome


def test_a_gateway_that_says_how_long_is_believed_rather_than_the_table() -> None:
    answer = Answer(429, aliyun("Throttling.User"), "17")

    assert ALIYUN.outcome(answer, SMS, AT) == Retry(17 * SECOND, says("Throttling.User"))


@pytest.mark.parametrize("provider_id", ["", "8610000000001^0", "a b", "x" * 129, "短信"])
def test_an_id_that_is_none_or_holds_the_number_is_replaced_by_the_key(provider_id: str) -> None:
    assert ALIYUN.outcome(Answer(200, aliyun("OK", provider_id)), SMS, AT) == Sent(SMS.key)


@pytest.mark.parametrize("code", ["8610000000001", "isv.8610000000001", "canary-secret", "x" * 81, "没有"])
def test_a_code_that_looks_like_none_is_not_shown(code: str) -> None:
    assert ALIYUN.outcome(Answer(200, aliyun(code)), SMS, AT) == Unknown(
        "the gateway's answer makes no sense"
    )
    assert ALIYUN.outcome(Answer(403, aliyun(code)), SMS, AT) == Rejected(says("403"))


@pytest.mark.parametrize("provider", [ALIYUN, TENCENT, HUAWEI])
def test_an_account_does_not_show_its_secret(provider: Provider) -> None:
    shown = repr(provider) + repr(SMS) + repr(provider.post(SMS, AT, "n"))

    assert "canary" not in shown
    assert SMS.number.lstrip("+") not in shown


ACCOUNTS: list[Callable[[str, str], Provider]] = [
    lambda key, url: Aliyun(key, key, "青溪应急", url),
    lambda key, url: Tencent(key, key, "1400", "青溪应急", endpoint=url),
    lambda key, url: Huawei(key, key, "8820", "青溪应急", url),
]


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    ("key", "url", "reason"),
    [
        ("canary", "http://sms.example", "plain http"),
        ("canary", "https://sms.example/", "scheme and host alone"),
        ("canary", "https://sms.example?canary", "scheme and host alone"),
        ("canary\n", "https://sms.example", "a line break"),
        ("canary secret", "https://sms.example", "a space"),
        ("canäry", "https://sms.example", "other than ASCII"),
        ("", "https://sms.example", "is empty"),
    ],
)
def test_an_account_that_cannot_work_is_refused_without_showing_it(
    account: Callable[[str, str], Provider], key: str, url: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        account(key, url)
    assert "canary" not in str(refused.value)
