"""MQTT 5 packets at the front of a buffer: read by the `mqtt5` codec, framed by hand where it refuses.

Pure functions, used for live buffers and for journaled blocks alike. Source: OASIS MQTT 5.0, sections 2.1
(fixed header), 3.3 (PUBLISH), 3.4 (PUBACK) and 3.5 (PUBREC).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import mqtt5
import numpy as np
from mqtt5 import QoS

PUBLISH = 3
PUBACK_HEADER = 0x4002
PUBREC_HEADER = 0x5002
# The codec's constants are single objects, told apart by `is`; calling QoS(1) would make another object.
QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.EXACTLY_ONCE)


class WireError(ValueError):
    """Bytes that no MQTT stream can hold, `offset` bytes from the start of the buffer."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"byte {offset} of the MQTT stream: {reason}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A PUBLISH the codec refuses; `packet_id` is None where it has none that can be acknowledged."""

    packet_id: int | None
    raw: bytes
    reason: str

    @property
    def qos(self) -> QoS:
        """The quality of service it was sent with; 0 if it needs no acknowledgement."""
        return QOS[0 if self.packet_id is None else self.raw[0] >> 1 & 0b11]


Message = mqtt5.PublishPacket | Undecodable


def split(view: memoryview) -> tuple[list[mqtt5.Packet | Undecodable], int]:
    """All complete packets at the front of `view`, and the bytes they take.

    Raises WireError where the framing is impossible or a packet other than a PUBLISH is malformed.
    """
    packets: list[mqtt5.Packet | Undecodable] = []
    offset, end = 0, len(view)
    while offset < end:
        try:
            packet, length = mqtt5.read(view[offset:])
        except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
            raise
        # Text that is not UTF-8 panics in the codec, and a panic is a BaseException.
        except BaseException as refusal:  # noqa: BLE001
            frame = _frame(view, offset)
            if frame is None:
                break
            packets.append(_undecodable(view, offset, frame, str(refusal)))
            offset = frame[1]
        else:
            packets.append(packet)
            offset += length
    return packets, offset


def publishes(view: memoryview) -> bytes:
    """The PUBLISH packets of `view`, which holds whole packets only, exactly as they arrived."""
    parts = []
    offset = 0
    while (frame := _frame(view, offset)) is not None:
        stop = frame[1]
        if view[offset] >> 4 == PUBLISH:
            parts.append(view[offset:stop])
        offset = stop
    return b"".join(parts)


def messages(block: bytes) -> list[Message]:
    """The messages of a journaled block: raw PUBLISH packets, one behind the other."""
    packets, _ = split(memoryview(block))
    return [p for p in packets if isinstance(p, mqtt5.PublishPacket | Undecodable)]


def acknowledgements(messages: Sequence[Message]) -> bytes:
    """A PUBACK for each QoS 1 message, in order; a PUBREC for QoS 2, left by another user of the session."""
    asking = [m for m in messages if m.packet_id]
    acks = np.empty((len(asking), 2), dtype=">u2")
    acks[:, 0] = [PUBREC_HEADER if m.qos is QoS.EXACTLY_ONCE else PUBACK_HEADER for m in asking]
    acks[:, 1] = [m.packet_id for m in asking]
    return acks.tobytes()


def _frame(view: memoryview, offset: int) -> tuple[int, int] | None:
    """Where the packet at `offset` has its variable header and its end; None if the end has not arrived."""
    length = 0
    for place, byte in enumerate(view[offset + 1 : offset + 5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            start = offset + place + 2
            return (start, start + length) if start + length <= len(view) else None
    if len(view) - offset >= 5:
        raise WireError(offset, "the remaining length takes more than four bytes")
    return None


def _undecodable(view: memoryview, offset: int, frame: tuple[int, int], reason: str) -> Undecodable:
    if view[offset] >> 4 != PUBLISH:
        raise WireError(offset, f"packet of type {view[offset] >> 4} refused: {reason}")
    start, stop = frame
    return Undecodable(_packet_id(view[offset], view[start:stop]), bytes(view[offset:stop]), reason)


def _packet_id(flags: int, body: memoryview) -> int | None:
    """The packet id of a PUBLISH whose QoS asks for an acknowledgement and whose header is whole."""
    place = 2 + int.from_bytes(body[:2], "big")
    field = body[place : place + 2]
    if flags >> 1 & 0b11 not in (1, 2) or len(field) < 2:
        return None
    return int.from_bytes(field, "big") or None
