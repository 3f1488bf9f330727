"""What a duty officer should know of a daemon that is ready: what was lost, and who sends what is refused."""

from ingest.clock import SECOND
from ingest.conduct import Told
from ingest.gaps import Missing
from rules.transition import iso
from tocsin.daemon import Daemon

# How far the history may lie back before people are told, ms.
SLOW = 10 * SECOND


def notices(daemon: Daemon) -> dict[str, str]:
    """By part; missing numbers and a slow history as long as they are, all else for an hour."""
    judge, now = daemon.judging.judge, daemon.clock.now()
    found = {}
    if (impostors := judge.conduct.impostors.told(now)).names:
        found["impersonation"] = f"messages refused that speak as somebody else: {_named(impostors, 'names')}"
    if (faulty := judge.conduct.faulty.told(now)).names:
        found["devices"] = f"messages refused: {_named(faulty, 'devices')}"
    if (loss := judge.outages.shown(now)) is not None:
        found["session"] = (
            f"the broker lost its session: messages between {iso(loss.since)} and {iso(loss.until)} "
            f"may be lost; sequence numbers missing since then: {listed(judge.gaps.since_mark())}"
        )
    if (missing := judge.gaps.all()).sensors:
        found["sequence"] = f"sequence numbers that never came: {listed(missing)}"
    if (behind := daemon.series.behind) >= SLOW:
        found["history"] = (
            f"the database is {behind // SECOND} s behind: {daemon.series.lag} entries wait in the journal, "
            "warnings do not; give it more room, or less to do"
        )
    return found


def listed(missing: Missing) -> str:
    """The worst by name and number, and how many there are in all."""
    if not missing.sensors:
        return "none so far"
    names = ", ".join(f"{gap.sensor} {gap.missing}" for gap in missing.worst)
    others = missing.sensors - len(missing.worst)
    more = f" and {others} more sensors" if others else ""
    return f"{missing.messages} of {missing.sensors} sensors: {names}{more}"


def _named(told: Told, what: str) -> str:
    worst = ", ".join(f"{name} {count} ({why})" for name, count, why in told.worst)
    others = told.names - len(told.worst)
    more = f" and {others} more {what}" if others else ""
    return f"{told.messages} of {told.names} {what}: {worst}{more}"
