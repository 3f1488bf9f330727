"""What the console shows of a daemon in this process, and the sums at the end of a run."""

import asyncio
from collections import Counter

from console.overview import LastDelivery, Online, OpenWarning, Overview
from console.summary import Summary
from ingest.registry import Registry
from notifiers.outbox.reader import OutboxReader, Progress
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Disposition
from rules.warning import ZoneWarning
from tocsin import by_hand, outages
from tocsin.daemon import Daemon
from tocsin.figures import online

# Enough that plain lines, which look every two seconds, miss none in a storm of the demo.
LAST = 300


class Watcher:
    """Takes a picture of a daemon now and then; the rate is between two pictures, in real time."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._outbox = OutboxReader.reading(daemon.storage.directory / "outbox.db")
        self._seen = (0, asyncio.get_running_loop().time())

    def look(self) -> Overview:
        daemon = self._daemon
        judge = daemon.judging.judge
        readings, at = judge.screen.readings, asyncio.get_running_loop().time()
        rate = (readings - self._seen[0]) / max(at - self._seen[1], 1e-9)
        self._seen = readings, at
        basis = judge.basis
        rules = {rule.id: rule for rule in (*basis.rules, outages.RULE, by_hand.RULE)}
        return Overview(
            now=daemon.clock.now(),
            zone=daemon.configuration.settings.zone_info,
            realm=str(daemon.configuration.settings.realm),
            rate=rate,
            journaled=daemon.intake.messages,
            quarantined=judge.screen.quarantined,
            online=tuple(Online(kind, *counts) for kind, counts in online(daemon).items()),
            warnings=tuple(_warning(w, rules.get(w.rule), basis.registry) for w in judge.warnings()),
            deliveries=tuple(_delivery(progress) for progress in self._outbox.recent(LAST)),
        )

    def summary(self, published: int, redelivered: int) -> Summary:
        """The sums once every hop is idle; `published` as the simulators counted."""
        daemon = self._daemon
        screen = daemon.judging.judge.screen
        strongest: dict[str, Grade] = {}
        for _, transition in self._outbox.transitions(0, 10**9):
            grades = [g for g in (strongest.get(transition.warning), transition.after) if g is not None]
            strongest[transition.warning] = max(grades)
        deliveries = {
            (channel, str(state)): count
            for channel, states in self._outbox.counts().items()
            for state, count in states.items()
        }
        return Summary(
            published=published,
            redelivered=redelivered,
            journaled=daemon.intake.messages,
            accepted=screen.accepted,
            duplicates=screen.duplicates,
            quarantined=screen.quarantined,
            readings=screen.readings,
            stored=daemon.storage.series_thread.submit(daemon.store.count).result(),
            raised=dict(Counter(strongest.values())),
            deliveries=deliveries,
        )

    def close(self) -> None:
        self._outbox.close()


def _warning(warning: ZoneWarning, rule: Rule | None, registry: Registry) -> OpenWarning:
    zone = registry.zones.get(registry.place(warning.subject) or "")
    place = "" if zone is None else " ".join(zone.name.values()) + " "
    return OpenWarning(
        grade=warning.grade,
        title=warning.rule if rule is None else " ".join(rule.title.values()),
        place=place + warning.subject,
        since=warning.since,
        value=warning.evidence,
        review=warning.disposition is Disposition.REVIEW,
    )


def _delivery(progress: Progress) -> LastDelivery:
    delivery = progress.delivery
    return LastDelivery(
        at=progress.updated,
        channel=delivery.channel,
        recipient=delivery.recipient,
        grade=delivery.grade,
        state=str(progress.state),
        text=" / ".join(delivery.text.values()),
    )
