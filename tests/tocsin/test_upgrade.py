"""This version goes on where version 1 was killed: tests/data/state-1 is its state directory."""

import asyncio
import json
import shutil
import sqlite3
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import EntryKind, open_read_only
from notifiers.outbox.reader import OutboxReader
from notifiers.outbox.schema import VERSION
from rules.transition import line
from simulators.broker import LoopbackBroker
from simulators.phone import PhoneGateway, TextMessage
from simulators.publisher import Publisher
from tests.tocsin.village import SETTINGS, START, payload, topic, write
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import basis_of, configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.judge import Judge
from tocsin.storage import Storage
from tocsin.wiring import retention

ARCHIVE = Path(__file__).parents[1] / "data" / "state-1" / "state.tar.gz"
ANA, BO = "+8610000000001", "+8610000000002"
# Of river-1, river-2, smoke-1, river-3: open, over, waiting for a person, open with two messages queued.
OPEN, OVER, REVIEW, QUEUED = "5864971eebfa3d17", "4e15ad83b6aed251", "f10c28d8e80d4eda", "1641fbceab190f32"
# Killed at minute 98.
BACK = START + 110 * MINUTE


@dataclass
class Life:
    """A daemon of this version over the state, and all around it."""

    clock: LockstepClock
    phone: PhoneGateway
    publisher: Publisher

    async def report(self, sensor: str, value: float) -> None:
        """Report it every five minutes of half an hour."""
        for _ in range(6):
            at = self.clock.now()
            self.publisher.publish(topic(sensor), payload(sensor, at, value))
            self.publisher.send()
            await self.clock.run(at + 5 * MINUTE)

    @property
    def inbox(self) -> list[TextMessage]:
        """What was told, but that the restart was blind time: this broker knows nothing of the last life."""
        return [message for message in self.phone.inbox if "Ingest blind" not in message.text]


def files_of(state: Path, broker: int, phone: int) -> Bundle:
    """What version 1 had applied last, as an administrator brings it to the settings of this version."""
    bundles = Bundles(state / "bundles")
    old = bundles.load(bundles.applied()[-1][1])
    settings = SETTINGS.replace("port: 1883", f"port: {broker}").replace(
        "127.0.0.1:9/", f"127.0.0.1:{phone}/"
    )
    return Bundle(old.main, {**old.texts, old.main: settings})


@asynccontextmanager
async def living(state: Path, start: int = BACK) -> AsyncIterator[Life]:
    """Started as `tocsin run` starts it: the files on disk are applied, then it recovers. An orderly stop."""
    clock, broker = LockstepClock(start), LoopbackBroker()
    phone = PhoneGateway(clock)
    port = await broker.start()
    path = write(state.parent / "configs", files_of(state, port, await phone.start()))
    publisher = Publisher("127.0.0.1", port, "gateway")
    await publisher.connect()
    files = read_bundle(path)
    configuration = configure(files)
    storage = Storage.open(state, configuration.settings.realm, retention(configuration.settings.journal))
    try:
        apply_first(files, storage, clock)
        daemon = Daemon(configuration, storage, clock)
        stop, life = asyncio.Event(), Life(clock, phone, publisher)
        around = {"broker": broker.idle, "phone": phone.idle, "publisher": publisher.idle}
        running = asyncio.create_task(daemon.run(stop))
        async with asyncio.timeout(20):
            while not daemon.connected():
                assert not running.done(), running.exception()
                await asyncio.sleep(0.002)
            for name, idle in {**around, **daemon.hops()}.items():
                clock.hop(name, idle)
            try:
                await clock.run(start + MINUTE)
                yield life
            finally:
                stop.set()
                await running
    finally:
        storage.close()
        await publisher.close()
        await phone.stop()
        await broker.stop()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "state"


@pytest.fixture
def before(state: Path, tmp_path: Path) -> Path:
    """The same, left as it was."""
    return Path(shutil.copytree(state, tmp_path / "before"))


