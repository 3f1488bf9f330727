"""What the console shows of a daemon in this process, and the sums at the end of a run."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from statistics import median

from console.overview import Incident, LastDelivery, Missing, Online, Overview, Waiting
from console.summary import Handling, Summary
from ingest.clock import SECOND
from notifiers.bulletin import Act, Bulletin
from notifiers.headline import headline
from notifiers.outbox.desk import Awaiting, Desk
from notifiers.outbox.open_incidents import OpenIncident
from notifiers.outbox.reader import Progress
from notifiers.outbox.unreached import Unreached
from notifiers.outbox.work import Stage
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
        self._outbox = Desk.reading(daemon.storage.directory / "outbox.db")
        self._seen = (0, asyncio.get_running_loop().time())
        self._states: dict[str, tuple[str, ...]] = {}

    def look(self) -> Overview:
        daemon = self._daemon
        judge = daemon.judging.judge
        readings, at = judge.screen.readings, asyncio.get_running_loop().time()
        rate = (readings - self._seen[0]) / max(at - self._seen[1], 1e-9)
        self._seen = readings, at
        now = daemon.clock.now()
        return Overview(
            now=now,
            zone=daemon.configuration.settings.zone_info,
            realm=str(daemon.configuration.settings.realm),
            rate=rate,
            journaled=daemon.intake.messages,
            quarantined=judge.screen.quarantined,
            online=tuple(Online(kind, *counts) for kind, counts in online(daemon).items()),
            unreached=(*map(_missing, self._outbox.unreached(now)), *self._silent(now)),
            waiting=tuple(_waiting(awaiting) for awaiting in self._outbox.proposals()),
            incidents=tuple(self._incidents()),
            deliveries=self._deliveries(),
        )

    def _silent(self, now: int) -> Iterable[Missing]:
        for speaker in self._daemon.speakers:
            for horn in speaker.silent(now):
                yield Missing("", None, horn, "answers no poll", None)

    def _incidents(self) -> Iterable[Incident]:
        """Those with a warning that is open now: what is told only after this picture comes in the next."""
        judge = self._daemon.judging.judge
        rules = {rule.id: rule for rule in (*judge.basis.rules, outages.RULE, by_hand.RULE)}
        strongest: dict[str, ZoneWarning] = {}
        for warning in judge.warnings():
            incident = self._outbox.incident_of(warning.id) or ""
            if incident not in strongest or warning.grade > strongest[incident].grade:
                strongest[incident] = warning
        for found in self._outbox.incidents():
            if found.id in strongest:
                warning = strongest[found.id]
                yield _incident(found, warning, rules.get(warning.rule), self._place(found.zone))

    def _place(self, zone: str) -> str:
        known = self._daemon.judging.judge.basis.registry.zones.get(zone)
        return zone if known is None else " ".join(known.name.values())

    def _deliveries(self) -> tuple[LastDelivery, ...]:
        """What changed last first."""
        recent = sorted(self._outbox.recent(LAST), key=lambda progress: -progress.updated)
        before, self._states = self._states, {}
        for progress in recent:
            key, state = progress.delivery.key, str(progress.state)
            states = before.get(key, ())
            self._states[key] = states if states[-1:] == (state,) else (*states, state)
        return tuple(self._delivery(progress, self._states[progress.delivery.key]) for progress in recent)

    def _delivery(self, progress: Progress, states: tuple[str, ...]) -> LastDelivery:
        delivery = progress.delivery
        person = self._daemon.configuration.contacts.of_phone(delivery.address)
        instead = "" if person is None or person.id == delivery.recipient else f"{person.id} for "
        return LastDelivery(
            at=progress.updated,
            channel=delivery.channel,
            recipient=instead + delivery.recipient,
            grade=delivery.grade,
            states=states,
            text=f"{delivery.incident[:8]} {_said(delivery.bulletin, delivery.text)}",
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
            handling=self._handling(),
        )

    def _handling(self) -> Handling:
        now = self._daemon.clock.now()
        record, broken, head = self._outbox.handover(0, now), self._outbox.verify(), self._outbox.audit_head()
        stages = [reached for reached in record.stages if reached.stage == Stage.ACKNOWLEDGED]
        took = [self._took(reached.incident, reached.grade, reached.at) for reached in stages]
        proposals = Counter(str(proposal.state) for proposal in (*record.decided, *record.waiting))
        return Handling(
            stages=Counter(reached.stage for reached in record.stages),
            acknowledged_after=(median(took), max(took)) if took else None,
            cancelled=sum(bool(told.cancelled) for told in (*record.ended, *record.open)),
            proposals=proposals,
            unreached=tuple(
                f"{m.who}: {m.detail}" for m in (*map(_missing, record.unreached), *self._silent(now))
            ),
            audit=head.sequence,
            head=head.hash.hex(),
            broken="" if broken is None else f"record {broken.sequence} {broken.why}",
        )

    def _took(self, incident: str, grade: Grade, at: int) -> float:
        """Seconds from when the grade was told of to `at`; what asks somebody to take over tells nothing."""
        told = [
            delivery.created
            for delivery in (progress.delivery for progress in self._outbox.story(incident))
            if delivery.grade == grade and delivery.bulletin.act is not Act.REQUEST and delivery.created <= at
        ]
        return (at - max(told, default=at)) / SECOND

    def close(self) -> None:
        self._outbox.close()


def _incident(found: OpenIncident, warning: ZoneWarning, rule: Rule | None, place: str) -> Incident:
    due = min((due for due in found.deadlines.values() if due is not None), default=None)
    return Incident(
        id=found.id,
        grade=found.announced or found.proposed or warning.grade,
        title=warning.rule if rule is None else " ".join(rule.title.values()),
        place=place if warning.subject == found.zone else f"{place} {warning.subject}",
        since=found.opened,
        value=warning.evidence,
        warnings=found.warnings,
        review=found.announced is None and warning.disposition is Disposition.REVIEW,
        stage=found.stage,
        by=found.by,
        due=due,
    )


def _waiting(awaiting: Awaiting) -> Waiting:
    proposal = awaiting.proposal
    to = sorted({f"{recipient} ({channel})" for recipient, channel in awaiting.to})
    return Waiting(
        proposal.incident,
        proposal.grade,
        _said(awaiting.bulletin, awaiting.bulletin.text),
        ", ".join(to),
        ", ".join(awaiting.asked) or "nobody",
        proposal.expires,
    )


def _missing(unreached: Unreached) -> Missing:
    who = unreached.who or f"{unreached.hazard} in {unreached.zone}"
    return Missing(unreached.incident, unreached.grade, who, unreached.detail, unreached.since)


def _said(bulletin: Bulletin, languages: Iterable[str]) -> str:
    return " / ".join(headline(bulletin, language) for language in languages)
