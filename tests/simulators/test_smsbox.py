"""The simulated carrier: receipts in time, late, doubled or never, and what the channel makes of them."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette

from ingest.clock import MINUTE, SECOND, LockstepClock
from notifiers.delivery import Receipt, State
from notifiers.kannel import KannelChannel
from notifiers.outcome import Outcome, Retry, Sent, Unknown
from rules.realm import Realm
from simulators.gateway import Answer, HttpServer, Reply, Request
from simulators.http_get import http_get
from simulators.phone import Fault
from simulators.smsbox import Service, Smsbox
from simulators.timetable import Timetable
from tests.notifiers.announced import AT, delivery


class Callbacks(HttpServer):
    """Where the channel is called: the instants and paths."""

    def __init__(self, clock: LockstepClock) -> None:
        super().__init__()
        self.called: list[tuple[int, str]] = []
        self._clock = clock

    def answer(self, request: Request) -> Answer:
        self.called.append((self._clock.now() - AT, request.target))
        return Reply()


class Town:
    """The shipped channel before a simulated carrier."""

    def __init__(self, clock: LockstepClock, smsbox: Smsbox, callbacks: Callbacks) -> None:
        self.clock, self.smsbox, self.callbacks = clock, smsbox, callbacks
        self.receipts: list[Receipt] = []
        self.port = self.called_at = 0
        self.channel: KannelChannel

    async def open(self) -> None:
        self.port, self.called_at = await self.smsbox.start(), await self.callbacks.start()
        self.channel = KannelChannel(
            "city",
            Realm.DRILL,
            self.clock,
            url=f"http://127.0.0.1:{self.port}/cgi-bin/sendsms",
            username="tocsin",
            password="correct-horse",
            token="a-token-of-16-or-more",
            callbacks_at=f"http://127.0.0.1:{self.called_at}",
            on_receipt=self.receipts.append,
            on_reply=lambda _: None,
            rate=1000,
            timeout=0.3,
        )

    async def send(self) -> Outcome:
        outcome = await self.channel.send(delivery())
        await self.clock.settle()
        return outcome

    async def heard(self) -> list[Receipt]:
        """What the shipped channel makes of all that it was called with."""
        transport = httpx.ASGITransport(Starlette(routes=self.channel.callbacks()))
        async with httpx.AsyncClient(transport=transport, base_url="http://tocsin") as client:
            for _, path in self.callbacks.called:
                assert (await client.get(path)).status_code == 200
        return self.receipts


@asynccontextmanager
async def town(*changes: tuple[int, Service], usual: Service | None = None) -> AsyncIterator[Town]:
    clock = LockstepClock(AT)
    plan = Timetable(usual or Service(), [(AT + after, service) for after, service in changes])
    at = Town(clock, Smsbox(clock, plan), Callbacks(clock))
    await at.open()
    clock.hop("smsbox", at.smsbox.idle)
    clock.hop("callbacks", at.callbacks.idle)
    yield at
    await at.channel.close()
    await at.smsbox.stop()
    await at.callbacks.stop()


async def test_a_text_is_shown_and_its_receipt_comes() -> None:
    async with town() as at:
        assert isinstance(await at.send(), Sent)
        receipts = await at.heard()

    assert [(message.at, message.to) for message in at.smsbox.inbox] == [(AT, delivery().address)]
    assert [(receipt.key, receipt.state) for receipt in receipts] == [(delivery().key, State.DELIVERED)]


@pytest.mark.parametrize(
    ("service", "instants"),
    [
        (Service(delay=MINUTE), [MINUTE]),
        (Service(receipts=2), [0, 0]),
        (Service(delay=SECOND, receipts=2), [SECOND, SECOND]),
        (Service(receipts=0), []),
    ],
    ids=["late", "doubled", "late and doubled", "never"],
)
async def test_receipts_are_late_doubled_or_never_come(service: Service, instants: list[int]) -> None:
    async with town(usual=service) as at:
        assert isinstance(await at.send(), Sent)
        await at.clock.run(AT + 10 * MINUTE)
        receipts = await at.heard()

    assert [instant for instant, _ in at.callbacks.called] == instants
    assert [receipt.state for receipt in receipts] == [State.DELIVERED] * len(instants)
    assert len(at.smsbox.inbox) == 1


async def test_what_no_phone_gets_is_reported_as_undeliverable() -> None:
    async with town(usual=Service(delivered=False)) as at:
        assert isinstance(await at.send(), Sent)
        receipts = await at.heard()

    assert at.smsbox.inbox == []
    assert [receipt.state for receipt in receipts] == [State.FAILED]


async def test_each_stretch_of_the_plan_meets_requests_in_its_own_way() -> None:
    faults = (Fault.BUSY, Fault.LOST_ANSWER, Fault.HANG_UP, None)
    changes = [(second * SECOND, Service(fault=fault)) for second, fault in enumerate(faults, start=1)]
    outcomes = []
    async with town(*changes) as at:
        for second in range(5):
            await at.clock.run(AT + second * SECOND)
            outcomes.append(type(await at.send()))

    assert outcomes == [Sent, Retry, Unknown, Unknown, Sent]
    assert [message.at - AT for message in at.smsbox.inbox] == [0, 2 * SECOND, 4 * SECOND]
    assert [instant for instant, _ in at.callbacks.called] == [0, 2 * SECOND, 4 * SECOND]


async def test_a_receipt_for_which_nobody_listens_is_counted() -> None:
    async with town() as at:
        await at.callbacks.stop()
        # Nobody else can listen there meanwhile.
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", at.called_at))
            await at.send()

    assert at.smsbox.unheard == 1


async def test_what_has_no_number_or_no_text_is_refused() -> None:
    async with town() as at:
        answers = [await http_get(at.port, f"/cgi-bin/sendsms?{asked}") for asked in ("to=1", "text=x")]

    assert [answer.split(b" ")[1] for answer in answers] == [b"400", b"400"]
    assert (at.smsbox.refused, at.smsbox.inbox) == (2, [])
