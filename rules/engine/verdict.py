"""Three-valued judgement of a compiled condition: 1 true, 0 unknown, -1 false (D9, D10, D11)."""

from typing import NamedTuple, Protocol

from rules.engine.normal_form import AllOf, AnyOf, Check, Held, Node

TRUE, UNKNOWN, FALSE = 1, 0, -1
# Under this share of its window, in percent, a false is not known.
LEAST_COVERAGE = 80


class Measured(NamedTuple):
    """The left side of a check: `value` None when unknown; `covered` ms of the window, None without one."""

    value: int | None
    covered: int | None


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
        case AllOf(parts):
            return min(verdict(part, view) for part in parts)
        case AnyOf(parts):
            return max(verdict(part, view) for part in parts)


def checked(check: Check, view: View) -> int:
    """The verdict of one comparison."""
    measured, bound = view.measure(check), check.bound_at(view.slot)
    if measured.value is None or bound is None:
        return UNKNOWN
    true = check.compare(measured.value, bound)
    if measured.covered is not None and 100 * measured.covered < LEAST_COVERAGE * check.width:
        if not true or (check.function == "sum" and check.sense != ">="):
            return UNKNOWN
    elif not true and view.silent(check.column):
        return UNKNOWN
    return TRUE if true else FALSE


def sustained(held: Held, view: View) -> int:
    """The verdict of `sustained`: by the clock, so a run completes in silence too."""
    if view.measure(held.check).value is None or held.check.bound_at(view.slot) is None:
        return UNKNOWN
    since = view.since(held)
    complete = since is not None and view.moment >= since + held.duration
    if complete != held.negated:
        return TRUE
    return UNKNOWN if view.silent(held.check.column) else FALSE
