"""What the daemon itself puts into the audit: starts, configurations, refusals."""

import asyncio
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import structlog

from ingest.clock import Clock
from tocsin.storage import Storage

log = structlog.get_logger()


class AuditTrail:
    """Writes on the outbox's thread; what the disk refuses stands in the log, as an error."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def note(self, what: str, user: str, facts: Mapping[str, object]) -> None:
        """That `user` ('' for nobody known) did `what`; `facts` are plain JSON values."""
        loop, outbox = asyncio.get_running_loop(), self._storage.outbox
        try:
            await loop.run_in_executor(
                self._storage.outbox_thread, outbox.note, self._clock.now(), what, user, facts
            )
        except sqlite3.Error as error:
            log.error("not in the audit", what=what, user=user, facts=facts, reason=str(error))

    async def started(self, bundle: str, realm: str) -> None:
        await self.note("started", "", {"version": program(), "bundle": bundle, "realm": realm})

    async def configured(self, bundle: str, findings: list[str]) -> None:
        """A bundle is in force, or with `findings` it was refused and the one before stays."""
        facts = {"applied": not findings, "bundle": bundle, "findings": findings}
        await self.note("configuration", "", facts)


def program() -> str:
    """The version of this program; a checkout that was never installed has none."""
    try:
        return version("tocsin")
    except PackageNotFoundError:
        return "not installed"
