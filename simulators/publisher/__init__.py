"""A QoS 1 publisher as a device gateway is one: stores, forwards, forgets only what was acknowledged."""

import asyncio
from collections.abc import Callable

from mqtt5 import ConnectPacket, PubAckPacket, Will

from simulators.publisher.backlog import LAST_PACKET_ID, Backlog, Publication
from simulators.publisher.link import Link, RefusedError


class Publisher:
    """Publishes at least once and in order, over reconnects and restarts of the broker.

    At most `window` messages (or the broker's receive maximum, if that is less) wait for their PUBACK;
    the others wait in memory, however many: pace them with `drain`. The broker publishes `will` when
    the connection ends without `close`. After `keep_alive` seconds of silence the connection counts as
    dead; 0 trusts it for ever. Backoff and time limits are real time, also under a simulated clock.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        window: int = 1000,
        username: str | None = None,
        password: str | None = None,
        will: Will | None = None,
        keep_alive: int = 60,
    ) -> None:
        self._limit = self._window = min(window, LAST_PACKET_ID)
        self._backlog = Backlog()
        self._complained = 0
        self._progress = asyncio.Event()
        hello = ConnectPacket(
            client_id,
            username=username,
            password=None if password is None else password.encode(),
            clean_start=True,
            will=will,
            keep_alive=keep_alive,
        )
        self._link = Link(self, host, port, hello)

    @property
    def published(self) -> int:
        """Messages given to `publish`."""
        return self._backlog.published

    @property
    def acked(self) -> int:
        """Messages the broker took."""
        return self._backlog.acked

    @property
    def refused(self) -> int:
        """Messages the broker answered for but did not take; `flush` and `drain` raise for them."""
        return self._backlog.refused

    @property
    def redelivered(self) -> int:
        """Times a message was sent again after a reconnect."""
        return self._backlog.redelivered

    @property
    def unacked(self) -> int:
        """Messages the broker has not answered for yet, sent or not."""
        return self._backlog.published - self._backlog.settled

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the broker now."""
        return self._link.stream is not None

    def idle(self) -> bool:
        """Whether the broker has answered for every message."""
        return self.unacked == 0

    async def connect(self) -> None:
        """Connect, in one attempt; from then on a lost connection is replaced without asking.

        ConnectionError: the broker cannot be reached, or not now. RefusedError: it does not want us.
        """
        await self._link.connect()

    async def cut(self) -> None:
        """The connection breaks without a goodbye; what is published waits for the next `connect`."""
        await self._link.cut()

    async def close(self) -> None:
        """Say goodbye, so that no will is sent, and stop; `flush` first, or what is unacknowledged stays."""
        await self._link.close()

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Put one message behind the others; `send`, `flush` or `drain` writes it."""
        self._backlog.append(Publication(topic, payload, retain))

    def send(self) -> None:
        """Write what the window has room for, without waiting; each PUBACK makes room for the next."""
        stream = self._link.stream
        if stream is None or stream.paused:
            return
        for packet in self._backlog.take(self._window):
            stream.send(packet)
        stream.flush()

    async def flush(self) -> None:
        """Return when the broker has every message published so far.

        RefusedError: it did not take some, or does not let us in again. ConnectionError: `connect` first.
        """
        target = self._backlog.published
        await self._until(lambda: self._backlog.settled >= target)

    async def drain(self, below: int) -> None:
        """Return when fewer than `below` messages are unacknowledged; errors as for `flush`."""
        await self._until(lambda: self.unacked < below)

    def up(self, receive_max: int) -> None:
        self._window = min(self._limit, receive_max)
        self.send()

    def acknowledged(self, acks: list[PubAckPacket]) -> None:
        for ack in acks:
            self._backlog.settle(ack)
        self.send()
        self._progress.set()

    def writable(self) -> None:
        self.send()

    def down(self) -> None:
        self._backlog.recall()
        self._progress.set()

    async def _until(self, reached: Callable[[], bool]) -> None:
        self.send()
        while not reached():
            if self._link.failure:
                raise RefusedError(self._link.failure)
            if not self._link.alive:
                raise ConnectionError(
                    f"{self.unacked} messages wait and there is no connection: call connect"
                )
            self._progress.clear()
            await self._progress.wait()
        self._complain()

    def _complain(self) -> None:
        """Say once what the broker did not take since the last time."""
        refused = self._backlog.refused - self._complained
        self._complained = self._backlog.refused
        if refused:
            raise RefusedError(f"the broker did not take {refused} messages: {self._backlog.refusal}")
