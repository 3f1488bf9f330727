"""The judge that a start goes on with: as it was last kept, or as it was before the first entry."""

from collections.abc import Callable

import structlog

from tocsin.judge import Basis, Judge
from tocsin.startup import Over
from tocsin.storage import Storage

log = structlog.get_logger()


def judge_of(storage: Storage, load: Callable[[str], Basis], over: Over) -> Judge:
    """Of the newest snapshot that is whole; the journal from there on is still to be judged.

    `load` turns the content hash of a bundle into its basis; `over` hears of `snapshot` and `judge`.
    """
    snapshot = storage.snapshots.newest()
    over("snapshot")
    for fault in storage.snapshots.faults:
        log.error("snapshot passed over", fault=str(fault))
    judge = Judge.resume(snapshot, load) if snapshot is not None else _first(storage, load)
    over("judge")
    return judge


def _first(storage: Storage, load: Callable[[str], Basis]) -> Judge:
    # A crash may have come between the journal's first entry and the note of it.
    first = max(storage.journal.first, storage.bundles.applied()[0][0])
    return Judge(load(storage.bundles.at(first)), load)
