"""The quarantine: bounded, exact in its totals, indifferent to repetition."""

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import ingest
from ingest.clock import MINUTE
from ingest.quarantine import Bounds, Quarantine, QuarantineRow, QuarantineUnavailable
from ingest.reading import Reason, Rejected

ROOT = Path(ingest.__file__).parents[1]


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    with Quarantine.open(tmp_path / "quarantine.db") as quarantine:
        yield quarantine


def refused(
    message: int, reason: Reason = Reason.MALFORMED, topic: str = "t/1", payload: bytes = b"{"
) -> Rejected:
    return Rejected(message, reason, "why", topic, payload)


def test_rows_come_back_newest_first_with_all_that_is_known(quarantine: Quarantine) -> None:
    quarantine.add(1, 1000, [refused(4), refused(9, Reason.NOT_UTF8)])
    quarantine.add(3, 3000, [refused(0, payload=b"\xff\x00")])
    assert [(row.sequence, row.message) for row in quarantine.rows(10)] == [(3, 0), (1, 9), (1, 4)]
    assert quarantine.rows(1) == [
        QuarantineRow(3, 0, 3000, Reason.MALFORMED, "why", "t/1", 2, b"\xff\x00", 0),
    ]
    assert [row.message for row in quarantine.rows(10, Reason.NOT_UTF8)] == [9]


def test_an_empty_quarantine_has_nothing_to_tell(quarantine: Quarantine) -> None:
    quarantine.add(1, 1000, [])
    assert (quarantine.rows(10), quarantine.counts(), quarantine.unregistered()) == ([], {}, [])


def test_a_payload_is_kept_to_16_kib_and_its_size_told(quarantine: Quarantine) -> None:
    quarantine.add(1, 0, [refused(0, Reason.OVERSIZED, payload=bytes(20_000))])
    (row,) = quarantine.rows(1)
    assert (row.size, len(row.payload)) == (20_000, 16 * 1024)


def test_hostile_text_is_kept_in_a_printable_form_and_bounded(quarantine: Quarantine) -> None:
    hostile = replace(refused(0, topic="a\udc80\x00b"), detail="x" * 5000)
    quarantine.add(1, 0, [hostile])
    (row,) = quarantine.rows(1)
    assert (row.topic, len(row.detail)) == ("a\\udc80\x00b", 1024)


def test_an_entry_added_again_changes_nothing(quarantine: Quarantine) -> None:
    for _ in range(3):
        quarantine.add(5, 0, [refused(1), refused(2, Reason.UNREGISTERED)])
        quarantine.add(6, 0, [refused(1)])
    assert quarantine.counts() == {Reason.MALFORMED: 2, Reason.UNREGISTERED: 1}
    assert len(quarantine.rows(10)) == 3
    assert quarantine.unregistered() == [("t/1", 1, 0, 0)]


def test_messages_of_one_entry_may_come_in_several_calls(quarantine: Quarantine) -> None:
    quarantine.add(5, 0, [refused(7)])
    quarantine.add(5, 0, [refused(2)])
    quarantine.add(5, 0, [refused(2), refused(7), refused(8)])
    assert quarantine.counts() == {Reason.MALFORMED: 3}


def test_of_several_refusals_of_one_message_the_first_stands(quarantine: Quarantine) -> None:
    quarantine.add(1, 0, [refused(0, Reason.IMPOSSIBLE), refused(0, Reason.WRONG_UNIT)])
    assert quarantine.counts() == {Reason.IMPOSSIBLE: 1}


def test_the_ring_keeps_the_newest_rows_and_the_totals_all(tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "q.db", Bounds(rows=5, alike=20)) as quarantine:
        for sequence in range(1, 5):
            quarantine.add(sequence, 0, [refused(n) for n in range(3)])
        quarantine.add(5, MINUTE, [refused(n) for n in range(20)])
        assert [(row.sequence, row.message) for row in quarantine.rows(100)] == [
            (5, n) for n in range(19, 14, -1)
        ]
        assert quarantine.counts() == {Reason.MALFORMED: 32}


def test_the_ring_keeps_within_its_bytes(tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "q.db", Bounds(bytes=10_000)) as quarantine:
        for sequence in range(1, 30):
            quarantine.add(sequence, sequence * MINUTE, [refused(0, payload=bytes(1_000))])
        assert [row.sequence for row in quarantine.rows(100)] == list(range(29, 20, -1))


