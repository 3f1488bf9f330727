"""Loudspeakers over MQTT 5: a signed command to each horn, its receipt, its button, and a poll of all.

    tocsin/horns/<horn>/command   what to play
    tocsin/horns/<horn>/receipt   what became of it
    tocsin/horns/<horn>/poll      are you there?
    tocsin/horns/<horn>/state     yes
    tocsin/horns/<horn>/button    somebody has heard it

In a drill the first level is `tocsin-drill`: no horn of live service hears it. What they hold stands in
`wire.py`, how they are signed in `signature.py`. A command's id is the delivery's key: a horn plays it once
and answers every repetition with the same receipt.
"""

import asyncio
import random
import secrets
from collections.abc import Callable, Iterable

import aiomqtt
import structlog
from paho.mqtt.reasoncodes import ReasonCode

from ingest.clock import MINUTE, SECOND, Clock
from notifiers.bulletin import Act
from notifiers.delivery import Delivery, Receipt, Reply, State
from notifiers.loudspeaker.link import HornBroker, Inbox, expiry, heed_cancellation
from notifiers.loudspeaker.roll import Heard, Roll
from notifiers.loudspeaker.signature import SHORTEST_KEY, opened, signed
from notifiers.loudspeaker.wire import Command, Poll, Present, Pressed, Receipted
from notifiers.message import plain
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.seal import marked, refusal
from rules.realm import Realm

__all__ = ["Heard", "HornBroker", "LoudspeakerChannel"]

HEARD: dict[str, type[Receipted | Present | Pressed]] = {
    kind.kind: kind for kind in (Receipted, Present, Pressed)
}
_STOPS = frozenset({Act.UPDATE, Act.CLEAR, Act.CANCEL})
# Why a horn says that it failed where a newer command took the place of an older one.
_REPLACED = frozenset({"stopped", "outdated"})
_LONGEST_REASON = 200
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0

_log = structlog.get_logger(__name__)


