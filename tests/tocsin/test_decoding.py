"""Journal entries back into readings, each by the bundle of its time."""

from pathlib import Path

from ingest.journal import Entry, EntryKind
from tests.tocsin.village import KINDS, START, applied, basis, block, bundle, report
from tocsin.bundle import Bundle, Bundles
from tocsin.decoding import JournalDecoder, Recent
from tocsin.judge import Basis, Judge

OLD = bundle()
# The same with coarser stages: what is 2100 there is 210 here.
NEW = Bundle(OLD.main, {**OLD.texts, "kinds.yaml": KINDS.replace("resolution: 0.001", "resolution: 0.01")})
KNOWN = {OLD.hash: basis(OLD), NEW.hash: basis(NEW)}


def load(hash_: str) -> Basis:
    return KNOWN[hash_]


def message(sequence: int) -> Entry:
    return block(sequence, START + sequence, [report("river-1", START, 2.1)])


def values(decoder: JournalDecoder, entry: Entry) -> list[int]:
    found = decoder(entry)
    assert found is not None
    return [int(value) for value in found.readings.value]


def test_each_entry_is_read_by_the_bundle_in_force(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    bundles.record(1, OLD.hash)
    bundles.record(3, NEW.hash)
    decoder = JournalDecoder(bundles, load, Recent())

    assert [values(decoder, message(sequence)) for sequence in (2, 4, 2)] == [[2100], [210], [2100]]


def test_a_bundle_counts_from_its_entry_even_if_the_judge_has_not_come_to_it(tmp_path: Path) -> None:
    """The time-series writer follows the journal by itself and may be ahead."""
    bundles = Bundles(tmp_path)
    bundles.record(1, OLD.hash)
    decoder = JournalDecoder(bundles, load, Recent())

    before = values(decoder, message(2))
    change = decoder(applied(3, START + 3, NEW))
    after = values(decoder, message(4))

    assert (before, change, after) == ([2100], None, [210])
    assert values(decoder, message(2)) == [2100]


def test_an_entry_without_messages_gives_nothing(tmp_path: Path) -> None:
    decoder = JournalDecoder(Bundles(tmp_path), load, Recent())

    assert decoder(Entry(1, START, EntryKind.BLIND, 0, b'{"from": 1, "to": 2}')) is None


def test_the_readings_come_with_what_they_mean(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    bundles.record(1, OLD.hash)

    found = JournalDecoder(bundles, load, Recent())(message(2))

    assert found is not None
    assert found.kinds is KNOWN[OLD.hash].kinds
    assert found.registry is KNOWN[OLD.hash].registry


def test_what_the_judge_has_decoded_is_not_decoded_again(tmp_path: Path) -> None:
    judge = Judge(KNOWN[OLD.hash], load)
    recent = Recent(most=2)
    for sequence in (2, 3, 4):
        block = judge.take(message(sequence)).block
        assert block is not None
        recent.put(block)
    bundles = Bundles(tmp_path)
    bundles.record(1, OLD.hash)
    decoder = JournalDecoder(bundles, load, recent)

    same = decoder(message(4))

    assert same is block
    assert recent.take(4) is None
    assert recent.take(2) is None
    assert [values(decoder, message(sequence)) for sequence in (2, 3, 4)] == [[2100]] * 3
