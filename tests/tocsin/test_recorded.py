"""A record judged once more comes to what was judged live, whole or in part."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from ingest.journal import Entry, EntryKind, Journal, Retention
from rules.transition import line
from tests.tocsin.village import RULES, START, basis, block, bundle, report
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import basis_of
from tocsin.judge import Basis, Judge, Judged
from tocsin.recorded import CsvRecord, JournalRecord, NothingRecorded, Period, Rerun, reach

OLD, NEW = bundle(), bundle(rules=RULES.replace("stage >= 4 m", "stage >= 3.5 m"))
STAGES = [1.0, 1.2, 1.6, 2.1, 2.6, 3.2, 3.3, 3.6, 4.2, 3.9, 3.1, 2.2, 1.4, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def flood(begin: int = START) -> list[tuple[int, EntryKind, bytes]]:
    """A river that rises and falls, five minutes a reading; the rules change in the middle of it."""
    entries: list[tuple[int, EntryKind, bytes]] = [(begin, EntryKind.BUNDLE, OLD.hash.encode())]
    for number, stage in enumerate(STAGES):
        at = begin + number * 5 * MINUTE
        if number == 7:
            entries.append((at, EntryKind.BUNDLE, NEW.hash.encode()))
        entries.append((at, EntryKind.MQTT, block(1, at, [report("river-1", at, stage)]).data))
    return entries


def journaled(state: Path, inputs: Iterable[tuple[int, EntryKind, bytes]]) -> list[Entry]:
    """A state directory as a daemon leaves it: its journal, and the bundles that were applied."""
    bundles = Bundles(state / "bundles")
    entries = []
    with Journal.open(state / "journal", Retention(HOUR, 365 * 24 * HOUR, 2**30)) as journal:
        for received, kind, data in inputs:
            entries.append(journal.append(received, kind, 1, data))
            if kind is EntryKind.BUNDLE:
                bundles.record(entries[-1].sequence, data.decode())
    for each in (OLD, NEW):
        bundles.save(each)
    return entries


def load_from(state: Path) -> Callable[[str], Basis]:
    return lambda hash_: basis_of(Bundles(state / "bundles").load(hash_))


def lines(found: Iterable[Judged]) -> list[bytes]:
    return [line(t) for each in found for t in each.transitions]


def test_a_journal_comes_to_what_was_judged_live_through_the_change_of_its_rules(tmp_path: Path) -> None:
    entries = journaled(tmp_path, flood())
    live = Judge(basis(OLD), load_from(tmp_path))
    expected = [live.take(entry) for entry in entries]

    assert lines(Rerun(JournalRecord(tmp_path), load_from(tmp_path))) == lines(expected) != []


def test_a_part_of_a_journal_tells_what_the_whole_tells_of_that_part(tmp_path: Path) -> None:
    """Two floods a day apart: of the second nothing depends on the first."""
    journaled(tmp_path, [*flood(), *flood(START + 24 * HOUR)[1:]])
    record = JournalRecord(tmp_path)
    whole = [t for found in Rerun(record, load_from(tmp_path)) for t in found.transitions]
    day = START + 24 * HOUR

    part = [t for found in Rerun(record, load_from(tmp_path), Period(begin=day)) for t in found.transitions]
    assert part == [t for t in whole if t.at >= day] != []
    up_to = Rerun(record, load_from(tmp_path), Period(end=START + HOUR))
    assert [t for found in up_to for t in found.transitions] == [t for t in whole if t.at <= START + HOUR]


def test_readings_as_csv_come_to_what_the_same_readings_come_to_from_a_journal(tmp_path: Path) -> None:
    stages = [entry for entry in flood() if entry[1] is not EntryKind.BUNDLE]
    journaled(tmp_path, [flood()[0], *stages])
    csv = tmp_path / "river.csv"
    rows = [f"{START + n * 5 * MINUTE},river-1,stage,{stage}\n" for n, stage in enumerate(STAGES)]
    csv.write_text("time,sensor,metric,value\n" + "".join(rows))
    by = basis(OLD)

    found = lines(Rerun(CsvRecord([csv]), lambda _: by))

    assert found == lines(Rerun(JournalRecord(tmp_path), load_from(tmp_path))) != []


def test_deadlines_up_to_the_end_are_settled(tmp_path: Path) -> None:
    """A quarter of an hour after the water has gone down the warning falls to its end, without a reading."""
    journaled(tmp_path, flood()[:-6])
    end = START + 5 * HOUR

    found = [*Rerun(JournalRecord(tmp_path), load_from(tmp_path), Period(end=end))]

    assert found[-1].received == end
    assert [str(t.after) for t in found[-1].transitions] == ["orange", "yellow", "None"]


def test_an_empty_journal_says_so(tmp_path: Path) -> None:
    journaled(tmp_path, [])

    with pytest.raises(NothingRecorded, match="its journal is empty"):
        JournalRecord(tmp_path).span()


@pytest.mark.parametrize(
    ("condition", "looked_back"),
    [("stage >= 3 m", 0), ("rise(stage, 2h) >= 0.3 m", 2 * HOUR), ("forecast(stage, 3h) >= 3 m", HOUR)],
)
def test_rules_look_back_twice_their_longest_window_and_as_long_as_they_last(
    condition: str, looked_back: int
) -> None:
    text = f"rules:\n  - {{id: r, for_each: stage sensor, grades: {{blue: '{condition}'}}}}\n"
    [rule] = basis(Bundle("tocsin.yaml", {**OLD.texts, "rules/all.yaml": text})).rules

    assert reach([rule]) == 2 * looked_back + rule.release.after + rule.max_age
