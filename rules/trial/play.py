"""The engine over a scene: reports in the order of their instants, deadlines to the end."""

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby

import numpy as np

from ingest.kinds import Kinds
from ingest.reading import Readings
from ingest.registry import Registry
from rules.engine import Engine
from rules.rule import Rule
from rules.transition import Transition
from rules.trial.scene import Report, Scene


def play(scene: Scene, rules: tuple[Rule, ...], kinds: Kinds, end: int) -> list[Transition]:
    """The transitions up to and including `end` (ms since the epoch), deadlines due just then too."""
    engine = Engine(kinds, scene.registry, rules)
    transitions: list[Transition] = []
    for instant, reports in groupby(scene.reports, key=lambda report: report.at):
        if instant > end:
            break
        transitions += engine.advance(_block(scene.registry, instant, list(reports)))
    # What clears at an instant is settled once that instant is over (D3).
    transitions += engine.advance_to(end + 1)
    return [transition for transition in transitions if transition.at <= end]


def _block(registry: Registry, instant: int, reports: list[Report]) -> Readings:
    """The reports of one instant; those of one sensor are one message, so they are judged together."""
    slots = [registry.slots[report.sensor] for report in reports]
    instants = np.full(len(reports), instant, np.int64)
    order = np.argsort(slots, kind="stable")
    message = np.unique(np.array(slots, np.int32)[order], return_inverse=True)[1].astype(np.int32)
    return Readings(
        sequence=0,
        received=instant,
        message=message,
        slot=np.array(slots, np.int32)[order],
        column=np.array([report.metric.column for report in reports], np.int16)[order],
        value=np.array([_counted(report) for report in reports], np.int64)[order],
        stamp=instants,
        observed=instants.copy(),
        period=np.array([report.period for report in reports], np.int64)[order],
        quality=np.zeros(len(reports), np.uint8),
    )


def _counted(report: Report) -> int:
    return int(report.metric.scale(report.value).quantize(Decimal(1), ROUND_HALF_EVEN))
