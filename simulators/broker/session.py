"""What the broker keeps for one client across its connections, and the messages it keeps."""

import asyncio
from collections import deque
from dataclasses import dataclass

from mqtt5 import ConnectPacket, PublishPacket, QoS, Will

from simulators.broker.stream import PacketStream

LAST_PACKET_ID = 65_535
NEVER = 0xFFFF_FFFF


@dataclass(slots=True)
class Counters:
    """Messages since the start; `published` counts every copy that a publisher sent, resent ones too."""

    published: int = 0
    delivered: int = 0
    acked: int = 0
    redelivered: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A published packet on its way; `expires` in ms since the epoch, None is never."""

    packet: PublishPacket
    expires: int | None = None
    retain: bool = False
    identifiers: tuple[int, ...] = ()

    def encode(self, now: int, packet_id: int | None, duplicate: bool = False) -> bytes:
        """The packet for one subscriber: QoS 1 with `packet_id`, else QoS 0; its expiry is what is left."""
        packet = self.packet
        return PublishPacket(
            packet.topic,
            packet.payload,
            qos=QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE,
            retain=self.retain,
            packet_id=packet_id,
            duplicate=duplicate,
            payload_format_indicator=packet.payload_format_indicator,
            message_expiry_interval=self._seconds_left(now),
            content_type=packet.content_type,
            response_topic=packet.response_topic,
            correlation_data=packet.correlation_data,
            subscription_ids=list(self.identifiers),
            user_properties=packet.user_properties,
        ).write()

    def expired(self, now: int) -> bool:
        """Whether it is too old to start delivering at `now`."""
        return self.expires is not None and self.expires <= now

    def _seconds_left(self, now: int) -> int | None:
        """Rounded up: what can still be delivered has at least a second."""
        return None if self.expires is None else max(0, -((now - self.expires) // 1000))


class Session:
    """Subscriptions, unacknowledged messages and packet ids of one client; `stream` while it is connected."""

    def __init__(self, client_id: str, counters: Counters, max_queued: int | None) -> None:
        self.client_id = client_id
        self.filters: set[str] = set()
        self.stream: PacketStream | None = None
        self.expiry = 0  # s after the end of the connection; NEVER keeps it
        self.will: Will | None = None
        self.afterlife: asyncio.Task[None] | None = None
        self._counters = counters
        self._max_queued = max_queued
        self._receive_max = LAST_PACKET_ID
        self._max_packet_size: int | None = None
        self._queue: deque[Message] = deque()
        self._unacked: dict[int, Message] = {}
        self._resend: deque[int] = deque()
        self._last_id = 0

    def attach(self, stream: PacketStream, packet: ConnectPacket) -> None:
        """The client is here: all it never acknowledged goes out again, first and in the old order."""
        self.stream = stream
        self.expiry = packet.session_expiry_interval
        self.will = packet.will
        self._receive_max = packet.receive_max
        self._max_packet_size = packet.max_packet_size
        self._resend = deque(self._unacked)

    def settled(self) -> bool:
        """Whether nothing is queued or unacknowledged."""
        return not self._queue and not self._unacked

    def offer(self, message: Message) -> None:
        """Queue a QoS 1 message; beyond `max_queued` the newest is dropped."""
        if self._max_queued is not None and len(self._queue) >= self._max_queued:
            self._counters.dropped += 1
        else:
            self._queue.append(message)

    def pass_on(self, message: Message, now: int) -> None:
        """Send a QoS 0 message if the client is here and keeps up; else it is gone, as QoS 0 allows."""
        if self.stream is None:
            return
        if self.stream.paused:
            self._counters.dropped += 1
        elif self._send(message.encode(now, None)):
            self._counters.delivered += 1

    def pump(self, now: int) -> None:
        """Send what the client's receive maximum allows."""
        if self.stream is None or self.stream.paused:
            return
        while len(self._unacked) - len(self._resend) < self._receive_max:
            if self._resend:
                self._redeliver(self._resend.popleft(), now)
            elif self._queue:
                self._deliver(self._queue.popleft(), now)
            else:
                break

    def acknowledge(self, packet_id: int) -> None:
        """The client has it; an id that is not in use is an ack of an older connection and means nothing."""
        if self._unacked.pop(packet_id, None) is None:
            return
        self._counters.acked += 1
        if self._resend and packet_id in self._resend:
            self._resend.remove(packet_id)

    def _deliver(self, message: Message, now: int) -> None:
        if message.expired(now):
            self._counters.dropped += 1
            return
        packet_id = self._free_id()
        if self._send(message.encode(now, packet_id)):
            self._unacked[packet_id] = message
            self._counters.delivered += 1

    def _redeliver(self, packet_id: int, now: int) -> None:
        if self._send(self._unacked[packet_id].encode(now, packet_id, duplicate=True)):
            self._counters.redelivered += 1
        else:
            del self._unacked[packet_id]

    def _send(self, packet: bytes) -> bool:
        """False if the client said it cannot take a packet of this size."""
        if self.stream is None or (self._max_packet_size and len(packet) > self._max_packet_size):
            self._counters.dropped += 1
            return False
        self.stream.send(packet)
        return True

    def _free_id(self) -> int:
        """The next packet id that no unacknowledged message holds; there is one below the receive maximum."""
        while True:
            self._last_id = self._last_id % LAST_PACKET_ID + 1
            if self._last_id not in self._unacked:
                return self._last_id
