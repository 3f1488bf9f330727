"""A rule that breaks stops no other: it is switched off, visibly, until a reload changes it.

The switch-off is part of what is judged: it follows from the readings alone, is kept in snapshots, and a
replay comes to it again. The open warnings of the rule stay open and are shown as they were last told.
"""

from collections.abc import Callable, Iterable
from typing import ParamSpec, Protocol
from weakref import WeakMethod

from rules.engine.deadlines import Deadlines
from rules.engine.normal_form import Fault
from rules.engine.subject import Subject
from rules.rule import Rule
from rules.transition import Disposition, iso
from rules.warning import ZoneWarning

P = ParamSpec("P")

# What a defect in a rule or in the code behind it can be. Want of memory or disk is a defect of the machine.
BREAKS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Judging(Protocol):
    """A rule at work, over sensors or over places."""

    number: int
    off: bool

    @property
    def rule(self) -> Rule: ...


class Isolation:
    """The rules that are switched off, by number; `changed`, a method, is called after each.

    It is held weakly: no circle keeps an engine that was replaced until the garbage collector, which halts
    everything, finds it.
    """

    def __init__(self, deadlines: Deadlines, changed: Callable[[], None]) -> None:
        self.off: dict[int, Fault] = {}
        self._deadlines = deadlines
        self._changed = WeakMethod(changed)

    def attempt(
        self, judge: Judging, instant: int, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Let a rule work at an instant of engine time, unless it is off; it is, if that breaks."""
        if judge.off:
            return
        try:
            work(*args, **kwargs)
        except BREAKS as error:
            self.switch_off(judge, error, instant)

    def switch_off(self, judge: Judging, error: Exception, instant: int) -> None:
        """Judge the rule no more; what it still waits for does not come."""
        what = f"{type(error).__name__}: {error}"[:300]
        advice = "change the rule and reload; its open warnings stay open"
        self._put_off(judge, Fault(judge.rule.id, "*", f"switched off at {iso(instant)}: {what}; {advice}"))

    def resume(self, off: Iterable[tuple[int, Fault]], judges: Iterable[Judging]) -> None:
        """Switch off what was off in a snapshot."""
        found = dict(off)
        for judge in judges:
            if judge.number in found:
                self._put_off(judge, found[judge.number])

    def carry(self, old: "Isolation", before: Judging, after: Judging) -> None:
        """After a reload a rule stays off unless its meaning changed."""
        fault = old.off.get(before.number)
        if fault is not None and before.rule.meaning == after.rule.meaning:
            self._put_off(after, fault)

    def _put_off(self, judge: Judging, fault: Fault) -> None:
        judge.off = True
        self.off[judge.number] = fault
        self._deadlines.drop(judge.number)
        if (changed := self._changed()) is not None:
            changed()


def last_told(rule: str, name: str, subject: Subject) -> ZoneWarning | None:
    """The open warning of a rule that cannot be asked any more; None if it has none."""
    if subject.warning is None or subject.top is None:
        return None
    return ZoneWarning(
        id=subject.warning.id,
        rule=rule,
        subject=name,
        grade=subject.top,
        disposition=Disposition.AUTO if subject.top == subject.auto else Disposition.REVIEW,
        since=subject.warning.since,
        changed=subject.warning.changed,
        orphaned=True,
        blind=False,
        evidence=subject.warning.text,
        ordinal=subject.warning.ordinal,
    )
