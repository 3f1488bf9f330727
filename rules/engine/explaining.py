"""How a rule stands on a subject now, down to what is missing. The engine stays as it is."""

from dataclasses import replace
from fractions import Fraction

from ingest.kinds import Metric
from ingest.registry import Registry
from rules.engine import Engine
from rules.engine.board import Board
from rules.engine.deadlines import Order
from rules.engine.due import unsettled
from rules.engine.event import Event
from rules.engine.evidence import condition_text
from rules.engine.groups.explaining import account_of_place
from rules.engine.nodes import Node
from rules.engine.open_warnings import open_warning
from rules.engine.parts import parts_of_sensor
from rules.engine.ring import NEVER
from rules.engine.rule_account import EVIDENCE, STALE, Newest, RuleAccount, Whole, stands
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Latch, Subject
from rules.engine.verdict import TRUE, verdict
from rules.engine.view import Now, quality_names
from rules.grade import Grade
from rules.language.tree import Condition


def explain(engine: Engine, rule: str, subject: str) -> RuleAccount:
    """KeyError if there is no such rule, or it is not for that subject."""
    for judge in engine.judges:
        if judge.rule.id == rule:
            return _of_sensor(engine, judge, subject)
    for group in engine.groups:
        if group.rule.id == rule:
            off = engine.switched_off.get(group.number)
            found = account_of_place(group, subject, engine.now, off.reason if off else "")
            return replace(found, blind=engine.blind_since)
    raise KeyError(rule)


def slots_of(engine: Engine, registry: Registry, rule: str, subject: str) -> frozenset[int]:
    """The sensors that a rule looks at for a subject, by their slots; KeyError as `explain`."""
    for judge in engine.judges:
        if judge.rule.id == rule and subject in judge.board.ids:
            return frozenset({registry.slots[subject]})
    for group in engine.groups:
        if group.rule.id == rule and subject in group.names:
            return frozenset(group.ladder.places.all(group.names.index(subject)).tolist())
    raise KeyError(subject)


def _of_sensor(engine: Engine, judge: RuleJudge, sensor: str) -> RuleAccount:
    if sensor not in judge.board.ids or not judge.ladder.member[judge.board.ids.index(sensor)]:
        raise KeyError(sensor)
    slot, now = judge.board.ids.index(sensor), engine.now
    subject = judge.subjects.get(slot)
    off = engine.switched_off.get(judge.number)
    known = subject or Subject({grade: Latch() for grade in judge.ladder.raising}, {}, NEVER)
    account = RuleAccount(
        rule=judge.rule,
        subject=sensor,
        at=now,
        off=off.reason if off else "",
        blind=engine.blind_since,
        faults=tuple(sorted(f.reason for f in judge.ladder.faults if f.subject == sensor)),
        warning=open_warning(judge, slot, subject, now) if subject else None,
    )
    return account if off else _judged(judge, slot, known, account)


def _judged(judge: RuleJudge, slot: int, subject: Subject, account: RuleAccount) -> RuleAccount:
    """As `RuleJudge` judges it, with what falls due in blind time waiting for a reading."""
    ladder, board, now = judge.ladder, judge.board, account.at
    event, moment = Event(now, Order.READING), board.clock(slot, now)
    waiting = unsettled(ladder, subject, now - moment, now, board.blind)
    view = judge.view(slot, subject, event, moment, waiting)
    verdicts = ladder.judged(ladder.raising, view)
    moved = ladder.judged(ladder.clearing, view)
    sure = judge.certain(view)
    fresh = judge.is_fresh(slot, now)

    def doubts(grade: Grade) -> tuple[str, ...]:
        found = [] if sure[grade] == TRUE or verdicts[grade] != TRUE else [EVIDENCE]
        return (*found, *([] if fresh else [STALE]))

    def whole(condition: Condition, node: Node) -> Whole:
        text = condition_text(condition, ladder.leaves, ladder.kind, ladder.sensors[slot], view)
        parts, distance = parts_of_sensor(condition, node, ladder.kind, ladder.sensors[slot], view)
        return Whole(text, verdict(node, view), parts, distance)

    grades = tuple(
        stands(
            judge.rule,
            subject.latches[grade],
            (grade, whole(judge.rule.grades[grade], node), verdicts[grade], moved[grade]),
            (moment, now),
            (doubts(grade), judge.lacks(slot, grade)),
        )
        for grade, node in ladder.raising.items()
    )
    only_if = None
    if judge.rule.only_if is not None and ladder.only_if is not None:
        only_if = whole(judge.rule.only_if, ladder.only_if)
    return replace(account, only_if=only_if, grades=grades, newest=_newest(judge, slot, view))


def _newest(judge: RuleJudge, slot: int, view: Now) -> tuple[Newest, ...]:
    metrics = {m.column: m for m in judge.ladder.kind.metrics.values() if m.column in judge.ladder.columns}
    return tuple(_last_word(judge.board, metric, slot, view) for _, metric in sorted(metrics.items()))


def _last_word(board: Board, metric: Metric, slot: int, view: Now) -> Newest:
    state = board.columns[metric.column]
    known = state.stamp[slot] > NEVER
    return Newest(
        metric=metric.name,
        value=int(state.value[slot]) * Fraction(metric.resolution) if known else None,
        unit=metric.unit,
        observed=int(state.stamp[slot]) if known else None,
        received=int(state.heard[slot]) if known else None,
        quality=tuple(sorted(quality_names(int(state.flags[slot])))) if known else (),
        silent=bool(known) and view.silent(metric.column),
    )
