"""Whatever a gateway does, a channel says what became of the message, and gives nothing away.

The channels stand in `subjects.py`; each meets the cases that its entry says it can meet.
"""

import inspect
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib import import_module
from pkgutil import walk_packages
from typing import get_type_hints

import pytest

import notifiers
from notifiers.delivery import Channel, Delivery
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from rules.realm import Realm
from simulators.gateway import Answer, Break, Reply, ScriptedGateway
from tests.notifiers.announced import AT, delivery
from tests.notifiers.subjects import (
    BODY,
    CLOUD,
    DIRECT,
    HEADER,
    HTTP,
    MARKS,
    SECRET,
    SUBJECTS,
    TIMEOUT,
    Need,
    Subject,
)


@dataclass(frozen=True)
class Case:
    """What a gateway answers, and the outcome: its class, and for Retry the ms, where they are said."""

    name: str
    answer: Answer
    outcome: type[Outcome]  # type: ignore[valid-type]
    needs: frozenset[Need] = HTTP
    after: int | None = None


def asking(status: int, retry_after: str) -> Reply:
    return Reply(status, b"", {"Retry-After": retry_after})


def date(instant: int) -> str:
    return format_datetime(datetime.fromtimestamp(instant / 1000, UTC), usegmt=True)


CASES = [
    Case("hangs after accepting", Break.HANG, Unknown),
    Case("hangs within the answer", Break.STALL, Unknown),
    Case("drips without end", Break.DRIP, Unknown),
    Case("hangs up", Break.HANG_UP, Unknown),
    Case("breaks off within the answer", Break.HALF, Unknown),
    Case("answers what is no HTTP", Break.GARBAGE, Unknown),
    *(Case(f"answers {status}", Reply(status), Retry) for status in (408, 425, 429, 503)),
    Case("answers 500", Reply(500), Retry, DIRECT),
    Case("fails within and answers 500", Reply(500), Unknown, CLOUD),
    # Of what stands before the gateway, which may have passed the message on.
    *(Case(f"answers {status}", Reply(status), Unknown) for status in (502, 504, 507)),
    *(Case(f"answers {status}", Reply(status), Rejected) for status in (400, 401, 403, 404, 410, 413)),
    Case("asks for 7 s with 429", asking(429, "7"), Retry, HEADER, 7_000),
    Case("asks for 90 s with 503", asking(503, "90"), Retry, HEADER, 90_000),
    Case("asks until a date", asking(429, date(AT + 45_000)), Retry, HEADER, 45_000),
    Case("asks until a date that is past", asking(429, date(AT - 45_000)), Retry, HEADER, 0),
    Case("asks in words", asking(429, "in a while"), Retry, HEADER, 1_000),
    Case("asks for more digits than a number has", asking(429, "9" * 5_000), Retry, HEADER, 1_000),
    Case("answers 200 and nothing", Reply(200, b""), Unknown, BODY),
    Case(
        "answers 200 and a web page", Reply(200, b"<html>Welcome to the guest network</html>"), Unknown, BODY
    ),
    Case("answers 200 and other JSON", Reply(200, b'{"ok": true}'), Unknown, BODY),
    Case("answers 200 and a list", Reply(200, b"[1]"), Unknown, BODY),
    Case("answers 200 and no UTF-8", Reply(200, b'{"Code": "\xff"}'), Unknown, BODY),
    Case("answers 200 and nesting without end", Reply(200, b"[" * 50_000), Unknown, BODY),
]
REALMS = [realm for realm in Realm if realm is not Realm.DRILL]


def meeting(needs: frozenset[Need]) -> list[Subject]:
    return [subject for subject in SUBJECTS if needs <= subject.meets]


def each(needs: frozenset[Need]) -> pytest.MarkDecorator:
    found = meeting(needs)
    assert found, f"no channel meets {needs}"
    return pytest.mark.parametrize("subject", found, ids=[subject.name for subject in found])


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply())
    yield started
    await started.stop()


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """All that reaches the root logger, down to the debug level."""
    root, text = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    root.removeHandler(handler)


def told(subject: Subject, realm: Realm = Realm.DRILL) -> Delivery:
    return delivery(realm, address=subject.address)


def gives_nothing_away(subject: Subject, *shown: object) -> bool:
    text = " ".join(str(each) for each in shown) + " ".join(repr(each) for each in shown)
    hidden = (SECRET, subject.address, subject.address.removeprefix("+86"), "Move now")
    return not any(word in text for word in hidden)


def reason(outcome: Outcome) -> str:
    return outcome.provider_id if isinstance(outcome, Sent) else outcome.reason


@pytest.mark.parametrize(
    ("subject", "case"),
    [(subject, case) for case in CASES for subject in meeting(case.needs)],
    ids=lambda value: value.name,
)
async def test_whatever_the_gateway_does_has_an_outcome_with_a_reason(
    subject: Subject, case: Case, gateway: ScriptedGateway, logged: io.StringIO
) -> None:
    gateway.script.append(case.answer)
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject))

        assert isinstance(outcome, case.outcome)
        assert reason(outcome).strip()
        assert case.after is None or outcome == Retry(case.after, reason(outcome))
        assert len(gateway.requests) == 1
        assert gives_nothing_away(subject, outcome, channel, logged.getvalue())


