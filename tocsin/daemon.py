"""The composition root: every long-lived object is made here, and the path of a reading is listed once."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
from starlette.routing import Route

from ingest.clock import SECOND, Clock
from ingest.series import SeriesWriter, Store
from ingest.session import Change, LinkEvent, Session
from notifiers.action import Action
from notifiers.contacts import Contacts
from notifiers.delivery import Channel, Receipt, Reply
from notifiers.dispatcher import Dispatcher
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.outbox.desk import Desk as Reading
from tocsin.audit_trail import AuditTrail, program
from tocsin.bundle import Applied
from tocsin.canary import Canary
from tocsin.channels import Surroundings, callbacks_of, channels_of, close, horns_of
from tocsin.configuration import Configuration, basis_of, configure
from tocsin.decoding import JournalDecoder
from tocsin.desk import Desk, peer_account, socket_in
from tocsin.desk.obstacle import obstacle
from tocsin.desk.open_warnings import shown
from tocsin.desk.questions import Around, Questions
from tocsin.desk.replies import Replies
from tocsin.desk.standing import Standing
from tocsin.intake import Handed, Intake
from tocsin.judge import Basis
from tocsin.judging import Judging
from tocsin.recovery import judge_of
from tocsin.reload import Reload
from tocsin.remains import give_back
from tocsin.sight import Blind, Sight
from tocsin.stages import Stage, begin, drain
from tocsin.startup import Over, untimed
from tocsin.storage import Storage
from tocsin.successor import Successor
from tocsin.systemd import Notify
from tocsin.upkeep import Upkeep
from tocsin.watchdog import Watchdog
from tocsin.wiring import mqtt_broker, router_of, store_of, watchdog_of

log = structlog.get_logger()

# How long a stop goes on sending what is due.
SEND_ON = 5 * SECOND


class Daemon:
    """One instance over one state directory.

    What reaches outside (session, channels, store) is made by a method each: a simulation of the whole puts
    its own in their place. `over` hears of `snapshot`, `judge` and `replay`.
    """

    def __init__(
        self,
        configuration: Configuration,
        storage: Storage,
        clock: Clock,
        over: Over = untimed,
    ) -> None:
        self.configuration = configuration
        self.storage = storage
        self.clock = clock
        self.ready = False
        self._over = over
        self.session = self._session()
        self.intake = Intake(
            self.session,
            storage.journal,
            clock,
            storage.journal_thread,
            room=self._room,
            wakeful=lambda: self.sight.wakeful(),
        )
        judge = judge_of(storage, self._basis, over)
        alive = max(storage.settled(), judge.engine.now)
        clock.catch_up(alive)
        self.sight = Sight(self._blind, clock, alive)
        self.watchdog = self._watchdog()
        self.judging = Judging(
            judge, storage, self.intake, clock, self._committed, awake=self.sight.awake, flown=self._flown
        )
        self.audit = AuditTrail(storage, clock)
        self.standing = Standing(self._reading, clock)
        self.desk = self._desk()
        self.replies = Replies(self._contacts, self._reading, self.desk.take, self.audit.note)
        self.channels = self._channels()
        self.speakers = [c for c in self.channels if isinstance(c, LoudspeakerChannel)]
        self.dispatcher = self._dispatcher()
        self.store = self._store()
        self.series = self._series()
        self.notify = Notify()
        self.stages = tuple(self._stages())
        # Called when what lives as long as a configuration has been made.
        self.built: Callable[[], None] = lambda: None
        self._remains: list[object] = []
        self.reloading = Reload(
            storage, self.audit, [c.name for c in self.channels], lambda: self.configuration, self._take_on,
            self._taken_on,
        )  # fmt: skip

    def _dispatcher(self) -> Dispatcher:
        router, storage = router_of(self.configuration), self.storage
        storage.outbox_thread.submit(storage.outbox.place, router).result()
        return Dispatcher(
            storage.outbox, router, self.channels, self.clock, storage.outbox_thread,
            refused=storage.reserve.relieve,
        )  # fmt: skip

    def _series(self) -> SeriesWriter:
        return SeriesWriter(
            self.storage.journal,
            JournalDecoder(self.storage.bundles, self._basis, self.judging.recent),
            self.store,
            self.clock,
            self.storage.series_thread,
            give_way=lambda: self.judging.done < self.intake.handed,
        )

    def _watchdog(self) -> Watchdog | None:
        return watchdog_of(self.configuration.settings, self.storage, self.clock, self._dispatched)

    def _session(self) -> Session:
        return Session(mqtt_broker(self.configuration.settings), self.clock, self._link_changed)

    def _channels(self) -> Sequence[Channel]:
        around = Surroundings(
            self.configuration.settings,
            self.configuration.basis.registry,
            self.storage.directory,
            self.clock,
            self._heard,
            self._replied,
        )
        return channels_of(around)

    def _desk(self) -> Desk:
        around = Around(self._contacts, self._status, lambda: shown(self.judging.judge))
        questions = Questions(self._reading, self.clock, around)
        return Desk(
            socket_in(self.storage.directory), self._contacts, self.intake.act, questions.answer,
            note=self.audit.note, account=self._peer, obstacle=self._obstacle,
            change=lambda wanted, by: self.reloading.wanted(wanted, by),
        )  # fmt: skip

    def _obstacle(self, action: Action) -> str:
        return obstacle(action, self.judging.judge, router_of(self.configuration), self.clock.now())

    def _peer(self, connection: socket.socket) -> str:
        return peer_account(connection)

    def _reading(self) -> Reading:
        """The outbox for whoever looks beside the thread that writes it; to be closed."""
        return Reading.reading(self.storage.directory / "outbox.db")

    def _store(self) -> Store:
        return store_of(self.configuration.settings.series, self.storage.directory, self._room)

    def _stages(self) -> Iterator[Stage]:
        """The path of one reading, in the direction it flows: stopped in this order, started in the other."""
        yield Stage("desk", self.desk.run, self.desk.stop)
        yield Stage("session", self.session.run)
        yield Stage("intake", self.intake.run, self.intake.stop)
        yield Stage("judging", self.judging.run, self.judging.stop)
        yield Stage("dispatcher", self.dispatcher.run, self._drain_dispatcher)
        for speaker in self.speakers:
            yield Stage(speaker.name, speaker.run)
        yield Stage("series", self.series.run, self.series.drain)
        # Started before the session, intake and judging: its first entry comes before all of theirs.
        yield Stage("sight", self.sight.run)
        yield Stage("reserve", self.storage.reserve.run)
        yield Stage("upkeep", Upkeep(self.storage, self.clock, lambda: self.series.claimed).run)
        if self.watchdog is not None:
            yield Stage("canary", self.watchdog.run)
        yield Stage("standing", self.standing.run)
        yield Stage("watchdog", lambda: self.notify.watch(self._progress))

    async def run(self, stop: asyncio.Event) -> None:
        """Recover, serve until `stop` is set, drain. A stage that fails takes the process down."""
        recovered = await self.judging.recover(stop)
        self._follow()
        log.info("recovered", entries=recovered, position=self.judging.judge.position)
        self._over("replay")
        self.judging.tell_faults()
        settings, applied = self.configuration.settings, self.configuration.basis.bundle
        await self.audit.started(applied, str(settings.realm))
        async with asyncio.TaskGroup() as group:
            tasks = begin(self.stages, group)
            self.ready = True
            self.notify.send("READY=1")
            await stop.wait()
            self.notify.send("STOPPING=1")
            self.ready = False
            await drain(self.stages, tasks)
        await close(self.channels)

    def callbacks(self) -> list[Route]:
        """What gateways call on the daemon's own HTTP server."""
        return callbacks_of(self.channels)

    def _follow(self) -> None:
        """A bundle that was journaled right before a crash is in force, though it was not noted."""
        applied = self.judging.judge.basis.bundle
        if applied != self.configuration.basis.bundle:
            self.configuration = configure(self.storage.bundles.load(applied))
            self._spread()

    def _basis(self, bundle: str) -> Basis:
        if bundle == self.configuration.basis.bundle:
            return self.configuration.basis
        return basis_of(self.storage.bundles.load(bundle))

    def _room(self) -> bool:
        return self.storage.reserve.held

    def _flown(self, canaries: Sequence[Canary]) -> None:
        if self.watchdog is not None:
            self.watchdog.flown(canaries)

    def _committed(self) -> None:
        self.dispatcher.notify()
        self.series.notify()

    async def _blind(self, blind: Blind) -> None:
        await self.intake.blind(blind, lambda: self.judging.judge.engine.now)

    def _heard(self, receipt: Receipt) -> None:
        self.dispatcher.receipt(receipt)

    def _replied(self, reply: Reply) -> None:
        self.replies.hear(reply, horn=reply.channel in {speaker.name for speaker in self.speakers})

    def _contacts(self) -> Contacts:
        return self.configuration.contacts

    def _status(self) -> dict[str, object]:
        judge = self.judging.judge
        return {
            "version": program(),
            "realm": str(self.configuration.settings.realm),
            "bundle": judge.basis.bundle,
            "problems": self.problems(),
            "journaled": self.storage.journal.last,
            "judged": judge.position,
            "warming": self._warming(),
        }

    def _warming(self) -> list[dict[str, object]]:
        """The windows that are still to fill, and the instant before which none is."""
        judge, now = self.judging.judge, self.clock.now()
        titles = {rule.id: rule.title for rule in judge.basis.rules}
        return [
            {
                "rule": each.rule,
                "title": titles[each.rule],
                "kind": each.kind,
                "metric": each.metric,
                "window": each.width,
                "until": now + each.left,
            }
            for each in judge.engine.filling()
        ]

    async def _drain_dispatcher(self) -> None:
        await self.dispatcher.drain(self.clock.now() + SEND_ON)

    def _link_changed(self, event: LinkEvent) -> None:
        if event.what is not Change.CONNECTED:
            self.sight.follow(event)
            log.warning(f"broker {event.what}; trying again (mqtt in the settings)", reason=event.reason)
            return
        # Without a session a broker that knew us has lost what it kept; at the very first start it has not.
        forgotten = not event.session_present and self.judging.judge.screen.accepted > 0
        self.sight.follow(event, forgotten=forgotten)
        report = log.error if forgotten else log.info
        report("broker " + event.what, session_present=event.session_present, reason=event.reason)

    async def reload(self, path: Path) -> bool:
        """Read the files again, all or nothing; False and the old bundle stays if anything is wrong."""
        return await self.reloading.files(path)

    async def _take_on(self, configuration: Configuration, applied: Applied) -> Handed:
        """It is in force from the entry on that is returned."""
        before = self.configuration.basis
        if before.bundle != applied.bundle:
            judge = self.judging.judge
            successor = await asyncio.to_thread(Successor.of, before, judge.engine, configuration.basis)
            self.built()
            self._remains = successor.remains
            judge.expect(successor)
        self.configuration = configuration
        handed = await self.intake.apply(applied)
        self._spread()
        return handed

    async def _taken_on(self) -> None:
        await asyncio.to_thread(give_back, self._remains)

    def _spread(self) -> None:
        """What routes, and what polls the horns, goes by what is in force."""
        self.dispatcher.reroute(router_of(self.configuration))
        for speaker in self.speakers:
            speaker.know(horns_of(self.configuration.basis.registry))

    async def _dispatched(self) -> None:
        """Return once the dispatcher has made a round."""
        rounds = self.dispatcher.rounds
        self.dispatcher.notify()
        while self.dispatcher.rounds == rounds:
            await asyncio.sleep(0.01)

    async def _progress(self) -> None:
        """Return once the journal's and the outbox's threads and the judge have each taken a turn."""
        loop = asyncio.get_running_loop()
        for thread in (self.storage.journal_thread, self.storage.outbox_thread):
            await loop.run_in_executor(thread, int)
        handed = self.intake.handed
        while self.judging.done < handed:
            await asyncio.sleep(0.01)

    def hops(self) -> dict[str, Callable[[], bool]]:
        """For a lockstep clock: who must be idle before time moves on."""
        return {
            "sight": self.sight.idle,
            "replies": self.replies.idle,
            "intake": self.intake.idle,
            "judging": self.judging.idle,
            "dispatcher": self.dispatcher.idle,
            "series": self.series.idle,
            "loudspeaker": lambda: all(speaker.idle() for speaker in self.speakers),
        }

    def connected(self) -> bool:
        """Whether the session and every channel that keeps a connection have theirs."""
        return self.ready and self.session.connected and all(s.connected for s in self.speakers)

    def problems(self) -> dict[str, str]:
        """What keeps the daemon from being ready, by part."""
        found = {
            "daemon": "" if self.ready else "starting or stopping",
            "broker": "" if self.session.connected else "not connected",
            "journal": "" if self.intake.available else "cannot be written",
            "disk": "" if self._room() else "full: what room is left is for warnings, nothing is taken in",
            "series": "" if self.series.available else "unavailable; warnings go on, history waits",
            "reload": self.reloading.refused,
            "rules": self.judging.problem(),
            "canary": "" if self.watchdog is None else self.watchdog.problem(),
        }
        return {part: problem for part, problem in found.items() if problem}
