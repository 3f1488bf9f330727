"""What a duty officer should know of a daemon that is ready: what the broker lost, what never arrived."""

from ingest.gaps import Missing
from rules.transition import iso
from tocsin.daemon import Daemon


def notices(daemon: Daemon) -> dict[str, str]:
    """By part; a lost session is told for an hour of engine time, missing numbers as long as they are."""
    judge = daemon.judging.judge
    found = {}
    if (loss := judge.outages.shown(daemon.clock.now())) is not None:
        found["session"] = (
            f"the broker lost its session: messages between {iso(loss.since)} and {iso(loss.until)} "
            f"may be lost; sequence numbers missing since then: {listed(judge.gaps.since_mark())}"
        )
    if (missing := judge.gaps.all()).sensors:
        found["sequence"] = f"sequence numbers that never came: {listed(missing)}"
    return found


def listed(missing: Missing) -> str:
    """The worst by name and number, and how many there are in all."""
    if not missing.sensors:
        return "none so far"
    names = ", ".join(f"{gap.sensor} {gap.missing}" for gap in missing.worst)
    others = missing.sensors - len(missing.worst)
    more = f" and {others} more sensors" if others else ""
    return f"{missing.messages} of {missing.sensors} sensors: {names}{more}"
