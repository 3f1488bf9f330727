"""The newest values of a kind, metric by metric, and limits asked of many metrics at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.columns import Columns, Limits
from rules.engine.ring import NEVER

FIRST, METRICS, SENSORS = 7, 3, 4
NUMBERS = range(FIRST, FIRST + METRICS)
PAIRS = st.tuples(st.sampled_from(NUMBERS), st.integers(0, SENSORS - 1))
WAVES = st.lists(st.dictionaries(PAIRS, st.integers(-5, 5), min_size=1), max_size=5)


def taken_in(waves: list[dict[tuple[int, int], int]]) -> tuple[Columns, dict[tuple[int, int], int]]:
    """What was said wave by wave, and the newest of it."""
    columns, newest = Columns(NUMBERS, SENSORS), dict[tuple[int, int], int]()
    for at, wave in enumerate(waves):
        number, slot = (np.array(part) for part in zip(*wave, strict=True))
        for each in set(number.tolist()):
            columns.keep(each)
        value = np.array([*wave.values()])
        columns.put(number, slot, (value, np.full(len(value), at), np.full(len(value), at, np.uint8)), at)
        newest |= wave
    return columns, newest


@given(WAVES)
def test_the_newest_value_of_each_pair_stands(waves: list[dict[tuple[int, int], int]]) -> None:
    columns, newest = taken_in(waves)

    assert {number for number, _ in newest} == set(columns)
    for number, column in columns.items():
        known = {slot: int(column.value[slot]) for slot in np.flatnonzero(column.stamp > NEVER).tolist()}
        assert known == {slot: value for (other, slot), value in newest.items() if other == number}
        assert (column.heard == column.stamp).all()


@given(
    WAVES,
    st.dictionaries(
        st.tuples(st.sampled_from([">=", "<="]), st.sampled_from(NUMBERS)), st.integers(-5, 5), min_size=1
    ),
)
def test_limits_say_where_any_known_value_reaches_its_number(
    waves: list[dict[tuple[int, int], int]], numbers: dict[tuple[str, int], int]
) -> None:
    columns, newest = taken_in(waves)
    for _, number in numbers:
        columns.keep(number)
    limits = Limits((sense, number, bound) for (sense, number), bound in numbers.items())

    held = limits.any_holds(lambda asked: columns.newest(asked, np.arange(SENSORS)))

    def reaches(slot: int) -> bool:
        return any(
            (newest[number, slot] >= bound) if sense == ">=" else (newest[number, slot] <= bound)
            for (sense, number), bound in numbers.items()
            if (number, slot) in newest
        )

    assert held.tolist() == [reaches(slot) for slot in range(SENSORS)]