def test_the_full_ring_stays_within_its_bounds_on_disk(tmp_path: Path) -> None:
    payload = bytes(200)
    with Quarantine.open(tmp_path / "q.db", Bounds(alike=100_000, a_minute=100_000)) as quarantine:
        for sequence in range(1, 31):
            quarantine.add(sequence, 0, [refused(n, payload=payload) for n in range(1000)])
        assert len(quarantine.rows(20_000)) == 10_000
        assert quarantine.counts() == {Reason.MALFORMED: 30_000}
        quarantine.settle()
    assert (tmp_path / "q.db").stat().st_size < 5_000_000


def test_of_a_flood_the_first_of_each_minute_are_kept_and_the_others_counted_beside_them(
    tmp_path: Path,
) -> None:
    with Quarantine.open(tmp_path / "q.db", Bounds(alike=2)) as quarantine:
        quarantine.add(1, 0, [refused(n, topic="t/flood") for n in range(9)])
        quarantine.add(2, MINUTE - 1, [refused(0, topic="t/flood"), refused(1, topic="t/quiet")])
        quarantine.add(3, MINUTE, [refused(n, Reason.NOT_UTF8, "t/flood") for n in range(2)])
        quarantine.add(4, MINUTE, [refused(0, topic="t/flood")])
        held = [(row.sequence, row.message, row.topic, row.more) for row in quarantine.rows(100)]
        assert held == [
            (4, 0, "t/flood", 0),
            (3, 1, "t/flood", 0),
            (3, 0, "t/flood", 0),
            (2, 1, "t/quiet", 0),
            (1, 1, "t/flood", 8),
            (1, 0, "t/flood", 0),
        ]
        assert quarantine.counts() == {Reason.MALFORMED: 12, Reason.NOT_UTF8: 2}


def test_invented_topics_fill_neither_the_ring_nor_the_list_of_those_to_adopt(tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "q.db", Bounds(a_minute=3)) as quarantine:
        quarantine.add(1, 0, [refused(n, Reason.UNREGISTERED, f"t/{n}") for n in range(50)])
        quarantine.add(2, 0, [refused(0, Reason.UNREGISTERED, "t/1"), refused(1, Reason.MALFORMED)])
        assert [(row.reason, row.topic, row.more) for row in quarantine.rows(100)] == [
            (Reason.MALFORMED, "t/1", 0),
            (Reason.UNREGISTERED, "t/2", 47),
            (Reason.UNREGISTERED, "t/1", 1),
            (Reason.UNREGISTERED, "t/0", 0),
        ]
        assert [(topic.topic, topic.messages) for topic in quarantine.unregistered()] == [
            ("t/1", 2), ("t/0", 1), ("t/2", 1),
        ]  # fmt: skip
        assert quarantine.counts() == {Reason.UNREGISTERED: 51, Reason.MALFORMED: 1}


def test_unregistered_topics_are_counted_with_first_and_last_and_bounded(tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "q.db", Bounds(topics=2)) as quarantine:
        quarantine.add(1, 100, [refused(n, Reason.UNREGISTERED, "t/a") for n in range(3)])
        quarantine.add(2, 200, [refused(0, Reason.UNREGISTERED, "t/b"), refused(1, topic="t/registered")])
        quarantine.add(3, 300, [refused(0, Reason.UNREGISTERED, "t/a")])
        assert quarantine.unregistered() == [("t/a", 4, 100, 300), ("t/b", 1, 200, 200)]
        quarantine.add(4, 400, [refused(0, Reason.UNREGISTERED, "t/c")])
        assert [topic.topic for topic in quarantine.unregistered()] == ["t/a", "t/c"]


