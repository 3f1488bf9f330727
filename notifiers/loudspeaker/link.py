"""The connection to the broker of the horns, whose session outlives it."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import cast

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.clock import HOUR, SECOND
from ingest.session import Tls

LONGEST_PACKET = 16_384  # bytes, of what a horn says


@dataclass(frozen=True, slots=True, kw_only=True)
class HornBroker:
    """Where the horns are reached, and as whom; no other client of that broker may have this `client_id`.

    `timeout` in seconds, for each answer of the broker.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    timeout: float = 5.0

    def client(self, inbox: "Inbox") -> aiomqtt.Client:
        """A new connection, not yet open; raises MqttError if the certificates cannot be used."""
        return aiomqtt.Client(
            self.host,
            self.port,
            identifier=self.client_id,
            username=self.username,
            password=self.password,
            tls_context=self._tls_context(),
            protocol=aiomqtt.ProtocolVersion.V5,
            # The session outlives a broken connection, so that the receipts of that time are not lost.
            clean_start=False,
            # What is longer the broker drops: no horn has reason to say it.
            properties=_properties(
                PacketTypes.CONNECT, SessionExpiryInterval=HOUR // SECOND, MaximumPacketSize=LONGEST_PACKET
            ),
            timeout=self.timeout,
            keepalive=15,
            # A command behind an acknowledgement would wait 40 ms for the broker's system.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            # Called with `maxsize`, so that what makes the queue need not be its class.
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: inbox),
        )

    def _tls_context(self) -> ssl.SSLContext | None:
        try:
            return None if self.tls is None else self.tls.context()
        except OSError as error:
            raise aiomqtt.MqttError(str(error)) from error


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """Counts: aiomqtt takes a message from its queue some turns of the loop before it hands it over."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = 0
        self.handled = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.arrived += 1
        super().put_nowait(item)


def heed_cancellation() -> None:
    """Raise CancelledError if this task was cancelled and did not notice.

    aiomqtt waits with `asyncio.wait_for`, and that of Python 3.11 loses a cancellation that comes in the same
    turn of the loop as what it waits for. Called after each such wait, or a stop would wait for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def expiry(left: int) -> Properties:
    """A message that the broker drops after `left` ms; MQTT counts in seconds, and 0 is one of them."""
    return _properties(PacketTypes.PUBLISH, MessageExpiryInterval=max(left // SECOND, 1))


def _properties(packet: int, **values: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
