"""Whom a warning by hand would reach: a mistyped hazard must not be answered as raised."""

from ingest.document.source_text import did_you_mean
from notifiers.action import Action, Raise
from notifiers.routing import Router
from tocsin.judge import Judge


def unheard(action: Action, judge: Judge, router: Router, now: int) -> str:
    """Why nobody would be told of what is to be raised at `now` (ms); empty if somebody would.

    What is raised already may get any grade: those who were told are told. An unknown zone is for the judge
    to refuse.
    """
    if not isinstance(action, Raise) or action.zone not in judge.basis.registry.zones:
        return ""
    hazard, zone, grade = action.hazard, action.zone, action.grade
    if judge.by_hand.holds(hazard, zone) or router.who(zone, hazard, grade, now):
        return ""
    routed = {route.hazard for route in router.routes.routes} - {"*", hazard}
    ways_out = [did_you_mean(hazard, routed), "else write a route for it, and reload"]
    said = f"nobody would be told of {hazard} {grade} in {zone}, so nothing was raised"
    return "; ".join([said, *filter(None, ways_out)])
