"""Claim, send, settle: from the outbox to the channels, and what became of it back.

One coroutine does everything that touches the outbox, a round at a time, each round one transaction on
the outbox's own thread. Sends are tasks of their own, at most `bound` of them on a channel: a slow or broken
channel fills its own places and no others. Some of the places are kept for red, and red is claimed first: a
channel that is full of slow blue ones takes a red at once.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import structlog

from ingest.clock import Clock
from notifiers.breaker import Breaker
from notifiers.delivery import Channel, Delivery, Receipt
from notifiers.outbox import Outbox
from notifiers.outcome import Outcome, Unknown
from notifiers.routing import Router
from rules.grade import Grade

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
# Warnings that a round routes; and while a red one waits for its channel, or more is being committed: that
# waits for the round, and may be red.
ROUTED, ROUTED_IN_HASTE = 200, 20


@dataclass(slots=True)
class _News:
    """What happened since the last round and is not in the outbox yet."""

    settled: list[tuple[Delivery, Outcome]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    rerouted: bool = False


@dataclass(frozen=True, slots=True)
class _Room:
    """How many deliveries a channel may take: of any grade, and red ones."""

    any: int
    red: int


@dataclass(frozen=True, slots=True)
class _Round:
    """What a round leaves to be done: deliveries to send, how much it did, the next due instant.

    `red`: red ones wait for a place.
    """

    claimed: list[Delivery]
    done: int
    due: int | None
    red: bool


class Dispatcher:
    """Sends what the outbox holds. `worker` has one thread, the one that opened the outbox.

    Of the `bound` places of a channel `reserved` are for red only. A channel whose gateway takes nothing is
    only probed until it does. `refused` is called with each error of an outbox that cannot be written;
    `rounds` counts those that could.
    Raises ValueError for channels of more than one realm, of one name, when a route names a channel that is
    not there, or for a `bound` that leaves no place to what is not red.
    """

    def __init__(
        self,
        outbox: Outbox,
        router: Router,
        channels: Sequence[Channel],
        clock: Clock,
        worker: Executor,
        *,
        bound: int = 8,
        reserved: int = 2,
        refused: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        if reserved >= bound:
            raise ValueError(f"{bound} places of which {reserved} are for red: leave some for the others")
        self.rounds = 0
        self._outbox = outbox
        self._channels = _by_name(outbox, channels)
        self._router = self._complete(router)
        self._clock = clock
        self._worker = worker
        self._bound, self._reserved = bound, reserved
        self._breakers = {name: Breaker() for name in self._channels}
        self._red_waits = False
        self._newest = 0
        self._refused = refused
        self._news = _News()
        self._flights: dict[asyncio.Task[Outcome], Delivery] = {}
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._due: int | None = None
        self._closing = False

    async def run(self) -> None:
        """Work until cancelled; what became of sends waits in memory while the outbox cannot be written."""
        while True:
            self._wake.clear()
            try:
                round_ = await self._round()
            except sqlite3.Error as error:
                _log.error("outbox_unavailable", reason=str(error))
                self._refused(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self.rounds += 1
            if not round_.done:
                await self._rest(self._next(round_.due))

    def notify(self) -> None:
        """Something was committed."""
        self._quiet.clear()
        self._wake.set()

    def receipt(self, receipt: Receipt) -> None:
        """A channel heard back; recorded in the next round."""
        self._news.receipts.append(receipt)
        self.notify()

    def reroute(self, router: Router) -> None:
        """Route by another bundle from the next round on; ValueError if it names a missing channel."""
        self._router = self._complete(router)
        self._news.rerouted = True
        self.notify()

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant."""
        return self._quiet.is_set() and (self._due is None or self._due > self._clock.now())

    async def drain(self, deadline: int) -> None:
        """Beside `run`: send what is due until nothing is, or the instant `deadline` comes; then no more.

        What is still in flight then is cut off; it stays claimed and is sent again by the next life, as is
        what an outbox that refuses at the end was not told of.
        """
        self.notify()
        await _first_of(self._quiet.wait(), self._clock.sleep_until(deadline))
        self._closing = True
        for flight in self._flights:
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        try:
            await self._round()
        except sqlite3.Error as error:
            _log.error("outbox_unavailable", reason=str(error))

    async def _round(self) -> _Round:
        news, self._news = self._news, _News()
        loop = asyncio.get_running_loop()
        try:
            round_ = await loop.run_in_executor(
                self._worker, self._transact, news, self._router, self._room(), self._clock.now()
            )
        except sqlite3.Error:
            self._news.settled[:0] = news.settled
            self._news.receipts[:0] = news.receipts
            self._news.rerouted |= news.rerouted
            raise
        self._red_waits = round_.red
        for delivery in [] if self._closing else round_.claimed:
            flight = asyncio.create_task(self._channels[delivery.channel].send(delivery))
            self._flights[flight] = delivery
            flight.add_done_callback(self._landed)
        return round_

    def _transact(self, news: _News, router: Router, room: dict[str, _Room], now: int) -> _Round:
        """On the worker's thread; settled, routed and claimed with one wait for the disk."""
        outbox = self._outbox
        with outbox.transaction():
            for delivery, outcome in news.settled:
                channel = self._channels[delivery.channel]
                outbox.settle(
                    delivery.key,
                    outcome,
                    now,
                    honours_keys=channel.honours_keys,
                    receipt_within=channel.receipt_within,
                )
            for receipt in news.receipts:
                _record(outbox, receipt)
            if news.rerouted:
                outbox.reroute()
            outbox.expire(now)
            outbox.strand(self._channels.keys(), now)
            done = outbox.lapse(router, now)
            done += outbox.route(router, now, self._portion())
            claimed = _claim(outbox, room, now)
        return _Round(claimed, done, outbox.due(now), outbox.red_waits(now))

    def _portion(self) -> int:
        """On the worker's thread: how many warnings to route in this round."""
        before, self._newest = self._newest, self._outbox.newest
        return ROUTED_IN_HASTE if self._red_waits or before != self._newest else ROUTED

    def _room(self) -> dict[str, _Room]:
        if self._closing:
            return {}
        now = self._clock.now()
        return {name: self._room_of(name, breaker, now) for name, breaker in self._breakers.items()}

    def _room_of(self, name: str, breaker: Breaker, now: int) -> _Room:
        flying = [d.grade is Grade.RED for d in self._flights.values() if d.channel == name]
        red = breaker.room(self._bound - len(flying), len(flying), now)
        return _Room(any=min(red, self._bound - self._reserved - flying.count(False)), red=red)

    def _next(self, due: int | None) -> int | None:
        """The next instant at which something is to be done: in the outbox, or a gateway to be tried."""
        now = self._clock.now()
        probes = [b.next for b in self._breakers.values() if b.open and b.next > now]
        return min([*probes, *([] if due is None else [due])], default=None)

    def _landed(self, flight: "asyncio.Task[Outcome]") -> None:
        delivery = self._flights.pop(flight)
        if not flight.cancelled():
            outcome = _outcome(flight, delivery)
            self._breakers[delivery.channel].heard(outcome, self._clock.now())
            self._news.settled.append((delivery, outcome))
        self.notify()

    async def _rest(self, due: int | None) -> None:
        """Until somebody notifies or something falls due."""
        self._due = due
        if not self._wake.is_set() and not self._flights:
            self._quiet.set()
        await _first_of(self._wake.wait(), *([] if due is None else [self._clock.sleep_until(due)]))
        self._quiet.clear()

    def _complete(self, router: Router) -> Router:
        if missing := sorted(router.channels - self._channels.keys()):
            raise ValueError(
                f"the routes name {', '.join(missing)}, which is not configured:"
                " configure the channel or take it out of the routes"
            )
        return router


