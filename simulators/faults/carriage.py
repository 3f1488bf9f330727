"""Faults on the way: what is lost, comes twice, late, in another order, or as a ghost of the broker's."""

from collections.abc import Sequence

from msgspec.structs import replace

from ingest.clock import HOUR, MINUTE
from simulators.faults.layer import FOREVER, Episode, Lasting, Momentary, OfGateway, Scope
from simulators.report import Report


class Dropout(Momentary):
    """The report is lost."""

    name = "dropout"
    adds = -1

    def _changed(self, report: Report) -> Sequence[Report]:
        return ()


class Duplicates(Momentary):
    """The report leaves twice, the second time `after` ms later."""

    name = "duplicates"
    adds = 1

    def __init__(self, scope: Scope, seed: int, after: int = 0) -> None:
        super().__init__(scope, seed)
        self._after = after

    def _changed(self, report: Report) -> Sequence[Report]:
        return report, replace(report, leaves=report.leaves + self._after)


class Reordering(Momentary):
    """The report leaves up to `most` ms later, so that others overtake it."""

    name = "reordering"

    def __init__(self, scope: Scope, seed: int, most: int = 15 * MINUTE) -> None:
        super().__init__(scope, seed)
        self._most = most

    def _changed(self, report: Report) -> Sequence[Report]:
        return (replace(report, leaves=report.leaves + self._chance.randint(1, self._most)),)


class Ghosts(Momentary):
    """The report comes again `after` ms later with the flag by which the broker keeps it."""

    name = "ghosts"
    adds = 1

    def __init__(self, scope: Scope, seed: int, after: int = HOUR) -> None:
        super().__init__(scope, seed)
        self._after = after

    def _changed(self, report: Report) -> Sequence[Report]:
        return report, replace(report, leaves=report.leaves + self._after, retain=True)


class LateBatch(Lasting):
    """A device keeps what it measures, and sends all of it in one batch when the `lasts` ms are over."""

    name = "late"

    def __init__(self, scope: Scope, seed: int, lasts: int = 2 * HOUR) -> None:
        super().__init__(scope, seed, lasts)

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return (replace(report, leaves=max(report.leaves, episode.until)),)


class Outage(OfGateway):
    """The gateway is out: what would leave it is lost."""

    name = "outage"
    adds = -1

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER) -> None:
        super().__init__(scope, seed, lasts)

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return ()


class StoreAndForward(OfGateway):
    """The gateway has no connection: it stores, and forwards all of it in order when there is one again."""

    name = "store-and-forward"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER) -> None:
        super().__init__(scope, seed, lasts)

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return (replace(report, leaves=episode.until),)
