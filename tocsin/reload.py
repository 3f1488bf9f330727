"""The operator's files come into force while everything runs: all of them, or none."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import structlog

from ingest.finding import ConfigurationError
from ingest.journal import Entry
from tocsin.audit_trail import AuditTrail
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.storage import Storage
from tocsin.wiring import router_of, verify

log = structlog.get_logger()


class Reload:
    """Reads, checks, keeps and applies, or says why not; one at a time, whoever holds `turn`.

    `current` is what is in force, `channels` the names of those that were made at the start. `take_on` puts a
    configuration into force, and returns the entry of the journal from which on it is. `refused` is why the
    newest was not applied, empty if it was.
    """

    def __init__(
        self,
        storage: Storage,
        audit: AuditTrail,
        channels: Collection[str],
        current: Callable[[], Configuration],
        take_on: Callable[[Configuration], Awaitable[Entry]],
    ) -> None:
        self.refused = ""
        self.turn = asyncio.Lock()
        self._storage = storage
        self._audit = audit
        self._channels = frozenset(channels)
        self._current = current
        self._take_on = take_on

    async def files(self, path: Path) -> bool:
        """Read the files again, all or nothing; False and the old bundle stays if anything is wrong."""
        async with self.turn:
            bundle, findings = "", list[str]()
            try:
                read = await asyncio.to_thread(read_bundle, path)
                bundle = read.hash
                configuration = await asyncio.to_thread(configure, read)
                if obstacle := await asyncio.to_thread(self._obstacle, configuration):
                    findings = [obstacle]
                else:
                    await asyncio.to_thread(self._storage.bundles.save, read)
                    await self.apply(configuration)
            except ConfigurationError as error:
                findings = [str(finding) for finding in error.findings]
            except OSError as error:
                findings = [str(error)]
            if findings:
                await self._refuse(bundle, findings)
            return not findings

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

    async def _refuse(self, bundle: str, findings: list[str]) -> None:
        self.refused = f"{len(findings)} findings, the first: {findings[0]}"
        log.error("reload refused, nothing changed", findings=findings)
        await self._audit.configured(bundle, findings)

    async def apply(self, configuration: Configuration) -> None:
        """Put what was checked into force; its bundle is kept."""
        if configuration.settings != self._current().settings:
            log.warning("changed settings take effect at the next start; sensors, rules and routes do now")
        self.refused = ""
        entry = await self._take_on(configuration)
        bundle = configuration.basis.bundle
        log.info("bundle applied", bundle=bundle, entry=entry.sequence)
        await self._audit.configured(bundle, [])
