"""A small in-memory MQTT 5 broker on the loopback: zero-install runs, and faults on demand for tests.

QoS 0 and 1, retained messages, wills, persistent sessions, receive maximum, message expiry. Not a
production broker: nothing is on disk, there is no TLS, no shared subscription, no QoS 2.
"""

import asyncio
from collections.abc import Mapping

from mqtt5 import DisconnectReasonCode

from ingest.clock import Clock, SystemClock
from simulators.broker.dialogue import Dialogue
from simulators.broker.exchange import Exchange
from simulators.broker.lifetime import Lifetimes
from simulators.broker.session import LAST_PACKET_ID, Counters
from simulators.broker.stream import PacketStream


class LoopbackBroker:
    """Serve MQTT 5 clients from memory; sessions outlive `stop`, so `start` again is a restart.

    `credentials` maps user names to passwords, None admits everyone. `receive_max` is how many
    unacknowledged messages one publisher may have. Beyond `max_queued` messages for one client
    the newest are dropped, None keeps all. `clock` times the expiry of sessions and messages and
    the delay of wills. The faults raise LookupError for a client the broker does not know.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        credentials: Mapping[str, str] | None = None,
        receive_max: int = LAST_PACKET_ID,
        max_queued: int | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._exchange = Exchange(clock, max_queued)
        self._lifetimes = Lifetimes(self._exchange, clock)
        self._dialogue = Dialogue(self._exchange, self._lifetimes, credentials, receive_max)
        self._server: asyncio.Server | None = None

    @property
    def counters(self) -> Counters:
        """Live counts of messages."""
        return self._exchange.counters

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and return the port; 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: PacketStream(self._dialogue), host, port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop listening and hang up on everybody; no will is sent, and no timer of a session runs on."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for stream, session in list(self._dialogue.streams.items()):
            if session is not None:
                session.will = None
            self._dialogue.hang_up(stream, DisconnectReasonCode.SERVER_SHUTTING_DOWN, "the broker stops")
            stream.abort()
        await asyncio.gather(*(stream.gone for stream in self._dialogue.streams))
        for session in self._exchange.sessions.values():
            self._lifetimes.rest(session)

    def idle(self) -> bool:
        """Whether nothing is queued for, or unacknowledged by, any client that is connected."""
        return all(session is None or session.settled() for session in self._dialogue.streams.values())

    def drop(self, client_id: str) -> None:
        """Fault: the client's TCP connection breaks."""
        stream = self._stream_of(client_id)
        stream.abort()
        self._dialogue.part(stream)

    def forget(self, client_id: str) -> None:
        """Fault: the client's session is lost, as by a crash without persistence; no will is sent."""
        session = self._exchange.sessions.get(client_id)
        if session is None:
            known = sorted(self._exchange.sessions)
            raise LookupError(f"the broker has no session of {client_id!r} to forget; it has {known}")
        session.will = None
        session.expiry = 0
        if session.stream is None:
            self._lifetimes.end(session)
        else:
            self.drop(client_id)

    def hold_acks(self, client_id: str, on: bool) -> None:
        """Fault: this publisher's messages are delivered, but their PUBACKs wait until it is off again."""
        if on:
            self._dialogue.held.setdefault(client_id, [])
            return
        acks = self._dialogue.held.pop(client_id, [])
        if acks:
            stream = self._stream_of(client_id)
            stream.send(b"".join(acks))
            stream.flush()

    def repeat(self, topic_filter: str, times: int) -> None:
        """Fault: deliver each message that matches `times` times, each under its own packet id; 1 ends it."""
        if times < 1:
            raise ValueError(f"a message is delivered at least once, not {times} times")
        self._exchange.repeats[topic_filter] = times
        if times == 1:
            del self._exchange.repeats[topic_filter]

    def freeze(self, client_id: str) -> None:
        """Fault: the client's present connection stays open, but nothing passes either way any more."""
        self._stream_of(client_id).freeze()

    def _stream_of(self, client_id: str) -> PacketStream:
        session = self._exchange.sessions.get(client_id)
        if session is None or session.stream is None:
            connected = sorted(s.client_id for s in self._dialogue.streams.values() if s is not None)
            raise LookupError(f"{client_id!r} is not connected to the broker; connected are {connected}")
        return session.stream