def asked(file: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


def recorded(state: Path) -> list[bytes]:
    """The lines of the outbox, whatever its version."""
    return [row[0] for row in asked(state / "outbox.db", "SELECT line FROM transitions ORDER BY id")]


def open_in(state: Path) -> list[tuple[str, int, str]]:
    """(warning, grade, disposition) of each open warning."""
    question = (
        "SELECT warning, after, disposition FROM transitions WHERE latest = 1 AND after NOTNULL ORDER BY id"
    )
    return asked(state / "outbox.db", question)


def shown(messages: list[TextMessage]) -> list[tuple[str, str]]:
    return sorted((message.to, message.key) for message in messages)


async def test_warnings_stay_open_as_they_were_and_nothing_is_judged_otherwise(
    state: Path, before: Path
) -> None:
    async with living(state):
        pass

    assert [warning for warning, *_ in open_in(before)] == [OPEN, REVIEW, QUEUED]
    assert open_in(state) == open_in(before)
    assert recorded(state)[: len(recorded(before))] == recorded(before)
    assert asked(state / "outbox.db", "SELECT * FROM faults") == []
    assert asked(state / "outbox.db", "PRAGMA user_version") == [(VERSION,)]


async def test_only_what_was_queued_is_told_and_under_its_key(state: Path, before: Path) -> None:
    question = "SELECT address, key FROM deliveries WHERE state = 'queued' ORDER BY address"
    queued = asked(before / "outbox.db", question)

    async with living(state) as life:
        assert [to for to, _ in queued] == [ANA, BO]
        assert shown(life.inbox) == queued
        assert all("river-3" in message.text for message in life.inbox)


async def test_the_end_of_an_open_warning_reaches_who_was_told(state: Path) -> None:
    async with living(state) as life:
        told = len(life.inbox)
        await life.report("river-1", 1.0)

        ends = [message for message in life.inbox[told:] if "river-1" in message.text]
        assert sorted(message.to for message in ends) == [ANA, BO]
        assert len(life.inbox) == told + len(ends)
    assert [warning for warning, *_ in open_in(state)] == [REVIEW, QUEUED]


async def test_what_waits_for_a_person_still_does(state: Path) -> None:
    async with living(state):
        pass
    with closing(OutboxReader.reading(state / "outbox.db")) as outbox:
        assert [t.warning for t in outbox.awaiting()] == [REVIEW]


def test_the_journal_judged_again_from_its_beginning_gives_the_same_lines(before: Path) -> None:
    bundles = Bundles(before / "bundles")
    with closing(open_read_only(before / "journal")) as journal:
        entries = journal.read(0, 1000)
    judge = Judge(
        basis_of(bundles.load(bundles.applied()[0][1])), lambda bundle: basis_of(bundles.load(bundle))
    )

    judged = [line(transition) for entry in entries for transition in judge.take(entry).transitions]

    kinds = [entry.kind for entry in entries]
    assert (kinds.count(EntryKind.BUNDLE), kinds.count(EntryKind.BLIND)) == (2, 2)
    assert judged == recorded(before)


async def test_the_history_keeps_its_points_and_the_quarantine_its_messages(
    state: Path, before: Path
) -> None:
    points = "SELECT sensor, metric, observed, value FROM point JOIN series ON series.id = series"
    refused = "SELECT reason, topic, payload FROM refused ORDER BY id"
    async with living(state) as life:
        await life.report("river-1", 1.0)

    known, now = set(asked(before / "series.db", points)), set(asked(state / "series.db", points))
    assert len(known) == 80
    assert known < now
    assert len(now - known) == 6
    assert len(asked(before / "quarantine.db", refused)) == 3
    assert asked(state / "quarantine.db", refused) == asked(before / "quarantine.db", refused)


async def test_a_second_start_finds_nothing_to_do(state: Path) -> None:
    async with living(state):
        pass
    first, lines = open_in(state), recorded(state)
    position = asked(state / "outbox.db", "SELECT position FROM meta")

    async with living(state, BACK + 2 * MINUTE) as life:
        assert life.inbox == []
    assert open_in(state) == first
    assert recorded(state)[: len(lines)] == lines
    assert asked(state / "outbox.db", "SELECT position FROM meta") > position
    assert asked(state / "outbox.db", "SELECT * FROM faults") == []


def test_version_1_really_left_what_these_tests_are_about(before: Path) -> None:
    bundles = [json.loads(path.read_bytes()) for path in (before / "bundles").glob("*.json")]
    assert len({bundle["texts"]["rules/all.yaml"] for bundle in bundles}) == 2
    assert asked(before / "outbox.db", "PRAGMA user_version") == [(1,)]
    assert len(list((before / "journal").glob("*.blocks.zz"))) == 1
    assert list((before / "snapshots").glob("*.state"))
    assert OVER not in {warning for warning, *_ in open_in(before)}


async def test_an_open_warning_that_rises_reaches_whom_the_routes_name_for_its_hazard(state: Path) -> None:
    """Ana is named for any hazard, Bo for floods alone."""
    async with living(state) as life:
        told = len(life.inbox)
        await life.report("river-1", 4.5)

        rises = life.inbox[told:]
        assert sorted(message.to for message in rises) == [ANA, BO]
        assert all("RED warning" in message.text and "river-1" in message.text for message in rises)
    placed = asked(state / "outbox.db", "SELECT id, hazard, zone FROM incidents WHERE closed IS NULL")
    assert sorted(placed) == sorted(
        [(OPEN, "flood", "village"), (REVIEW, "fire", "village"), (QUEUED, "flood", "village")]
    )
