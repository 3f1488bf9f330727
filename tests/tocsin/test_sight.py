"""What is journaled of the time in which nothing can arrive."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.clock import SECOND, LockstepClock, SystemClock
from ingest.journal import EntryKind, JournalUnavailable
from ingest.session import Change, LinkEvent
from tests.tocsin.serving import opened, running
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.sight import SHORTEST, Blind, Sight, read_blind

START = 1_718_000_000_000
ALIVE = START - 3600 * SECOND


class Watched:
    """A sight on a simulated clock, and what it noted: (seconds past `START`, entry)."""

    def __init__(self, alive: int) -> None:
        self.clock = LockstepClock(START)
        self.noted: list[tuple[float, Blind]] = []
        self.sight = Sight(self._note, self.clock, alive)
        self.clock.hop("sight", self.sight.idle)

    async def _note(self, blind: Blind) -> None:
        self.noted.append(((self.clock.now() - START) / SECOND, blind))

    async def pass_time(self, milliseconds: int) -> None:
        async with asyncio.timeout(5):
            await self.clock.run(self.clock.now() + milliseconds)

    async def find_forgotten(self) -> None:
        """The link is back, and the broker has no session of ours any more."""
        event = LinkEvent(self.clock.now(), Change.CONNECTED, False, "")
        self.sight.follow(event, forgotten=True)
        await self.pass_time(0)

    async def see(self, *changes: Change) -> None:
        for change in changes:
            self.sight.follow(LinkEvent(self.clock.now(), change, True, ""))
        await self.pass_time(0)


@asynccontextmanager
async def watching(alive: int) -> AsyncIterator[Watched]:
    found = Watched(alive)
    task = asyncio.create_task(found.sight.run())
    await found.pass_time(0)
    yield found
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with watching(ALIVE) as found:
        yield found


BEFORE = (0.0, Blind(ALIVE, ended=False))


async def test_the_time_before_the_start_is_blind_until_the_link_is_up(watched: Watched) -> None:
    assert watched.noted == [BEFORE]

    await watched.see(Change.REFUSED)
    await watched.pass_time(60 * SECOND)
    assert watched.noted == [BEFORE]

    await watched.see(Change.CONNECTED)
    assert watched.noted == [BEFORE, (60.0, Blind(ALIVE, ended=True))]


async def test_a_start_right_after_the_last_sign_of_life_is_not_worth_an_entry() -> None:
    """Nor is the very first one."""
    async with watching(START - SHORTEST + SECOND) as watched:
        await watched.see(Change.CONNECTED)
        await watched.pass_time(60 * SECOND)
        assert watched.noted == []


async def test_a_start_that_finds_no_broker_is_blind_from_the_last_sign_of_life_on() -> None:
    async with watching(START - SECOND) as watched:
        await watched.see(Change.REFUSED)
        await watched.pass_time(60 * SECOND)
        assert watched.noted == [(4.0, Blind(START - SECOND, ended=False))]


async def test_a_link_that_stays_away_is_blind_time_from_its_loss_on(watched: Watched) -> None:
    await watched.see(Change.CONNECTED)
    await watched.see(Change.LOST)
    await watched.pass_time(SHORTEST - 1)
    assert len(watched.noted) == 2

    await watched.pass_time(1)
    await watched.see(Change.REFUSED)
    await watched.pass_time(20 * SECOND)
    await watched.see(Change.CONNECTED)

    assert watched.noted[2:] == [(5.0, Blind(START, ended=False)), (25.0, Blind(START, ended=True))]


async def test_a_link_that_is_soon_back_is_not_worth_an_entry(watched: Watched) -> None:
    await watched.see(Change.CONNECTED)
    for _ in range(3):
        await watched.see(Change.LOST, Change.REFUSED)
        await watched.pass_time(SHORTEST - 1)
        await watched.see(Change.CONNECTED)
    await watched.pass_time(60 * SECOND)

    assert len(watched.noted) == 2


async def test_each_loss_has_its_own_time(watched: Watched) -> None:
    """A link that is back for a moment begins to be missed anew."""
    await watched.see(Change.CONNECTED)
    await watched.see(Change.LOST)
    await watched.pass_time(SHORTEST - 1)
    await watched.see(Change.CONNECTED, Change.LOST)
    await watched.pass_time(SHORTEST)

    assert watched.noted[2:] == [(9.999, Blind(START + SHORTEST - 1, ended=False))]


async def test_a_session_that_is_gone_is_noted_with_the_time_since_which_it_may_be(watched: Watched) -> None:
    """Together with the end of the blind time where there was one."""
    await watched.see(Change.CONNECTED)
    await watched.see(Change.LOST)
    await watched.pass_time(2 * SECOND)
    await watched.find_forgotten()
    await watched.see(Change.LOST)
    await watched.pass_time(SHORTEST)
    await watched.find_forgotten()
    await watched.pass_time(60 * SECOND)

    assert watched.noted[2:] == [
        (2.0, Blind(START, ended=True, lost=True)),
        (7.0, Blind(START + 2 * SECOND, ended=False)),
        (7.0, Blind(START + 2 * SECOND, ended=True, lost=True)),
    ]


async def test_a_link_that_goes_right_after_it_found_no_session_is_noted_and_missed(watched: Watched) -> None:
    await watched.see(Change.CONNECTED)
    watched.sight.follow(LinkEvent(START, Change.LOST, True, ""))
    watched.sight.follow(LinkEvent(START, Change.CONNECTED, False, ""), forgotten=True)
    await watched.see(Change.LOST)
    await watched.pass_time(SHORTEST)

    assert watched.noted[2:] == [
        (0.0, Blind(START, ended=True, lost=True)),
        (5.0, Blind(START, ended=False)),
    ]


async def test_a_journal_that_cannot_be_written_at_the_stop_ends_it_quietly(tmp_path: Path) -> None:
    async def refuse(_: Blind) -> None:
        raise JournalUnavailable(tmp_path, "no space left on device")

    async with asyncio.timeout(5):
        await Sight(refuse, LockstepClock(START), ALIVE).run()


async def test_a_daemon_is_blind_from_the_last_sign_of_life_until_it_is_subscribed(tmp_path: Path) -> None:
    """Down for a minute after its first start, which follows on nothing."""
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        for clock in (SystemClock(), SystemClock(wall=lambda: time.time() + 60)):
            async with running(Daemon(configure(files), storage, clock)) as daemon:
                while not all(idle() for idle in daemon.hops().values()):
                    await asyncio.sleep(0.002)
        journaled = storage.journal.read(0)

    assert [entry.kind for entry in journaled] == [EntryKind.BUNDLE, EntryKind.BLIND, EntryKind.BLIND]
    since = journaled[0].received
    assert [read_blind(entry.data) for entry in journaled[1:]] == [
        Blind(since, ended=False),
        Blind(since, ended=True),
    ]
