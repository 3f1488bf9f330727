"""What is missing and what is there twice is found, message by message."""

from pathlib import Path

import numpy as np
import pytest

from bench.reconcile import journaled, keys_in
from ingest.clock import HOUR
from ingest.journal import EntryKind, Journal, Retention
from ingest.session.wire import messages
from simulators.city.plan import City, Plan
from simulators.city.voices import Voices
from simulators.sent_log import Bursts, SentLog
from tocsin.reconciliation import Reconciled, reconcile

STAMP = 1_764_448_000_000
PLAN = Plan.usual(sensors=600, gateways=4, interval=10_000)


@pytest.fixture
def sent(tmp_path: Path) -> tuple[City, list[bytes], Path]:
    """(City, blocks of what it said, the sent-log of it)."""
    city = City.of(PLAN)
    path = tmp_path / "sent.log"
    voices, blocks = Voices(city), list[bytes]()
    gateways = np.arange(PLAN.gateways)
    with SentLog(path, city.sensors()) as log:
        for stamp in range(STAMP, STAMP + 30):
            counts = np.minimum(voices.room(gateways), 11)
            log.add(city.first[gateways] + voices.turn[gateways] % city.size, counts, stamp, stamp)
            blocks.append(b"".join(map(bytes, voices.say(gateways, counts, stamp))))
    return city, blocks, path


def write(directory: Path, blocks: list[bytes]) -> Path:
    with Journal.open(directory, Retention(HOUR, 24 * HOUR, 10**9)) as journal:
        journal.append(STAMP, EntryKind.BUNDLE, 0, b"a bundle")
        for block in blocks:
            journal.append(STAMP, EntryKind.MQTT, len(messages(block)), block)
    return directory


def test_the_log_names_every_message_that_the_packets_hold(sent: tuple[City, list[bytes], Path]) -> None:
    city, blocks, path = sent
    log = Bursts.read(path)

    assert len(log) == sum(len(messages(block)) for block in blocks)
    assert log.keys(city.number).tolist() == keys_in(b"".join(blocks)).tolist()


def test_a_whole_journal_lacks_nothing(sent: tuple[City, list[bytes], Path], tmp_path: Path) -> None:
    city, blocks, path = sent
    log = Bursts.read(path)
    found = reconcile(log.keys(city.number), journaled(write(tmp_path / "journal", blocks)))

    assert found == Reconciled(journaled=len(log), lost=0, duplicates=0, foreign=0)


def test_one_message_that_is_gone_and_one_that_came_twice_are_counted(
    sent: tuple[City, list[bytes], Path], tmp_path: Path
) -> None:
    city, blocks, path = sent
    log = Bursts.read(path)
    length = blocks[3].index(b"}}") + 2
    blocks[3] = blocks[3][length:]
    blocks[5] += blocks[5][: blocks[5].index(b"}}") + 2]
    found = reconcile(log.keys(city.number), journaled(write(tmp_path / "journal", blocks)))

    assert found == Reconciled(journaled=len(log), lost=1, duplicates=1, foreign=0)


def test_what_nobody_sent_is_foreign() -> None:
    assert reconcile(np.array([1, 2]), np.array([1, 2, 3])) == Reconciled(3, 0, 0, 1)


def test_a_block_with_a_message_of_somebody_else_is_named(
    sent: tuple[City, list[bytes], Path], tmp_path: Path
) -> None:
    _, blocks, _ = sent
    with Journal.open(tmp_path / "journal", Retention(HOUR, 24 * HOUR, 10**9)) as journal:
        journal.append(STAMP, EntryKind.MQTT, len(messages(blocks[0])) + 1, blocks[0])

    with pytest.raises(RuntimeError, match="journal entry 1 holds 45 messages, of which 44 are a fleet's"):
        journaled(tmp_path / "journal")
