"""The dispatcher under a lockstep clock: what is sent, when, and what one bad channel does to the others."""

import asyncio
import itertools
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND, Clock, LockstepClock
from ingest.registry import Registry, Zone
from notifiers.contacts import Person
from notifiers.delivery import Channel, Delivery, Receipt, State
from notifiers.dispatcher import Dispatcher
from notifiers.outbox import Outbox
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.recorder import Recorder
from notifiers.routes import Budgets, Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

START = 1_528_060_200_000
ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))


# One for each warning, with a horn: warnings of one hazard in one zone are told as one.
ZONES = [
    Zone(id=f"w{i}", name={"en": f"W{i}"}, parent=None, code="", polygon=(), horns=(f"horn-{i}",))
    for i in range(60)
]


def router(*channels: str) -> Router:
    route = Route(
        hazard="*",
        grades=frozenset(Grade),
        zones=frozenset(),
        people=(ANA,),
        horns="loudspeaker" in channels,
        channels=channels,
        file="routes.yaml",
        line=1,
    )
    # Digests have tests of their own: here everything is told one by one.
    routes = Routes(routes=(route,), budgets=Budgets(messages=1_000))
    return Router(routes, Registry.of([], {zone.id: zone for zone in ZONES}), [], UTC)


def transition(warning: str, grade: Grade = Grade.ORANGE) -> Transition:
    return Transition(
        at=START,
        rule="rainstorm",
        subject=warning,
        warning=warning,
        ordinal=0,
        before=None,
        after=grade,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={},
    )


class Hanging:
    """A gateway that takes everything and answers nothing until `release` is set."""

    realm = Realm.DRILL
    honours_keys = False
    receipt_within: int | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[Delivery] = []
        self.release = asyncio.Event()

    async def send(self, delivery: Delivery) -> Outcome:
        self.taken.append(delivery)
        await self.release.wait()
        return Sent("late")


class Timed:
    """A gateway that takes nothing before the instant `up`."""

    name = "sms"
    realm = Realm.DRILL
    honours_keys = False
    receipt_within: int | None = None

    def __init__(self, clock: Clock, up: int) -> None:
        self.attempts: list[tuple[int, Delivery]] = []
        self._clock = clock
        self._up = up

    async def send(self, delivery: Delivery) -> Outcome:
        now = self._clock.now()
        self.attempts.append((now, delivery))
        return Sent("p") if now >= self._up else Retry(0, "down")


class Broken(Recorder):
    """A channel with a defect."""

    async def send(self, delivery: Delivery) -> Outcome:
        raise KeyError(delivery.key)


class House:
    """An outbox on its own thread, a lockstep clock, and one dispatcher."""

    def __init__(self, path: Path, kind: type[Outbox] = Outbox) -> None:
        self.path = path
        self.clock = LockstepClock(START)
        self.worker = ThreadPoolExecutor(1)
        self.outbox = self.worker.submit(kind.open, path, Realm.DRILL).result()
        self.dispatcher: Dispatcher | None = None
        self.closed = False
        self._task: asyncio.Task[None] | None = None

    def dispatch(self, *channels: Channel, bound: int = 8) -> Dispatcher:
        routes = router(*(channel.name for channel in channels))
        self.dispatcher = Dispatcher(self.outbox, routes, channels, self.clock, self.worker, bound=bound)
        self.clock.hop("dispatcher", self.dispatcher.idle)
        self._task = asyncio.create_task(self.dispatcher.run())
        return self.dispatcher

    def commit(self, *transitions: Transition) -> None:
        self.worker.submit(self.outbox.commit, 1, transitions).result()
        if self.dispatcher is not None:
            self.dispatcher.notify()

    async def run(self, duration: int) -> None:
        await self.clock.run(self.clock.now() + duration)

    def counts(self) -> dict[str, dict[State, int]]:
        return self.worker.submit(self.outbox.counts).result()

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.worker.submit(self.outbox.close).result()
        self.worker.shutdown()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = House(tmp_path / "outbox.sqlite")
    yield built
    await built.close()


async def until(seen: list[Delivery], count: int) -> None:
    """Wait for real threads, at most five seconds."""
    async with asyncio.timeout(5):
        while len(seen) < count:
            await asyncio.sleep(0.001)


