"""Loudspeakers over MQTT 5: a command to each horn, and its receipt when it has played.

    tocsin/horns/<horn>/command   {id, warning, revision, grade, text: {language: ...}, repeat, ...}
    tocsin/horns/<horn>/receipt   {id, state: played|failed, at, reason?}

`grade` is null for the all-clear. `id` is the delivery's key: a horn plays it once and answers every
repetition with the same receipt.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import Callable
from typing import Literal, cast

import aiomqtt
import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.clock import HOUR, MINUTE, SECOND, Clock
from notifiers.delivery import Delivery, Receipt, State
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.routes import LOUDSPEAKER
from notifiers.seal import marked, refusal
from rules.realm import Realm

RECEIPTS = "tocsin/horns/+/receipt"
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0

_log = structlog.get_logger(__name__)


class _Heard(msgspec.Struct):
    id: str
    state: Literal["played", "failed"]
    at: int = 0
    reason: str = ""


class LoudspeakerChannel:
    """All horns of one broker. `run` keeps the connection; until it stands, deliveries are to be retried.

    `on_receipt` is called from the event loop. `refused` counts receipts that made no sense. `timeout` in
    seconds, for each answer of the broker. What the broker thinks of a command (not allowed, no listener)
    is not among what aiomqtt returns: a horn that got nothing is found by the receipt that it does not send.
    """

    name = LOUDSPEAKER
    honours_keys = True

    def __init__(
        self,
        realm: Realm,
        host: str,
        port: int,
        clock: Clock,
        on_receipt: Callable[[Receipt], None],
        *,
        identifier: str = "tocsin-loudspeaker",
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        receipt_within: int = MINUTE,
        repeat: int = 3,
        timeout: float = 5.0,
    ) -> None:
        self.realm = realm
        self.receipt_within: int | None = receipt_within
        self.refused = 0
        self._host, self._port = host, port
        self._clock = clock
        self._on_receipt = on_receipt
        self._identifier = identifier
        self._username, self._password, self._tls = username, password, tls
        self._repeat = repeat
        self._timeout = timeout
        self._client: aiomqtt.Client | None = None
        self._inbox = _Inbox()

    @property
    def connected(self) -> bool:
        return self._client is not None

    def idle(self) -> bool:
        """Whether every receipt that has arrived has been handed on."""
        return self._inbox.arrived == self._inbox.handled

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        pause = _SHORTEST_PAUSE
        while True:
            try:
                async with self._new_client() as client:
                    await client.subscribe(RECEIPTS, qos=1)
                    self._client, pause = client, _SHORTEST_PAUSE
                    async for message in client.messages:
                        self._hear(message)
                        self._inbox.handled += 1
            except aiomqtt.MqttError as error:
                _log.warning("loudspeaker_disconnected", host=self._host, port=self._port, reason=str(error))
            finally:
                self._client = None
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        if any(sign in delivery.address for sign in "/+#"):
            return Rejected(f"{delivery.address} is no horn's id: it has one of / + #")
        if self._client is None:
            return Retry(SECOND, "not connected to the broker of the horns")
        topic = f"tocsin/horns/{delivery.address}/command"
        try:
            await self._client.publish(
                topic, self._command(delivery), qos=1, properties=self._expiry(delivery)
            )
        except aiomqtt.MqttCodeError as error:
            return Retry(SECOND, f"not handed to the broker: {error}")
        except aiomqtt.MqttError as error:
            return Unknown(f"no acknowledgement of the broker: {error}")
        return Sent(delivery.key)

    def _new_client(self) -> aiomqtt.Client:
        # The session outlives a broken connection, so that the receipts of that time are not lost.
        self._inbox = _Inbox()
        return aiomqtt.Client(
            self._host,
            self._port,
            identifier=self._identifier,
            username=self._username,
            password=self._password,
            tls_context=self._tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=_properties(PacketTypes.CONNECT, SessionExpiryInterval=HOUR // SECOND),
            timeout=self._timeout,
            keepalive=15,
            # A command behind an acknowledgement would wait 40 ms for the broker's system.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            # Called with `maxsize`, so that what makes the queue need not be its class.
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: self._inbox),
        )

    def _command(self, delivery: Delivery) -> bytes:
        text = {language: marked(language, words, self.realm) for language, words in delivery.text.items()}
        return msgspec.json.encode(
            {
                "id": delivery.key,
                "warning": delivery.warning,
                "revision": delivery.revision,
                "grade": None if delivery.grade is None else str(delivery.grade),
                "text": text,
                "repeat": self._repeat,
                "expires": delivery.expires,
                "realm": str(self.realm),
            }
        )

    def _expiry(self, delivery: Delivery) -> Properties:
        left = (delivery.expires - self._clock.now()) // SECOND
        return _properties(PacketTypes.PUBLISH, MessageExpiryInterval=max(left, 1))

    def _hear(self, message: aiomqtt.Message) -> None:
        horn = message.topic.value.split("/")[2]
        if message.retain:
            # State, not an event; and what harms would come again at every start.
            self.refused += 1
            return
        try:
            heard = msgspec.json.decode(bytes(message.payload or b""), type=_Heard)
        # Text that is not UTF-8 and nesting without end are no DecodeErrors.
        except (ValueError, RecursionError) as error:
            self.refused += 1
            _log.warning("loudspeaker_receipt_refused", horn=horn, reason=str(error))
            return
        # The horn's own clock is not to be trusted with the order of things.
        self._on_receipt(Receipt(heard.id, State(heard.state), self._clock.now(), heard.reason, horn))


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """Counts: aiomqtt takes a message from its queue some turns of the loop before it hands it over."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = 0
        self.handled = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.arrived += 1
        super().put_nowait(item)


def _properties(packet: int, **values: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
