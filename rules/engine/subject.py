"""The life of one rule on one sensor: latches, runs, the open warning. Kept only while not quiet."""

from typing import NamedTuple

import msgspec

from rules.grade import Grade
from rules.transition import Disposition

CONFIRMED = "confirmed by newer data"


class Latch(msgspec.Struct):
    """One grade (D13).

    `run` is the sensor's clock when the raising condition became true, unbroken since (D14); `release` the
    clock when the moved condition became false (D15). `raised` is the engine time of the raise, None while
    off; `auto` whether it holds beyond doubt (D7). `reloaded` says that a reload began the run in progress.
    """

    run: int | None = None
    release: int | None = None
    raised: int | None = None
    auto: bool = False
    reloaded: bool = False


class Standing(NamedTuple):
    """What a warning says: its grade, and the strongest grade that is beyond doubt."""

    top: Grade | None
    auto: Grade | None


class Opened(msgspec.Struct):
    """An open warning: its identity, the number of its next transition, first raise and last change."""

    id: str
    ordinal: int
    since: int
    changed: int
    text: str


class Subject(msgspec.Struct):
    """`latches` by grade; `runs` of `sustained` by key; `clock` is the sensor's clock when last judged."""

    latches: dict[Grade, Latch]
    runs: dict[int, int]
    clock: int
    top: Grade | None = None
    auto: Grade | None = None
    warning: Opened | None = None

    @property
    def standing(self) -> Standing:
        """As told by the last line."""
        return Standing(self.top, self.auto)

    @property
    def quiet(self) -> bool:
        """Whether nothing of it needs to be kept."""
        idle = all(latch.raised is None and latch.run is None for latch in self.latches.values())
        return idle and not self.runs

    def due_standing(self) -> Standing:
        """As the latches are now; a certain grade makes the weaker ones certain."""
        on = sorted(grade for grade, latch in self.latches.items() if latch.raised is not None)
        certain = max((grade for grade in on if self.latches[grade].auto), default=None)
        for grade in on:
            if certain is not None and grade < certain:
                self.latches[grade].auto = True
        return Standing(on[-1] if on else None, certain)


class Change(NamedTuple):
    """One line of a warning."""

    before: Grade | None
    after: Grade | None
    disposition: Disposition
    reason: str


def changes(before: Standing, after: Standing) -> list[Change]:
    """The lines from one standing to another.

    Doubt never holds back what is certain: first up to the strongest certain grade, from there to the
    strongest that waits for a person (D7).
    """
    lines: list[Change] = []
    shown = before.top
    if after.auto is not None and after.auto > (before.auto or 0):
        stays = after.top is not None and before.top is not None and after.top >= before.top
        reason = CONFIRMED if stays and after.auto <= (shown or 0) else _reason(shown, after.auto)
        lines.append(Change(shown, after.auto, Disposition.AUTO, reason))
        shown = after.auto
    if shown != after.top:
        certain = after.top is None or after.top == after.auto
        disposition = Disposition.AUTO if certain else Disposition.REVIEW
        lines.append(Change(shown, after.top, disposition, _reason(shown, after.top)))
    return lines


def _reason(before: Grade | None, after: Grade | None) -> str:
    if after is None:
        return "cleared"
    if before is None:
        return "raised"
    return "upgraded" if after > before else "downgraded"