async def test_what_is_committed_is_sent_and_settled(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms")
    house.dispatch(sms)
    house.commit(transition("w1"))
    await house.run(SECOND)
    assert [d.recipient for d in sms.sent] == ["ana"]
    assert sms.sent[0].text["en"].startswith("EXERCISE ")
    assert house.counts() == {"sms": {State.ACCEPTED: 1}}


async def test_what_was_committed_before_the_start_is_sent_at_the_start(house: House) -> None:
    house.commit(transition("w1"))
    sms = Recorder(Realm.DRILL, "sms")
    house.dispatch(sms)
    await house.run(SECOND)
    assert len(sms.sent) == 1


async def test_a_retry_is_made_at_its_instant_without_anybody_waking_the_dispatcher(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Retry(5 * MINUTE, "busy")]))
    house.dispatch(sms)
    house.commit(transition("w1"))
    await house.run(5 * MINUTE - 1)
    assert sms.sent == []
    await house.run(1)
    assert [d.attempt for d in sms.sent] == [2]


async def test_rejected_and_unknown_are_told_apart_and_not_tried_again(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Rejected("no such number"), Unknown("hung")]))
    house.dispatch(sms)
    house.commit(transition("w1"), transition("w2"))
    await house.run(2 * HOUR)
    assert sms.sent == []
    assert house.counts() == {"sms": {State.FAILED: 1, State.UNKNOWN: 1}}


async def test_a_gateway_that_honours_keys_gets_an_unknown_delivery_again(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Unknown("hung")]), honours_keys=True)
    house.dispatch(sms)
    house.commit(transition("w1"))
    await house.run(2 * MINUTE)
    assert house.counts() == {"sms": {State.ACCEPTED: 1}}


async def test_a_channel_that_hangs_delays_no_other(house: House) -> None:
    hanging, other = Hanging("loudspeaker"), Recorder(Realm.DRILL, "sms")
    dispatcher = house.dispatch(hanging, other, bound=5)
    house.commit(*(transition(f"w{i}") for i in range(50)))
    await until(other.sent, 50)
    assert len(hanging.taken) == 3
    assert not dispatcher.idle()
    hanging.release.set()
    await house.run(SECOND)
    assert house.counts()["loudspeaker"] == {State.ACCEPTED: 50}


async def test_a_defect_of_a_channel_leaves_the_delivery_unknown_and_the_others_working(house: House) -> None:
    other = Recorder(Realm.DRILL, "sms")
    house.dispatch(Broken(Realm.DRILL, "loudspeaker"), other)
    house.commit(transition("w1"))
    await house.run(SECOND)
    assert len(other.sent) == 1
    assert house.counts()["loudspeaker"] == {State.UNKNOWN: 1}


async def test_red_is_sent_first_out_of_a_storm(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms")
    house.commit(*(transition(f"b{i}", Grade.BLUE) for i in range(700)), transition("r", Grade.RED))
    house.dispatch(sms)
    await house.run(SECOND)
    assert len(sms.sent) == 701
    assert sms.sent[0].warning == "r"


async def test_a_channel_that_is_full_of_slow_blue_takes_a_red_at_once(house: House) -> None:
    slow = Hanging("sms")
    house.dispatch(slow, bound=8)
    house.commit(*(transition(f"w{i}", Grade.BLUE) for i in range(50)))
    await until(slow.taken, 6)
    house.commit(transition("r1", Grade.RED), transition("r2", Grade.RED), transition("r3", Grade.RED))
    await until(slow.taken, 8)
    assert [d.warning for d in slow.taken[6:]] == ["r1", "r2"]
    slow.release.set()
    await house.run(SECOND)
    assert slow.taken[8].warning == "r3"
    assert house.counts() == {"sms": {State.ACCEPTED: 53}}


async def test_a_gateway_that_is_down_is_tried_once_a_second_and_takes_red_once_it_is_back(
    house: House,
) -> None:
    down = Timed(house.clock, up=START + 2 * MINUTE)
    house.dispatch(down)
    house.commit(*(transition(f"w{i}") for i in range(40)), transition("r", Grade.RED))
    await house.run(10 * MINUTE)
    probes = [at for at, _ in down.attempts if at < START + 2 * MINUTE]
    # The places that were in use when it broke, then one a second.
    assert len(probes) <= 8 + 120
    assert all(b - a >= SECOND for a, b in itertools.pairwise(probes[8:]))
    red = next(at for at, d in down.attempts if d.grade is Grade.RED and at >= START + 2 * MINUTE)
    assert red <= START + 2 * MINUTE + 3 * SECOND
    assert house.counts() == {"sms": {State.ACCEPTED: 41}}


async def test_a_wrong_number_is_no_sign_of_a_broken_gateway(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Rejected("no such number")] * 30))
    house.dispatch(sms)
    house.commit(*(transition(f"w{i}") for i in range(40)))
    await house.run(0)
    assert house.counts() == {"sms": {State.FAILED: 30, State.ACCEPTED: 10}}


