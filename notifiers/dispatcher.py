"""Claim, send, settle: from the outbox to the channels, and what became of it back.

One coroutine does everything that touches the outbox, a round at a time, each round one transaction on
the outbox's own thread. Sends are tasks of their own, at most `bound` of them on a channel: a slow or broken
channel fills its own places and no others.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import structlog

from ingest.clock import Clock
from notifiers.delivery import Channel, Delivery, Receipt
from notifiers.outbox import Outbox
from notifiers.outcome import Outcome, Unknown
from notifiers.routing import Router

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5


@dataclass(slots=True)
class _News:
    """What happened since the last round and is not in the outbox yet."""

    settled: list[tuple[Delivery, Outcome]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Round:
    """What a round leaves to be done: deliveries to send, lines still unrouted, the next due instant."""

    claimed: list[Delivery]
    routed: int
    due: int | None


class Dispatcher:
    """Sends what the outbox holds. `worker` has one thread, the one that opened the outbox.

    `refused` is called with each error of an outbox that cannot be written.
    Raises ValueError for channels of more than one realm, of one name, or when a route names a channel that
    is not there.
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
        refused: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._outbox = outbox
        self._channels = _by_name(outbox, channels)
        self._router = self._complete(router)
        self._clock = clock
        self._worker = worker
        self._bound = bound
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
            if not round_.routed:
                await self._rest(round_.due)

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
            raise
        for delivery in [] if self._closing else round_.claimed:
            flight = asyncio.create_task(self._channels[delivery.channel].send(delivery))
            self._flights[flight] = delivery
            flight.add_done_callback(self._landed)
        return round_

    def _transact(self, news: _News, router: Router, room: dict[str, int], now: int) -> _Round:
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
            outbox.expire(now)
            outbox.lapse(router, now)
            routed = outbox.route(router, now)
            claimed = [d for name, free in room.items() for d in outbox.claim(name, now, free)]
        return _Round(claimed, routed, outbox.due(now))

    def _room(self) -> dict[str, int]:
        if self._closing:
            return {}
        flying = [delivery.channel for delivery in self._flights.values()]
        free = {name: self._bound - flying.count(name) for name in self._channels}
        return {name: count for name, count in free.items() if count > 0}

    def _landed(self, flight: "asyncio.Task[Outcome]") -> None:
        delivery = self._flights.pop(flight)
        if not flight.cancelled():
            self._news.settled.append((delivery, _outcome(flight, delivery)))
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
