"""Killed, cut off or refused at any instant, the step to this version has wholly happened, or not at all.

`TOCSIN_SEED` says at which instants it is killed and the power goes.
"""

import os
import random
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path

import pytest

from notifiers.outbox import Outbox
from notifiers.outbox.schema import VERSION, OutboxError
from rules.realm import Realm
from tests.faults.disk import ERRORS, build
from tests.faults.migrations import Opening, make, open_all
from tests.faults.power import calls_in, instants

KILLS = CUTS = 100
SEED = int(os.environ.get("TOCSIN_SEED", "1"))


@dataclass
class Reference:
    """What the file holds before and after, and where one of version 1 lies to be copied."""

    old: Path
    before: str
    after: str

    @classmethod
    def of(cls, memory: Path) -> "Reference":
        old = make(memory / "old")
        new = shutil.copy(old, memory / "new.db")
        Outbox.open(Path(new), Realm.LIVE).close()
        return cls(old, content(old), content(Path(new)))

    def copy(self, directory: Path) -> str:
        directory.mkdir()
        shutil.copy(self.old, directory / "outbox.db")
        return str(directory)

    def found(self, file: Path) -> int:
        """Which version lies there, whole; 0 for neither."""
        return {self.before: 1, self.after: VERSION}.get(content(file), 0)

    def complaints(self, file: Path) -> Iterator[str]:
        if not self.found(file):
            yield f"neither of version 1 nor of {VERSION}: {content(file)}"
        Outbox.open(file, Realm.LIVE).close()
        if self.found(file) != VERSION:
            yield f"the next start left {content(file)}"


def content(file: Path) -> str:
    """Version and all rows; opened like this, SQLite first recovers what a crash left."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return "\n".join([f"version {version}", *connection.iterdump()])


@pytest.mark.system
def test_whatever_write_or_sync_of_it_fails_the_old_file_or_the_new_is_whole(memory: Path) -> None:
    library, known = build(memory), Reference.of(memory)
    [smooth] = open_all(library, [Opening(known.copy(memory / "smooth"))])
    openings = [
        Opening(known.copy(memory / f"{nth}-{errorcode[error]}-{onwards}"), nth, error, onwards)
        for nth in range(1, smooth.calls + 1)
        for error in ERRORS
        for onwards in (False, True)
    ]
    found, versions = [], Counter[int]()
    for opening, opened in zip(openings, open_all(library, openings), strict=True):
        file = Path(opening.directory) / "outbox.db"
        versions[known.found(file)] += 1
        wrong = list(known.complaints(file))
        if opened.code not in (0, 3) or (opened.code == 3 and str(file) not in opened.said):
            wrong.append(f"ended with {opened.code}: {opened.said}")
        found += [f"{file.parent.name}: {finding}" for finding in wrong]

    sys.stdout.write(f"{len(openings)} openings, each with one of {smooth.calls} calls refused: {versions}\n")
    assert not found, "\n".join(found)
    assert versions.keys() == {1, VERSION}


@pytest.mark.system
def test_killed_a_hundred_times_the_old_file_or_the_new_is_whole(memory: Path) -> None:
    library, known, chance = build(memory), Reference.of(memory), random.Random(SEED)
    smooth = open_all(library, [Opening(known.copy(memory / f"smooth-{n}")) for n in range(5)])
    longest = 1.2 * sorted(opened.seconds for opened in smooth)[2]
    openings = [
        Opening(known.copy(memory / f"kill-{n}"), kill=chance.uniform(0, longest)) for n in range(KILLS)
    ]

    open_all(library, openings)

    versions = Counter(known.found(Path(opening.directory) / "outbox.db") for opening in openings)
    sys.stdout.write(f"seed {SEED}: {KILLS} kills within {longest * 1000:.0f} ms: {versions}\n")
    found = [
        f"{opening.directory}: {finding}"
        for opening in openings
        for finding in known.complaints(Path(opening.directory) / "outbox.db")
    ]
    assert not found, "\n".join(found)
    assert versions.keys() == {1, VERSION}


@pytest.mark.system
def test_whenever_the_power_goes_the_old_file_or_the_new_is_whole(memory: Path) -> None:
    library, known, chance = build(memory), Reference.of(memory), random.Random(SEED)
    state, log = memory / "state", memory / "log"
    [opened] = open_all(library, [Opening(str(state), log=str(log))])
    assert opened.code == 0, opened.said
    versions, found = Counter[int](), list[str]()
    for instant, disk in instants(calls_in(log), CUTS, chance):
        if disk.said:
            disk.cut(place := memory / f"cut-{instant}", chance)
            versions[known.found(place / "outbox.db")] += 1
            found += [f"cut {instant}: {finding}" for finding in known.complaints(place / "outbox.db")]

    sys.stdout.write(f"seed {SEED}: {versions.total()} cuts: {versions}\n")
    assert not found, "\n".join(found)
    assert versions.keys() == {1, VERSION}


def test_a_file_of_a_later_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    Outbox.open(file, Realm.LIVE).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        before = content(file)

    with pytest.raises(OutboxError, match=f"schema version {VERSION + 1}.*use the version that wrote it"):
        Outbox.open(file, Realm.LIVE)
    assert content(file) == before