def test_a_channel_without_a_place_for_what_is_not_red_is_refused(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    with ThreadPoolExecutor(1) as worker, pytest.raises(ValueError, match="leave some for the others"):
        Dispatcher(outbox, router(), [], LockstepClock(START), worker, bound=2)
    outbox.close()


async def test_a_receipt_confirms_and_its_absence_fails(house: House) -> None:
    horn = Recorder(Realm.DRILL, "loudspeaker", receipt_within=MINUTE)
    dispatcher = house.dispatch(horn)
    house.commit(transition("w1"), transition("w2"))
    await house.run(SECOND)
    heard = horn.sent[0]
    dispatcher.receipt(Receipt(heard.key, State.PLAYED, house.clock.now(), "", heard.address))
    dispatcher.receipt(Receipt("unheard of", State.PLAYED, house.clock.now(), "", heard.address))
    await house.run(MINUTE)
    assert house.counts() == {"loudspeaker": {State.PLAYED: 1, State.FAILED: 1}}


async def test_a_simulated_hour_at_a_dead_gateway_ends_in_expiry(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms", deque([Retry(0, "down")] * 500))
    dispatcher = house.dispatch(sms)
    house.commit(transition("w1"))
    await house.run(2 * HOUR)
    assert house.counts() == {"sms": {State.EXPIRED: 1}}
    assert dispatcher.idle()


async def test_drain_sends_what_is_due_and_nothing_afterwards(house: House) -> None:
    sms = Recorder(Realm.DRILL, "sms")
    dispatcher = house.dispatch(sms)
    house.commit(*(transition(f"w{i}") for i in range(30)))
    await dispatcher.drain(house.clock.now() + 10 * SECOND)
    assert len(sms.sent) == 30
    assert house.counts() == {"sms": {State.ACCEPTED: 30}}
    house.commit(transition("after"))
    await house.run(MINUTE)
    assert house.counts() == {"sms": {State.ACCEPTED: 30, State.QUEUED: 1}}


async def test_what_hangs_at_the_end_of_a_drain_is_sent_by_the_next_life(house: House) -> None:
    hanging = Hanging("sms")
    dispatcher = house.dispatch(hanging)
    house.commit(transition("w1"))
    await until(hanging.taken, 1)
    await dispatcher.drain(house.clock.now())
    assert house.counts() == {"sms": {State.CLAIMED: 1}}

    await house.close()
    next_life = House(house.path)
    sms = Recorder(Realm.DRILL, "sms")
    next_life.dispatch(sms)
    await next_life.run(SECOND)
    await next_life.close()
    assert [d.key for d in sms.sent] == [hanging.taken[0].key]


async def test_an_outbox_that_refuses_at_the_end_of_a_drain_stops_no_stop(tmp_path: Path) -> None:
    house = House(tmp_path / "outbox.db", Locked)
    hanging = Hanging("sms")
    dispatcher = house.dispatch(hanging)
    house.outbox.failures = 0
    house.commit(transition("w1"))
    await until(hanging.taken, 1)

    house.outbox.failures = 1_000
    await dispatcher.drain(house.clock.now())

    assert house.outbox.failures < 1_000
    await house.close()


class Locked(Outbox):
    """Another process is at the file the first few times."""

    failures = 2

    def expire(self, now: int) -> int:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")
        return super().expire(now)


async def test_an_outbox_that_cannot_be_written_for_a_while_ends_nothing(tmp_path: Path) -> None:
    house = House(tmp_path / "outbox.sqlite", Locked)
    sms = Recorder(Realm.DRILL, "sms")
    house.dispatch(sms)
    house.commit(transition("w1"))

    await until(sms.sent, 1)
    await house.run(SECOND)

    assert house.counts() == {"sms": {State.ACCEPTED: 1}}
    await house.close()


async def test_a_new_router_decides_from_the_next_round_on(house: House) -> None:
    sms, horn = Recorder(Realm.DRILL, "sms"), Recorder(Realm.DRILL, "loudspeaker")
    dispatcher = house.dispatch(sms, horn)
    dispatcher.reroute(router("sms"))
    house.commit(transition("w1"))
    await house.run(SECOND)
    assert (len(sms.sent), len(horn.sent)) == (1, 0)
    with pytest.raises(ValueError, match="carrier-pigeon, which is not configured"):
        dispatcher.reroute(router("carrier-pigeon"))


async def test_realms_never_mix(house: House) -> None:
    with pytest.raises(ValueError, match=r"outbox is drill, but not so sms \(live\)"):
        house.dispatch(Recorder(Realm.LIVE, "sms"))


async def test_two_channels_of_one_name_are_refused(house: House) -> None:
    with pytest.raises(ValueError, match="same name"):
        house.dispatch(Recorder(Realm.DRILL, "sms"), Recorder(Realm.DRILL, "sms"))