def _by_name(outbox: Outbox, channels: Sequence[Channel]) -> dict[str, Channel]:
    strangers = sorted(f"{c.name} ({c.realm})" for c in channels if c.realm is not outbox.realm)
    if strangers:
        raise ValueError(f"the outbox is {outbox.realm}, but not so {', '.join(strangers)}: realms never mix")
    named = {channel.name: channel for channel in channels}
    if len(named) != len(channels):
        raise ValueError("two channels have the same name: give each its own")
    return named


def _claim(outbox: Outbox, room: dict[str, _Room], now: int) -> list[Delivery]:
    """Red for every channel, before anything else for any."""
    reds = {name: outbox.claim(name, now, free.red, red=True) for name, free in room.items() if free.red > 0}
    claimed = [delivery for found in reds.values() for delivery in found]
    for name, free in room.items():
        left = min(free.any, free.red - len(reds.get(name, ())))
        if left > 0:
            claimed += outbox.claim(name, now, left)
    return claimed


def _record(outbox: Outbox, receipt: Receipt) -> None:
    if not outbox.receipt(receipt.key, receipt.state, receipt.at, receipt.detail, receipt.address):
        _log.warning("receipt_unknown", key=receipt.key, address=receipt.address, state=str(receipt.state))


def _outcome(flight: "asyncio.Task[Outcome]", delivery: Delivery) -> Outcome:
    defect = flight.exception()
    if defect is None:
        return flight.result()
    _log.error("channel_defect", channel=delivery.channel, key=delivery.key, exc_info=defect)
    return Unknown(f"defect of the channel: {type(defect).__name__}")


async def _first_of(*events: Coroutine[None, None, object]) -> None:
    waits = [asyncio.create_task(event) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
