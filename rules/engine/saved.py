"""The state of an engine as arrays and bytes, and back. Totals and deadlines are derived again."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from rules.engine.blindness import Blindness, Period
from rules.engine.board import Board
from rules.engine.groups import GroupState
from rules.engine.normal_form import Fault
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.warning import ZoneWarning

Saved: TypeAlias = npt.NDArray[np.generic] | bytes


class Rest(msgspec.Struct):
    """What is not an array: engine time, counts, orphans, subjects by rule and slot, blind time, places.

    `off` holds the rules that are switched off, by number.
    """

    now: int
    too_late: int
    orphans: list[ZoneWarning]
    subjects: list[list[tuple[int, Subject]]]
    blind_since: int | None
    blind: list[Period]
    groups: list[GroupState]
    off: list[tuple[int, Fault]] = []


def pack(boards: Sequence[Board], judges: Sequence[RuleJudge], rest: Rest) -> dict[str, Saved]:
    """The arrays themselves by board and by rule, and the rest as bytes."""
    state: dict[str, Saved] = {"rest": msgspec.msgpack.encode(rest)}
    for board in boards:
        state |= {f"{board.kind.name}/{name}": array for name, array in board.snapshot().items()}
    for number, judge in enumerate(judges):
        state |= {f"rule {number}/{name}": array for name, array in judge.snapshot().items()}
    return state


def unpack(
    boards: Sequence[Board],
    judges: Sequence[RuleJudge],
    blindness: Blindness,
    state: Mapping[str, Saved],
) -> Rest:
    """Fill fresh boards and judges, without deadlines; the rest is returned."""
    for board in boards:
        board.restore(_arrays(state, f"{board.kind.name}/"))
    for number, judge in enumerate(judges):
        judge.restore(_arrays(state, f"rule {number}/"))
    packed = state["rest"]
    assert isinstance(packed, bytes)
    rest = msgspec.msgpack.decode(packed, type=Rest)
    blindness.since, blindness.periods[:] = rest.blind_since, rest.blind
    for judge, subjects in zip(judges, rest.subjects, strict=True):
        for slot, subject in subjects:
            judge.adopt(slot, subject)
    return rest


def _arrays(state: Mapping[str, Saved], prefix: str) -> dict[str, npt.NDArray[np.generic]]:
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def subjects_of(judges: Sequence[RuleJudge]) -> list[list[tuple[int, Subject]]]:
    """The subjects of each judge in the order of their slots."""
    return [sorted(judge.subjects.items(), key=lambda item: item[0]) for judge in judges]
