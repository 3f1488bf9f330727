"""The outbox under everything at once: lines, gateways, receipts, people, time and crashes, in any order.

Whatever happens, nobody who should know is forgotten: at the end each is told, by itself or in a digest, or
what they were to be told is held for a person, refused by one, shelved, collapsed, or listed as unreached.
Budgets are small, a rule floods soon, and the quiet hours begin in a quarter of an hour.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.registry import Registry
from notifiers.action import (
    Acknowledge,
    Action,
    Agree,
    Arrive,
    Cancel,
    Handle,
    Refuse,
    Release,
    Shelve,
    Taken,
    Unshelve,
)
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.collapsed import count
from notifiers.outbox.deliveries import contacts
from notifiers.outbox.incidents import above, incident_of, standing
from notifiers.outbox.proposals import find, waiting
from notifiers.outbox.settling import RANK
from notifiers.outbox.unreached import Why, unreached
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.routes import Budgets, QuietHours, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from tests.memory import in_memory
from tests.notifiers.duty import (
    ANA,
    BO,
    CHANNELS,
    LEVELS,
    LIN,
    REACH,
    START,
    ZONES,
    raised,
    route,
    turn,
)
from tests.notifiers.town import rule as rule_of

ROUTES = Routes(
    routes=(
        route(ANA, otherwise=("email",)),
        route(BO, grades=[Grade.RED], approval=True),
        route(LIN, grades=[Grade.ORANGE, Grade.RED], channels=("email", "feed", "loudspeaker")),
    ),
    levels=LEVELS,
    budgets=Budgets(messages=1, within=HOUR, digest_every=2 * MINUTE, warnings=4),
    quiet_hours=QuietHours(21 * 60 + 15, 22 * 60 + 30),
)
RULES = ("river", "rain", "fire")
BY = Router(ROUTES, Registry.of([], ZONES), map(rule_of, RULES), UTC, REACH)
PLACES = st.tuples(st.sampled_from(RULES), st.sampled_from(["riverside", "hillside"]))
# Whoever gets a key of these twice acts on it once.
HONOURED = frozenset({"loudspeaker", "feed"})
GRADES = st.sampled_from(list(Grade))
USERS = st.sampled_from(["ana", "lin", "wei"])
RECEIPTS = st.sampled_from([State.FAILED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED])
OUTCOMES = st.one_of(
    st.just(Sent("p")), st.just(Rejected("no")), st.just(Unknown("hung")), st.integers(0, 90_000).map(
        lambda after: Retry(after, "busy")
    ),
)  # fmt: skip


class Crash(Exception):
    """The process dies inside a transaction."""


@dataclass
class Open:
    """What the engine knows of one it raised."""

    place: tuple[str, str]
    grade: Grade | None
    ordinal: int = 0


@dataclass
class Seen:
    """What gateways did: sends a receiver may have seen and crashes amid one, by key; what contacts saw.

    `confirmed`: of which a receipt has said that they were seen.
    """

    sends: Counter[str] = field(default_factory=Counter)
    cut_off: Counter[str] = field(default_factory=Counter)
    last: dict[tuple[str, str, str], Grade | None] = field(default_factory=dict)
    warned: set[tuple[str, str, str]] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)


class OutboxMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory(dir=in_memory())
        self.outbox = Outbox.open(Path(self.folder.name) / "outbox.sqlite", Realm.DRILL)
        self.now = START
        self.warnings: dict[str, Open] = {}
        self.flying: list[Delivery] = []
        self.sent: list[Delivery] = []
        self.ranks: dict[str, int] = {}
        self.seen = Seen()
        self.sequence = 0

    @rule(place=PLACES, grade=GRADES, review=st.booleans())
    def raise_(self, place: tuple[str, str], grade: Grade, review: bool) -> None:
        warning = f"{len(self.warnings):08x}"
        self.warnings[warning] = Open(place, None, -1)
        self._line(warning, grade, review)

    @precondition(lambda self: any(w.grade for w in self.warnings.values()))
    @rule(data=st.data(), after=st.none() | GRADES, review=st.booleans())
    def change(self, data: st.DataObject, after: Grade | None, review: bool) -> None:
        known = [number for number, w in self.warnings.items() if w.grade]
        self._line(data.draw(st.sampled_from(known)), after, review and after is not None)

    @rule()
    def round(self) -> None:
        turn(self.outbox, BY, self.now)

    @rule()
    def die_in_a_round(self) -> None:
        try:
            with self.outbox.transaction():
                turn(self.outbox, BY, self.now)
                self.outbox.claim("sms", self.now, 2)
                raise Crash
        except Crash:
            self.crash()

    @rule(channel=st.sampled_from(CHANNELS), limit=st.integers(1, 5))
    def claim(self, channel: str, limit: int) -> None:
        for delivery in self.outbox.claim(channel, self.now, limit):
            self._check_order(delivery)
            self.flying.append(delivery)
            self.sent.append(delivery)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), outcome=OUTCOMES, within=st.none() | st.just(30 * SECOND))
    def settle(self, data: st.DataObject, outcome: Outcome, within: int | None) -> None:
        delivery = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        if isinstance(outcome, Sent | Unknown):
            self._see(delivery)
        self._settle(delivery, outcome, within)

    @rule(places=st.lists(PLACES, min_size=4, max_size=6), grade=st.sampled_from(list(Grade)[:3]))
    def storm(self, places: list[tuple[str, str]], grade: Grade) -> None:
        for place in places:
            self.raise_(place=place, grade=grade, review=False)
        self.round()

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), state=RECEIPTS)
    def receipt(self, data: st.DataObject, state: State) -> None:
        delivery = data.draw(st.sampled_from(self.sent))
        self.outbox.receipt(delivery.key, state, self.now)
        if delivery in self.flying and state is not State.FAILED:
            # Before the gateway's answer, which may be that it refused.
            self._hear(delivery)
            self.seen.confirmed.add(delivery.key)

    @rule(passed=st.sampled_from([SECOND, 20 * SECOND, MINUTE, 5 * MINUTE, HOUR]))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @precondition(lambda self: self.warnings)
    @rule(data=st.data(), user=USERS)
    def act(self, data: st.DataObject, user: str) -> None:
        taken = Taken(user, f"account:{user}", data.draw(self._actions()))
        self.sequence += 1
        answer = self.outbox.act(self.sequence, self.now, taken)
        assert answer.said
        assert self.outbox.act(self.sequence, self.now, taken) == answer

    @rule()
    def crash(self) -> None:
        for delivery in self.flying:
            self._see(delivery)
            self.seen.cut_off[delivery.key] += 1
        self.flying = []
        self.outbox.close()
        self.outbox = Outbox.open(Path(self.folder.name) / "outbox.sqlite", Realm.DRILL)

    @invariant()
    def no_delivery_goes_back(self) -> None:
        for key, state in self.outbox._connection.execute("SELECT key, state FROM deliveries"):
            rank, before = RANK[State(state)], self.ranks.get(key, 0)
            # What is tried again has no end yet; what has one keeps it, or gets a better one.
            assert rank >= before or before < RANK[State.ACCEPTED], (key, state, before)
            self.ranks[key] = rank

    @invariant()
    def nobody_is_sent_anything_twice_but_by_a_crash(self) -> None:
        channels = {delivery.key: delivery.channel for delivery in self.sent}
        for key, times in self.seen.sends.items():
            assert channels[key] in HONOURED or times <= 1 + self.seen.cut_off[key]

    def teardown(self) -> None:
        try:
            for delivery in self.flying:
                self._see(delivery)
                self._settle(delivery, Sent("p"))
            self._drain()
            assert verify(self.outbox._connection) is None
            told = "SELECT id FROM incidents WHERE hazard <> 'system'"
            for (incident,) in self.outbox._connection.execute(told).fetchall():
                self._check_told(incident)
            self._check_collapsed()
        finally:
            self.outbox.close()
            self.folder.cleanup()

    def _line(self, warning: str, after: Grade | None, review: bool) -> None:
        known = self.warnings[warning]
        known.ordinal += 1
        line = raised(
            known.grade,
            after,
            ordinal=known.ordinal,
            warning=warning,
            rule=known.place[0],
            subject=known.place[1],
            at=self.now,
            review=review,
        )
        known.grade = after
        self.outbox.commit(self.outbox.position, [line])

    def _settle(self, delivery: Delivery, outcome: Outcome, within: int | None = None) -> None:
        self.outbox.settle(
            delivery.key,
            outcome,
            self.now,
            honours_keys=delivery.channel in HONOURED,
            receipt_within=within,
        )

    def _see(self, delivery: Delivery) -> None:
        """A receiver may have seen it now."""
        self.seen.sends[delivery.key] += 1
        if delivery.key not in self.seen.confirmed:
            self._hear(delivery)

    def _hear(self, delivery: Delivery) -> None:
        for incident, grade in self._tells(delivery):
            self.seen.last[incident, delivery.recipient, delivery.channel] = grade

    def _check_order(self, delivery: Delivery) -> None:
        """A cancel comes only after what it cancels."""
        contact = (delivery.incident, delivery.recipient, delivery.channel)
        if delivery.bulletin.act == "cancel":
            assert contact in self.seen.warned
        else:
            told = self._tells(delivery)
            self.seen.warned |= {(i, delivery.recipient, delivery.channel) for i, _ in told}

    def _tells(self, delivery: Delivery) -> list[tuple[str, Grade | None]]:
        """Of which incidents it tells what grade: none if it only asks, all that a digest sums up."""
        connection = self.outbox._connection
        if delivery.bulletin.act == "digest":
            # Who reads that it is over hears of no grade.
            summed = connection.execute(
                "SELECT incident, grade FROM deliveries WHERE detail = ? AND state = 'digested' AND asks = 0"
                " ORDER BY revision",
                (delivery.incident,),
            )
            return [(incident, grade and Grade(grade)) for incident, grade in summed]
        row = connection.execute("SELECT asks FROM deliveries WHERE key = ?", (delivery.key,)).fetchone()
        return [] if row[0] else [(delivery.incident, delivery.grade)]

    def _actions(self) -> st.SearchStrategy[Action]:
        number = st.sampled_from(sorted(self.warnings))
        actions: list[st.SearchStrategy[Action]] = [
            st.builds(Acknowledge, number),
            st.builds(Arrive, number),
            st.builds(Handle, number),
            st.builds(Cancel, number, st.sampled_from(["wrong", ""])),
            st.builds(
                Shelve,
                st.just("zone"),
                st.sampled_from(["town", "riverside"]),
                st.just("works"),
                st.just(self.now + 10 * MINUTE),
                st.booleans(),
            ),
            st.builds(Agree, st.integers(1, self.sequence + 1)),
            st.builds(Unshelve, st.integers(1, self.sequence + 1)),
        ]
        if proposals := find(self.outbox._connection, "true"):
            one = st.sampled_from(proposals)
            alone = st.sampled_from([False, False, True])
            actions += [
                st.builds(lambda p, a: Release(p.incident, p.revision, p.hash, a, "reason"), one, alone),
                st.builds(lambda p: Refuse(p.incident, p.revision, "no"), one),
            ]
        return st.one_of(actions)

    def _drain(self) -> None:
        """Every gateway works, and nobody does anything more."""
        for _ in range(400):
            turn(self.outbox, BY, self.now)
            claimed = [d for channel in CHANNELS for d in self.outbox.claim(channel, self.now, 100)]
            for delivery in claimed:
                self._check_order(delivery)
                self._see(delivery)
                self._settle(delivery, Sent("p"))
            waits = [
                due
                for (due,) in self.outbox._connection.execute(
                    "SELECT due FROM deliveries WHERE state IN ('queued', 'unknown') AND due IS NOT NULL"
                    " UNION ALL SELECT due FROM digests WHERE sent IS NULL"
                )
            ]
            if not waits:
                return
            if not claimed:
                self.now = min((due for due in waits if due > self.now), default=self.now)
        raise AssertionError("it never comes to an end")

    def _check_collapsed(self) -> None:
        """What is collapsed is refused, or listed with how many it is until somebody decides."""
        connection = self.outbox._connection
        listed = {u.incident for u in unreached(connection, self.now) if u.why is Why.UNDECIDED}
        rows = connection.execute("SELECT id, highest, over, ended FROM floods").fetchall()
        for notice, highest, over, ended in rows:
            if count(connection, notice):
                refused = incident_of(connection, notice).refused
                assert ended is None
                assert notice in listed or (refused or 0) >= highest, notice
            else:
                assert over is None or ended is not None, notice

    def _check_told(self, identity: str) -> None:
        connection = self.outbox._connection
        incident, stands = incident_of(connection, identity), standing(connection, identity)
        known, proposal = contacts(connection, identity), waiting(connection, identity)
        listed = {u.who for u in unreached(connection, self.now) if u.incident == identity}
        for (recipient, channel), contact in known.items():
            if contact.reached and contact.told != incident.announced:
                assert self._given_up(identity, recipient, channel) or contact.told is None, contact
        for (of, recipient, channel), grade in self.seen.last.items():
            if of == identity and incident.announced is None and grade is not None:
                assert self._given_up(identity, recipient, channel), (recipient, channel, grade)
        if stands.certain is None:
            return
        for addressee in BY.who(incident.zone, incident.hazard, stands.certain, self.now):
            told = known.get((addressee.recipient, addressee.channel))
            if addressee.approval or incident.doubted:
                decided = proposal or incident.refused or incident.released
                assert decided, (addressee, incident)
            else:
                assert above(incident.announced, stands.certain - 1), (addressee, incident)
                assert told, (addressee, incident)
                contact = (identity, addressee.recipient, addressee.channel)
                assert told.reached or addressee.recipient in listed or self._given_up(*contact), told

    def _given_up(self, incident: str, recipient: str, channel: str) -> bool:
        """Whether the desk lists a dead letter to them."""
        row = self.outbox._connection.execute(
            "SELECT 1 FROM deliveries WHERE incident = ? AND recipient = ? AND channel = ?"
            " AND (state IN ('failed', 'expired') OR state = 'unknown' AND due IS NULL)",
            (incident, recipient, channel),
        ).fetchone()
        return row is not None


OutboxMachine.TestCase.settings = settings(stateful_step_count=40)
test_nobody_is_forgotten_whatever_happens = OutboxMachine.TestCase