@pytest.mark.parametrize("after", [0.0, TIMEOUT / 3], ids=["at once", "late but in time"])
@each(HTTP)
async def test_a_yes_is_sent_and_every_text_begins_with_the_mark(
    subject: Subject, gateway: ScriptedGateway, logged: io.StringIO, after: float
) -> None:
    yes = subject.yes
    gateway.usual = Reply(yes.status, yes.body, yes.headers, after)
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject))

        assert isinstance(outcome, Sent)
        assert outcome.provider_id
        [request] = gateway.requests
        assert subject.wordings(request)
        assert all(wording.startswith(MARKS) for wording in subject.wordings(request))
        assert gives_nothing_away(subject, outcome, channel, logged.getvalue())


@each(HTTP)
async def test_what_is_live_has_no_mark(subject: Subject, gateway: ScriptedGateway) -> None:
    gateway.usual = subject.yes
    async with subject.make(await gateway.start(), "http", Realm.LIVE) as channel:
        assert isinstance(await channel.send(told(subject, Realm.LIVE)), Sent)

    [request] = gateway.requests
    assert not any(mark in wording for wording in subject.wordings(request) for mark in MARKS)


@pytest.mark.parametrize("realm", REALMS)
@each(frozenset())
async def test_a_delivery_of_another_realm_is_refused_before_a_byte_leaves(
    subject: Subject, gateway: ScriptedGateway, realm: Realm
) -> None:
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject, realm))

    assert outcome == Rejected(f"a drill channel sends nothing of the realm {realm}")
    assert gateway.connections == 0


@each(frozenset({Need.NETWORK}))
async def test_where_nobody_listens_it_is_to_be_tried_again(
    subject: Subject, gateway: ScriptedGateway, logged: io.StringIO
) -> None:
    port = await gateway.start()
    await gateway.stop()
    async with subject.make(port, "http", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject))

        assert isinstance(outcome, Retry)
        assert outcome.reason
        assert gives_nothing_away(subject, outcome, channel, logged.getvalue())


@each(HTTP)
async def test_tls_to_a_port_without_it_sends_nothing(
    subject: Subject, gateway: ScriptedGateway, logged: io.StringIO
) -> None:
    async with subject.make(await gateway.start(), "https", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject))

        assert isinstance(outcome, Retry)
        assert gateway.requests == []
        assert gives_nothing_away(subject, outcome, channel, logged.getvalue())


@each(HTTP)
async def test_a_gateway_that_sends_elsewhere_is_not_followed(
    subject: Subject, gateway: ScriptedGateway
) -> None:
    port = await gateway.start()
    gateway.script.append(Reply(307, b"", {"Location": f"http://127.0.0.1:{port}/elsewhere"}))
    async with subject.make(port, "http", Realm.DRILL) as channel:
        outcome = await channel.send(told(subject))

    assert isinstance(outcome, Rejected)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda yes: yes[:-1],
        lambda yes: yes + yes,
        lambda yes: yes + b" " * 200_000,
        lambda yes: yes.replace(b':"', b':"\xff'),
        lambda yes: yes[:-1] + b',"x":' + b"[" * 50_000,
        lambda yes: b"[" + yes + b"]",
    ],
    ids=["cut short", "twice", "without end", "no UTF-8", "nested without end", "in a list"],
)
@each(BODY)
async def test_a_yes_that_is_damaged_is_no_yes(
    subject: Subject, gateway: ScriptedGateway, damage: Callable[[bytes], bytes]
) -> None:
    gateway.script.append(Reply(200, damage(subject.yes.body)))
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        assert isinstance(await channel.send(told(subject)), Unknown)


@pytest.mark.parametrize("status", [200, 202, 302, 400, 403, 502, 503])
@each(HTTP)
async def test_an_error_page_that_shows_the_whole_request_gives_nothing_away(
    subject: Subject, gateway: ScriptedGateway, logged: io.StringIO, status: int
) -> None:
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        await channel.send(told(subject))
        [request] = gateway.requests
        page = f"No such page: {request.target} {request.body.decode()} {SECRET} {subject.address}"
        gateway.script.append(Reply(status, page.encode()))
        outcome = await channel.send(told(subject))

        assert len(gateway.requests) == 2
        assert gives_nothing_away(subject, outcome, channel, logged.getvalue())


@each(BODY)
async def test_an_answer_that_repeats_the_request_gives_nothing_away(
    subject: Subject, gateway: ScriptedGateway, logged: io.StringIO
) -> None:
    """In the place of each word of a yes."""
    said = subject.yes.body.decode()
    for word in sorted(set(words(json.loads(said)))):
        echo = said.replace(json.dumps(word), json.dumps(f"{SECRET} {subject.address}"))
        gateway.script.append(Reply(200, echo.encode()))
        gateway.script.append(Reply(400, echo.encode()))
    asked = len(gateway.script)
    async with subject.make(await gateway.start(), "http", Realm.DRILL) as channel:
        outcomes = [await channel.send(told(subject)) for _ in range(asked)]

    assert len(gateway.requests) == asked
    assert gives_nothing_away(subject, *outcomes, logged.getvalue())


def words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)


def test_no_case_is_left_out_by_every_channel() -> None:
    for case in CASES:
        assert meeting(case.needs), case.name


def channel_classes() -> set[type]:
    """Every class of `notifiers` that sends deliveries, in whatever module it stands."""
    modules = [import_module(found.name) for found in walk_packages(notifiers.__path__, "notifiers.")]
    classes = {each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)}
    return {each for each in classes if sends_deliveries(each)} - {Channel}


def sends_deliveries(found: type) -> bool:
    send = getattr(found, "send", None)
    return inspect.iscoroutinefunction(send) and Delivery in get_type_hints(send).values()


async def test_no_channel_is_left_out() -> None:
    tested = set()
    for subject in SUBJECTS:
        async with subject.make(9, "http", Realm.DRILL) as channel:
            tested.add(type(channel))

    assert channel_classes() == tested
