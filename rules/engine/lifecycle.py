"""What verdicts do to the latches of a subject (D13-D16): the same for sensors, zones and gateways.

`moment` is what the subject's clock shows, ms: the sensor's own clock, or engine time for zones and gateways.
"""

from collections.abc import Collection, Iterator, Mapping

from rules.engine.event import Event
from rules.engine.subject import Latch, Subject
from rules.engine.verdict import FALSE, TRUE
from rules.grade import Grade

Verdicts = Mapping[Grade, int]


def sustain(subject: Subject, verdicts: Verdicts, moment: int, event: Event) -> None:
    """Start the runs of grades that are true, end those that are known to be false (D14)."""
    for grade, latch in subject.latches.items():
        verdict = verdicts.get(grade, FALSE)
        if verdict == TRUE and latch.run is None:
            latch.run = moment
            latch.reloaded = event.reload
        elif verdict == FALSE:
            latch.run = None


def ripe(subject: Subject, waits: Mapping[Grade, int], moment: int, waiting: Collection[int]) -> list[Grade]:
    """The grades whose runs are complete, but for those that complete at one of the `waiting` times.

    `waits` is the on-delay of each, ms.
    """
    ends = {g: latch.run + waits[g] for g, latch in subject.latches.items() if latch.run is not None}
    return [grade for grade, end in ends.items() if end <= moment and end not in waiting]


def put_on(subject: Subject, certain: Mapping[Grade, bool], event: Event) -> None:
    """Put on the latches of `certain`; those that are on already may become certain, never back (D7)."""
    for grade, sure in certain.items():
        latch = subject.latches[grade]
        if latch.raised is None:
            latch.raised, latch.release, latch.auto = event.instant, None, sure
        elif sure and not latch.auto:
            latch.auto, latch.reloaded = True, event.reload


def release(subject: Subject, moved: Verdicts, moment: int, event: Event) -> None:
    """Start, go on with or give up the release runs: only what is known false lets go (D15)."""
    for grade, latch in subject.latches.items():
        if latch.raised is None or moved.get(grade, FALSE) != FALSE:
            latch.release = None
        elif latch.release is None:
            latch.release = moment
            latch.reloaded = event.reload


def is_on(subject: Subject) -> bool:
    """Whether any grade is raised."""
    return any(latch.raised is not None for latch in subject.latches.values())


def falls(subject: Subject, after: int, instant: int) -> Iterator[int]:
    """The subject's clock at which latches that may fall at `instant` have run out."""
    for latch in subject.latches.values():
        if latch.release is not None and instant >= earliest_fall(latch, after):
            yield latch.release + after


def earliest_fall(latch: Latch, after: int) -> int:
    """The engine time before which a latch that is on may not fall (D13): never at the `at` of its raise."""
    assert latch.raised is not None
    return latch.raised + max(after, 1)


def let_go(subject: Subject, after: int, moment: int, instant: int) -> None:
    """Put off the latches whose release has run out by `moment`."""
    for latch in subject.latches.values():
        out = latch.release is not None and latch.release + after <= moment
        if out and instant >= earliest_fall(latch, after):
            latch.raised, latch.release, latch.run, latch.auto = None, None, None, False


def void(subject: Subject, moved: Verdicts) -> None:
    """End the release runs of grades that are no longer known to be false (D10)."""
    for grade, latch in subject.latches.items():
        if moved.get(grade, FALSE) != FALSE:
            latch.release = None


def forget(subject: Subject) -> None:
    """Put off every latch, as if its grade had never been true."""
    for latch in subject.latches.values():
        latch.run = latch.release = latch.raised = None
        latch.auto = latch.reloaded = False
