"""Why what somebody may do would come to nothing: a mistyped name must not be answered as done."""

from collections.abc import Collection

from ingest.document.source_text import did_you_mean
from notifiers.action import Action, Raise, Shelve
from notifiers.routing import Router
from tocsin import by_hand, outages
from tocsin.judge import Judge

# To look for the nearest of more names would hold up the judge.
MOST_COMPARED = 2_000


def obstacle(action: Action, judge: Judge, router: Router, now: int) -> str:
    """Empty if there is none at `now` (ms), and for every action that does not begin something."""
    match action:
        case Raise():
            return _unheard(action, judge, router, now)
        case Shelve():
            return _unknown(action, judge)
    return ""


def _unheard(action: Raise, judge: Judge, router: Router, now: int) -> str:
    """What is raised already may get any grade: those who were told are told.

    An unknown zone is for the judge to refuse.
    """
    hazard, zone, grade = action.hazard, action.zone, action.grade
    if zone not in judge.basis.registry.zones or judge.by_hand.holds(hazard, zone):
        return ""
    if router.who(zone, hazard, grade, now):
        return ""
    routed = {route.hazard for route in router.routes.routes} - {"*", hazard}
    said = f"nobody would be told of {hazard} {grade} in {zone}, so nothing was raised"
    return _with(said, did_you_mean(hazard, routed), "else write a route for it, and reload")


def _unknown(action: Shelve, judge: Judge) -> str:
    """What is open may be shelved though the configuration knows its rule or sensor no more."""
    registry, scope, name = judge.basis.registry, action.scope, action.name
    rules = {rule.id for rule in (*judge.basis.rules, outages.RULE, by_hand.RULE)}
    known: tuple[Collection[str], ...] = {
        "sensor": (registry.slots, registry.gateways, registry.zones),
        "zone": (registry.zones,),
        "rule": (rules,),
    }[scope]
    if any(name in names for names in known):
        return ""
    still = {warning.rule if scope == "rule" else warning.subject for warning in judge.warnings()}
    if scope != "zone" and name in still:
        return ""
    names = [each for names in known for each in names]
    meant = did_you_mean(name, names) if len(names) <= MOST_COMPARED else ""
    said = f"there is no {scope} {name}, so nothing is shelved"
    return _with(said, meant, "`tocsin warnings` shows what is open")


def _with(said: str, *ways_out: str) -> str:
    return "; ".join([said, *filter(None, ways_out)])
