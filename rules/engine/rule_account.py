"""What is told of a rule on a subject at one instant: whatever it said, and what it did not."""

from dataclasses import dataclass
from fractions import Fraction

from rules.engine.lifecycle import earliest_fall
from rules.engine.parts import Part
from rules.engine.subject import Latch
from rules.engine.verdict import FALSE, TRUE
from rules.grade import Grade
from rules.rule import Rule
from rules.warning import ZoneWarning

# What keeps a grade from going out by itself, beside the neighbours.
EVIDENCE, STALE = "evidence", "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The last word of one metric: `value` in `unit`, `observed` by its device's and `received` by our clock.

    `value` is None where it was never reported; `silent`: it no longer stands.
    """

    metric: str
    value: Fraction | None
    unit: str
    observed: int | None
    received: int | None
    quality: tuple[str, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A condition with its values, its verdict (1, 0, -1), its parts, and how far it is from true."""

    text: str
    verdict: int
    parts: tuple[Part, ...]
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeAccount:
    """`raised`: since when (ms) the grade stands, None while it does not; `auto`: it goes out by itself.

    `carried`: a stronger grade that is true makes it true. `sustain_left`: ms for which the condition must
    last yet, None while it is not true. `release_left`: ms until it may fall, None unless it is about to;
    `holds`: the condition moved by the margin is not known to be false. `doubts` (`evidence`, `stale`) and
    `neighbours` (as in the evidence) are why it would wait, or waits, for a person.
    """

    grade: Grade
    condition: Whole
    carried: bool
    raised: int | None
    auto: bool
    sustain: int
    sustain_left: int | None
    release_left: int | None
    holds: bool
    doubts: tuple[str, ...]
    neighbours: str

    @property
    def true(self) -> bool:
        """Whether the condition is true, by itself or by a stronger one."""
        return self.carried or self.condition.verdict == TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAccount:
    """One rule on one subject at engine time `at` (ms); `grades` strongest first.

    `off`: why the rule is switched off, "" if it is not; what is off is not judged. `faults` are conditions
    that cannot be evaluated there. `blind`: since when (ms) nothing is seen, None while Tocsin sees.
    `only_if` is None where there is none. `newest` is empty for places.
    """

    rule: Rule
    subject: str
    at: int
    off: str
    faults: tuple[str, ...]
    warning: ZoneWarning | None
    blind: int | None = None
    only_if: Whole | None = None
    grades: tuple[GradeAccount, ...] = ()
    newest: tuple[Newest, ...] = ()

    @property
    def top(self) -> Grade | None:
        """The strongest grade that stands."""
        return max((each.grade for each in self.grades if each.raised is not None), default=None)

    @property
    def allowed(self) -> bool:
        """Whether `only_if` lets a raise pass: unknown does not block."""
        return self.only_if is None or self.only_if.verdict != FALSE


def stands(
    rule: Rule,
    latch: Latch,
    judged: tuple[Grade, Whole, int, int],
    clocks: tuple[int, int],
    doubts: tuple[tuple[str, ...], str],
) -> GradeAccount:
    """One grade: its condition, its verdict as it is judged, and that of the condition moved by the margin.

    `clocks` are what the subject's clock and engine time show, ms.
    """
    grade, condition, verdict, moved = judged
    moment, now = clocks
    sustain, after = rule.sustain[grade], rule.release.after
    left = None if latch.run is None else max(latch.run + sustain - moment, 0)
    falls = None
    if latch.raised is not None and latch.release is not None:
        falls = max(latch.release + after - moment, earliest_fall(latch, after) - now, 0)
    return GradeAccount(
        grade=grade,
        condition=condition,
        carried=verdict == TRUE != condition.verdict,
        raised=latch.raised,
        auto=latch.auto,
        sustain=sustain,
        sustain_left=left,
        release_left=falls,
        holds=moved != FALSE,
        doubts=doubts[0],
        neighbours=doubts[1],
    )
