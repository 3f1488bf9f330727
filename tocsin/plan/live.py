"""The judge of a daemon as it stands now, from its state directory alone: a copy; nothing is written."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.clock import Clock
from ingest.journal import Entry, JournalReader, open_read_only
from tocsin.bundle import Bundles
from tocsin.configuration import basis_of
from tocsin.desk import socket_in
from tocsin.desk.client import listens
from tocsin.judge import Basis, Judge
from tocsin.storage import snapshots_in

ENTRIES_A_READ = 256


def entries(journal: JournalReader, after: int) -> Iterator[Entry]:
    """Those behind the entry `after`, up to the newest there is."""
    while found := journal.read(after, ENTRIES_A_READ):
        yield from found
        after = found[-1].sequence


def loaded(bundles: Bundles) -> Callable[[str], Basis]:
    """The basis of an applied bundle, each made once. The daemon may apply another meanwhile."""
    known: dict[str, Basis] = {}

    def load(hash_: str) -> Basis:
        if hash_ not in known:
            known[hash_] = basis_of(bundles.load(hash_))
        return known[hash_]

    return load


def judge_in(state: Path, load: Callable[[str], Basis]) -> Judge:
    """From the newest snapshot that is whole, or from the first entry: nothing behind it is judged yet."""
    snapshot = snapshots_in(state).newest()
    if snapshot is not None:
        return Judge.resume(snapshot, load)
    applied = Bundles(state / "bundles").applied()
    with open_read_only(state / "journal") as journal:
        first = max(journal.first, applied[0][0])
    return Judge(load(Bundles(state / "bundles").at(first)), load)


def live_judge(state: Path, load: Callable[[str], Basis], clock: Clock, *, settled: bool = True) -> Judge:
    """Where the daemon's judge is at this instant; of one that is stopped, where it stopped.

    Not `settled`, what falls due behind the newest entry is left: earlier ones may still come.
    """
    judge = judge_in(state, load)
    with open_read_only(state / "journal") as journal:
        for entry in entries(journal, judge.position):
            judge.take(entry)
        _, received = journal.newest()
    now = clock.now() if settled and listens(socket_in(state)) else received
    judge.tick(max(now, judge.engine.now))
    return judge
