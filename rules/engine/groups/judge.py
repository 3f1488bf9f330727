"""One rule over places: what readings, silence and time do to its zones, gateways or neighbourhoods."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from rules.engine import lifecycle
from rules.engine.blindness import postponed
from rules.engine.deadlines import Deadlines, Order
from rules.engine.event import Event
from rules.engine.foresight import Foresight
from rules.engine.groups import carried, kept
from rules.engine.groups.account import account, shown
from rules.engine.groups.census import PlaceCensus
from rules.engine.groups.due import blind_periods, due_at_rest, grace, next_due
from rules.engine.groups.hearing import Hearing
from rules.engine.groups.kept import GroupState
from rules.engine.groups.ladder import GroupLadder, Setting
from rules.engine.groups.late_points import Points, around, points
from rules.engine.groups.leaf import Leaf, Part
from rules.engine.groups.matter import Gate
from rules.engine.groups.rest import Rest
from rules.engine.groups.unchanged import GONE, Unchanged
from rules.engine.groups.watch import Watch
from rules.engine.groups.words import Truth
from rules.engine.isolation import BREAKS, last_told
from rules.engine.late import Late
from rules.engine.ledger import Ledger
from rules.engine.normal_form import Fault
from rules.engine.ring import NEVER, Slots
from rules.engine.subject import Subject
from rules.engine.telling import Evidence, tell
from rules.engine.verdict import TRUE
from rules.engine.waves import Wave
from rules.grade import Grade
from rules.rule import Rule
from rules.warning import ZoneWarning

# In the place of a place: the deadline of all that are at rest.
ALL = -1


class GroupJudge:
    """The subjects of one rule that are not at rest, by number of the place; `names` are those of all."""

    def __init__(self, number: int, rule: Rule, setting: Setting, told: tuple[Deadlines, Ledger]) -> None:
        self.rule = rule
        self.ladder = GroupLadder.of(rule, setting)
        self.names = list(self.ladder.places.names)
        self.faults: set[Fault] = set(self.ladder.faults)
        self.kinds = frozenset(kind for leaf in self.ladder.leaves for kind in leaf.parts)
        self.hearing = Hearing(self.ladder.leaves, rule.max_age, len(setting.registry.sensors))
        self.watch = Watch(self.ladder)
        self.rest = Rest(self.ladder)
        self.number = number
        # Set by `Isolation`: the rule broke, and is not asked any more.
        self.off = False
        self._deadlines, self._ledger = told
        self._slots = {kind: setting.registry.ranges[kind] for kind in self.kinds}
        # Watched places that sensors join in the run that is being taken in; how often one of them was read.
        self._joined: set[int] = set()
        self._stirred = 0
        self._gates = {kind: Gate(setting.boards[kind], self.ladder.leaves) for kind in self.kinds}

    @property
    def subjects(self) -> dict[int, Subject]:
        """By number of the place, only those that are not at rest."""
        return self.watch.subjects

    @property
    def turns(self) -> int:
        """Changes whenever what matters must be asked again."""
        return self.watch.turns + self._stirred

    def matters(self, kind: str, ahead: Foresight, received: int) -> Truth:
        """Which readings can change anything, each of them taken in alone; asked before they are taken in."""
        gate, wave = self._gates[kind], ahead.wave
        if not (gate.ever_wakes or self.subjects):
            return np.zeros(len(wave.slot), np.bool_)
        slots = wave.slot + self._slots[kind].start
        found = self.hearing.busy[slots]
        if not gate.carries(wave):
            return found
        awake = self.watch.awake[slots] > 0
        waking = gate.may_wake(ahead)
        if waking.any():
            found |= waking & self.ladder.places.holds(slots) & ~awake
        at = np.flatnonzero(awake)
        if len(at) and gate.always:
            found[at] = True
        elif len(at):
            changes, joins = gate.changes(wave, at, received, self.rule.max_age)
            found[at] |= changes
            self._let_join(slots, at[joins & ~found[at]], found, received)
        return found

    def _let_join(self, slots: Slots, joining: Slots, found: Truth, received: int) -> None:
        """Add the readings that join a watched place where not all sensors are known.

        Where all are, one more that says false changes neither a count nor whether enough are known; what is
        pending is a deadline, and asking again once a reading of the place has been taken in alone.
        """
        known: dict[int, bool] = {}
        for k in joining.tolist():
            places = [p for p in self.ladder.places.of_sensor(int(slots[k])) if p in self.subjects]
            for place in places:
                if place not in known:
                    known[place] = self._are_all_known(place, received)
            if all(known[place] for place in places):
                self._joined.update(places)
            else:
                found[k] = True

    def _are_all_known(self, place: int, received: int) -> bool:
        census = self.watch.census(place, received, received - 1)
        counted = (census.speaking(leaf) for leaf in self.ladder.leaves if not leaf.is_age)
        return all(0 < members == known for members, known in counted)

    def read(self, kind: str, wave: Wave, received: int) -> None:
        """Judge the places of readings that have been taken in, none behind its sensor's newest."""
        for at, own in enumerate(wave.slot.tolist()):
            slot = own + self._slots[kind].start
            self._stirred += not self._joined.isdisjoint(self.ladder.places.of_sensor(slot))
            event = Event(received, Order.READING, int(wave.message[at]))
            self._read(slot, [*self.hearing.told(kind, wave.columns_at(at), slot, clock=True)], event)

    def _read(self, slot: int, told: list[tuple[Leaf, Part]], event: Event) -> None:
        time = event.instant
        completed = [pair for pair in told if self.hearing.completed_before(*pair, slot, time)]
        if completed:
            self._heard(slot, completed, event)
            self._judge_all(slot, event)
        for leaf, part in told:
            self.hearing.hear(leaf, part, slot, time, time - 1)
        self._heard(slot, told, event)
        self._judge_all(slot, event)

    def welcome(self, received: int) -> None:
        """Set the deadlines of watched places that sensors joined in the run that was taken in."""
        joined, self._joined = self._joined, set()
        for place in sorted(joined):
            self._schedule(place, Event(received, Order.READING))

    def _heard(self, slot: int, told: Iterable[tuple[Leaf, Part]], event: Event) -> None:
        """Watch the places of a sensor that has something to say, and take over what it says."""
        for place in self.watch.is_kept(slot):
            self.watch.wake(place)
        for leaf, part in told:
            self.watch.note(leaf, part, slot, event.instant)

    def _judge_all(self, slot: int, event: Event) -> None:
        for place in self.ladder.places.of_sensor(slot):
            if place in self.subjects:
                self._judge(place, event)

    def late(self, kind: str, late: Late, received: int) -> None:
        """Judge the places of a late reading that has been taken in: it counts at its stamp (D27)."""
        slot = late.slot + self._slots[kind].start
        told = list(self.hearing.told(kind, late.values, slot))
        event = Event(received, Order.READING, late.message, late=True)
        found = points(self.hearing, told, late, received)
        self._heard(slot, told, event)
        for place in self.ladder.places.of_sensor(slot):
            if found:
                self.watch.wake(place)
            if place in self.subjects:
                self._judge(place, event, Points(slot, late.stamp, found))

    def fire(self, place: int, event: Event) -> None:
        """A deadline has come: of a place, or of all that are at rest."""
        if place == ALL:
            self._look_at_rest(event)
        elif place not in self.subjects:
            # A person ended its warning: it is at rest since.
            self._schedule(place, event)
        elif event.order is not Order.SILENCE or self._is_due(place, event.instant):
            self._fire(place, event)

    def _is_due(self, place: int, instant: int) -> bool:
        """Whether a sensor falls silent or grows old just now; if all have reported since, it waits on."""
        census, silence = self.watch.census(place, instant, instant - 1), (instant, Order.SILENCE)
        due = next_due(self.ladder, self.watch, self.hearing, census, (instant, Order.READING))
        if due != silence:
            self._deadlines.set(self.number, place, due)
        return due == silence

    def _look_at_rest(self, event: Event) -> None:
        """Judge the places at rest that may change at this instant; those that do are watched from now on."""
        self.rest.leave_out(self.subjects)
        for place in self.rest.look(self.rest.coming(event.instant), event.instant - 1).tolist():
            census = self._census(place, event)
            if TRUE in self.ladder.judged(self.ladder.raising, census).values():
                self.watch.wake(place)
                self._fire(place, event)
            else:
                self.rest.expect(place, due_at_rest(self.ladder, census))
        self._deadlines.set(self.number, ALL, self.rest.due)

    def _fire(self, place: int, event: Event) -> None:
        """A deadline of a place that is watched."""
        self._hear_what_turned(place, event)
        if event.order is Order.CLEARING:
            event = self._let_go(place, event)
        self._judge(place, event)

    def _hear_what_turned(self, place: int, event: Event) -> None:
        """Runs of `sustained` that complete, and all sensors of leaves that also go by ages or the clock."""
        by = event.instant - (event.order < Order.SILENCE)
        for leaf in self.hearing.leaves:
            running = self.watch.tallies[place][leaf.number].running
            ripe = {
                slot for slot in running if self.hearing.due(leaf, slot, event.instant - 1) == event.instant
            }
            for slot in sorted(ripe if not leaf.turns else self.ladder.places.all(place).tolist()):
                part = leaf.part_of(slot)
                if part is not None and part.board.newest[slot - part.slots.start] > NEVER:
                    self.hearing.hear(leaf, part, slot, event.instant, by)
                    self.watch.note(leaf, part, slot, event.instant)

    def _let_go(self, place: int, event: Event) -> Event:
        """Put off what ran out; the reason names the sensor whose leaving began it (D28)."""
        subject, reasons = self.subjects[place], self.watch.reasons.get(place, {})
        before = {grade for grade, latch in subject.latches.items() if latch.raised is not None}
        lifecycle.let_go(subject, self.rule.release.after, event.instant, event.instant)
        fallen = {grade for grade in before if subject.latches[grade].raised is None}
        notes = {reasons[grade]: None for grade in sorted(fallen, reverse=True) if grade in reasons}
        return replace(event, note=", ".join(notes)) if notes else event

    def judge(self, place: int, event: Event) -> None:
        """Judge a place that is watched."""
        self._judge(place, event)

    def _judge(self, place: int, event: Event, late: "Points | None" = None) -> None:
        subject, time, ladder = self.subjects[place], event.instant, self.ladder
        self.watch.purge(place, time)
        census = self._census(place, event)
        seen = replace(census, late=around(ladder, self.watch, place, late)) if late else census
        subject.clock = time
        verdicts = ladder.judged(ladder.raising, census)
        lifecycle.sustain(subject, verdicts, time, event)
        ripe = {grade: verdicts[grade] for grade in self._ripe(subject, time)}
        if late:
            ripe |= self._raised_late(seen, verdicts)
        if any(not subject.latches[grade].auto for grade in ripe) and ladder.allowed(census):
            sure = ladder.judged(ladder.raising, replace(seen, certain=True))
            certain = {grade: word == TRUE and sure[grade] == TRUE for grade, word in ripe.items()}
            lifecycle.put_on(subject, certain, event)
        if lifecycle.is_on(subject):
            self._release(place, (census, seen), event, late)
        self._conclude(place, seen, event)

    def _ripe(self, subject: Subject, time: int) -> list[Grade]:
        """The grades whose runs are complete; what fell due in blind time waits for a reading first (D31)."""
        waits, periods = self.rule.sustain, blind_periods(self.ladder)
        ends = {latch.run + waits[g] for g, latch in subject.latches.items() if latch.run is not None}
        waiting = {end for end in ends if end <= time < postponed(end, periods)}
        return lifecycle.ripe(subject, waits, time, waiting)

    def _raised_late(self, seen: PlaceCensus, verdicts: dict[Grade, int]) -> dict[Grade, int]:
        """The grades that are true at the stamp of a late reading; a moment serves no `sustain`."""
        then = self.ladder.judged(self.ladder.raising, seen)
        sustain = self.rule.sustain
        return {g: TRUE for g, word in then.items() if word == TRUE != verdicts[g] and not sustain[g]}

    def _release(
        self, place: int, seen: tuple[PlaceCensus, PlaceCensus], event: Event, late: "Points | None"
    ) -> None:
        """Release runs start, go on or end; a late reading inside one restarts it (D6)."""
        subject, nodes = self.subjects[place], self.ladder.clearing
        if late:
            then = self.ladder.judged(nodes, seen[1])
            for grade, latch in subject.latches.items():
                if latch.release is not None and late.stamp >= latch.release and then.get(grade) == TRUE:
                    latch.release = None
        running = {grade for grade, latch in subject.latches.items() if latch.release is not None}
        lifecycle.release(subject, self.ladder.judged(nodes, seen[0]), event.instant, event)
        reasons = self.watch.reasons.setdefault(place, {})
        for grade, latch in subject.latches.items():
            if latch.release is None:
                reasons.pop(grade, None)
            elif event.note and grade not in running:
                reasons[grade] = event.note

    def _conclude(self, place: int, census: PlaceCensus, event: Event) -> None:
        """Tell what changed, forget what is at rest, set the next deadline."""

        def evidence(grade: Grade) -> Evidence:
            return account(self.ladder, census, grade, event)

        tell(self._ledger, self.rule, self.names[place], self.subjects[place], event, evidence)
        if self.watch.is_at_rest(place):
            self.watch.sleep(place)
        self._schedule(place, event)

    def _census(self, place: int, event: Event) -> PlaceCensus:
        """Sensors grow old and fall silent after the readings of an instant."""
        by = event.instant - (event.order < Order.SILENCE)
        return self.watch.census(place, event.instant, by)

    def _schedule(self, place: int, event: Event) -> None:
        census, now = self._census(place, event), (event.instant, event.order)
        if place in self.subjects:
            due = next_due(self.ladder, self.watch, self.hearing, census, now)
            self._deadlines.set(self.number, place, due)
        else:
            self.rest.expect(place, due_at_rest(self.ladder, census))
            self._deadlines.set(self.number, place, None)
            self._deadlines.set(self.number, ALL, self.rest.due)

    def _look_at_all(self, event: Event) -> None:
        """Set the deadline of all places at rest."""
        self.rest.look(np.arange(len(self.names)), event.instant - 1)
        self.rest.leave_out(self.subjects)
        self._deadlines.set(self.number, ALL, self.rest.due)

    def hold(self, since: int, until: int) -> None:
        """Blind time is over: release runs go on where they stood, what fell due in it is moved (D31)."""
        event = Event(until, Order.READING)
        self._look_at_all(event)
        for place, subject in sorted(self.subjects.items()):
            shift = until - since + grace(self.ladder, place)
            for latch in subject.latches.values():
                if latch.release is not None:
                    latch.release += shift
            self._judge(place, event)

    def start(self, at: int) -> None:
        """Set the deadlines of all places; judge those whose condition may be true at rest."""
        event = Event(at, Order.READING)
        if self.ladder.restless:
            for place in range(len(self.names)):
                self.watch.wake(place)
                self._judge(place, event)
        else:
            for place in sorted(self.subjects):
                self._schedule(place, event)
        self._look_at_all(event)

    def is_as(self, known: Mapping[str, "GroupJudge"]) -> bool:
        """Whether one of these is of the very same rule, and at work."""
        old = known.get(self.rule.id)
        return bool(
            old and not old.off and old.rule.meaning == self.rule.meaning and not self.ladder.restless
        )

    def go_on(self, old: "GroupJudge", stays: Unchanged, at: int) -> None:
        """As `start`, behind an older version of the same rule; what is known of places that stay stands."""
        self.rest.take_over(old.rest, stays.before)
        for place, before in enumerate(stays.before.tolist()):
            if before == GONE or place in self.subjects or before in old.subjects:
                self._schedule(place, Event(at, Order.READING))
        self._deadlines.set(self.number, ALL, self.rest.due)

    def warnings(self, now: int) -> list[ZoneWarning]:
        """The open warnings, by number of the place; as last told where the rule is off or breaks here."""
        found: list[ZoneWarning] = []
        for place, subject in sorted(self.subjects.items()):
            try:
                seen = None if self.off else shown(self.ladder, self.watch.census(place, now, now), subject)
            except BREAKS:
                seen = None
            told = last_told(self.rule.id, self.names[place], subject) if seen is None else None
            found += seen or ([told] if told else [])
        return found

    def unheard(self) -> int:
        """How many sensors report, but never some metric of a condition: they are no members of it (D12)."""
        found: set[int] = set()
        for leaf in self.ladder.leaves:
            for part in leaf.parts.values():
                slots = np.flatnonzero(leaf.places.holds(np.arange(part.slots.start, part.slots.stop)))
                silent = (part.board.alive[slots] > NEVER) & ~part.has_spoken(slots)
                found.update((slots[silent] + part.slots.start).tolist())
        return len(found)

    def state(self) -> GroupState:
        """What must be kept beside the boards."""
        return kept.state_of(self.ladder, self.watch, self.hearing)

    def resume(self, state: GroupState) -> None:
        """Take over what was kept, of the same rule and registry; `start` sets the deadlines."""
        kept.resume(self.ladder, self.watch, self.hearing, state)

    def take_over(self, old: "GroupJudge", at: int) -> list[ZoneWarning]:
        """Take over what an older version knew, without judging; returns orphans (D30)."""
        return carried.move(old, self, at)

    def judge_anew(self, old: "GroupJudge | None", stays: Unchanged | None, at: int) -> None:
        """After a reload: hear what stands and judge, but for places that are the same; None: a new rule."""
        carried.judge_anew(old, self, stays, at)

    @property
    def nbytes(self) -> int:
        """Bytes of arrays; those of places are shared between rules over the same ones."""
        own = self.watch.awake.nbytes + self.hearing.busy.nbytes
        places = {id(leaf.places): leaf.places.nbytes for leaf in self.ladder.leaves}
        return own + sum(places.values()) + sum(gate.nbytes for gate in self._gates.values())
