"""One life of everything that writes to the state directory, short and the same every time.

The daemon's own parts over its own storage; only the session, the clock and the phone are scripted. Half an
hour of a village passes: a river rises and falls, it rains, strangers report, the rules are changed, a closed
journal file is compressed.
"""

import asyncio
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from mqtt5 import PublishPacket

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import Retention
from ingest.series import SeriesWriter
from ingest.session import Batch
from notifiers.delivery import Delivery
from notifiers.dispatcher import Dispatcher
from notifiers.outcome import Outcome, Sent
from rules.realm import Realm
from tests.tocsin.scripted import ScriptedSession, batch
from tests.tocsin.village import RULES, START, bundle, report
from tocsin.bundle import Applied
from tocsin.configuration import configure
from tocsin.decoding import JournalDecoder
from tocsin.first_bundle import apply_first
from tocsin.intake import Intake
from tocsin.judge import Basis, Judge
from tocsin.judging import Judging
from tocsin.storage import Storage
from tocsin.wiring import router_of, store_of

MINUTES = 30
# A journal file a quarter of an hour, so that some are closed and compressed.
RETENTION = Retention(period=15 * MINUTE)
RESERVE = 4096
STAGES = (1.0, 2.1, 2.2, 3.1, 4.2, 4.3, 3.2, 1.0, 1.0, 1.0)
FIRST = bundle()
SECOND = bundle(rules=RULES.replace("stage >= 4 m", "stage >= 3.9 m"))
CHANGED_AT, COMPRESSED_AT = 10, 21
KNOWN = {files.hash: configure(files) for files in (FIRST, SECOND)}


@dataclass(frozen=True, slots=True)
class Promises:
    """What the outside was promised: `acked` once the broker is, `shown` once the phone has it."""

    said: Callable[[str], None]

    def acked(self, number: int) -> None:
        self.said(f"acked {number}")

    def told(self, position: int) -> None:
        self.said(f"told {position}")

    def shown(self, delivery: Delivery) -> None:
        self.said(f"shown {delivery.address} {delivery.key}")


def script() -> list[tuple[int, tuple[PublishPacket, ...]]]:
    """(minute, packets): one batch each, every message different from all others."""
    lines = []
    for number, stage in enumerate(STAGES):
        at = START + 3 * number * MINUTE
        packets = [report(f"river-{1 + number % 3}", at, stage), report("rain-1", at + 1, 15.0 - number)]
        if number % 4 == 1:
            packets.append(report("river-x", at, stage))
        lines.append((3 * number, tuple(packets)))
    return lines


class Source(ScriptedSession):
    """Says which batch was acknowledged."""

    def __init__(self, storage: Storage, promises: Promises) -> None:
        super().__init__(storage.journal)
        self._promises = promises
        self._numbers: dict[int, int] = {}

    def offer(self, number: int, packets: tuple[PublishPacket, ...]) -> None:
        made = batch(*packets)
        self._numbers[id(made)] = number
        self.feed(made)

    def ack(self, batch: Batch) -> None:
        super().ack(batch)
        self._promises.acked(self._numbers[id(batch)])


class Phone:
    """A channel whose gateway honours keys."""

    name = "sms"
    realm = Realm.LIVE
    honours_keys = True
    receipt_within = None

    def __init__(self, promises: Promises) -> None:
        self._promises = promises

    async def send(self, delivery: Delivery) -> Outcome:
        self._promises.shown(delivery)
        return Sent(delivery.key)


async def live(state: Path, promises: Promises, done: Collection[int] = ()) -> None:
    """From the start to an orderly stop; the batches in `done` were acknowledged to an earlier life.

    Raises what a start raises on a disk that refuses; later on, everything waits for the disk.
    """
    storage = Storage.open(state, Realm.LIVE, RETENTION, RESERVE)
    try:
        clock = LockstepClock(START)
        if not storage.bundles.applied():
            apply_first(FIRST, storage, clock)
        await _serve(storage, clock, promises, done)
    finally:
        storage.close()


async def _serve(storage: Storage, clock: LockstepClock, promises: Promises, done: Collection[int]) -> None:
    source = Source(storage, promises)

    def room() -> bool:
        return storage.reserve.held

    intake = Intake(source, storage.journal, clock, storage.journal_thread, room=room)  # type: ignore[arg-type]
    judge = _judge(storage)
    clock.catch_up(max(storage.settled(), judge.engine.now))
    configuration = KNOWN[judge.basis.bundle]
    store = store_of(configuration.settings.series, storage.directory, room)
    dispatcher = Dispatcher(
        storage.outbox, router_of(configuration), [Phone(promises)], clock, storage.outbox_thread,
        refused=storage.reserve.relieve,
    )  # fmt: skip

    def committed() -> None:
        promises.told(judging.judge.position)
        dispatcher.notify()
        series.notify()

    judging = Judging(judge, storage, intake, clock, committed)
    decoder = JournalDecoder(storage.bundles, basis_of, judging.recent)
    series = SeriesWriter(storage.journal, decoder, store, clock, storage.series_thread, pauses=(0.02, 0.1))
    await judging.recover(asyncio.Event())
    for name, part in (
        ("intake", intake),
        ("judging", judging),
        ("dispatcher", dispatcher),
        ("series", series),
    ):
        clock.hop(name, part.idle)
    parts = (intake, judging, dispatcher, series, storage.reserve)
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        playing = asyncio.create_task(_play(source, storage, intake, clock, done))
        driving = asyncio.create_task(clock.run(START + MINUTES * MINUTE))
        ended, _ = await asyncio.wait([driving, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        assert driving in ended, "a part ended by itself"
        await playing
        # A life whose clock begins behind the script plays what is left of it at one instant.
        await clock.settle()
        await judging.stop()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        store.close()


async def _play(
    source: Source, storage: Storage, intake: Intake, clock: LockstepClock, done: Collection[int]
) -> None:
    for number, (minute, packets) in enumerate(script()):
        await clock.sleep_until(START + minute * MINUTE)
        if minute >= CHANGED_AT and storage.bundles.applied()[-1][1] != SECOND.hash:
            await _change(storage, intake)
        if minute >= COMPRESSED_AT:
            storage.journal.maintain(clock.now())
        if number not in done:
            source.offer(number, packets)


async def _change(storage: Storage, intake: Intake) -> None:
    """As a reload does; one that the disk refuses is refused, and here tried again."""
    while True:
        try:
            storage.bundles.save(SECOND)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            break
    await intake.apply(Applied(SECOND.hash))


def _judge(storage: Storage) -> Judge:
    snapshot = storage.snapshots.newest()
    if snapshot is not None:
        return Judge.resume(snapshot, basis_of)
    first = max(storage.journal.first, storage.bundles.applied()[0][0])
    return Judge(basis_of(storage.bundles.at(first)), basis_of)


def basis_of(bundle_hash: str) -> Basis:
    return KNOWN[bundle_hash].basis


def writing_to(path: Path) -> Promises:
    """Promises that a file outside of the state keeps: one write a line, so that a kill cuts none."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return Promises(lambda text: os.write(descriptor, f"{text}\n".encode()) and None)
