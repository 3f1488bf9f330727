"""What the broker answers to each packet of a client."""

import itertools
from collections.abc import Mapping
from functools import partial

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)

from simulators.broker.exchange import Exchange
from simulators.broker.lifetime import Lifetimes
from simulators.broker.session import Session
from simulators.broker.stream import MAX_PACKET_SIZE, PacketStream
from simulators.broker.topics import has_wildcard

CONNECT_WITHIN = 10.0  # s from the TCP connection to its CONNECT
KEEP_ALIVE_GRACE = 1.5  # keep-alive intervals of silence that end a connection
OLD_PROTOCOL = b"\x20\x02\x00\x01"  # the CONNACK by which MQTT 3 clients understand that they are too old


class Dialogue:
    """Owner of the broker's streams.

    `streams` holds every open connection with its session, None before CONNECT and after the end;
    `held` the PUBACKs kept from publishers by client id, for as long as the fault lasts.
    """

    def __init__(
        self,
        exchange: Exchange,
        lifetimes: Lifetimes,
        credentials: Mapping[str, str] | None,
        receive_max: int,
    ) -> None:
        self.streams: dict[PacketStream, Session | None] = {}
        self.held: dict[str, list[bytes]] = {}
        self._exchange = exchange
        self._lifetimes = lifetimes
        self._credentials = credentials
        self._receive_max = receive_max
        self._names = itertools.count(1)

    def connected(self, stream: PacketStream) -> None:
        self.streams[stream] = None
        stream.watch(CONNECT_WITHIN, stream.abort)

    def received(self, stream: PacketStream, packets: list[Packet]) -> None:
        """Handle one read: acknowledge and deliver all of it, then write once to each client."""
        for packet in packets:
            session = self.streams[stream]
            if stream.closed:
                break
            if session is None:
                self._greet(stream, packet)
            elif isinstance(packet, PublishPacket):
                self._publish(stream, session, packet)
            elif isinstance(packet, PubAckPacket):
                session.acknowledge(packet.packet_id)
                self._exchange.touch(session)
            else:
                self._answer(stream, session, packet)
        self._exchange.settle()
        stream.flush()

    def malformed(self, stream: PacketStream, reason: str) -> None:
        if self.streams[stream] is None and "protocol version" in reason:
            stream.send(OLD_PROTOCOL)
        self.hang_up(stream, DisconnectReasonCode.MALFORMED_PACKET, reason)

    def writable(self, stream: PacketStream) -> None:
        session = self.streams[stream]
        if session is not None:
            self._exchange.touch(session)
            self._exchange.settle()

    def lost(self, stream: PacketStream) -> None:
        self.part(stream)
        del self.streams[stream]

    def hang_up(self, stream: PacketStream, code: DisconnectReasonCode, reason: str) -> None:
        """End a connection from our side, saying why; its will is due."""
        if self.streams[stream] is not None:
            stream.send(DisconnectPacket(reason_code=code, reason_str=reason).write())
        stream.close()
        self.part(stream)

    def part(self, stream: PacketStream) -> None:
        """Take the session off its stream; what is left of its life begins."""
        session = self.streams[stream]
        if session is not None:
            self.streams[stream] = None
            self.held.get(session.client_id, []).clear()
            self._lifetimes.leave(session)
            self._exchange.settle()

    def _greet(self, stream: PacketStream, packet: Packet) -> None:
        """The first packet of a connection: a CONNECT that may come in, or the end."""
        if not isinstance(packet, ConnectPacket):
            stream.close()
            return
        refusal = self._refusal(packet)
        if refusal is not None:
            stream.send(ConnAckPacket(reason_code=refusal).write())
            stream.close()
            return
        assigned = None if packet.client_id else f"assigned-{next(self._names)}"
        client_id = assigned or packet.client_id
        self._throw_out(client_id)
        session, present = self._lifetimes.resume(client_id, packet.clean_start)
        self.streams[stream] = session
        stream.send(self._welcome(present, assigned))
        session.attach(stream, packet)
        self._exchange.touch(session)
        self._watch(stream, packet.keep_alive)

    def _refusal(self, packet: ConnectPacket) -> ConnAckReasonCode | None:
        if packet.authentication_method is not None:
            return ConnAckReasonCode.BAD_AUTHENTICATION_METHOD
        if packet.will is not None and packet.will.qos is QoS.EXACTLY_ONCE:
            return ConnAckReasonCode.QUALITY_NOT_SUPPORTED
        if packet.will is not None and (not packet.will.topic or has_wildcard(packet.will.topic)):
            return ConnAckReasonCode.TOPIC_NAME_INVALID
        if self._credentials is not None:
            expected = self._credentials.get(packet.username or "")
            if expected is None or packet.password != expected.encode():
                return ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
        return None

    def _throw_out(self, client_id: str) -> None:
        session = self._exchange.sessions.get(client_id)
        if session is not None and session.stream is not None:
            reason = f"another connection uses the client id {client_id!r}"
            self.hang_up(session.stream, DisconnectReasonCode.SESSION_TAKEN_OVER, reason)

    def _watch(self, stream: PacketStream, keep_alive: int) -> None:
        if keep_alive == 0:
            stream.unwatch()
            return
        silence = f"nothing heard for {KEEP_ALIVE_GRACE} keep-alive intervals of {keep_alive} s"
        end = partial(self.hang_up, stream, DisconnectReasonCode.KEEP_ALIVE_TIMEOUT, silence)
        stream.watch(keep_alive * KEEP_ALIVE_GRACE, end)

    def _welcome(self, present: bool, assigned: str | None) -> bytes:
        return ConnAckPacket(
            session_present=present,
            assigned_client_id=assigned,
            receive_max=self._receive_max,
            max_qos=QoS.AT_LEAST_ONCE,
            max_packet_size=MAX_PACKET_SIZE,
            shared_subscription_available=False,
        ).write()

    def _publish(self, stream: PacketStream, session: Session, packet: PublishPacket) -> None:
        if packet.qos is QoS.EXACTLY_ONCE:
            self.hang_up(stream, DisconnectReasonCode.QOS_NOT_SUPPORTED, "this broker serves QoS 0 and 1")
            return
        if packet.topic_alias is not None:
            self.hang_up(stream, DisconnectReasonCode.TOPIC_ALIAS_INVALID, "this broker takes no topic alias")
            return
        try:
            wanted = self._exchange.publish(packet, session.client_id)
        except ValueError as error:
            self.hang_up(stream, DisconnectReasonCode.TOPIC_NAME_INVALID, str(error))
            return
        if packet.packet_id is not None:
            self._acknowledge(stream, session, packet.packet_id, wanted)

    def _acknowledge(self, stream: PacketStream, session: Session, packet_id: int, wanted: bool) -> None:
        code = PubAckReasonCode.SUCCESS if wanted else PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
        ack = PubAckPacket(packet_id, reason_code=code).write()
        held = self.held.get(session.client_id)
        if held is None:
            stream.send(ack)
            return
        held.append(ack)
        if len(held) > self._receive_max:
            reason = f"more than {self._receive_max} messages without an acknowledgement"
            self.hang_up(stream, DisconnectReasonCode.RECEIVE_MAX_EXCEEDED, reason)

    def _answer(self, stream: PacketStream, session: Session, packet: Packet) -> None:
        if isinstance(packet, PingReqPacket):
            stream.send(PingRespPacket().write())
        elif isinstance(packet, SubscribePacket):
            self._subscribe(stream, session, packet)
        elif isinstance(packet, UnsubscribePacket):
            self._unsubscribe(stream, session, packet)
        elif isinstance(packet, DisconnectPacket):
            self._leave(stream, session, packet)
        else:
            reason = f"a client does not send {type(packet).__name__} here"
            self.hang_up(stream, DisconnectReasonCode.PROTOCOL_ERROR, reason)

    def _subscribe(self, stream: PacketStream, session: Session, packet: SubscribePacket) -> None:
        answers = [
            self._exchange.subscribe(session, wanted, packet.subscription_id)
            for wanted in packet.topic_filters
        ]
        stream.send(SubAckPacket(packet.packet_id, [code for code, _ in answers]).write())
        for code, retained in answers:
            at_least_once = code is SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
            self._exchange.replay(session, retained, at_least_once)

    def _unsubscribe(self, stream: PacketStream, session: Session, packet: UnsubscribePacket) -> None:
        codes = [
            UnsubAckReasonCode.SUCCESS
            if self._exchange.unsubscribe(session, pattern)
            else UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED
            for pattern in packet.patterns
        ]
        stream.send(UnsubAckPacket(packet.packet_id, codes).write())

    def _leave(self, stream: PacketStream, session: Session, packet: DisconnectPacket) -> None:
        if packet.reason_code is DisconnectReasonCode.NORMAL_DISCONNECTION:
            session.will = None
        if packet.session_expiry_interval is not None and session.expiry:
            session.expiry = packet.session_expiry_interval
        stream.close()
        self.part(stream)
