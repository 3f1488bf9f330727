"""Signatures to the byte: against the example that each cloud publishes, and of what really leaves.

The keys of the examples are the clouds' own and open nothing.
"""

import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import pytest

from ingest.clock import SECOND
from notifiers.http_post import Poster
from notifiers.template_sms import Provider, Sms, aliyun, huawei, tencent
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.signing import EMPTY, Call, query_of
from notifiers.template_sms.tencent import Tencent
from simulators.gateway import Reply, Request, ScriptedGateway
from tests.notifiers.announced import AT

SMS = Sms("+8610000000001", "SMS_1", {"grade": "演练：红色", "place": "a b*c~d/é&="}, "0123456789abcdef")
SECRET = "canary-secret"


def milliseconds(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * SECOND


def test_alibaba_cloud_signs_as_in_its_published_example() -> None:
    """help.aliyun.com, "V3版本请求体&签名机制" (document 2593177), the example with fixed parameters."""
    query = query_of(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    headers = aliyun.headers_of(
        "ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        milliseconds("2023-10-26T10:22:32Z"),
        "3156853299f313e23d1673dc12e1703d",
    )
    call = Call("POST", "/", query, headers, b"")

    assert call.digest() == "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    assert aliyun.authorization(call, "YourAccessKeyId", "YourAccessKeySecret") == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencent_cloud_signs_as_in_its_published_example() -> None:
    """tencentcloud.com, "Signature v3" (CVM, product 213, and others), in its edition with a whole key."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}
    call = Call("POST", "/", "", headers, body)
    key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

    assert call.digest() == "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"
    assert tencent.authorization(call, *key, "cvm", 1_551_113_065) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request,"
        " SignedHeaders=content-type;host,"
        " Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_huawei_cloud_signs_as_in_its_published_example() -> None:
    """support.huaweicloud.com, "AK/SK签名认证算法详解" of the API request signing guide (devg-apisign)."""
    headers = {
        "content-type": "application/json",
        "host": "service.region.example.com",
        "x-sdk-date": "20191115T033655Z",
    }
    query = query_of({"limit": "2", "marker": "13551d6b-755d-4757-b956-536f674975c0"})
    call = Call("GET", "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs/", query, headers, b"")

    assert call.digest() == "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
    assert huawei.authorization(call, "QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc") == (
        "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date,"
        " Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    )


def test_a_query_is_encoded_as_the_clouds_encode_it() -> None:
    """RFC 3986: everything but letters, digits and `-_.~`, a space as %20."""
    assert query_of({"b": "/~*", "a": " 青&"}) == "a=%20%E9%9D%92%26&b=%2F~%2A"


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply())
    yield started
    await started.stop()


async def arrived(gateway: ScriptedGateway, provider: Provider) -> Request:
    poster = Poster(timeout=1)
    await poster.post(provider.post(SMS, AT, "3156853299f313e23d1673dc12e1703d"))
    await poster.close()
    [request] = gateway.requests
    return request


def canonical_hash(request: Request, path: str, query: str, names: list[str]) -> str:
    """As the cloud computes it from what it received."""
    lines = ["POST", path, query, *(f"{name}:{request.headers[name]}" for name in names)]
    lines += ["", ";".join(names), sha256(request.body).hexdigest()]
    return sha256("\n".join(lines).encode()).hexdigest()


def signed_names(request: Request) -> list[str]:
    return request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


def mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()


async def test_alibaba_cloud_gets_what_was_signed(gateway: ScriptedGateway) -> None:
    endpoint = f"http://127.0.0.1:{await gateway.start()}"
    request = await arrived(gateway, Aliyun("key", SECRET, "青溪应急", endpoint))
    names, parts = signed_names(request), urlsplit(request.target)
    digest = canonical_hash(request, parts.path, parts.query, names)

    assert names == sorted(name for name in request.headers if name == "host" or name.startswith("x-acs-"))
    assert request.headers["authorization"].endswith(
        "=" + mac(SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}").hex()
    )
    assert request.headers["x-acs-content-sha256"] == EMPTY == sha256(request.body).hexdigest()
    said = dict(parse_qsl(parts.query))
    assert json.loads(said.pop("TemplateParam")) == SMS.parameters
    assert said == {
        "PhoneNumbers": "8610000000001",
        "SignName": "青溪应急",
        "TemplateCode": "SMS_1",
        "OutId": SMS.key,
    }


async def test_tencent_cloud_gets_what_was_signed(gateway: ScriptedGateway) -> None:
    endpoint = f"http://127.0.0.1:{await gateway.start()}"
    request = await arrived(gateway, Tencent("id", SECRET, "1400", "青溪应急", endpoint=endpoint))
    digest = canonical_hash(request, request.target, "", signed_names(request))
    stamp = request.headers["x-tc-timestamp"]
    key = mac(mac(mac(f"TC3{SECRET}".encode(), "2018-06-03"), "sms"), "tc3_request")
    text = f"TC3-HMAC-SHA256\n{stamp}\n2018-06-03/sms/tc3_request\n{digest}"

    assert stamp == str(AT // SECOND)
    assert request.headers["authorization"].endswith("=" + mac(key, text).hex())
    assert request.headers["x-tc-action"] == "SendSms"
    assert json.loads(request.body) == {
        "PhoneNumberSet": ["+8610000000001"],
        "SmsSdkAppId": "1400",
        "SignName": "青溪应急",
        "TemplateId": "SMS_1",
        "TemplateParamSet": list(SMS.parameters.values()),
        "SessionContext": SMS.key,
    }


async def test_huawei_cloud_gets_what_was_signed(gateway: ScriptedGateway) -> None:
    endpoint = f"http://127.0.0.1:{await gateway.start()}"
    request = await arrived(gateway, Huawei("key", SECRET, "8820", "青溪应急", endpoint))
    digest = canonical_hash(request, f"{request.target}/", "", signed_names(request))
    text = f"SDK-HMAC-SHA256\n{request.headers['x-sdk-date']}\n{digest}"

    assert request.target == "/sms/batchSendSms/v1"
    assert request.headers["x-sdk-date"] == "20180603T211000Z"
    assert request.headers["authorization"].endswith("=" + mac(SECRET.encode(), text).hex())
    said = dict(parse_qsl(request.body.decode()))
    assert json.loads(said.pop("templateParas")) == list(SMS.parameters.values())
    assert said == {
        "from": "8820",
        "to": "+8610000000001",
        "templateId": "SMS_1",
        "signature": "青溪应急",
        "extend": SMS.key,
    }
