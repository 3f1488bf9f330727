"""What is done to the journal's files now and then, beside everything else."""

import asyncio
from collections.abc import Callable

import structlog

from ingest.clock import MINUTE, SECOND, Clock
from ingest.journal import JournalUnavailable
from tocsin.journal_columns import remove_before
from tocsin.storage import Storage

log = structlog.get_logger()

EVERY = MINUTE


class Upkeep:
    """Retires closed journal files, and says early when they do not go.

    Nothing is retired before `claimed`: a series writer that could not yet say what it needs, as on a disk
    that refuses, would lose it.
    """

    def __init__(self, storage: Storage, clock: Clock, claimed: Callable[[], bool]) -> None:
        self._storage = storage
        self._clock = clock
        self._claimed = claimed

    async def run(self) -> None:
        """Until cancelled."""
        journal, reserve = self._storage.journal, self._storage.reserve
        while True:
            await asyncio.sleep(EVERY / SECOND)
            if not self._claimed():
                continue
            # Not on the journal's own thread: an ack must not wait for a file to be compressed.
            try:
                done = await asyncio.to_thread(journal.maintain, self._clock.now(), compress=reserve.held)
            except JournalUnavailable as error:
                log.error("journal cannot be looked after", reason=str(error))
                continue
            if done.alarm:
                log.error("journal", fill=f"{done.fill:.0%}", held_by=done.held_by, faults=done.faults)
            self._remove_columns()

    def _remove_columns(self) -> None:
        """What replays have kept of journal files that are gone."""
        try:
            remove_before(self._storage.directory, self._storage.journal.first)
        except OSError as error:
            log.error("columns cannot be removed", reason=str(error))
