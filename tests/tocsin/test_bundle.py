"""Bundles: found again by their content, in force from an entry of the journal on."""

from pathlib import Path

import pytest

from ingest.durable import unfinished
from tocsin.bundle import Bundle, Bundles

OLD = Bundle("tocsin.yaml", {"tocsin.yaml": "realm: live\n", "rules/a.yaml": "rules: []\n"})
NEW = Bundle("tocsin.yaml", {"tocsin.yaml": "realm: live\n", "rules/a.yaml": "rules: [ ]\n"})


def test_equal_texts_have_one_address_whatever_their_order() -> None:
    turned = Bundle(OLD.main, dict(reversed(OLD.texts.items())))

    assert turned.hash == OLD.hash


@pytest.mark.parametrize(
    "other",
    [
        NEW,
        Bundle("other.yaml", OLD.texts),
        Bundle(OLD.main, {**OLD.texts, "rules/b.yaml": ""}),
        Bundle(OLD.main, {"tocsin.yaml": "realm: live\nrules: []\n", "rules/a.yaml": ""}),
    ],
)
def test_another_text_name_or_main_file_is_another_address(other: Bundle) -> None:
    assert other.hash != OLD.hash


def test_a_saved_bundle_comes_back_as_it_was(tmp_path: Path) -> None:
    chinese = Bundle("tocsin.yaml", {"tocsin.yaml": "title: 暴雨\r\n\ttext"})

    hash_ = Bundles(tmp_path).save(chinese)

    assert hash_ == chinese.hash
    assert Bundles(tmp_path).load(hash_) == chinese


def test_saving_a_bundle_again_leaves_its_file_alone(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    bundles.save(OLD)
    [file] = tmp_path.glob("*.json")
    before = file.stat().st_mtime_ns

    bundles.save(OLD)

    assert [path.stat().st_mtime_ns for path in tmp_path.glob("*.json")] == [before]


def test_nothing_is_applied_before_the_first_start(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path / "bundles")
    bundles.save(OLD)

    assert bundles.applied() == []
    with pytest.raises(KeyError, match="no bundle was in force at journal entry 7"):
        bundles.at(7)


def test_a_bundle_is_in_force_from_its_entry_to_the_next(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    bundles.record(1, "old")
    bundles.record(10, "new")

    assert [bundles.at(sequence) for sequence in (1, 9, 10, 10**9)] == ["old", "old", "new", "new"]
    with pytest.raises(KeyError):
        bundles.at(0)


def test_the_record_survives_a_restart_and_returns_to_an_old_bundle(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    for sequence, hash_ in ((1, "old"), (5, "new"), (9, "old")):
        bundles.record(sequence, hash_)

    again = Bundles(tmp_path)

    assert again.applied() == [(1, "old"), (5, "new"), (9, "old")]
    assert again.at(9) == "old"


def test_what_recovery_repeats_changes_nothing(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    for sequence, hash_ in ((1, "old"), (5, "new"), (1, "old"), (5, "new")):
        bundles.record(sequence, hash_)

    assert Bundles(tmp_path).applied() == [(1, "old"), (5, "new")]


def test_a_half_written_record_is_no_record(tmp_path: Path) -> None:
    """A crash while the index is replaced leaves the index that was."""
    Bundles(tmp_path).record(1, "old")
    unfinished(tmp_path / "applied").write_text("1 old\n5 n")

    assert Bundles(tmp_path).applied() == [(1, "old")]
