"""The messages of a publisher from `publish` to PUBACK: what is new, what is out, what goes out again."""

from collections import deque
from dataclasses import dataclass
from itertools import chain

from mqtt5 import PubAckPacket, PublishPacket, QoS

LAST_PACKET_ID = 65_535
# From this reason code on a PUBACK says that the broker did not take the message.
FIRST_REFUSAL = 128


@dataclass(frozen=True, slots=True)
class Publication:
    """One message, to be sent until it is acknowledged."""

    topic: str
    payload: bytes
    retain: bool

    def encode(self, packet_id: int, duplicate: bool) -> bytes:
        """The packet under this id; ids are given when it is sent, since more may wait than there are ids."""
        return PublishPacket(
            self.topic,
            self.payload,
            qos=QoS.AT_LEAST_ONCE,
            retain=self.retain,
            packet_id=packet_id,
            duplicate=duplicate,
        ).write()


class Backlog:
    """Keeps every message in order until the broker has it; packet ids last as long as a connection."""

    def __init__(self) -> None:
        self.published = 0
        self.acked = 0
        self.refused = 0
        self.redelivered = 0
        self.refusal = ""
        self._new: deque[Publication] = deque()
        self._again: deque[Publication] = deque()
        self._out: dict[int, Publication] = {}
        self._last_id = 0

    @property
    def settled(self) -> int:
        """Messages that the broker answered for; it answers in order, so these are the first ones."""
        return self.acked + self.refused

    def append(self, publication: Publication) -> None:
        """Behind all the others."""
        self._new.append(publication)
        self.published += 1

    def take(self, window: int) -> list[bytes]:
        """Packets to write so that at most `window` are out: first those of an earlier connection, as DUP."""
        room = window - len(self._out)
        packets = [self._put_out(self._again.popleft(), True) for _ in range(min(room, len(self._again)))]
        self.redelivered += len(packets)
        room -= len(packets)
        packets += [self._put_out(self._new.popleft(), False) for _ in range(min(room, len(self._new)))]
        return packets

    def settle(self, ack: PubAckPacket) -> None:
        """The broker answered for one message of this connection."""
        if self._out.pop(ack.packet_id, None) is None:
            return
        if int(ack.reason_code) < FIRST_REFUSAL:
            self.acked += 1
        else:
            self.refused += 1
            self.refusal = ack.reason_str or ack.reason_code.name

    def recall(self) -> None:
        """The connection is over: what is out goes out again on the next one, before all else."""
        self._again = deque(chain(self._out.values(), self._again))
        self._out.clear()
        self._last_id = 0

    def _put_out(self, publication: Publication, duplicate: bool) -> bytes:
        packet_id = self._last_id % LAST_PACKET_ID + 1
        while packet_id in self._out:
            packet_id = packet_id % LAST_PACKET_ID + 1
        self._last_id = packet_id
        self._out[packet_id] = publication
        return publication.encode(packet_id, duplicate)
