"""What closed journal files decode to, kept beside the journal: the same comes out, with it and without."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind
from ingest.reading import Decoded
from rules.transition import line
from tests.tocsin.test_csv_columns import plainly
from tests.tocsin.test_recorded import NEW, OLD, journaled, load_from
from tests.tocsin.village import SENSORS, START, basis, block, bundle, payload, report, topic
from tocsin.journal_columns import KEPT, ROOT, decoded_by, remove_before
from tocsin.recorded import JournalRecord, Period, Rerun

WHOLE = Period()
# Any account but root.
SERVICE = 4711
MOVED = bundle(others={"sensors.csv": SENSORS.replace("rain-2", "rain-3")})


def story(stages: list[float], begin: int = START) -> list[tuple[int, EntryKind, bytes]]:
    """Every five minutes readings, numbers, garbage or a stranger; time without sight, other rules."""
    entries: list[tuple[int, EntryKind, bytes]] = [(begin, EntryKind.BUNDLE, OLD.hash.encode())]
    for number, stage in enumerate(stages):
        at = begin + number * 5 * MINUTE
        numbered = b'{"t":%d,"v":{"stage":1},"seq":%d,"boot":1}' % (at, number * 2)
        packets = [
            report("river-1", at, stage),
            PublishPacket(topic("river-2"), numbered),
            PublishPacket(topic("river-3"), b"?"),
            PublishPacket(topic("stranger"), payload("rain-1", at, 1)),
        ]
        if number % 7 == 5:
            entries.append((at, EntryKind.BUNDLE, (NEW if number % 2 else OLD).hash.encode()))
            entries.append((at, EntryKind.BLIND, b'{"since":%d,"ended":true}' % at))
        entries.append((at, EntryKind.MQTT, block(1, at, packets[: 1 + number % 4]).data))
    return entries


STAGES = [1.0, 1.2, 1.6, 2.1, 2.6, 3.2, 3.3, 3.6, 4.2, 3.9, 3.1, 2.2, 1.4] * 3


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A journal of four files, of which three are closed."""
    journaled(tmp_path, story(STAGES))
    return tmp_path


def columns(state: Path) -> list[Path]:
    return sorted((state / "columns").glob("*"))


def lines(
    state: Path, keep: bool = False, period: Period = WHOLE, account: int | None = None
) -> tuple[list[bytes], list[str], int]:
    """The transitions, what was told beside them, and the messages refused."""
    notes: list[str] = []
    rerun = Rerun(JournalRecord(state, keep, notes.append, account), load_from(state), period)
    found = [line(t) for judged in rerun for t in judged.transitions]
    return found, notes, rerun.judge.screen.quarantined


def items(state: Path) -> Iterator[tuple[Entry, Decoded | None]]:
    yield from JournalRecord(state).entries(None, lambda: BASIS)


BASIS = basis(OLD)


@given(st.lists(st.sampled_from(STAGES), min_size=14, max_size=40))
@settings(deadline=None, max_examples=15)
def test_the_same_is_judged_with_what_is_kept_and_without(
    tmp_path_factory: pytest.TempPathFactory, stages: list[float]
) -> None:
    state = tmp_path_factory.mktemp("state")
    journaled(state, story(stages))
    expected = lines(state)

    assert lines(state, keep=True) == expected
    assert len(columns(state)) == (len(stages) - 1) // 12
    assert lines(state) == expected


def test_everything_that_was_decoded_is_kept(state: Path) -> None:
    expected = list(items(state))
    lines(state, keep=True)
    found = list(items(state))

    for (entry, decoded), (known, should) in zip(found, expected, strict=True):
        assert (entry.sequence, entry.received, entry.kind, entry.count) == (
            known.sequence, known.received, known.kind, known.count,
        )  # fmt: skip
        assert (decoded is None) == (should is None) == (entry.kind is not EntryKind.MQTT)
        if decoded is None or should is None:
            assert entry.data == known.data
            continue
        assert (decoded.rejected, decoded.messages) == (should.rejected, should.messages)
        values = plainly(decoded.readings), plainly(should.readings)
        assert values[0] == values[1]
        assert [a.tolist() for a in (decoded.numbered.slot, decoded.numbered.seq, decoded.numbered.boot)] == [
            a.tolist() for a in (should.numbered.slot, should.numbered.seq, should.numbered.boot)
        ]
    kept = [entry for entry, decoded in found if decoded is not None and not entry.data]
    assert len(kept) == 36
    # Else nothing of it was tried.
    assert any(d is not None and d.rejected for _, d in found)
    assert any(d is not None and len(d.numbered.slot) for _, d in found)


