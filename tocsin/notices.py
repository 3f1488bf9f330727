"""What a duty officer should know of a daemon that is ready: what was lost, and who sends what is refused."""

from ingest.clock import SECOND
from ingest.conduct import Told
from ingest.gaps import Missing
from rules.transition import iso
from tocsin.daemon import Daemon
from tocsin.desk.standing import Numbers

# How far the history may lie back before people are told, ms.
SLOW = 10 * SECOND


def notices(daemon: Daemon) -> dict[str, str]:
    """By part; messages refused and a lost session for an hour, all else as long as it is so."""
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
    return found | _desk(daemon.standing.numbers)


def _desk(numbers: Numbers) -> dict[str, str]:
    """What waits for somebody to do something about it."""
    found = {}
    if numbers.unreached:
        told = ", ".join(f"{count} {why}" for why, count in numbers.unreached.items())
        found["unreached"] = f"{told}: tocsin unreached names them"
    if numbers.waiting:
        found["proposals"] = f"{numbers.waiting} wait for a person's release: tocsin proposals shows them"
    if numbers.shelves:
        found["shelves"] = (
            f"{numbers.shelves} up, which hide {numbers.hidden} open warnings: tocsin shelves lists them"
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
