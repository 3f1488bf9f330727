"""A plan: the difference of two configurations, and what the change does to what is open now."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import Clock
from ingest.journal import Entry, EntryKind
from rules.engine.normal_form import Fault
from rules.engine.warming import Warming, warming
from rules.fate import Fate
from rules.transition import Transition
from tocsin.bundle import Applied, Bundle, Bundles
from tocsin.change import plan_number
from tocsin.configuration import Configuration, configure
from tocsin.judge import Basis, Judge
from tocsin.plan.live import live_judge, loaded
from tocsin.plan.structure import Difference, differences


@dataclass(frozen=True, slots=True)
class Plan:
    """The change from the bundle `old` (hash) to `new`, as it would be at the instant `at` (ms).

    `raised` are the warnings that it begins; `falling` are those that go on though their grade does not hold
    any more, by id, with the time (ms) after which it goes unless it holds again. `flooded` are rules that
    warn for most of what they are for (E232). `warming` are windows that are still to fill.
    `compared`: both were also compared on a record, and the difference was shown.
    """

    old: str
    new: str
    at: int
    differences: list[Difference]
    fates: tuple[Fate, ...]
    raised: list[Transition]
    falling: Mapping[str, int]
    flooded: list[Fault]
    warming: list[Warming]
    compared: bool = False

    @property
    def number(self) -> str:
        """What `tocsin apply --plan` names it by."""
        return plan_number(self.old, self.new, compared=self.compared)


def plan(state: Path, candidate: Bundle, clock: Clock) -> Plan:
    """Beside the daemon of a state directory, or without one; nothing is written.

    Raises ConfigurationError for findings in the candidate, UnknownCandidate where nothing was ever applied.
    """
    bundles = Bundles(state / "bundles")
    new, known = configure(candidate), loaded(bundles)

    def load(hash_: str) -> Basis:
        return new.basis if hash_ == candidate.hash else known(hash_)

    judge = live_judge(state, load, clock)
    # As the judge goes: what is in force is what the journal says, even right before a crash.
    old = configure(bundles.load(judge.basis.bundle))
    return _planned(judge, (old, new))


def _planned(judge: Judge, of: tuple[Configuration, Configuration]) -> Plan:
    old, new = of
    at, bundle = judge.engine.now, new.basis.bundle
    entry = Entry(judge.position + 1, at, EntryKind.BUNDLE, 0, Applied(bundle, "plan").encode())
    boards = judge.engine.boards
    change = judge.take(entry).change
    assert change is not None
    return Plan(
        change.before,
        bundle,
        at,
        differences(old, new),
        change.fates,
        [line for line in change.raised if line.before is None],
        judge.engine.falling(),
        judge.engine.flooded,
        warming(boards, judge.engine.boards),
    )
