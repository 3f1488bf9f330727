"""The daemon's MQTT 5 session: QoS 1 messages in batches, acknowledged only when the caller says so.

Sockets, lingering, keep-alive and backoff run on the event loop's time, for a broker does not follow a
simulated clock; `clock` only dates the events.
"""

import asyncio
import random
from collections.abc import Callable

import mqtt5
from mqtt5 import ConnAckReasonCode, QoS, SubAckReasonCode

from ingest.clock import SECOND, Clock
from ingest.session.broker import Broker, Change, LinkEvent, Tls
from ingest.session.inbox import Batch, Inbox, SessionClosed
from ingest.session.link import Link, wording
from ingest.session.wire import acknowledgements

__all__ = ["Batch", "Broker", "Change", "LinkEvent", "Session", "SessionClosed", "Tls"]

CONNECT_WITHIN = 10.0
"""Seconds from the first SYN to the SUBACK."""


class Refused(ConnectionError):
    """The broker answered, and the answer is no."""


class Session:
    """One persistent session over as many connections as it takes; `epoch` counts the accepted ones."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        report: Callable[[LinkEvent], None],
        chance: random.Random | None = None,
    ) -> None:
        self.epoch = 0
        self.connected = False
        self.session_present = False
        self.dropped_acks = 0
        self._broker = broker
        self._clock = clock
        self._report = report
        self._chance = chance or random.Random()
        self._inbox = Inbox(broker.linger, broker.batch_bytes)
        self._link: Link | None = None
        self._work: asyncio.Task[None] | None = None
        self._ending = False
        self._unbroken = True
        self._told: tuple[Change, str] | None = None

    @property
    def received(self) -> int:
        """Messages that have arrived, redelivered ones counted again."""
        return self._inbox.received

    @property
    def pending(self) -> int:
        """Bytes that have arrived and are not handed out; 0 is idle."""
        return self._inbox.backlog + (self._link.partial if self._link is not None else 0)

    async def run(self) -> None:
        """Connect, receive, reconnect for ever; return after `close`."""
        self._work = asyncio.create_task(self._keep_linked())
        try:
            await asyncio.wait([self._work])
        finally:
            self._work.cancel()
        if not self._work.cancelled():
            self._work.result()

    async def next_batch(self) -> Batch:
        """The oldest batch not handed out, for one consumer; raises SessionClosed when there will be none."""
        batch = await self._inbox.take()
        if self._link is not None and self._inbox.backlog < self._broker.max_backlog // 2:
            self._link.resume()
        return batch

    def ack(self, batch: Batch) -> None:
        """Acknowledge all of a batch in one write, or nothing of it if its connection is gone.

        Packet ids start again on every connection, so a late acknowledgement would destroy another message;
        the broker sends the batch again instead.
        """
        if self._link is None or self._link.epoch != batch.epoch or not self._link.open:
            self.dropped_acks += len(batch.packet_ids)
            return
        self._link.write(acknowledgements(batch.packets))

    def quiesce(self) -> None:
        """Take in no more; what has arrived is still handed out and can be acknowledged before `close`."""
        self._ending = True
        self._inbox.close()
        if self._link is not None:
            self._link.quiesce()

    async def close(self) -> None:
        """Send DISCONNECT behind every acknowledgement made so far and end `run`; the session stays."""
        self.quiesce()
        if self._link is not None:
            await self._link.disconnect()
        if self._work is not None:
            self._work.cancel()

    async def _keep_linked(self) -> None:
        attempt = 0
        while not self._ending:
            began = asyncio.get_running_loop().time()
            await self._attend()
            taken_over = self._link is not None and self._link.taken_over
            lasted = asyncio.get_running_loop().time() - began
            attempt = 0 if lasted * SECOND > self._broker.reconnect_max else attempt + 1
            await asyncio.sleep(self._pause(attempt, taken_over) / SECOND)

    def _pause(self, attempt: int, taken_over: bool) -> float:
        """Ms before the next attempt; whoever was pushed out of the session does not fight at full speed."""
        least, most = self._broker.reconnect_min, self._broker.reconnect_max
        return most if taken_over else self._chance.uniform(least, min(most, least << min(attempt, 16)))

    async def _attend(self) -> None:
        """One connection, from the attempt to its end, and what the caller is told about it."""
        try:
            link, notice = await self._establish()
            self.connected = True
            self._tell(Change.CONNECTED, notice)
            # Shielded: the end of the link outlives the cancellation of whoever waits for it.
            reason = await asyncio.shield(link.end)
            if not self._ending:
                self._tell(Change.LOST, reason)
        except OSError as error:
            self._tell(Change.REFUSED, str(error) or f"no answer within {CONNECT_WITHIN:.0f} s")
        finally:
            self.connected = False
            if self._link is not None:
                self._link.drop("the session stopped")

    async def _establish(self) -> tuple[Link, str]:
        """Connect and subscribe; returns the link and what is worth knowing of it, raises OSError."""
        broker = self._broker
        self._link = None
        async with asyncio.timeout(CONNECT_WITHIN):
            tls = broker.tls.context() if broker.tls is not None else None
            _, link = await asyncio.get_running_loop().create_connection(
                self._new_link, broker.host, broker.port, ssl=tls
            )
            connack = await link.exchange(broker.connect_packet(), mqtt5.ConnAckPacket)
            _check_connack(connack)
            suback = await link.exchange(broker.subscribe_packet(), mqtt5.SubAckPacket)
            _check_suback(broker.topics, suback)
        link.keep_alive(min(broker.keep_alive, (connack.server_keep_alive or broker.keep_alive) * SECOND))
        return link, _notice(broker, connack)

    def _new_link(self) -> Link:
        self._link = Link(self._broker, self._inbox, self._accepted)
        if self._ending:
            self._link.quiesce()
        return self._link

    def _accepted(self, connack: mqtt5.ConnAckPacket) -> int:
        self.epoch += 1
        self.session_present = connack.session_present
        self._unbroken = self._unbroken and connack.session_present
        return self.epoch

    def _tell(self, what: Change, reason: str) -> None:
        """Report once; a session lost on a link that failed half-way is told with the next `connected`."""
        if what is Change.REFUSED and self._told == (what, reason):
            return
        self._told = (what, reason)
        self._report(LinkEvent(self._clock.now(), what, self._unbroken, reason))
        if what is Change.CONNECTED:
            self._unbroken = True


def _check_connack(connack: mqtt5.ConnAckPacket) -> None:
    code = connack.reason_code
    if code != ConnAckReasonCode.SUCCESS:
        raise Refused(f"the broker refused the connection: {wording(code, connack.reason_str)}")
    if connack.max_qos == QoS.AT_MOST_ONCE:
        raise Refused("the broker serves QoS 0 only, which loses messages: allow QoS 1 on it")


def _check_suback(topics: tuple[str, ...], suback: mqtt5.SubAckPacket) -> None:
    for topic, code in zip(topics, suback.reason_codes, strict=False):
        if code != SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE:
            answer = wording(code, suback.reason_str)
            raise Refused(f"the broker refused QoS 1 on {topic!r}: {answer}; check its access rules")
    if len(suback.reason_codes) != len(topics):
        raise Refused(f"the broker answered {len(suback.reason_codes)} of {len(topics)} subscriptions")


def _notice(broker: Broker, connack: mqtt5.ConnAckPacket) -> str:
    """What the broker grants short of what was asked."""
    granted = connack.session_expiry_interval
    if granted is None or granted * SECOND >= broker.session_expiry:
        return ""
    return (
        f"the broker keeps the session for {granted} s of the {broker.session_expiry // SECOND} s asked for"
    )
