"""Gateways that accept, refuse, hang, or accept and never say so; and what their receivers saw."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.clock import SECOND
from notifiers.delivery import Delivery, Receipt, State
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from rules.realm import Realm
from tests.simulation.loop import SeededLoop

TIMEOUT = 4.0


@dataclass
class Seen:
    """What the receivers of one gateway saw: (incident, revision, recipient) in order, once for each time."""

    messages: list[tuple[str, int, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    attempts: int = 0

    def accept(self, delivery: Delivery, key: str, *, honours_keys: bool) -> None:
        if honours_keys and key in self.keys:
            return
        self.keys.add(key)
        self.messages.append((delivery.incident, delivery.revision, delivery.recipient))


class Gateway:
    """The far side, which outlives the daemon. `trouble` is the share of requests that go wrong."""

    def __init__(self, loop: SeededLoop, *, honours_keys: bool, receipts: bool) -> None:
        self._loop = loop
        self._chance: random.Random = loop.chance
        self.honours_keys = honours_keys
        self.receipts = receipts
        self.trouble = 0.0
        self.seen = Seen()
        self.hear: Callable[[Receipt], None] = lambda _: None
        self.now: Callable[[], int] = lambda: 0

    async def request(self, delivery: Delivery, key: str) -> Outcome:
        """One HTTP request, as the client sees it."""
        self.seen.attempts += 1
        await asyncio.sleep(self._chance.expovariate(20.0))
        roll = self._chance.random()
        if roll >= self.trouble:
            self._accept(delivery, key)
            await asyncio.sleep(self._chance.expovariate(50.0))
            return Sent(key)
        return await self._fail(delivery, key)

    async def _fail(self, delivery: Delivery, key: str) -> Outcome:
        what = self._chance.choice(["refuse", "hang", "accept and hang", "reject", "defect"])
        if what == "refuse":
            return Retry(0, "the gateway answered 503")
        if what == "reject":
            return Rejected("the gateway answered 400")
        if what == "defect":
            raise RuntimeError("a defect of the channel")
        if what == "accept and hang":
            self._accept(delivery, key)
        await asyncio.sleep(TIMEOUT)
        return Unknown("no answer of the gateway")

    def _accept(self, delivery: Delivery, key: str) -> None:
        self.seen.accept(delivery, key, honours_keys=self.honours_keys)
        if self.receipts and self._chance.random() < 0.9:
            for state in self._chance.sample([State.DELIVERED, State.PLAYED], 2):
                wait = self._chance.expovariate(0.5)
                self._loop.outside(wait, self._receipt, delivery, state)

    def _receipt(self, delivery: Delivery, state: State) -> None:
        self.hear(Receipt(delivery.key, state, self.now(), "", delivery.address))


class GatewayChannel:
    """What the daemon has of a gateway."""

    realm = Realm.LIVE

    def __init__(self, name: str, gateway: Gateway) -> None:
        self.name = name
        self._gateway = gateway
        self.honours_keys = gateway.honours_keys
        self.receipt_within: int | None = 30 * SECOND if gateway.receipts else None

    async def send(self, delivery: Delivery) -> Outcome:
        return await self._gateway.request(delivery, self.key(delivery))

    def key(self, delivery: Delivery) -> str:
        """What the gateway tells repeated messages by."""
        return delivery.key
