"""The parts in memory do what the real ones do on a disk: both go through the same steps."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.journal import EntryKind, Journal, JournalUnavailable, Retention
from ingest.quarantine import Quarantine
from ingest.reading import Reason, Rejected
from ingest.snapshots import Snapshots
from rules.realm import Realm
from tests.simulation.disk import (
    Faults,
    MemoryBundles,
    MemoryJournal,
    MemoryQuarantine,
    MemorySnapshots,
)
from tests.simulation.outbox import KeptOutbox
from tests.simulation.town import bundles
from tocsin.bundle import Bundles

steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 50), st.binary(max_size=8)),
        st.tuples(st.just("read"), st.integers(0, 12), st.integers(1, 5)),
        st.tuples(st.just("move"), st.sampled_from(["engine", "series"]), st.integers(0, 14)),
        st.tuples(st.just("drop"), st.sampled_from(["engine", "series"]), st.just(0)),
        st.tuples(st.just("reopen"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


def apply(journal: Any, what: str, first: Any, second: Any) -> Any:
    """What comes of a step, be it an answer or a refusal."""
    if what == "append":
        return journal.append(first, EntryKind.MQTT, 1, second)
    if what == "read":
        return journal.read(first, second)
    if what == "drop":
        return journal.drop_cursor(first)
    try:
        return journal.move_cursor(first, second)
    except ValueError as error:
        return str(error)


@settings(max_examples=25)
@given(steps)
def test_the_journal_in_memory_is_the_journal(given_steps: list[tuple[str, Any, Any]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        real, fake = Journal.open(Path(directory), Retention()), MemoryJournal(Faults())
        for what, first, second in given_steps:
            if what == "reopen":
                real.close()
                real = Journal.open(Path(directory), Retention())
                fake.crash(power=False)
                fake.reopen()
            else:
                assert apply(real, what, first, second) == apply(fake, what, first, second)
            for name in ("last", "last_received", "first"):
                assert getattr(real, name) == getattr(fake, name)
            assert [real.cursor(n) for n in ("engine", "series")] == [
                fake.cursor(n) for n in ("engine", "series")
            ]
        real.close()


refused = st.builds(
    Rejected, st.integers(0, 3), st.sampled_from(Reason), st.just(""), st.just("t"), st.just(b"")
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 5), st.lists(refused, max_size=4)), max_size=12))
def test_the_quarantine_in_memory_counts_as_the_quarantine_does(
    given_steps: list[tuple[int, list[Rejected]]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        fake = MemoryQuarantine(Faults())
        with Quarantine.open(Path(directory) / "quarantine.db") as real:
            for sequence, rejected in given_steps:
                real.add(sequence, 0, rejected)
                fake.add(sequence, 0, rejected)
                assert real.counts() == fake.counts()


@pytest.mark.parametrize("damaged", [False, True])
def test_snapshots_in_memory_are_snapshots(tmp_path: Path, damaged: bool) -> None:
    real, fake = Snapshots(tmp_path), MemorySnapshots(Faults())
    for position in (3, 5, 9):
        state = {"a": np.arange(position), "b": b"x" * position}
        written = [each.write(position, "hash", state).name for each in (real, fake)]
        assert len(set(written)) == 1
    if damaged:
        newest = max(tmp_path.iterdir())
        newest.write_bytes(newest.read_bytes()[:-1])
        fake.damaged = True

    found = [each.newest() for each in (real, fake)]

    for each in found:
        assert each is not None
        assert (each.position, each.bundle) == (5 if damaged else 9, "hash")
        np.testing.assert_array_equal(each.state["a"], np.arange(each.position))
        assert each.state["b"] == b"x" * each.position
        each.state["a"][0] = 7  # type: ignore[index]
    assert [len(each.faults) for each in (real, fake)] == [damaged, damaged]


def test_bundles_in_memory_are_bundles(tmp_path: Path) -> None:
    real, fake = Bundles(tmp_path), MemoryBundles()
    for each in (real, fake):
        for sequence, bundle in ((1, bundles()[0]), (7, bundles()[1]), (4, bundles()[2]), (4, bundles()[2])):
            each.record(sequence, each.save(bundle))

    assert real.applied() == fake.applied()
    assert [real.at(n) for n in (1, 3, 4, 7, 9)] == [fake.at(n) for n in (1, 3, 4, 7, 9)]
    assert real.load(bundles()[1].hash) == fake.load(bundles()[1].hash)
    for each in (real, fake):
        with pytest.raises(KeyError):
            each.at(0)


def test_retention_in_memory_takes_all_that_no_cursor_holds_and_nothing_else() -> None:
    journal = MemoryJournal(Faults())
    for number in range(5):
        journal.append(number, EntryKind.MQTT, 1, b"")
    journal.move_cursor("engine", 4)
    journal.move_cursor("series", 2)

    journal.maintain(0)

    assert journal.first == 3
    assert [entry.sequence for entry in journal.read(0)] == [3, 4, 5]


def test_a_power_cut_takes_what_was_not_synced() -> None:
    journal = MemoryJournal(Faults())
    journal.append(0, EntryKind.MQTT, 1, b"")
    journal.move_cursor("engine", 0)
    journal.sync()
    journal.move_cursor("engine", 1)

    journal.crash(power=True)

    assert (journal.last, journal.cursor("engine")) == (1, 0)


def test_a_disk_that_refuses_adds_nothing() -> None:
    faults = Faults({"journal"})
    journal = MemoryJournal(faults)

    with pytest.raises(JournalUnavailable):
        journal.append(0, EntryKind.MQTT, 1, b"")

    assert journal.last == 0


def test_the_outbox_keeps_what_was_committed_and_returns_claims() -> None:
    outbox = KeptOutbox.begin(Faults())
    outbox.commit(7, [])

    outbox.reopen()

    assert (outbox.position, outbox.realm) == (7, Realm.LIVE)
