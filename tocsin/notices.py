"""What a duty officer should know of a daemon that is ready: what the broker lost, what never arrived."""

from collections.abc import Sequence

from ingest.gaps import Gap
from rules.transition import iso
from tocsin.daemon import Daemon

LISTED = 20


def notices(daemon: Daemon) -> dict[str, str]:
    """By part; a lost session is told for an hour of engine time, missing numbers as long as they are."""
    judge = daemon.judging.judge
    found = {}
    if (loss := judge.outages.shown(daemon.clock.now())) is not None:
        found["session"] = (
            f"the broker lost its session: messages between {iso(loss.since)} and {iso(loss.until)} "
            f"may be lost; sequence numbers missing since then: {listed(judge.gaps.since_mark())}"
        )
    if gaps := judge.gaps.all():
        found["sequence"] = f"sequence numbers that never came: {listed(gaps)}"
    return found


def listed(gaps: Sequence[Gap]) -> str:
    """The worst by name and number, and how many there are in all."""
    if not gaps:
        return "none so far"
    names = ", ".join(f"{gap.sensor} {gap.missing}" for gap in gaps[:LISTED])
    more = f" and {len(gaps) - LISTED} more sensors" if len(gaps) > LISTED else ""
    return f"{sum(gap.missing for gap in gaps)} of {len(gaps)} sensors: {names}{more}"
