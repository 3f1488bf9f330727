"""What an operator wants in force comes into force while everything runs: all of it, or nothing.

SIGHUP, `tocsin apply` and `tocsin rollback` go the same way: read, checked, kept, journaled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import structlog

from ingest.finding import ConfigurationError
from notifiers.action import Answer
from tocsin.audit_trail import AuditTrail
from tocsin.bundle import Applied, Bundle
from tocsin.candidate import UnknownCandidate, candidate, once_applied
from tocsin.change import Wanted
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.intake import Handed
from tocsin.settings import Planning
from tocsin.storage import Storage
from tocsin.wiring import router_of, verify

log = structlog.get_logger()

SIGNAL = "signal"
PLAN_FIRST = (
    "the settings in force take nothing without a plan (apply.plan): run `tocsin plan`,"
    " then `tocsin apply --plan` with its number"
)


class Reload:
    """Reads, checks, keeps and applies, or says why not; one at a time, whoever holds `turn`.

    `current` is what is in force, `channels` the names of those that were made at the start. `take_on` puts a
    configuration into force, and returns the entry of the journal from which on it is. `refused` is why the
    newest was not applied, empty if it was. `taken_on` is called when a configuration has come into force.
    """

    def __init__(
        self,
        storage: Storage,
        audit: AuditTrail,
        channels: Collection[str],
        current: Callable[[], Configuration],
        take_on: Callable[[Configuration, Applied], Awaitable[Handed]],
        taken_on: Callable[[], Awaitable[None]],
    ) -> None:
        self.refused = ""
        self.turn = asyncio.Lock()
        self._storage = storage
        self._audit = audit
        self._channels = frozenset(channels)
        self._current = current
        self._take_on = take_on
        self._taken_on = taken_on

    async def files(self, path: Path) -> bool:
        """SIGHUP: read the files again; False and the old bundle stays if anything is wrong."""

        def wanted(bundle: str) -> Applied:
            return Applied(bundle, SIGNAL)

        async with self.turn:
            tried: Answer | list[str]
            if self._current().settings.apply.plan is Planning.REQUIRED:
                tried = await self._refuse(wanted(""), [PLAN_FIRST])
            else:
                tried = await self._try(lambda: read_bundle(path), wanted, lambda _: "")
            if isinstance(tried, list):
                self.refused = f"{len(tried)} findings, the first: {tried[0]}"
            return not isinstance(tried, list)

    async def wanted(self, change: Wanted, by: str) -> Answer:
        """Apply what a person wants, if the plan they looked at is still that of what is there."""

        def applied(bundle: str) -> Applied:
            return Applied(bundle, by, change.reason, change.plan)

        # Without a plan nothing but what was in force before.
        find = once_applied if change.what == "rollback" else candidate
        async with self.turn:
            running = self._current().basis.bundle
            tried = await self._try(
                lambda: find(change.candidate, self._storage.bundles),
                applied,
                lambda bundle: change.stale(running, bundle),
            )
            return Answer(False, "\n".join(tried)) if isinstance(tried, list) else tried

    async def _try(
        self, read: Callable[[], Bundle], wanted: Callable[[str], Applied], objection: Callable[[str], str]
    ) -> Answer | list[str]:
        """What it did, or why it was not applied. `objection` is asked with the hash of what was read."""
        bundle = ""
        try:
            found = await asyncio.to_thread(read)
            bundle = found.hash
            if objected := objection(bundle):
                return await self._refuse(wanted(bundle), [objected])
            configuration = await asyncio.to_thread(configure, found, like=self._current())
            if obstacle := await asyncio.to_thread(self._obstacle, configuration):
                return await self._refuse(wanted(bundle), [obstacle])
            await asyncio.to_thread(self._storage.bundles.save, found)
            return await self.apply(configuration, wanted(bundle))
        except ConfigurationError as error:
            return await self._refuse(wanted(bundle), [str(finding) for finding in error.findings])
        except (OSError, UnknownCandidate) as error:
            return await self._refuse(wanted(bundle), [str(error)])

    def _obstacle(self, configuration: Configuration) -> str:
        """Why this process cannot take on a configuration that is sound in itself; empty if it can."""
        realm, owned = configuration.settings.realm, self._current().settings.realm
        if realm is not owned:
            return f"this state directory is {owned}, and realms never mix: run {realm} with another --state"
        missing = sorted(router_of(configuration).channels - self._channels)
        try:
            verify(configuration, self._storage.directory)
        except (OSError, ValueError) as error:
            return f"the settings name what cannot be used here: {error}"
        if missing:
            return (
                f"the routes name {', '.join(missing)}, which begins at the next start: "
                "reload the settings alone, restart, then reload the routes"
            )
        return ""

    async def _refuse(self, applied: Applied, findings: list[str]) -> list[str]:
        log.error("not applied, nothing changed", by=applied.by, findings=findings)
        await self._audit.refused(applied, findings)
        return findings

    async def apply(self, configuration: Configuration, applied: Applied) -> Answer:
        """Put what was checked into force; its bundle is kept. What it did stands in the audit, too."""
        if configuration.settings != self._current().settings:
            log.warning("changed settings take effect at the next start; sensors, rules and routes do now")
        self.refused = ""
        handed = await self._take_on(configuration, applied)
        assert handed.answer is not None
        answer = await handed.answer
        await self._taken_on()
        log.info("bundle applied", bundle=applied.bundle, by=applied.by, entry=handed.entry.sequence)
        return answer
