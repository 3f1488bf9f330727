"""What is particular to channels by Apprise; what holds of every channel is in `test_conformance.py`."""

import asyncio
import json
from collections.abc import AsyncIterator
from email import message_from_string, policy
from typing import Any

import pytest

from notifiers.apprise import AppriseChannel, body, title
from notifiers.bulletin import Act
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from rules.grade import Grade
from rules.realm import Realm
from simulators.gateway import Break, Reply, ScriptedGateway
from tests.notifiers.announced import TEXT, bulletin, delivery
from tests.notifiers.mail import Mail


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply())
    yield started
    await started.stop()


async def url(gateway: ScriptedGateway) -> str:
    return f"json://127.0.0.1:{await gateway.start()}/sms?:to={{recipient}}&:key={{key}}"


def posted(gateway: ScriptedGateway) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in gateway.requests]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Reply(200), Sent(delivery().key)),
        (Reply(202), Sent(delivery().key)),
        (Reply(400), Rejected("the gateway answered 400")),
        (Reply(429), Retry(0, "the gateway answered 429")),
        (Reply(503), Retry(0, "the gateway answered 503")),
        (Break.HANG_UP, Unknown("the connection ended before the gateway answered")),
        (Break.HANG, Unknown("the connection ended before the gateway answered")),
    ],
    ids=str,
)
async def test_each_answer_of_the_gateway_has_its_outcome(
    gateway: ScriptedGateway, answer: Reply | Break, outcome: Outcome
) -> None:
    gateway.script.append(answer)
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway), timeout=0.3)

    assert await channel.send(delivery()) == outcome
    channel.close()


@pytest.mark.parametrize(
    "text", ["pump says error=503", "pump says error=400", "There are no boats to notify"]
)
async def test_words_of_a_warning_are_never_taken_for_the_gateways_answer(
    gateway: ScriptedGateway, text: str
) -> None:
    """Apprise logs what it sends before it logs what became of it."""
    gateway.script.append(Break.HANG_UP)
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway), timeout=0.3)

    assert isinstance(await channel.send(delivery(text={"en": text})), Unknown)
    channel.close()


async def test_an_sms_is_one_text_with_number_and_key(gateway: ScriptedGateway) -> None:
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway), honours_keys=True)
    await channel.send(delivery())
    channel.close()

    [message] = posted(gateway)
    assert (message["to"], message["key"]) == ("+8610000000001", delivery().key)
    assert (message["title"], message["message"]) == ("", f"【演练】{TEXT['zh']} EXERCISE {TEXT['en']}")


async def test_an_address_is_nothing_but_the_address_in_the_url(gateway: ScriptedGateway) -> None:
    """Else it could name another server, or another key."""
    sly = "a/b?:key=x&:to=y#z+@example.org"
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway))
    await channel.send(delivery(address=sly))
    channel.close()

    [message], [request] = posted(gateway), gateway.requests
    assert (message["to"], message["key"]) == (sly, delivery().key)
    assert request.target == "/sms"


async def test_a_room_needs_no_recipient_and_reads_a_title_and_a_paragraph_a_language(
    gateway: ScriptedGateway,
) -> None:
    room = f"json://127.0.0.1:{await gateway.start()}/room"
    channel = AppriseChannel("chat", Realm.DRILL, room, room=True, titled=True)
    await channel.send(delivery())
    channel.close()

    [message] = posted(gateway)
    assert message["title"] == "【演练】红色预警：河道水位，清溪区滨河村"
    assert message["message"] == f"【演练】{TEXT['zh']}\n\nEXERCISE {TEXT['en']}"


async def test_many_at_once_arrive_once_each(gateway: ScriptedGateway) -> None:
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway), rate=1000)
    keys = {f"{number:024x}" for number in range(8)}
    outcomes = await asyncio.gather(*(channel.send(delivery(key=key)) for key in keys))
    channel.close()

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert sorted(message["key"] for message in posted(gateway)) == sorted(keys)


async def test_sends_are_spaced_by_the_rate_of_the_gateway(gateway: ScriptedGateway) -> None:
    channel = AppriseChannel("sms", Realm.DRILL, await url(gateway), rate=20)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(channel.send(delivery()) for _ in range(5)))
    channel.close()

    assert loop.time() - began >= 4 / 20


