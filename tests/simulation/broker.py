"""A broker that keeps its word: at least once, one session, redelivery with DUP, and no invention."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mqtt5
from mqtt5 import QoS, SubAckReasonCode

from tests.simulation.loop import SeededLoop
from tests.simulation.network import Wire


@dataclass(slots=True)
class Published:
    """One message that the broker took from a device."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class Kept:
    """What the broker keeps of one client over its connections."""

    queue: deque[Published] = field(default_factory=deque)
    flying: dict[int, Published] = field(default_factory=dict)
    last_id: int = 0
    subscribed: bool = False


class SimulatedBroker:
    """`acked` is told of every message that is acknowledged; `wrong` of what no client may do.

    lost        messages it was told to lose with the session, or had nobody to keep for
    renumbers   whether packet ids start again on every connection, as they do with a session that is lost
    """

    def __init__(
        self,
        loop: SeededLoop,
        acked: Callable[[Published], None],
        wrong: Callable[[str], None],
        *,
        window: int,
        renumbers: bool,
    ) -> None:
        self._loop = loop
        self._acked = acked
        self._wrong = wrong
        self._window = window
        self._renumbers = renumbers
        self._wire: Wire | None = None
        self.kept: Kept | None = None
        self.down_until = 0.0
        self.lost: list[Published] = []

    async def dial(self, protocol: Callable[[], Any]) -> tuple[Wire, Any]:
        await asyncio.sleep(self._loop.chance.expovariate(100.0))
        if self._loop.time() < self.down_until:
            raise ConnectionRefusedError("connection refused")
        made = protocol()
        wire = Wire(self._loop, made, self)
        made.connection_made(wire)
        return wire, made

    @property
    def waiting(self) -> int:
        """Messages that are not acknowledged yet."""
        return 0 if self.kept is None else len(self.kept.queue) + len(self.kept.flying)

    def publish(self, message: Published) -> None:
        """A device has its PUBACK when this returns."""
        if self.kept is None or not self.kept.subscribed:
            self.lost.append(message)
            return
        self.kept.queue.append(message)
        self._pump()

    def disconnect(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            wire.lose()

    def fall_silent(self) -> None:
        """Half-open: both sides believe in the connection, nothing arrives."""
        if self._wire is not None:
            self._wire.blackhole = True

    def lose_session(self) -> None:
        """As when it is killed without having saved."""
        self.disconnect()
        if self.kept is not None:
            self.lost += [*self.kept.flying.values(), *self.kept.queue]
        self.kept = None

    def sever(self) -> None:
        """The client's machine is gone; nothing of it arrives any more, and it hears nothing."""
        if self._wire is not None:
            self._wire.severed = True
            self._wire = None

    def hung_up(self, wire: Wire) -> None:
        if wire is self._wire:
            self._wire = None

    def heard(self, wire: Wire, data: bytes) -> None:
        view, place = memoryview(data), 0
        while place < len(data):
            packet, length = mqtt5.read(view[place:])
            place += length
            self._take(wire, packet)

    def _take(self, wire: Wire, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.ConnectPacket):
            self._connect(wire)
        elif wire is not self._wire or self.kept is None:
            return
        elif isinstance(packet, mqtt5.SubscribePacket):
            self.kept.subscribed = True
            codes = [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]
            wire.deliver(mqtt5.SubAckPacket(packet.packet_id, codes).write())
            self._pump()
        elif isinstance(packet, mqtt5.PubAckPacket):
            self._settle(packet.packet_id)
        elif isinstance(packet, mqtt5.PingReqPacket):
            wire.deliver(mqtt5.PingRespPacket().write())
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self._wire = None
            wire.lose()

    def _connect(self, wire: Wire) -> None:
        self.disconnect()
        self._wire = wire
        present = self.kept is not None
        kept = self.kept = self.kept or Kept()
        wire.deliver(mqtt5.ConnAckPacket(session_present=present).write())
        flying = list(kept.flying.items())
        if self._renumbers:
            kept.flying, kept.last_id = {}, 0
            again = [self._launch(message, duplicate=True) for _, message in flying]
        else:
            again = [_packet(message, number, duplicate=True) for number, message in flying]
        if again:
            wire.deliver(b"".join(again))
        self._pump()

    def _settle(self, number: int) -> None:
        if self.kept is None:
            return
        message = self.kept.flying.pop(number, None)
        if message is None:
            self._wrong(f"packet {number} was acknowledged, and nothing with that id is in flight")
            return
        self._acked(message)
        self._pump()

    def _pump(self) -> None:
        kept, wire = self.kept, self._wire
        if kept is None or wire is None:
            return
        out = []
        while kept.queue and len(kept.flying) < self._window:
            out.append(self._launch(kept.queue.popleft(), duplicate=False))
        if out:
            wire.deliver(b"".join(out))

    def _launch(self, message: Published, *, duplicate: bool) -> bytes:
        assert self.kept is not None
        self.kept.last_id = self.kept.last_id % 0xFFFF + 1
        self.kept.flying[self.kept.last_id] = message
        return _packet(message, self.kept.last_id, duplicate=duplicate)


def _packet(message: Published, number: int, *, duplicate: bool) -> bytes:
    packet = mqtt5.PublishPacket(
        message.topic, message.payload, qos=QoS.AT_LEAST_ONCE, packet_id=number, duplicate=duplicate
    )
    return packet.write()
