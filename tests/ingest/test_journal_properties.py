"""However it is rolled, compressed, trimmed and reopened, the journal is one list without its head."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.journal import Entry, EntryKind, Journal, Retention

POLICY = Retention(period=100, keep=400, max_bytes=100_000_000)

append = st.tuples(
    st.just("append"),
    st.integers(-60, 120),
    st.sampled_from(EntryKind),
    st.integers(0, 99),
    st.binary(max_size=40),
)
maintain = st.tuples(st.just("maintain"), st.integers(0, 600))
cursor = st.tuples(st.just("cursor"), st.sampled_from(["engine", "series"]), st.floats(0, 1))
reopen = st.tuples(st.just("reopen"))
actions = st.lists(st.one_of(append, append, maintain, cursor, reopen), max_size=25)


@settings(max_examples=60, deadline=None)
@given(actions=actions, limit=st.integers(1, 5))
def test_what_is_read_is_what_was_appended_and_nothing_a_cursor_needs_is_removed(
    actions: list[tuple[object, ...]], limit: int
) -> None:
    with TemporaryDirectory() as name:
        expected: list[Entry] = []
        cursors: dict[str, int] = {}
        journal = Journal.open(Path(name), POLICY)
        try:
            for action in actions:
                match action:
                    case ("append", int(step), EntryKind() as kind, int(count), bytes(data)):
                        received = max(journal.last_received + step, 0)
                        expected.append(journal.append(received, kind, count, data))
                        reached = max(received, expected[-2].received if len(expected) > 1 else 0)
                        assert expected[-1] == Entry(len(expected), reached, kind, count, data)
                    case ("maintain", int(step)):
                        assert journal.maintain(journal.last_received + step).faults == []
                    case ("cursor", str(reader), float(share)):
                        cursors[reader] = max(cursors.get(reader, 0), int(share * journal.last))
                        journal.move_cursor(reader, cursors[reader])
                    case ("reopen",):
                        journal.close()
                        journal = Journal.open(Path(name), POLICY)
                check(journal, expected, cursors, limit)
        finally:
            journal.close()


def check(journal: Journal, expected: list[Entry], cursors: dict[str, int], limit: int) -> None:
    found: list[Entry] = []
    while part := journal.read(found[-1].sequence if found else 0, limit):
        assert len(part) <= limit
        found += part
    assert journal.last == len(expected)
    assert journal.first == (found[0].sequence if found else 0)
    assert found == expected[len(expected) - len(found) :]
    assert not expected or found[0].sequence <= max(min(cursors.values(), default=len(expected)), 1) + 1
    assert {reader: journal.cursor(reader) for reader in cursors} == cursors
