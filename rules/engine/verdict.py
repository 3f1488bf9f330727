"""Three-valued judgement of a compiled condition: 1 true, 0 unknown, -1 false (D9, D10, D11)."""

from fractions import Fraction
from typing import NamedTuple, Protocol

from rules.engine.calendar import inside
from rules.engine.nodes import AllOf, AnyOf, Check, Held, Node, Timed

TRUE, UNKNOWN, FALSE = 1, 0, -1
# Under this share of its window, in percent, a false is not known.
LEAST_COVERAGE = 80


class Measured(NamedTuple):
    """The left side of a check: `value` None when unknown.

    `covered` ms of the `width` of its window are known; None without one. Of a `suspect` value a false is not
    known. `absent`: the sensor never reported it, and is no member (D12). `undefined`: it divides by zero.
    """

    value: int | Fraction | None
    covered: int | None = None
    width: int = 0
    suspect: bool = False
    absent: bool = False
    undefined: bool = False

    @property
    def thin(self) -> bool:
        """Whether too little of the window is known to say false."""
        if self.covered is None:
            return False
        return 100 * self.covered < LEAST_COVERAGE * self.width or not self.width


UNKNOWN_VALUE = Measured(None)
ABSENT = Measured(None, absent=True)


class View(Protocol):
    """What is known of one sensor at one moment of its clock."""

    @property
    def slot(self) -> int:
        """The sensor, counted from the kind's first."""
        ...

    @property
    def moment(self) -> int:
        """What the sensor's clock shows, ms."""
        ...

    @property
    def time(self) -> int:
        """Engine time, ms: what `hours` and `season` go by."""
        ...

    def measure(self, check: Check) -> Measured:
        """The value to compare."""
        ...

    def silent(self, column: int) -> bool:
        """Whether the metric's last word no longer stands."""
        ...

    def since(self, held: Held) -> int | None:
        """The stamp at which the unbroken run of a `sustained` began; None when its check is not true."""
        ...


def verdict(node: Node, view: View) -> int:
    """1, 0 or -1."""
    match node:
        case Check():
            return checked(node, view)
        case Held():
            return sustained(node, view)
        case Timed(condition, negated):
            return TRUE if inside(condition, view.time) != negated else FALSE
        case AllOf(parts):
            return min(verdict(part, view) for part in parts)
        case AnyOf(parts):
            return max(verdict(part, view) for part in parts)


def checked(check: Check, view: View) -> int:
    """The verdict of one comparison."""
    measured, bound = view.measure(check), check.bound_at(view.slot)
    if measured.absent:
        return FALSE
    if measured.value is None or bound is None:
        return UNKNOWN
    true = check.compare(measured.value, bound)
    if measured.thin:
        return TRUE if true and not check.two_ways else UNKNOWN
    if true:
        return TRUE
    return UNKNOWN if measured.suspect or _is_silent(check, view) else FALSE


def _is_silent(check: Check, view: View) -> bool:
    """Whether any of its metrics is silent; an age goes on in silence, and is known."""
    return any(view.silent(term.column) for term in check.left.terms if term.function != "age")


def sustained(held: Held, view: View) -> int:
    """The verdict of `sustained`: by the clock, so a run completes in silence too."""
    measured = view.measure(held.check)
    if measured.value is None or held.check.bound_at(view.slot) is None:
        return UNKNOWN
    since = view.since(held)
    complete = since is not None and view.moment >= since + held.duration
    if complete != held.negated:
        return TRUE
    return UNKNOWN if measured.suspect or view.silent(held.check.column) else FALSE