def test_root_keeps_nothing_in_the_directory_of_a_service_that_could_not_remove_it(state: Path) -> None:
    expected = lines(state)
    if os.geteuid() == ROOT:
        os.chown(state, SERVICE, SERVICE)

    assert lines(state, keep=True, account=ROOT) == expected
    assert columns(state) == []
    assert not (state / "columns").exists()


@pytest.mark.parametrize("place", [3, 20, 40, 60, 200, -1])
def test_a_damaged_file_is_told_of_left_aside_and_written_anew(state: Path, place: int) -> None:
    expected, _, refused = lines(state, keep=True)
    path = columns(state)[1]
    sound = path.read_bytes()
    path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place:][1:])

    found, notes, again = lines(state, keep=True)

    assert (found, again) == (expected, refused)
    assert [str(path) in note and "decoded from the journal instead" in note for note in notes] == [True]
    assert path.read_bytes() == sound


@pytest.mark.parametrize("left", [0, 10, 100, -1])
def test_a_file_that_was_cut_is_left_aside(state: Path, left: int) -> None:
    expected, _, refused = lines(state, keep=True)
    path = columns(state)[0]
    path.write_bytes(path.read_bytes()[:left])

    found, notes, again = lines(state)

    assert (found, again, len(notes)) == (expected, refused, 1)


def test_other_rules_use_what_is_kept_and_other_sensors_do_not(state: Path) -> None:
    lines(state, keep=True)
    assert decoded_by(basis(OLD)) == decoded_by(basis(NEW)) != decoded_by(basis(MOVED))
    before = columns(state)

    for _ in Rerun(JournalRecord(state, keep=True), lambda _: basis(NEW)):
        pass
    assert columns(state) == before
    for _ in Rerun(JournalRecord(state, keep=True), lambda _: basis(MOVED)):
        pass
    assert len(columns(state)) == 2 * len(before)


def test_no_more_than_the_newest_are_kept_of_a_file(state: Path) -> None:
    others = [SENSORS.replace("rain-2", f"rain-{n}") for n in range(3, 6)]
    for text in [SENSORS, *others]:
        by = basis(bundle(others={"sensors.csv": text}))
        for _ in Rerun(JournalRecord(state, keep=True), lambda _, by=by: by):  # type: ignore[misc]
            pass

    assert len(columns(state)) == 3 * KEPT


def test_a_file_in_which_the_sensors_change_is_not_kept(tmp_path: Path) -> None:
    entries = story(STAGES[:20])
    entries.insert(8, (entries[7][0], EntryKind.BUNDLE, MOVED.hash.encode()))
    journaled(tmp_path, entries)
    load_from_both = {OLD.hash: basis(OLD), NEW.hash: basis(MOVED), MOVED.hash: basis(MOVED)}

    def found() -> list[bytes]:
        record = JournalRecord(tmp_path, keep=True)
        return [line(t) for judged in Rerun(record, load_from_both.__getitem__) for t in judged.transitions]

    expected = found()

    assert columns(tmp_path) == []
    assert found() == expected != []


def test_what_ends_within_a_file_keeps_nothing_of_it(state: Path) -> None:
    lines(state, keep=True, period=Period(end=START + 90 * MINUTE))

    assert [path.name[:25] for path in columns(state)] == ["000000000001-000000000015"]


def test_a_period_begins_within_what_is_kept(state: Path) -> None:
    period = Period(begin=START + 100 * MINUTE, warm_up=10 * MINUTE)
    expected = lines(state, period=period)
    lines(state, keep=True)

    assert lines(state, period=period) == expected
    assert expected[0]


def test_where_nothing_can_be_written_the_journal_is_judged_all_the_same(state: Path) -> None:
    expected = lines(state)
    (state / "columns").write_text("in the way")

    found, notes, refused = lines(state, keep=True)

    assert (found, [], refused) == expected
    assert notes
    assert all("not kept" in note or "instead" in note for note in notes)


def test_what_belongs_to_removed_journal_files_is_removed(state: Path) -> None:
    lines(state, keep=True)
    first, *others = columns(state)

    assert remove_before(state, 16) == [first]
    assert columns(state) == others
    assert remove_before(state / "elsewhere", 16) == []
