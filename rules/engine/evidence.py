"""Why a transition happened, in plain JSON values: the condition with what it was judged on."""

from typing import Any

from ingest.kinds import Kind
from ingest.registry import Sensor
from rules.engine.normal_form import Check, Held, Leaves, Node, checks
from rules.engine.verdict import checked, sustained
from rules.engine.view import Now, Then
from rules.language.printed import Judged, explained
from rules.language.thresholds import threshold_of
from rules.language.tree import Comparison, Condition, Literal, Sustained


def condition_text(condition: Condition, leaves: Leaves, kind: Kind, sensor: Sensor, view: Now | Then) -> str:
    """The condition with its values: `sum(rain, 3h) = 57.8 mm >= 50 mm ✓`."""

    def judged(part: Comparison | Sustained) -> Judged:
        comparison = part.condition if isinstance(part, Sustained) else part
        leaf = leaves[part]
        check = leaf.check if isinstance(leaf, Held) else leaf
        value = view.measure(check).value
        metric = kind.metrics[comparison.left.metric]
        own = not isinstance(comparison.right, Literal) and check.bound_at(view.slot) is not None
        return Judged(
            None if value is None else metric.quantity(value),
            metric.unit,
            _verdict(leaf, view),
            threshold_of(comparison, kind, sensor.site) if own else None,
        )

    return explained(condition, judged)


def support(node: Node | None, view: Now | Then) -> dict[str, Any]:
    """What a condition rests on: `coverage`, the least share of its windows, None without; `quality`."""
    leaves = list(checks(node)) if node else []
    shares = [
        measured.covered / check.width
        for check in leaves
        if check.width and (measured := view.measure(check)).covered is not None
    ]
    return {
        "coverage": round(min(shares), 3) if shares else None,
        "quality": sorted(set().union(*(view.doubts(check) for check in leaves))),
    }


def _verdict(leaf: Check | Held, view: Now | Then) -> int:
    if isinstance(leaf, Check):
        return checked(leaf, view)
    return -sustained(leaf, view) if leaf.negated else sustained(leaf, view)
