"""Blind time on its way from the journal to the engine: a replay is blind when the daemon was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import MINUTE, SECOND
from ingest.journal import Entry, EntryKind
from ingest.snapshots import Snapshot
from rules.transition import Transition, line
from tests.tocsin.village import START, basis, block, report
from tocsin.judge import Judge, Judged
from tocsin.outages import RULE
from tocsin.sight import Blind

OLD = basis()


def judge() -> Judge:
    return Judge(OLD, lambda _: OLD)


def restarted(by: Judge) -> Judge:
    position, of, state = by.snapshot()
    return Judge.resume(Snapshot(position, of, state), lambda _: OLD)


def of_rules(judged: Judged) -> list[Transition]:
    """Without the warning that Tocsin is blind."""
    return [transition for transition in judged.transitions if transition.rule != RULE.id]


def rain(sequence: int, minute: int, amount: float) -> Entry:
    at = START + minute * MINUTE
    return block(sequence, at, [report("rain-1", at, amount)])


def blind(sequence: int, minute: int, since: int, *, ended: bool) -> Entry:
    data = Blind(START + since * MINUTE, ended).data
    return Entry(sequence, START + minute * MINUTE, EntryKind.BLIND, 0, data)


def test_a_sustain_that_fell_due_while_blind_fires_half_a_minute_after() -> None:
    """Yellow is sustained for 5 minutes; the daemon was down from minute 1 to 61."""
    by = judge()
    by.take(rain(1, 0, 25.0))
    assert by.due == START + 5 * MINUTE

    assert of_rules(by.take(blind(2, 60, 1, ended=False))) == []
    assert by.due is None
    assert of_rules(by.take(blind(3, 61, 1, ended=True))) == []

    [raised] = by.tick(START + 70 * MINUTE)
    assert (raised.at - START, str(raised.after)) == (61 * MINUTE + 30 * SECOND, "yellow")


def test_a_crash_loop_is_one_blind_time() -> None:
    """Each start says that it was blind; no start saw the broker before the last."""
    by = judge()
    by.take(rain(1, 0, 25.0))
    for number, minute in enumerate(range(10, 60, 10), start=2):
        assert of_rules(by.take(blind(number, minute, 1, ended=False))) == []
    by.take(blind(7, 60, 1, ended=True))

    assert [t.at - START for t in by.tick(START + 70 * MINUTE)] == [60 * MINUTE + 30 * SECOND]


steps = st.lists(
    st.tuples(
        st.integers(0, 20), st.sampled_from(["rain", "rain", "rain", "blind", "sighted"]), st.integers(0, 30)
    ),
    max_size=14,
)


@settings(max_examples=50, deadline=None)
@given(steps, st.data())
def test_a_restart_or_a_look_at_the_clock_in_blind_time_changes_nothing(
    given_steps: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    entries: list[Entry] = []
    minute = 0
    for gap, what, amount in given_steps:
        before, minute = minute, minute + gap
        number = len(entries) + 1
        entry = rain(number, minute, amount) if what == "rain" else None
        entries.append(entry or blind(number, minute, before, ended=what == "sighted"))
    whole = judge()
    expected = [line(t) for entry in entries for t in whole.take(entry).transitions]

    by, found = judge(), []
    for entry in entries:
        # Live, nothing falls due before the entry that says since when it is blind is taken.
        if entry.kind is EntryKind.MQTT and data.draw(st.booleans(), label="tick"):
            found += [line(t) for t in by.tick(entry.received)]
        found += [line(t) for t in by.take(entry).transitions]
        if data.draw(st.booleans(), label="restart"):
            by = restarted(by)

    assert found == expected
