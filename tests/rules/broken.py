"""Rules that break on a value: an error nobody thought of, as far as the engine can tell."""

from dataclasses import dataclass, replace

from rules.engine.nodes import Check
from rules.engine.ring import Slots
from rules.rule import Rule

# The milliseconds of an instant that such rules cannot bear.
POISON = 13


class Breaking(int):
    """A duration that breaks where it is added to an instant with 13 ms."""

    def __radd__(self, instant: int) -> int:
        if instant % 1000 == POISON:
            raise ZeroDivisionError("a value nobody thought of")
        return int(instant) + int(self)


def breaking(rule: Rule) -> Rule:
    """The rule, but that it breaks when a grade turns true at a clock that shows 13 ms."""
    return replace(rule, sustain={grade: Breaking(wait) for grade, wait in rule.sustain.items()})


@dataclass(frozen=True, slots=True, eq=False)
class BreakingCheck(Check):
    """A comparison of which even the threshold cannot be found for the sensor in slot 1."""

    def bounds(self, slots: Slots) -> int:
        if 1 in slots.tolist():
            raise OverflowError("a threshold nobody thought of")
        assert isinstance(self.bound, int)
        return self.bound
