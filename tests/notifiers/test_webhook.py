"""What a webhook carries, and that its receiver can tell who sent it."""

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import SECOND, LockstepClock
from notifiers.bulletin import Act
from notifiers.outcome import Sent
from notifiers.webhook import WebhookChannel, event, signature
from rules.grade import Grade
from rules.realm import Realm
from simulators.gateway import Reply, Request, ScriptedGateway
from tests.notifiers.announced import AT, TEXT, bulletin, delivery

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "webhook.md"
SECRET = "whsec_" + base64.b64encode(b"canary-secret-of-32-bytes-length").decode()


@pytest.fixture
async def receiver() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply(204))
    yield started
    await started.stop()


def channel(url: str, clock: LockstepClock, secret: str = SECRET) -> WebhookChannel:
    return WebhookChannel("dispatch", Realm.DRILL, url, secret, clock)


async def received(receiver: ScriptedGateway, instant: int = AT, attempts: int = 1) -> list[Request]:
    port = await receiver.start()
    for attempt in range(attempts):
        sending = channel(f"http://127.0.0.1:{port}/hook", LockstepClock(instant + attempt * SECOND))
        assert await sending.send(delivery()) == Sent(delivery().key)
        await sending.close()
    return receiver.requests


def documented() -> Callable[[str, dict[str, str], bytes], bool]:
    """The code of the page for receivers."""
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    verified: Callable[[str, dict[str, str], bytes], bool] = names["verified"]
    return verified


def test_the_signature_is_that_of_the_published_example() -> None:
    """Repository standard-webhooks: libraries/javascript/src/webhook.test.ts, `sign function works`."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_receiver_of_the_page_believes_what_we_send_and_nothing_else(
    receiver: ScriptedGateway,
) -> None:
    [request] = await received(receiver, time.time_ns() // 1_000_000)
    verified, headers = documented(), dict(request.headers)

    assert verified(SECRET, headers, request.body)
    assert not verified(SECRET, headers, request.body.replace(b"alert", b"clear"))
    assert not verified(SECRET, {**headers, "webhook-id": "another"}, request.body)
    assert not verified("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, request.body)


async def test_the_receiver_of_the_page_refuses_what_is_old(receiver: ScriptedGateway) -> None:
    [request] = await received(receiver, time.time_ns() // 1_000_000 - 301 * SECOND)

    assert not documented()(SECRET, dict(request.headers), request.body)


async def test_an_attempt_repeated_is_the_same_event_at_another_time(receiver: ScriptedGateway) -> None:
    first, second = await received(receiver, attempts=2)

    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery().key
    assert first.headers["webhook-timestamp"] == str(AT // SECOND)
    assert second.headers["webhook-timestamp"] == str(AT // SECOND + 1)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_what_arrives_is_a_cloud_event_in_structured_mode(receiver: ScriptedGateway) -> None:
    [request] = await received(receiver)

    assert request.method == "POST"
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    said = json.loads(request.body)
    assert {name: value for name, value in said.items() if name != "data"} == {
        "specversion": "1.0",
        "id": "0123456789abcdef01234567",
        "source": "/tocsin",
        "type": "tocsin.alert",
        "subject": "5f2a9c0e11d4b7a3",
        "time": "2018-06-03T21:10:00.000+00:00",
        "datacontenttype": "application/json",
    }
    data = said["data"]
    assert (data["incident"], data["revision"], data["grade"], data["before"]) == (
        "5f2a9c0e11d4b7a3",
        0,
        "red",
        None,
    )
    assert (data["realm"], data["at"], data["area"]["code"]) == ("drill", AT, "361199001203")


def test_the_facts_of_the_page_are_those_of_an_event() -> None:
    [shown] = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    page = json.loads(shown)
    made = event(delivery(Realm.LIVE), Realm.LIVE, "/tocsin")

    assert page.keys() == made.keys()
    assert page["data"].keys() == made["data"].keys()
    assert {name: page[name] for name in page if name != "data"} == {
        name: made[name] for name in made if name != "data"
    }


def test_everything_worded_says_that_it_is_a_drill() -> None:
    data = event(delivery(), Realm.DRILL, "/tocsin")["data"]

    for name in ("title", "place", "evidence", "advice", "text"):
        assert data[name]["zh"].startswith("【演练】")
        assert data[name]["en"].startswith("EXERCISE ")


def test_the_text_is_that_of_the_recipient() -> None:
    told = delivery(Realm.LIVE, text={"en": TEXT["en"]})

    assert event(told, Realm.LIVE, "/tocsin")["data"]["text"] == {"en": TEXT["en"]}


@pytest.mark.parametrize("act", Act)
def test_each_act_has_its_type(act: Act) -> None:
    ended = bulletin(act=act, grade=None, before=Grade.RED)
    made = event(delivery(told=ended), Realm.DRILL, "/tocsin")

    assert made["type"] == f"tocsin.{act.value}"
    assert (made["data"]["grade"], made["data"]["before"]) == (None, "red")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://dispatch.example/canary", "plain http, which is for loopback only"),
        ("http://127.0.0.1.example/canary", "plain http, which is for loopback only"),
        ("https://canary:canary@dispatch.example/", "holds a user or password"),
        ("ftp://dispatch.example/canary", "not one of https"),
        ("/canary", "not one of https"),
        ("https://[canary/", "makes no sense"),
        ("https://dispatch.example:canary/", "makes no sense"),
    ],
)
def test_a_url_that_is_not_safe_is_refused_without_showing_it(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        channel(url, LockstepClock(AT))
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://dispatch.example/", "http://localhost:1/", "http://[::1]:1/"])
async def test_https_and_loopback_are_taken(url: str) -> None:
    await channel(url, LockstepClock(AT)).close()


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "canary",
        base64.b64encode(b"canary" * 6).decode(),
        "whsec_" + base64.b64encode(b"c" * 23).decode(),
        "whsec_" + base64.b64encode(b"c" * 65).decode(),
        "whsec_canary canary canary canary canary canary",
        "whsec_" + "é" * 40,
    ],
)
def test_a_secret_of_another_form_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="random bytes") as refused:
        channel("https://dispatch.example/", LockstepClock(AT), secret)
    assert "canary" not in str(refused.value)
