"""The state of an engine as arrays and bytes, and back. Totals and deadlines are derived again."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from rules.engine.board import Board
from rules.engine.deadlines import Order
from rules.engine.event import Event
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.warning import ZoneWarning

Saved: TypeAlias = npt.NDArray[np.generic] | bytes


class Rest(msgspec.Struct):
    """What is not an array: engine time, counts, orphans, and each rule's subjects by slot."""

    now: int
    too_late: int
    orphans: list[ZoneWarning]
    subjects: list[list[tuple[int, Subject]]]


def pack(boards: Sequence[Board], rest: Rest) -> dict[str, Saved]:
    """Copies of the arrays by board, and the rest as bytes."""
    state: dict[str, Saved] = {"rest": msgspec.msgpack.encode(rest)}
    for board in boards:
        state |= {f"{board.kind.name}/{name}": array for name, array in board.snapshot().items()}
    return state


def unpack(boards: Sequence[Board], judges: Sequence[RuleJudge], state: Mapping[str, Saved]) -> Rest:
    """Fill fresh boards and judges; the rest is returned."""
    for board in boards:
        prefix = f"{board.kind.name}/"
        own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        board.restore({name: value for name, value in own.items() if isinstance(value, np.ndarray)})
    packed = state["rest"]
    assert isinstance(packed, bytes)
    rest = msgspec.msgpack.decode(packed, type=Rest)
    for judge, subjects in zip(judges, rest.subjects, strict=True):
        for slot, subject in subjects:
            judge.adopt(slot, subject)
            judge.schedule(slot, subject, Event(rest.now, Order.READING))
    return rest


def subjects_of(judges: Sequence[RuleJudge]) -> list[list[tuple[int, Subject]]]:
    """The subjects of each judge in the order of their slots."""
    return [sorted(judge.subjects.items(), key=lambda item: item[0]) for judge in judges]
