"""What the daemon itself puts into the audit: starts, configurations, refusals."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

import structlog

from ingest.clock import Clock
from tocsin.bundle import Applied
from tocsin.desk.questions import plain
from tocsin.judge import Change
from tocsin.storage import Storage

log = structlog.get_logger()

CONFIGURATION, FATE = "configuration", "fate of a warning"


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

    async def refused(self, applied: Applied, findings: list[str]) -> None:
        """A configuration was refused for its `findings`, and the one before stays."""
        facts = {"applied": False, "bundle": applied.bundle, "findings": findings}
        await self.note(CONFIGURATION, applied.by, facts | {"reason": applied.reason, "plan": applied.plan})


def audited(change: Change, sequence: int) -> Iterator[tuple[str, dict[str, object]]]:
    """The records of the bundle that the journal's entry `sequence` put into force.

    What it was, and each open warning's fate: both are in the transaction of what it led to.
    """
    applied = change.applied
    yield (
        CONFIGURATION,
        {
            "applied": True,
            "bundle": applied.bundle,
            "before": change.before,
            "reason": applied.reason,
            "plan": applied.plan,
            "entry": sequence,
            "warnings": len(change.fates),
            "findings": [],
        },
    )
    for fate in change.fates:
        yield FATE, {"entry": sequence, **plain(fate)}


def program() -> str:
    """The version of this program; a checkout that was never installed has none."""
    try:
        return version("tocsin")
    except PackageNotFoundError:
        return "not installed"
