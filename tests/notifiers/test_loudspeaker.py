"""What a horn may send: nothing of it ends the channel, for the daemon would end with it."""

import asyncio

import pytest

from ingest.clock import LockstepClock
from notifiers.delivery import Receipt, State
from notifiers.loudspeaker import LoudspeakerChannel
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.publisher import Publisher

TOPIC = "tocsin/horns/h-1/receipt"
GOOD = b'{"id":"k","state":"played","at":5}'


@pytest.mark.parametrize(
    "receipt",
    [
        b'{"id":"\xff","state":"played"}',
        b'{"id":"k","state":"' + b"[" * 100_000,
        b'{"id":"k","at":' + b"[" * 100_000,
        b'{"id":"k","state":"sung"}',
        b"",
    ],
    ids=["not utf-8", "unfinished", "nested", "no such state", "empty"],
)
async def test_a_receipt_that_makes_no_sense_is_counted_and_the_next_is_heard(receipt: bytes) -> None:
    receipts, refused = await heard([(receipt, False), (GOOD, False)])

    assert [(r.key, r.state, r.address) for r in receipts] == [("k", State.PLAYED, "h-1")]
    assert refused == 1


async def test_a_retained_receipt_is_no_event() -> None:
    """It would come again at every start."""
    receipts, refused = await heard([(GOOD, True)], before=True)

    assert receipts == []
    assert refused == 1


async def heard(sent: list[tuple[bytes, bool]], before: bool = False) -> tuple[list[Receipt], int]:
    """What a channel makes of these (payload, retain), sent when it is connected, or before."""
    broker, receipts = LoopbackBroker(), list[Receipt]()
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "horns")
    await publisher.connect()
    channel = LoudspeakerChannel(Realm.DRILL, "127.0.0.1", port, LockstepClock(0), receipts.append)
    if before:
        await publish(publisher, sent)
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(5):
        while not channel.connected:
            await asyncio.sleep(0.001)
        if not before:
            await publish(publisher, sent)
        while len(receipts) + channel.refused < len(sent):
            await asyncio.sleep(0.001)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    await publisher.close()
    await broker.stop()
    return receipts, channel.refused


async def publish(publisher: Publisher, sent: list[tuple[bytes, bool]]) -> None:
    for payload, retain in sent:
        publisher.publish(TOPIC, payload, retain=retain)
    await publisher.flush()
