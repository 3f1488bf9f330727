"""Turns what latches did into the lines of a warning, with their evidence."""

from collections.abc import Callable
from typing import Any

from ingest.registry import Sensor
from rules.engine.board import Board
from rules.engine.event import Event
from rules.engine.evidence import condition_text, support
from rules.engine.ladder import Ladder
from rules.engine.ledger import Ledger
from rules.engine.subject import Change, Opened, Subject, changes
from rules.engine.view import Now, Then
from rules.grade import Grade
from rules.transition import Transition, warning_id


class Teller:
    """Writes the transitions of the sensors of one kind."""

    def __init__(self, sensors: tuple[Sensor, ...], board: Board, ledger: Ledger) -> None:
        self._sensors = sensors
        self._board = board
        self._ledger = ledger

    def tell(
        self,
        ladder: Ladder,
        slot: int,
        subject: Subject,
        event: Event,
        rests: Callable[[Grade], Now | Then],
    ) -> None:
        """Write the lines from what was last told of a subject to what its latches say.

        `rests` gives what a grade was judged on.
        """
        after = subject.due_standing()
        for change in changes(subject.standing, after):
            grade = change.after or change.before
            assert grade is not None
            self._line(ladder, slot, subject, event, change, rests(grade))
        subject.top, subject.auto = after
        if after.top is None:
            subject.warning = None

    def _line(
        self, ladder: Ladder, slot: int, subject: Subject, event: Event, change: Change, view: Now | Then
    ) -> None:
        sensor, rule = self._sensors[slot], ladder.rule
        if subject.warning is None:
            identity = warning_id(rule.id, sensor.id, event.instant)
            subject.warning = Opened(identity, 0, event.instant, event.instant, "")
        evidence = self._evidence(ladder, sensor, event, change, view)
        transition = Transition(
            at=event.instant,
            rule=rule.id,
            subject=sensor.id,
            warning=subject.warning.id,
            ordinal=subject.warning.ordinal,
            before=change.before,
            after=change.after,
            disposition=change.disposition,
            reason=self._reason(subject, event, change),
            evidence=evidence,
        )
        subject.warning.ordinal += 1
        subject.warning.changed = event.instant
        subject.warning.text = evidence["text"]
        self._ledger.write(event, transition)

    def _reason(self, subject: Subject, event: Event, change: Change) -> str:
        falling = change.before is not None and (change.after or 0) < change.before
        moved = subject.latches.get(change.before if falling else change.after)  # type: ignore[arg-type]
        reason = "rule changed" if event.reload or (moved and moved.reloaded) else change.reason
        return f"{reason}, late" if event.late else reason

    def _evidence(
        self, ladder: Ladder, sensor: Sensor, event: Event, change: Change, view: Now | Then
    ) -> dict[str, Any]:
        grade = change.after or change.before
        condition = ladder.rule.grades.get(grade) if grade else None
        node = ladder.raising.get(grade) if grade else None
        newest, arrived = int(self._board.newest[view.slot]), int(self._board.arrived[view.slot])
        found = support(node, view)
        stale = ["stale"] if arrived - newest > ladder.rule.max_age else []
        late = ["late"] if event.late else []
        return {
            "text": condition_text(condition, ladder.leaves, ladder.kind, sensor, view) if condition else "",
            "rule": ladder.rule.meaning,
            "observed": view.moment if isinstance(view, Then) else newest,
            "coverage": found["coverage"],
            "quality": sorted([*found["quality"], *stale, *late]),
            "late": event.late,
        }
