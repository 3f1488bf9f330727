"""The broker without its network: sessions, subscriptions, retained messages, and who gets what."""

from dataclasses import replace

from mqtt5 import PublishPacket, QoS, RetainHandling, SubAckReasonCode, TopicFilter, Will

from ingest.clock import SECOND, Clock
from simulators.broker.session import Counters, Message, Session
from simulators.broker.topics import Subscription, Subscriptions, has_wildcard, matches, valid_filter


class Exchange:
    """Routes each message to the sessions that want it; `settle` sends what their clients can take."""

    def __init__(self, clock: Clock, max_queued: int | None) -> None:
        self.counters = Counters()
        self.sessions: dict[str, Session] = {}
        self.repeats: dict[str, int] = {}
        self._clock = clock
        self._max_queued = max_queued
        self._subscriptions = Subscriptions()
        self._retained: dict[str, Message] = {}
        self._touched: set[Session] = set()

    def open(self, client_id: str) -> Session:
        """A new session, with nothing in it."""
        session = Session(client_id, self.counters, self._max_queued)
        self.sessions[client_id] = session
        return session

    def remove(self, session: Session) -> None:
        """Lose the session: its subscriptions, what waits for it and what it did not acknowledge."""
        for pattern in session.filters:
            self._subscriptions.discard(session.client_id, pattern)
        self._touched.discard(session)
        del self.sessions[session.client_id]

    def subscribe(
        self, session: Session, wanted: TopicFilter, identifier: int | None
    ) -> tuple[SubAckReasonCode, list[Message]]:
        """The answer to one filter, and the retained messages that `replay` sends after it."""
        pattern = wanted.pattern
        if pattern.startswith("$share/"):
            return SubAckReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, []
        if not valid_filter(pattern):
            return SubAckReasonCode.TOPIC_FILTER_INVALID, []
        identifiers = () if identifier is None else (identifier,)
        granted = min(wanted.max_qos.value, QoS.AT_LEAST_ONCE.value)
        subscription = Subscription(bool(granted), wanted.no_local, wanted.retain_as_published, identifiers)
        existed = self._subscriptions.add(session.client_id, pattern, subscription)
        session.filters.add(pattern)
        return SubAckReasonCode(granted), self._retained_for(wanted, existed, identifiers)

    def replay(self, session: Session, retained: list[Message], at_least_once: bool) -> None:
        """Send retained messages to a new subscriber."""
        for message in retained:
            self._hand(session, message, at_least_once)

    def unsubscribe(self, session: Session, pattern: str) -> bool:
        """False if the session has no such subscription."""
        session.filters.discard(pattern)
        return self._subscriptions.discard(session.client_id, pattern)

    def publish(self, packet: PublishPacket, sender: str) -> bool:
        """Hand the message to every session that wants it: false if none does.

        When this returns, the message is in the queue of all of them. ValueError: a topic with a wildcard.
        """
        subscribers = self._subscriptions.of(packet.topic)
        if packet.response_topic is not None and has_wildcard(packet.response_topic):
            raise ValueError(f"nobody can respond to the filter {packet.response_topic!r}: name one topic")
        self.counters.published += 1
        message = Message(packet, self._expires(packet))
        for _ in range(self._copies(packet.topic)):
            for client_id, subscription in subscribers.items():
                if not (subscription.no_local and client_id == sender):
                    self._route(self.sessions[client_id], message, subscription)
        if packet.retain:
            self._retain(message)
        return bool(subscribers)

    def publish_will(self, session: Session) -> None:
        """Publish the client's last words, once."""
        will, session.will = session.will, None
        if will is not None:
            self.publish(_packet_of(will), session.client_id)

    def touch(self, session: Session) -> None:
        """Look at this session in the next `settle`: its client may take more than before."""
        self._touched.add(session)

    def settle(self) -> None:
        """One write to each client that something was queued for, or that acknowledged something."""
        now = self._clock.now()
        for session in self._touched:
            session.pump(now)
            if session.stream is not None:
                session.stream.flush()
        self._touched.clear()

    def _route(self, session: Session, message: Message, wanted: Subscription) -> None:
        retain = message.packet.retain and wanted.retain_as_published
        if retain or wanted.identifiers:
            message = replace(message, retain=retain, identifiers=wanted.identifiers)
        self._hand(session, message, wanted.at_least_once)

    def _hand(self, session: Session, message: Message, at_least_once: bool) -> None:
        if at_least_once and message.packet.packet_id is not None:
            session.offer(message)
        else:
            session.pass_on(message, self._clock.now())
        self._touched.add(session)

    def _copies(self, topic: str) -> int:
        if not self.repeats:
            return 1
        return max((times for pattern, times in self.repeats.items() if matches(pattern, topic)), default=1)

    def _expires(self, packet: PublishPacket) -> int | None:
        interval = packet.message_expiry_interval
        return None if interval is None else self._clock.now() + interval * SECOND

    def _retain(self, message: Message) -> None:
        if message.packet.payload:
            self._retained[message.packet.topic] = replace(message, retain=True)
        else:
            self._retained.pop(message.packet.topic, None)

    def _retained_for(
        self, wanted: TopicFilter, existed: bool, identifiers: tuple[int, ...]
    ) -> list[Message]:
        handling = wanted.retain_handling
        if handling is RetainHandling.SEND_NEVER:
            return []
        if existed and handling is RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS:
            return []
        now = self._clock.now()
        return [
            replace(message, identifiers=identifiers)
            for topic, message in self._retained.items()
            if matches(wanted.pattern, topic) and not message.expired(now)
        ]


def _packet_of(will: Will) -> PublishPacket:
    return PublishPacket(
        will.topic,
        will.payload or b"",
        qos=will.qos,
        retain=will.retain,
        packet_id=1 if will.qos is QoS.AT_LEAST_ONCE else None,
        payload_format_indicator=will.payload_format_indicator,
        message_expiry_interval=will.message_expiry_interval,
        content_type=will.content_type,
        response_topic=will.response_topic,
        correlation_data=will.correlation_data,
        user_properties=will.user_properties,
    )
