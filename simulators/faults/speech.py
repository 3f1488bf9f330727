"""What is no report at all, and who speaks as somebody else."""

from collections.abc import Sequence

from msgspec.structs import replace

from simulators.faults.layer import Momentary, Scope
from simulators.report import Report

LONGEST_NOISE = 64  # bytes


class Garbage(Momentary):
    """A report that is cut off somewhere, or bytes of a broken line; by turns as chance has it."""

    name = "garbage"

    def _changed(self, report: Report) -> Sequence[Report]:
        whole = report.encoded()
        if self._chance.random() < 0.5:
            said = whole[: self._chance.randrange(max(len(whole), 1))]
        else:
            said = self._chance.randbytes(self._chance.randint(1, LONGEST_NOISE))
        return (replace(report, payload=said),)


class Impersonation(Momentary):
    """The report comes a second time on the topic of `victim`, of the same zone and kind.

    Without a victim it is that of a stranger, whom no registry knows.
    """

    name = "impersonation"
    adds = 1

    def __init__(self, scope: Scope, seed: int, victim: str = "") -> None:
        super().__init__(scope, seed)
        self._victim = victim

    def _changed(self, report: Report) -> Sequence[Report]:
        device = report.device
        return report, replace(report, speaker=self._victim or f"unlisted-{device.zone}-{device.kind}")
