"""How long each incident of a drill took from its raise to its delivery and to each stage."""

from collections.abc import Iterator

from notifiers.bulletin import Act
from notifiers.outbox.handover import Told
from notifiers.outbox.work import Stage, within
from rules.grade import Grade
from tocsin.configuration import Configuration
from tocsin.drill.card import Course
from tocsin.drill.performance import Hearing, Performance, Rise
from tocsin.drill.score import named, title
from tocsin.wiring import router_of

# Raising hands on a request, or the end of it, tells nobody of the danger.
_OF_DANGER = frozenset({Act.ALERT, Act.UPDATE, Act.DIGEST})


def courses(configuration: Configuration, performance: Performance) -> Iterator[Course]:
    """One for each incident, as its highest grade went, in the order in which they were opened."""
    for told in performance.incidents:
        rises = [rise for rise in performance.rises if rise.incident == told.incident]
        if rises:
            highest = max(rise.grade for rise in rises)
            first = next(rise for rise in rises if rise.grade == highest)
            yield _course(configuration, performance, told, first)


def _course(configuration: Configuration, performance: Performance, told: Told, rise: Rise) -> Course:
    began = performance.began
    hearings = [h for h in performance.hearings if h.incident == told.incident and _tells(h, rise.grade)]
    heard: dict[str, int] = {}
    for hearing in hearings:
        if hearing.heard is not None:
            heard[hearing.recipient] = min(hearing.heard, heard.get(hearing.recipient, hearing.heard))
    announced = min((h.created for h in hearings), default=None)
    stages = {
        r.stage: r.at - began
        for r in reversed(performance.stages)
        if r.incident == told.incident and r.grade >= rise.grade
    }
    return Course(
        incident=told.incident,
        hazard=told.hazard,
        zone=told.zone,
        place=named(configuration.basis.registry, told.zone),
        title=title(configuration, rise.rule),
        grade=str(rise.grade),
        raised=rise.at - began,
        told=None if announced is None else announced - began,
        delivered=min(heard.values()) - began if heard else None,
        reached=len(heard),
        of=len({h.recipient for h in hearings}),
        acknowledged=stages.get(Stage.ACKNOWLEDGED),
        arrived=stages.get(Stage.ARRIVED),
        handled=stages.get(Stage.HANDLED),
        limits={str(s): limit for s, limit in within(router_of(configuration), rise.grade).items()},
        closed=None if told.closed is None else told.closed - began,
    )


def _tells(hearing: Hearing, grade: Grade) -> bool:
    return hearing.act in _OF_DANGER and hearing.grade is not None and hearing.grade >= grade
