"""The bundle that is in force before a daemon begins."""

from ingest.clock import Clock
from ingest.journal import EntryKind
from tocsin.bundle import Applied, Bundle
from tocsin.storage import Storage


def apply_first(bundle: Bundle, storage: Storage, clock: Clock) -> None:
    """Apply a checked bundle before a daemon begins: as the first entry of the journal, or behind all others.

    Behind others it applies at the instant up to which everything is settled: what fell due since then is for
    the daemon, which says first that it was blind.
    """
    storage.bundles.save(bundle)
    at = storage.settled() or clock.now()
    append = storage.journal_thread.submit(
        storage.journal.append, at, EntryKind.BUNDLE, 0, Applied(bundle.hash).encode()
    )
    storage.bundles.record(append.result().sequence, bundle.hash)
