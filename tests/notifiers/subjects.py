"""The channels that must pass `test_conformance.py`, and how each is met by a gateway on loopback.

A channel joins with one entry in `SUBJECTS`.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from urllib.parse import parse_qs, parse_qsl, urlsplit

from ingest.clock import LockstepClock
from notifiers.apprise import AppriseChannel
from notifiers.bulletin import Act
from notifiers.delivery import Channel
from notifiers.kannel import KannelChannel
from notifiers.recorder import Recorder
from notifiers.template_sms import Provider, Template, TemplateSmsChannel
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.tencent import Tencent
from notifiers.webhook import WebhookChannel
from rules.realm import Realm
from simulators.gateway import Reply, Request
from tests.notifiers.announced import AT
from tests.notifiers.cap_office import opened
from tests.notifiers.sounding import Heard, channel_at

SECRET = "canary-secret"
TIMEOUT = 0.5  # s
# No cloud takes the brackets within a template: they are those of the signature.
MARKS = ("【演练】", "演练：", "EXERCISE ")


Maker: TypeAlias = Callable[[int, str, Realm], AbstractAsyncContextManager[Channel]]


class Need(Enum):
    """What a case asks of a channel."""

    NETWORK = auto()  # it connects to a port
    HTTP = auto()  # and speaks HTTP there
    HEADER = auto()  # and sees the header of the answer
    BODY = auto()  # and reads in the body whether the message was taken
    DIRECT = auto()  # its 500 means that the message was not taken
    CLOUD = auto()  # its 500 leaves open whether it was


HTTP = frozenset({Need.NETWORK, Need.HTTP})
HEADER = HTTP | {Need.HEADER}
BODY = HTTP | {Need.BODY}
DIRECT = HTTP | {Need.DIRECT}
CLOUD = HTTP | {Need.CLOUD}


@dataclass(frozen=True)
class Subject:
    """A channel: how it is made for a port of loopback, and how its gateway says yes.

    `make` takes port, scheme and realm; `wordings` is what people would read of one request.
    """

    name: str
    make: Maker
    meets: frozenset[Need]
    wordings: Callable[[Request], list[str]] = lambda _: []
    yes: Reply = field(default_factory=Reply)
    address: str = "+8610000000001"


@asynccontextmanager
async def recorder(_port: int, _scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    yield Recorder(realm, "recorder")


@asynccontextmanager
async def sms_by_apprise(port: int, scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    plugin = {"http": "json", "https": "jsons"}[scheme]
    url = f"{plugin}://user:{SECRET}@127.0.0.1:{port}/sms?:to={{recipient}}&:key={{key}}"
    channel = AppriseChannel("sms", realm, url, timeout=TIMEOUT, resolving=0, rate=1000)
    yield channel
    channel.close()


@asynccontextmanager
async def chat_by_apprise(port: int, scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    plugin = {"http": "json", "https": "jsons"}[scheme]
    url = f"{plugin}://user:{SECRET}@127.0.0.1:{port}/room"
    channel = AppriseChannel(
        "chat", realm, url, room=True, titled=True, timeout=TIMEOUT, resolving=0, rate=1000
    )
    yield channel
    channel.close()


@asynccontextmanager
async def mail_by_apprise(port: int, _scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    url = f"mailto://user:{SECRET}@127.0.0.1:{port}?from=tocsin@example.org&to={{recipient}}"
    channel = AppriseChannel("mail", realm, url, titled=True, timeout=TIMEOUT, resolving=0, rate=1000)
    yield channel
    channel.close()


@asynccontextmanager
async def webhook(port: int, scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    secret = f"whsec_{base64.b64encode(SECRET.encode() * 3).decode()}"
    url = f"{scheme}://127.0.0.1:{port}/{SECRET}"
    channel = WebhookChannel("hook", realm, url, secret, LockstepClock(AT), timeout=TIMEOUT, rate=1000)
    yield channel
    await channel.close()


@asynccontextmanager
async def kannel(port: int, scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    channel = KannelChannel(
        "sms",
        realm,
        LockstepClock(AT),
        url=f"{scheme}://127.0.0.1:{port}/cgi-bin/sendsms",
        username="tocsin",
        password=SECRET,
        token=f"{SECRET}-of-callbacks",
        callbacks_at="http://127.0.0.1:9",
        on_receipt=lambda _: None,
        on_reply=lambda _: None,
        rate=1000,
        timeout=TIMEOUT,
    )
    yield channel
    await channel.close()


@asynccontextmanager
async def loudspeaker(port: int, _scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    """Not running: it connects for itself, and what it does then is in `test_loudspeaker_link.py`."""
    yield channel_at(port, LockstepClock(AT), Heard(), realm=realm, key=SECRET.encode() * 3)


@asynccontextmanager
async def cap(_port: int, _scheme: str, realm: Realm) -> AsyncIterator[Channel]:
    with TemporaryDirectory() as folder, opened(Path(folder), realm) as channel:
        yield channel


TEMPLATE = Template("T1", "{grade}预警：{title}，{place}，{time}。编号{id}", {"id": 16})


def template_sms(account: Callable[[str], Provider]) -> Maker:
    @asynccontextmanager
    async def make(port: int, scheme: str, realm: Realm) -> AsyncIterator[Channel]:
        templates = dict.fromkeys(Act, TEMPLATE)
        provider, clock = account(f"{scheme}://127.0.0.1:{port}"), LockstepClock(AT)
        channel = TemplateSmsChannel(
            "sms", realm, provider, templates, clock, zone_of_time=UTC, timeout=TIMEOUT, rate=1000
        )
        yield channel
        await channel.close()

    return make


def shown(parameters: list[str]) -> list[str]:
    return [TEMPLATE.wording.format(**dict(zip(TEMPLATE.parameters, parameters, strict=True)))]


def by_aliyun(request: Request) -> list[str]:
    said = dict(parse_qsl(urlsplit(request.target).query))
    return shown(list(json.loads(said["TemplateParam"]).values()))


def by_tencent(request: Request) -> list[str]:
    return shown(json.loads(request.body)["TemplateParamSet"])


def by_huawei(request: Request) -> list[str]:
    return shown(json.loads(dict(parse_qsl(request.body.decode()))["templateParas"]))


def event_texts(request: Request) -> list[str]:
    data = json.loads(request.body)["data"]
    return [text for name in ("text", "title", "place", "evidence", "advice") for text in data[name].values()]


def kannel_text(request: Request) -> list[str]:
    return parse_qs(urlsplit(request.target).query)["text"]


SUBJECTS = [
    Subject("recorder", recorder, frozenset()),
    Subject("CAP", cap, frozenset()),
    Subject("loudspeaker", loudspeaker, frozenset({Need.NETWORK}), address="horn-1"),
    Subject(
        "SMS by Kannel",
        kannel,
        HEADER | DIRECT,
        kannel_text,
        Reply(202, b"0: Accepted for delivery"),
    ),
    Subject(
        "SMS by Alibaba Cloud",
        template_sms(lambda endpoint: Aliyun("key", SECRET, "青溪应急", endpoint)),
        BODY | HEADER | CLOUD,
        by_aliyun,
        Reply(200, b'{"Message":"OK","RequestId":"F655A8D5","Code":"OK","BizId":"900619746936498440^0"}'),
    ),
    Subject(
        "SMS by Tencent Cloud",
        template_sms(lambda endpoint: Tencent("id", SECRET, "1400006666", "青溪应急", endpoint=endpoint)),
        BODY | HEADER | CLOUD,
        by_tencent,
        Reply(
            200,
            b'{"Response":{"SendStatusSet":[{"SerialNo":"5000:1045710669157053657849499619","Fee":1,'
            b'"Code":"Ok","Message":"send success","IsoCode":"CN"}],"RequestId":"a0aabda6-cf91"}}',
        ),
    ),
    Subject(
        "SMS by Huawei Cloud",
        template_sms(lambda endpoint: Huawei("key", SECRET, "8820032023", "青溪应急", endpoint)),
        BODY | HEADER | CLOUD,
        by_huawei,
        Reply(
            200,
            b'{"code":"000000","description":"Success","result":[{"total":1,"originTo":"+86155",'
            b'"createTime":"2018-05-25T16:34:34Z","from":"1069031221","smsMsgId":"d6e3cdd0-522b_8539659",'
            b'"countryId":"CN","status":"000000"}]}',
        ),
    ),
    Subject("webhook", webhook, HEADER | DIRECT, event_texts),
    Subject("e-mail by Apprise", mail_by_apprise, frozenset({Need.NETWORK}), address="lin-duty@example.org"),
    Subject("sms by Apprise", sms_by_apprise, DIRECT, lambda r: [json.loads(r.body)["message"]]),
    Subject(
        "chat by Apprise",
        chat_by_apprise,
        DIRECT,
        lambda r: [json.loads(r.body)["title"], *json.loads(r.body)["message"].split("\n\n")],
    ),
]
