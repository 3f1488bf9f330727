"""Snapshots: whole or passed over, never half believed."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ingest.durable import unfinished
from ingest.snapshots import Copies, Snapshots, SnapshotUnwritable

STATE: dict[str, npt.NDArray[Any] | bytes] = {
    "values": np.arange(12, dtype=np.int64).reshape(3, 4),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "flags": np.array([True, False]),
    "scalar": np.array(7, dtype=np.int8),
    "empty": np.empty((0, 5), dtype=np.uint16),
    "names": np.array(["雨量", "b"]),
    "raw": b"\x00\xff",
    "nothing": b"",
}


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots")


def test_a_copy_stays_as_it_was_while_the_state_goes_on_and_its_memory_is_used_again() -> None:
    copies = Copies()
    state: dict[str, npt.NDArray[Any] | bytes] = {"grows": np.arange(3), "stays": np.arange(4), "raw": b"a"}

    first = copies.of(state)
    state["stays"] += 1  # type: ignore[operator]
    assert first["stays"].tolist() == [0, 1, 2, 3]  # type: ignore[union-attr]
    second = copies.of({**state, "grows": np.arange(5)})

    assert second["stays"].tolist() == [1, 2, 3, 4]  # type: ignore[union-attr]
    assert second["stays"] is first["stays"]
    assert second["grows"].tolist() == [0, 1, 2, 3, 4]  # type: ignore[union-attr]
    assert second["raw"] == b"a"


def test_state_comes_back_as_it_was_written(snapshots: Snapshots) -> None:
    snapshots.write(41, "a1b2", STATE)
    found = snapshots.newest()
    assert found is not None
    assert (found.position, found.bundle, list(found.state)) == (41, "a1b2", list(STATE))
    for name, value in STATE.items():
        back = found.state[name]
        if isinstance(value, bytes):
            assert back == value
        else:
            assert isinstance(back, np.ndarray)
            assert (back.dtype, back.shape) == (value.dtype, value.shape)
            np.testing.assert_array_equal(back, value)


def test_restored_arrays_can_be_written_to(snapshots: Snapshots) -> None:
    snapshots.write(1, "b", {"values": np.zeros(3)})
    found = snapshots.newest()
    assert found is not None
    values = found.state["values"]
    assert isinstance(values, np.ndarray)
    values[1] = 5
    assert values.tolist() == [0, 5, 0]


def test_without_a_snapshot_there_is_none(snapshots: Snapshots) -> None:
    assert snapshots.newest() is None
    assert snapshots.faults == []


def test_the_newest_is_found_and_only_so_many_are_kept(snapshots: Snapshots) -> None:
    for position in (8, 90, 100, 1000):
        snapshots.write(position, "b", {"at": b"%d" % position})
    assert sorted(path.name for path in snapshots.directory.iterdir()) == [
        "snapshot-000000000100.state",
        "snapshot-000000001000.state",
    ]
    found = snapshots.newest()
    assert found is not None
    assert found.state == {"at": b"1000"}


def test_wherever_the_newest_is_torn_the_one_before_is_used_and_the_fault_told(snapshots: Snapshots) -> None:
    snapshots.write(1, "b", {"v": np.arange(3)})
    path = snapshots.write(2, "b", {"v": np.arange(4)})
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        found = snapshots.newest()
        assert found is not None
        assert found.position == 1
        assert len(snapshots.faults) == 1
        assert "snapshot-000000000002.state: passed over" in snapshots.faults[0]


def test_whatever_byte_of_the_newest_is_damaged_the_one_before_is_used(snapshots: Snapshots) -> None:
    snapshots.write(1, "b", {"v": np.arange(3)})
    path = snapshots.write(2, "b", {"v": np.arange(4)})
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        found = snapshots.newest()
        assert found is not None
        assert found.position == 1
    path.write_bytes(whole)
    found = snapshots.newest()
    assert found is not None
    assert (found.position, snapshots.faults) == (2, [])


def test_a_snapshot_of_a_newer_schema_is_passed_over(snapshots: Snapshots, newer: bytes) -> None:
    snapshots.write(1, "b", {"v": b"old"})
    (snapshots.directory / "snapshot-000000000002.state").write_bytes(newer)
    found = snapshots.newest()
    assert found is not None
    assert found.position == 1
    assert "its schema is 3, this program reads 2" in snapshots.faults[0]


@pytest.fixture
def newer() -> bytes:
    head = b'{"schema":3,"place":"unknown to this version"}'
    content = (
        b"tocsin snapshot\n" + len(head).to_bytes(4, "big") + head + b"and what this version cannot know"
    )
    return content + blake2b(content, digest_size=32).digest()


def test_when_no_snapshot_is_whole_all_are_told(snapshots: Snapshots) -> None:
    for position in (1, 2):
        snapshots.write(position, "b", {}).write_bytes(b"rubbish")
    assert snapshots.newest() is None
    assert len(snapshots.faults) == 2


def test_what_a_crash_left_unfinished_is_never_read_and_goes_with_the_next(snapshots: Snapshots) -> None:
    path = snapshots.write(1, "b", {"v": b"1"})
    left = unfinished(path.with_name("snapshot-000000000002.state"))
    left.write_bytes(path.read_bytes())
    found = snapshots.newest()
    assert found is not None
    assert found.position == 1
    snapshots.write(3, "b", {})
    assert not left.exists()


def test_an_array_that_would_need_pickling_is_refused_by_name(snapshots: Snapshots) -> None:
    for array in (np.array([object()]), np.zeros(2, dtype=[("a", "i4")])):
        with pytest.raises(TypeError, match="state 'odd'"):
            snapshots.write(1, "b", {"odd": array})
    assert list(snapshots.directory.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SnapshotUnwritable, match="file"):
        Snapshots(tmp_path / "file").write(1, "b", {})


def test_what_is_read_beforehand_is_the_newest_and_only_once(snapshots: Snapshots) -> None:
    snapshots.write(1, "b", {"v": b"old"})
    snapshots.begin()
    first = snapshots.newest()
    snapshots.write(2, "b", {"v": b"new"})
    second = snapshots.newest()

    assert first is not None
    assert second is not None
    assert (first.position, second.position) == (1, 2)


def test_what_is_read_beforehand_tells_its_faults(snapshots: Snapshots) -> None:
    path = snapshots.write(1, "b", {"v": b"old"})
    path.write_bytes(path.read_bytes()[:-1])
    snapshots.begin()

    assert snapshots.newest() is None
    assert len(snapshots.faults) == 1