def test_an_sms_is_one_line_with_mark_signature_and_each_language() -> None:
    sly = delivery(text={"zh": "红色\r\n预警", "en": "RED\x07"})
    assert body(sly, Realm.DRILL, "【青溪应急】") == "【演练】【青溪应急】红色 预警 EXERCISE RED"
    assert body(sly, Realm.LIVE, "【青溪应急】") == "【青溪应急】红色 预警 RED"


def test_with_lines_the_line_breaks_stay_and_other_controls_go() -> None:
    long = delivery(text={"zh": "红色\r\n  预警\x07", "en": "RED"})
    assert body(long, Realm.LIVE, lines=True) == "红色\n预警\n\nRED"


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({}, "红色预警：河道水位，清溪区滨河村", "RED warning: River stage, Riverside, Qingxi District"),
        (
            {"act": Act.UPDATE, "grade": Grade.BLUE, "title": {}, "place": {}},
            "蓝色预警更新",
            "BLUE warning, update",
        ),
        (
            {"act": Act.CLEAR, "grade": None, "before": Grade.ORANGE, "place": {}},
            "橙色预警解除：河道水位",
            "ORANGE warning over: River stage",
        ),
        (
            {"act": Act.CANCEL, "grade": Grade.RED, "before": Grade.RED, "title": {}},
            "红色预警取消：清溪区滨河村",
            "RED warning cancelled: Riverside, Qingxi District",
        ),
        (
            {"act": Act.DIGEST, "grade": None, "title": {"zh": "12条\r\nBcc: x"}, "place": {}},
            "预警汇总：12条 Bcc: x",
            "warnings, summed up",
        ),
        ({"act": Act.REQUEST, "title": {}, "place": {}}, "红色预警待处理", "RED warning needs you"),
    ],
    ids=["alert", "update", "clear", "cancel", "digest", "request"],
)
def test_a_title_is_grade_title_and_place_on_one_line(changes: dict[str, Any], zh: str, en: str) -> None:
    told = bulletin(**changes)

    assert title(delivery(Realm.LIVE, told=told), Realm.LIVE) == zh
    english = delivery(told=told, text={"en": "x"})
    assert title(english, Realm.DRILL) == f"EXERCISE {en}"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("json://u:canary-secret@127.0.0.1/sms", "recipient.* is missing"),
        ("nosuch://u:canary-secret@127.0.0.1/{recipient}", "not a URL that Apprise can use"),
        ("canary-secret {recipient}", "not a URL that Apprise can use"),
    ],
)
def test_a_url_that_cannot_work_is_refused_without_showing_its_secrets(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        AppriseChannel("sms", Realm.DRILL, url)
    assert "canary" not in str(refused.value)
    assert str(refused.value).startswith("sms: ")


def test_a_gateway_that_honours_keys_must_be_given_them() -> None:
    with pytest.raises(ValueError, match=r"needs \{key\}"):
        AppriseChannel("sms", Realm.DRILL, "json://127.0.0.1/?:to={recipient}", honours_keys=True)


async def mailed(mail: Mail, address: str = "duty@example.org") -> Outcome:
    async with mail.open():
        template = f"mailto://127.0.0.1:{mail.port}?from=tocsin@example.org&to={{recipient}}"
        channel = AppriseChannel("mail", Realm.DRILL, template, titled=True, timeout=2)
        outcome = await channel.send(delivery(address=address))
        channel.close()
    return outcome


async def test_an_e_mail_has_a_subject_and_its_lines() -> None:
    mail = Mail()

    assert await mailed(mail) == Sent(delivery().key)
    message = message_from_string(mail.messages[0], policy=policy.default)
    assert message["Subject"] == "【演练】红色预警：河道水位，清溪区滨河村"
    assert message["To"] == "duty@example.org"
    part = message.get_body(("plain",))
    assert part is not None
    lines = [line for line in part.get_content().splitlines() if line]
    assert lines[:2] == [f"【演练】{TEXT['zh']}", f"EXERCISE {TEXT['en']}"]


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("550 no such user", Rejected("the mail server answered 550")),
        ("451 greylisted", Retry(1_000, "the mail server answered 451")),
    ],
)
async def test_what_the_mail_server_refuses_for_good_is_rejected_and_for_now_tried_again(
    verdict: str, outcome: Outcome
) -> None:
    assert await mailed(Mail(verdict)) == outcome


async def test_an_address_that_is_none_is_rejected() -> None:
    assert isinstance(await mailed(Mail(), "no address"), Rejected)
