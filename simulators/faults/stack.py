"""The layers that cover a device, one behind another, at little cost for a report that meets none of them."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from simulators.device import Device
from simulators.faults.layer import Layer
from simulators.report import Report


class Stack:
    """What leaves of the reports of one device behind `layers`, the first one first.

    It is as if each layer were called; but one number of `chance` says which of them is the first that wants
    the report, and for nearly all reports none does.
    """

    __slots__ = ("_episodes", "_first", "_layers", "_roll")

    def __init__(self, layers: Sequence[Layer], device: Device, chance: random.Random) -> None:
        self._layers = layers
        self._episodes = [(layer.episodes, layer.whose(device)) for layer in layers if layer.lasts]
        # By layer, how likely it is that this one or one before it wants the report.
        self._first = list(accumulate((layer.share for layer in layers), _either))
        self._roll = chance.random

    def __call__(self, report: Report) -> Sequence[Report]:
        first = bisect_right(self._first, self._roll())
        if first == len(self._first):
            for episodes, whose in self._episodes:
                if whose in episodes:
                    break
            else:
                return (report,)
        return self._from(0, report, first)

    def _from(self, number: int, report: Report, first: int) -> Sequence[Report]:
        """Behind the layers from `number` on, of which none before `first` wants it by chance."""
        for place in range(number, len(self._layers)):
            layer = self._layers[place]
            reports = layer(report) if place > first else layer.meet(report, place == first)
            if len(reports) != 1:
                return [out for each in reports for out in self._from(place + 1, each, first)]
            [report] = reports
        return (report,)


def _either(one: float, other: float) -> float:
    """How likely one of two is that have nothing to do with each other."""
    return one + other - one * other


def stack_of(layers: Sequence[Layer], device: Device, chance: random.Random) -> Stack | None:
    """Of those of `layers` that cover the device; None if none does."""
    covering = [layer for layer in layers if layer.scope.covers(device)]
    return Stack(covering, device, chance) if covering else None