def test_what_is_dropped_takes_with_it_how_many_were_like_it(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    with Quarantine.open(path, Bounds(rows=2, alike=1)) as quarantine, closing(sqlite3.connect(path)) as disk:
        for minute in range(5):
            quarantine.add(minute + 1, minute * MINUTE, [refused(n) for n in range(3)])
        assert [row.more for row in quarantine.rows(10)] == [2, 2]
        assert disk.execute("SELECT count(*) FROM alike").fetchone() == (2,)


def test_what_the_disk_refused_is_kept_once_it_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    with Quarantine.open(path, Bounds(alike=2)) as quarantine, closing(sqlite3.connect(path)) as disk:
        full = "CREATE TRIGGER full BEFORE INSERT ON refused BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        disk.execute(full)
        with pytest.raises(QuarantineUnavailable, match="disk is full"):
            quarantine.add(1, 0, [refused(n) for n in range(5)])
        assert quarantine.counts() == {}
        disk.execute("DROP TRIGGER full")
        quarantine.add(1, 0, [refused(n) for n in range(5)])
        assert [(row.message, row.more) for row in quarantine.rows(10)] == [(1, 3), (0, 0)]
        assert quarantine.counts() == {Reason.MALFORMED: 5}


def test_a_second_process_reads_while_the_first_writes(quarantine: Quarantine, tmp_path: Path) -> None:
    quarantine.add(1, 0, [refused(0), refused(1)])
    script = (
        "import sys; from pathlib import Path; from ingest.quarantine import Quarantine\n"
        "with Quarantine.open_read_only(Path(sys.argv[1])) as q: print(len(q.rows(9)), *q.counts().values())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "quarantine.db")]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "2 2\n"
    quarantine.add(2, 0, [refused(0)])
    assert quarantine.counts() == {Reason.MALFORMED: 3}


def test_reading_does_not_make_a_quarantine(tmp_path: Path) -> None:
    with pytest.raises(QuarantineUnavailable, match=r"absent\.db"):
        Quarantine.open_read_only(tmp_path / "absent.db").rows(1)
    assert list(tmp_path.iterdir()) == []


KIND = st.tuples(st.sampled_from([Reason.MALFORMED, Reason.UNREGISTERED]), st.sampled_from(["t/a", "t/b"]))


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.lists(st.tuples(st.integers(0, 1), st.lists(KIND, max_size=8)), min_size=1, max_size=6),
    stops=st.sets(st.integers(0, 5)),
)
def test_every_message_is_a_row_or_counted_at_one_like_it_over_restarts(
    tmp_path_factory: pytest.TempPathFactory,
    minutes: list[tuple[int, list[tuple[Reason, str]]]],
    stops: set[int],
) -> None:
    """Against a reference that looks at all before; a restart within a minute changes nothing."""
    path = tmp_path_factory.mktemp("quarantine") / "q.db"
    bounds = Bounds(alike=2, a_minute=3)
    expected: list[list[object]] = []
    minute = 0
    quarantine = Quarantine.open(path, bounds)
    for number, (step, kinds) in enumerate(minutes):
        minute += step
        received = minute * MINUTE + number
        for message, (reason, topic) in enumerate(kinds):
            of_reason = [row for row in expected if row[0] == minute and row[1] is reason]
            alike = [row for row in of_reason if row[2] == topic]
            if len(alike) < bounds.alike and len(of_reason) < bounds.a_minute:
                expected.append([minute, reason, topic, number + 1, message, 0])
            else:
                (alike or of_reason)[-1][5] += 1  # type: ignore[operator]
        quarantine.add(number + 1, received, [refused(m, *kind) for m, kind in enumerate(kinds)])
        if number in stops:
            quarantine.close()
            quarantine = Quarantine.open(path, bounds)
    held = [
        [row.received // MINUTE, row.reason, row.topic, row.sequence, row.message, row.more]
        for row in reversed(quarantine.rows(1000))
    ]
    quarantine.close()
    assert held == expected


@settings(max_examples=40, deadline=None)
@given(
    blocks=st.lists(st.lists(st.sampled_from(Reason), max_size=6), min_size=1, max_size=8),
    cuts=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=5),
)
def test_recovery_from_any_earlier_position_leaves_the_totals_exact(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[Reason]], cuts: list[tuple[int, int]]
) -> None:
    """Run up to some block, stop, go on from an earlier one; at every stop each message has counted once."""
    path = tmp_path_factory.mktemp("quarantine") / "q.db"
    entries = [[refused(n, reason) for n, reason in enumerate(block)] for block in blocks]
    reached = 0
    for stop, back in [*cuts, (len(blocks), len(blocks))]:
        begin, reached = max(reached - back, 0), max(reached, min(stop, len(blocks)))
        with Quarantine.open(path, Bounds(rows=4)) as quarantine:
            for at in range(begin, reached):
                quarantine.add(at + 1, 0, entries[at])
            assert quarantine.counts() == Counter(reason for block in blocks[:reached] for reason in block)
