"""Takes a late reading into what is kept of its sensor."""

from dataclasses import dataclass

import numpy as np

from ingest.kinds import Form
from rules.engine.amount_ring import Amount, AmountRing
from rules.engine.board import Board, History
from rules.engine.history import AmountHistory
from rules.engine.ladder import Ladder
from rules.engine.normal_form import Check
from rules.engine.report import Report
from rules.engine.waves import Values, Wave


@dataclass(frozen=True, slots=True)
class Late:
    """One late reading: `values` maps a column to (value, period, flags)."""

    slot: int
    stamp: int
    message: int
    values: dict[int, tuple[int, int, int]]


def late_readings(wave: Wave) -> list[Late]:
    """The readings of a wave one by one."""
    readings = [
        Late(slot, stamp, message, {})
        for slot, stamp, message in zip(
            wave.slot.tolist(), wave.observed.tolist(), wave.message.tolist(), strict=True
        )
    ]
    for column, values in wave.columns.items():
        rows = (values.at, values.value, values.period, values.flags)
        for at, *row in zip(*(array.tolist() for array in rows), strict=True):
            value, period, flags = row
            readings[at].values[column] = value, period, flags
    return readings


def speaks(ladder: Ladder, late: Late) -> bool:
    """Whether a value makes a comparison of the rule true: if none does, a quiet subject stays so."""
    said = late.values.keys()
    return any(_speaks(check, late) for check in ladder.checks if check.columns & said) or any(
        held.negated for held in ladder.held
    )


def _speaks(check: Check, late: Late) -> bool:
    if check.function not in ("", "sum", "max") or (check.function and check.sense != ">="):
        return True
    value = late.values[check.column][0]
    if check.function == "sum":
        return value > 0
    bound = check.bound_at(late.slot)
    return bound is not None and check.compare(value, bound)


def take_in(board: Board, late: Late, received: int) -> dict[tuple[int, int], History]:
    """Put the values where they belong; `Kept.alone`: those that are older than what is kept."""
    alone: dict[tuple[int, int], History] = {}
    board.alive[late.slot] = max(int(board.alive[late.slot]), received)
    for column in late.values.keys() & board.columns.keys():
        if board.forms[column] is Form.INSTANT:
            _take_report(board, late, column, alone)
            board.learn_late(late.slot, column, late.stamp, late.values[column][0], late.values[column][2])
        else:
            _take_amount(board, late, column, alone)
        _take_newest(board, late, column, received)
    return alone


def _take_report(board: Board, late: Late, column: int, alone: dict[tuple[int, int], History]) -> None:
    value, _, flags = late.values[column]
    report = Report(late.stamp, 0, value, value, value, flags)
    by_itself = board.reports(late.slot, [report])
    if (column, 0) not in board.rings:
        alone[column, 0] = by_itself
    for key in [key for key in board.rings if key[0] == column]:
        ring = board.rings[key]
        if not isinstance(ring, AmountRing) and not ring.insert(late.slot, report):
            alone[key] = by_itself


def _take_amount(board: Board, late: Late, column: int, alone: dict[tuple[int, int], History]) -> None:
    value, period, flags = late.values[column]
    ring = board.amount_ring(column)
    before = ring.before(late.slot, late.stamp) if ring else late.stamp
    first = np.zeros(1, np.int64)
    row = Values(first + column, first, np.array([value]), np.array([period]), np.array([flags], np.uint8))
    slot, stamp = np.array([late.slot]), np.array([late.stamp])
    periods, marked = board.periods(slot, stamp, row, np.array([before]))
    amount = Amount(late.stamp, int(periods[0]), value, value, int(marked[0]))
    if ring is None or not ring.insert(late.slot, amount):
        kept = {name: np.array([value], np.int64) for name, value in amount._asdict().items()}
        alone[column, 0] = AmountHistory(kept, int(board.heartbeat[late.slot]))


def _take_newest(board: Board, late: Late, column: int, received: int) -> None:
    """The reading may be late for its sensor and still the newest of its metric."""
    state, slot = board.columns[column], late.slot
    state.heard[slot] = max(int(state.heard[slot]), received)
    value, _, flags = late.values[column]
    if late.stamp < state.stamp[slot]:
        return
    state.value[slot], state.stamp[slot] = value, late.stamp
    state.flags[slot] = flags