class LoudspeakerChannel:
    """All horns of one broker. `run` keeps the connection; until it stands, deliveries are to be retried.

    `key` is the fleet key, from which `signature.py` makes that of each horn; ValueError below 32 bytes.
    `on_receipt` and `on_reply` (a horn's button) are called from the event loop. `refused` counts messages of
    horns that made no sense, were not signed by that horn or answered nothing.

    Each of the `horns` is polled every `poll_every` ms and is silent once `silent_after` ms have passed
    without a sign of life, an outage of our own connection included: it is not reached either way.

    What the broker thinks of a command (not allowed, no listener) is not among what aiomqtt returns: a horn
    that got nothing is found by the receipt that it does not send, within `receipt_within` ms.
    """

    honours_keys = True

    def __init__(
        self,
        name: str,
        realm: Realm,
        broker: HornBroker,
        clock: Clock,
        key: bytes,
        *,
        on_receipt: Callable[[Receipt], None],
        on_reply: Callable[[Reply], None],
        horns: Iterable[str] = (),
        receipt_within: int = MINUTE,
        repeat: int = 3,
        poll_every: int = 30 * SECOND,
        silent_after: int = MINUTE,
    ) -> None:
        if len(key) < SHORTEST_KEY:
            raise ValueError(
                f"{name}: the key has {len(key)} bytes, not {SHORTEST_KEY}: `openssl rand -hex 32` makes one"
            )
        if poll_every >= silent_after:
            raise ValueError(
                f"{name}: polled every {poll_every} ms, a horn is silent after {silent_after} ms"
            )
        self.name, self.realm = name, realm
        self.receipt_within: int | None = receipt_within
        self.refused = 0
        self._topics = f"{realm.namespace}/horns"
        self._broker, self._clock, self._key = broker, clock, key
        self._on_receipt, self._on_reply = on_receipt, on_reply
        self._repeat, self._poll_every = repeat, poll_every
        self._roll = Roll(silent_after)
        self._client: aiomqtt.Client | None = None
        self._inbox = Inbox()
        self._asking = False
        self.know(horns)

    @property
    def connected(self) -> bool:
        return self._client is not None

    def idle(self) -> bool:
        """Whether every message that has arrived has been handed on, and no poll is under way."""
        return self._inbox.arrived == self._inbox.handled and not self._asking

    def know(self, horns: Iterable[str]) -> None:
        """Poll these horns from now on, and no others."""
        self._roll.know(horns, self._clock.now())

    def silent(self, now: int) -> list[str]:
        """The known horns without a sign of life for `silent_after`."""
        return self._roll.silent(now)

    def heard(self, horn: str) -> Heard | None:
        """The last sign of life of a known horn, None before the first."""
        return self._roll.heard(horn)

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        pause = _SHORTEST_PAUSE
        while True:
            try:
                await self._listen()
            except* aiomqtt.MqttError as errors:
                _log.warning("loudspeaker_disconnected", channel=self.name, reason=str(errors.exceptions[0]))
            finally:
                pause = _SHORTEST_PAUSE if self.connected else min(2 * pause, _LONGEST_PAUSE)
                self._client = None
            heed_cancellation()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        if any(sign in delivery.address for sign in "/+#"):
            return Rejected(f"{delivery.address} is no horn's id: it has one of / + #")
        if self._client is None:
            return Retry(SECOND, "not connected to the broker of the horns")
        horn, left = delivery.address, delivery.expires - self._clock.now()
        self._roll.told(horn, delivery.key, delivery.expires)
        try:
            await self._publish(self._client, horn, self._command(delivery), left)
        except aiomqtt.MqttCodeError as error:
            return Retry(SECOND, f"not handed to the broker: {error}")
        except aiomqtt.MqttError as error:
            return Unknown(f"no acknowledgement of the broker: {error}")
        return Sent(delivery.key)

    async def _listen(self) -> None:
        """One connection, until it is lost."""
        self._inbox = Inbox()
        async with self._broker.client(self._inbox) as client, asyncio.TaskGroup() as group:
            codes = await client.subscribe([(f"{self._topics}/+/{kind}", 1) for kind in HEARD])
            heed_cancellation()
            if any(isinstance(code, ReasonCode) and code.is_failure for code in codes):
                raise aiomqtt.MqttError("the broker does not let us hear the horns")
            self._client = client
            group.create_task(self._poll(client))
            async for message in client.messages:
                self._hear(message)
                self._inbox.handled += 1

    async def _poll(self, client: aiomqtt.Client) -> None:
        while True:
            self._asking = True
            try:
                await self._ask(client)
            finally:
                self._asking = False
            await self._clock.sleep_until(self._clock.now() + self._poll_every)

    async def _ask(self, client: aiomqtt.Client) -> None:
        now = self._clock.now()
        nonce = self._roll.ask(now)
        try:
            for horn in self._roll.horns:
                await self._publish(client, horn, Poll(nonce=nonce, at=now), self._poll_every)
                heed_cancellation()
        except aiomqtt.MqttError as error:
            # What was asked of the others in time shows which are there.
            _log.warning("loudspeaker_poll_incomplete", channel=self.name, reason=str(error))

    async def _publish(self, client: aiomqtt.Client, horn: str, message: Command | Poll, left: int) -> None:
        topic = f"{self._topics}/{horn}/{message.kind}"
        payload = signed(self._key, horn, message)
        await client.publish(topic, payload, qos=1, properties=expiry(left))

    def _command(self, delivery: Delivery) -> Command:
        told = delivery.bulletin
        return Command(
            id=delivery.key,
            incident=told.incident,
            revision=told.revision,
            warning=told.warning,
            act=str(told.act),
            grade=None if told.grade is None else str(told.grade),
            text={language: marked(language, words, self.realm) for language, words in delivery.text.items()},
            repeat=self._repeat,
            expires=delivery.expires,
            realm=str(self.realm),
            stop=told.act in _STOPS,
            nonce=secrets.token_hex(16),
        )

    def _hear(self, message: aiomqtt.Message) -> None:
        _, _, horn, kind = message.topic.value.split("/")
        if message.retain:
            # State, not an event; and what harms would come again at every start.
            self._refuse(horn, kind, "retained")
            return
        try:
            said = opened(self._key, horn, HEARD[kind], bytes(message.payload or b""))
        # Text that is not UTF-8 and nesting without end are no DecodeErrors.
        except (ValueError, RecursionError) as error:
            self._refuse(horn, kind, str(error))
            return
        self._take(horn, said)

    def _take(self, horn: str, said: Receipted | Present | Pressed) -> None:
        # The horn's own clock is not to be trusted with the order of things.
        now = self._clock.now()
        match said:
            case Receipted():
                self._roll.receipted(horn, said.id, now)
                state = State.SUPERSEDED if said.reason in _REPLACED else State(said.state)
                detail = plain(said.reason)[:_LONGEST_REASON]
                self._on_receipt(Receipt(said.id, state, now, detail, horn))
            case Pressed():
                self._on_reply(Reply(self.name, horn, "ack", now, said.id))
            case Present():
                if not self._roll.answered(horn, said):
                    self._refuse(horn, said.kind, "answers no poll of the present")

    def _refuse(self, horn: str, kind: str, reason: str) -> None:
        self.refused += 1
        _log.warning("loudspeaker_message_refused", channel=self.name, horn=horn, kind=kind, reason=reason)
