import sqlite3
from pathlib import Path

import numpy as np
import pytest

from ingest.clock import DAY
from ingest.reading import Readings
from ingest.registry import Registry
from ingest.series import Block, Point, StoreUnavailable
from ingest.series.embedded import EmbeddedStore
from tests.ingest.rig import KINDS, station

AT = 1_527_422_400_000
REGISTRY = Registry.of([station("s0"), station("s1")], {})


def block(*rows: tuple[int, int, int]) -> Block:
    """Rows are (slot, millimetres, stamp)."""
    slot, value, stamp = np.array(rows, np.int64).T
    zero = np.zeros(len(rows), np.int64)
    return Block(
        KINDS,
        REGISTRY,
        Readings(
            sequence=1,
            received=AT,
            message=zero.astype(np.int32),
            slot=slot.astype(np.int32),
            column=zero.astype(np.int16),
            value=value,
            observed=stamp,
            stamp=stamp,
            period=zero,
            quality=zero.astype(np.uint8),
        ),
    )


def test_what_was_written_is_on_disk(tmp_path: Path) -> None:
    """Every commit is synchronous, so the cursor need not trail."""
    store = EmbeddedStore(tmp_path / "series.db")
    store.write([block((0, 2270, AT))])
    with store._opened() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()

    again = EmbeddedStore(tmp_path / "series.db")
    assert again.read("s0", "stage", AT, AT + 1) == [Point(AT, 2.27, 0)]
    assert (again.trail, again.count()) == (0, 1)
    again.close()


def test_pruning_takes_what_is_older_and_nothing_else(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "series.db")
    store.write([block((0, 1, AT), (1, 2, AT), (0, 3, AT + DAY))])

    assert store.prune(AT + DAY) == 2
    assert store.prune(AT + DAY) == 0
    assert store.read("s0", "stage", 0, AT + 2 * DAY) == [Point(AT + DAY, 0.003, 0)]
    assert store.count() == 1
    store.close()


def test_pruning_an_empty_store_removes_nothing(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "series.db")
    assert store.prune(AT) == 0
    store.close()


def test_a_file_that_cannot_be_opened_is_unavailable_until_it_can(tmp_path: Path) -> None:
    """It does not hinder the start, and no restart is needed when it is mended."""
    path = tmp_path / "absent" / "series.db"
    store = EmbeddedStore(path)

    assert not store.ping()
    with pytest.raises(StoreUnavailable, match=r"absent/series\.db: unable to open .*SQLITE_CANTOPEN"):
        store.write([block((0, 1, AT))])

    path.parent.mkdir()
    store.write([block((0, 1, AT))])
    assert store.ping()
    assert store.count() == 1
    store.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    path.write_bytes(b"this is no database" * 1000)
    store = EmbeddedStore(path)

    with pytest.raises(StoreUnavailable, match="SQLITE_NOTADB"):
        store.read("s0", "stage", 0, AT)
    store.close()


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half of it would be counted; also the series it had begun are forgotten."""
    path = tmp_path / "series.db"
    store = EmbeddedStore(path)
    assert store.ping()
    bad = sqlite3.connect(path)
    bad.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON point WHEN new.value > 1"
        " BEGIN SELECT RAISE(FAIL, 'no room'); END"
    )

    with pytest.raises(StoreUnavailable, match="no room"):
        store.write([block((0, 1, AT)), block((1, 5000, AT))])
    assert store.count() == 0

    bad.execute("DROP TRIGGER refuse")
    bad.close()
    store.write([block((0, 1, AT)), block((1, 5000, AT))])
    assert store.read("s1", "stage", 0, AT + 1) == [Point(AT, 5.0, 0)]
    assert store.count() == 2
    store.close()
