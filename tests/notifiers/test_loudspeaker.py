"""What a horn may send: nothing of it ends the channel, for the daemon would end with it."""

import asyncio
import json
from typing import Any

import pytest

from ingest.clock import LockstepClock
from ingest.session import Tls
from notifiers.delivery import Receipt, Reply, State
from notifiers.loudspeaker import HornBroker, LoudspeakerChannel
from notifiers.outcome import Rejected, Retry
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.horn import wire
from simulators.publisher import Publisher
from tests.notifiers.announced import AT, delivery
from tests.notifiers.sounding import DEADLINE, HERE, KEY, Heard, channel_at, eventually, running

OWN = wire.own_key(KEY, "h-1")
SAID: dict[str, Any] = {"id": "k", "state": "played", "at": 5}
GOOD = wire.receipt(OWN, "h-1", SAID)
PRESSED = wire.button(OWN, "h-1", {"id": "k", "at": 5})


def changed(**fields: Any) -> bytes:
    """The good receipt with other fields under the signature that it had."""
    return json.dumps({**json.loads(GOOD), **fields}).encode()


@pytest.mark.parametrize(
    "receipt",
    [
        b'{"id":"\xff","state":"played"}',
        b'{"id":"k","state":"' + b"[" * 10_000,
        b'{"id":"k","at":' + b"[" * 10_000,
        wire.receipt(OWN, "h-1", {**SAID, "state": "sung"}),
        b"",
        b'{"id":"k","state":"played","at":5}',
        changed(mac=""),
        changed(mac="é" * 64),
        changed(id="k2"),
        changed(state="failed"),
        wire.receipt(wire.own_key(KEY, "h-2"), "h-2", SAID),
        wire.receipt(wire.own_key(KEY, "h-2"), "h-1", SAID),
        PRESSED,
    ],
    ids=[
        *("not utf-8", "unfinished", "nested", "no such state", "empty", "unsigned", "empty signature"),
        *("signature not ascii", "another id", "another state", "said by another horn"),
        *("signed with the key of another horn", "a press of the button"),
    ],
)
async def test_a_receipt_that_is_none_is_counted_and_the_next_is_heard(receipt: bytes) -> None:
    heard, refused = await told([("receipt", receipt, False), ("receipt", GOOD, False)])

    assert [(r.key, r.state, r.address) for r in heard.receipts] == [("k", State.PLAYED, "h-1")]
    assert refused == 1


@pytest.mark.parametrize(("kind", "good"), [("receipt", GOOD), ("button", PRESSED)])
async def test_what_is_retained_is_no_event(kind: str, good: bytes) -> None:
    """It would come again at every start."""
    heard, refused = await told([(kind, good, True)], before=True)

    assert (heard.receipts, heard.replies) == ([], [])
    assert refused == 1


async def test_a_failed_receipt_carries_the_reason_and_our_own_time() -> None:
    failed = wire.receipt(OWN, "h-1", {**SAID, "state": "failed", "reason": "no amplifier"})
    heard, _ = await told([("receipt", failed, False)])

    assert heard.receipts == [Receipt("k", State.FAILED, AT, "no amplifier", "h-1")]


async def test_a_reason_is_one_short_line_whatever_a_horn_writes() -> None:
    """It is shown on the terminals of the desk."""
    sly = "no\x1b[2J amplifier\r\n" + "x" * 10_000
    failed = wire.receipt(OWN, "h-1", {**SAID, "state": "failed", "reason": sly})
    heard, _ = await told([("receipt", failed, False)])

    [receipt] = heard.receipts
    assert receipt.detail.startswith("no[2J amplifier xxx")
    assert len(receipt.detail) == 200


async def test_the_button_is_a_reply_to_the_delivery_it_names() -> None:
    heard, _ = await told([("button", PRESSED, False)])

    assert heard.replies == [Reply("sirens", "h-1", "ack", AT, "k")]


async def test_an_answer_to_no_poll_is_refused() -> None:
    unasked = wire.state(OWN, "h-1", {"nonce": "made up", "at": 5, "volume": 80})
    _, refused = await told([("state", unasked, False)])

    assert refused == 1


@pytest.mark.parametrize("address", ["+", "+/x", "h-1/command", "#"])
async def test_a_horn_whose_id_would_reach_other_topics_is_refused(address: str) -> None:
    channel = channel_at(1, LockstepClock(AT), Heard())

    assert isinstance(await channel.send(delivery(address=address)), Rejected)


async def test_a_delivery_of_another_realm_is_refused_before_anything_else() -> None:
    channel = channel_at(1, LockstepClock(AT), Heard())

    assert await channel.send(delivery(Realm.LIVE, address="h-1")) == Rejected(
        "a drill channel sends nothing of the realm live"
    )
    assert isinstance(await channel.send(delivery(address="h-1")), Retry)


async def test_certificates_that_cannot_be_read_are_told_of_and_tried_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They may be renewed at any time, and the daemon would end with its channel."""
    broker = HornBroker(host="127.0.0.1", port=1, client_id="c", tls=Tls("missing.pem"))
    channel = LoudspeakerChannel(
        *("sirens", Realm.DRILL, broker, LockstepClock(AT), KEY),
        on_receipt=lambda _: None,
        on_reply=lambda _: None,
    )
    trying = asyncio.create_task(channel.run())
    said = ""
    async with asyncio.timeout(DEADLINE):
        while said.count("missing.pem") < 2:
            await asyncio.sleep(0.01)
            said += capsys.readouterr().out
    assert not trying.done()
    trying.cancel()
    await asyncio.wait([trying])


def test_a_key_that_can_be_guessed_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="sirens: the key has 31 bytes, not 32") as refused:
        channel_at(1, LockstepClock(AT), Heard(), key=b"canary" + b"x" * 25)
    assert "canary" not in str(refused.value)


def test_horns_that_are_asked_less_often_than_they_may_be_silent_are_refused() -> None:
    with pytest.raises(ValueError, match="sirens: polled every 60000 ms, a horn is silent after 60000 ms"):
        channel_at(1, LockstepClock(AT), Heard(), poll_every=60_000, silent_after=60_000)


def test_neither_password_nor_key_is_shown() -> None:
    broker = HornBroker(host="h", port=1, client_id="c", username="u", password="canary")
    channel = LoudspeakerChannel(
        *("sirens", Realm.DRILL, broker, LockstepClock(AT), b"canary" * 6),
        on_receipt=lambda _: None,
        on_reply=lambda _: None,
    )

    assert "canary" not in repr(broker) + repr(channel)


async def told(sent: list[tuple[str, bytes, bool]], before: bool = False) -> tuple[Heard, int]:
    """What a channel makes of these (kind, payload, retain), sent when it is connected, or before."""
    broker, heard = LoopbackBroker(), Heard()
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "horns")
    await publisher.connect()
    channel = channel_at(port, LockstepClock(AT), heard)
    if before:
        await publish(publisher, sent)
    async with running(channel):
        if not before:
            await publish(publisher, sent)
        await eventually(lambda: len(heard.receipts) + len(heard.replies) + channel.refused >= len(sent))
    await publisher.close()
    await broker.stop()
    return heard, channel.refused


async def publish(publisher: Publisher, sent: list[tuple[str, bytes, bool]]) -> None:
    for kind, payload, retain in sent:
        publisher.publish(f"{HERE}/horns/h-1/{kind}", payload, retain=retain)
    await publisher.flush()
