import asyncio

import mqtt5
import pytest

from ingest.session import Batch, SessionClosed
from ingest.session.inbox import Inbox
from ingest.session.wire import Message

NEVER = 60_000


def arrive(inbox: Inbox, packet_id: int, size: int = 1, epoch: int = 1) -> None:
    """One read that brings one message of `size` payload bytes."""
    packet = mqtt5.PublishPacket("a", bytes(size), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)
    messages: list[Message] = [packet]
    inbox.add(epoch, packet.write(), messages)


async def take(inbox: Inbox) -> Batch:
    async with asyncio.timeout(5):
        return await inbox.take()


async def waiting(inbox: Inbox) -> asyncio.Task[Batch]:
    """A consumer that waits for the next batch."""
    task = asyncio.create_task(take(inbox))
    await asyncio.sleep(0)
    return task


async def test_a_batch_gathers_the_reads_of_its_linger() -> None:
    inbox = Inbox(linger=30, batch_bytes=1_000)
    consumer = await waiting(inbox)
    for packet_id in (1, 2, 3):
        arrive(inbox, packet_id)
        await asyncio.sleep(0)
    assert not consumer.done()
    batch = await consumer
    assert batch.packet_ids == [1, 2, 3]
    assert batch.data == b"".join(p.write() for p in batch.packets if isinstance(p, mqtt5.PublishPacket))


async def test_without_linger_each_read_goes_to_a_consumer_that_waits() -> None:
    inbox = Inbox(linger=0, batch_bytes=1_000)
    for packet_id in (1, 2):
        consumer = await waiting(inbox)
        arrive(inbox, packet_id)
        assert (await consumer).packet_ids == [packet_id]


async def test_a_batch_closes_at_its_size_without_lingering() -> None:
    inbox = Inbox(linger=NEVER, batch_bytes=100)
    for packet_id in (1, 2, 3):
        arrive(inbox, packet_id, size=50)
    assert (await take(inbox)).packet_ids == [1, 2]
    rest = await waiting(inbox)
    assert not rest.done()
    inbox.close()
    assert (await rest).packet_ids == [3]


async def test_a_ripe_batch_grows_while_the_consumer_is_busy_up_to_its_size() -> None:
    inbox = Inbox(linger=0, batch_bytes=200)
    for packet_id in range(1, 6):
        arrive(inbox, packet_id, size=50)
    assert (await take(inbox)).packet_ids == [1, 2, 3, 4]
    assert (await take(inbox)).packet_ids == [5]


async def test_no_batch_holds_messages_of_two_connections() -> None:
    inbox = Inbox(linger=NEVER, batch_bytes=1_000)
    arrive(inbox, 7, epoch=1)
    arrive(inbox, 7, epoch=2)
    inbox.close()
    assert [(await take(inbox)).epoch for _ in range(2)] == [1, 2]


async def test_the_backlog_counts_what_is_not_handed_out() -> None:
    inbox = Inbox(linger=0, batch_bytes=1)
    arrive(inbox, 1)
    arrive(inbox, 2)
    one, both = inbox.backlog // 2, inbox.backlog
    await take(inbox)
    assert (one * 2, inbox.backlog) == (both, one)
    await take(inbox)
    assert (inbox.backlog, inbox.received) == (0, 2)


async def test_a_closed_inbox_hands_out_what_is_left_and_then_says_so() -> None:
    inbox = Inbox(linger=NEVER, batch_bytes=1_000)
    arrive(inbox, 1)
    inbox.close()
    assert (await take(inbox)).packet_ids == [1]
    with pytest.raises(SessionClosed):
        await take(inbox)


async def test_a_second_consumer_is_refused() -> None:
    inbox = Inbox(linger=0, batch_bytes=1_000)
    first = await waiting(inbox)
    with pytest.raises(RuntimeError, match="one consumer"):
        await take(inbox)
    arrive(inbox, 1)
    assert (await first).packet_ids == [1]
