"""What events do to one metric adds up exactly, whatever the steps of each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signal import Signal, added


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    start = draw(st.integers(-1000, 1000))
    step = draw(st.integers(1, 300))
    values = draw(st.lists(st.floats(-100, 100), min_size=1, max_size=6))
    return Signal.sampled(start, step, values)


RAMP = Signal((1000, 2000, 4000), (0.0, 10.0, 6.0))


@pytest.mark.parametrize(
    ("instant", "value"), [(999, 0), (1000, 0), (1500, 5), (2000, 10), (3000, 8), (4000, 6), (4001, 0)]
)
def test_a_signal_is_linear_between_its_times_and_nothing_outside(instant: int, value: float) -> None:
    assert RAMP.at(instant) == pytest.approx(value)


def test_a_signal_begins_where_it_is_told_and_has_one_value_each_step() -> None:
    sampled = Signal.sampled(500, 10, np.array([1.0, 2.0, 3.0]))

    assert sampled == Signal((500, 510, 520), (1.0, 2.0, 3.0))
    assert (sampled.start, sampled.end) == (500, 520)


@given(signals(), st.lists(st.integers(-1100, 3200)))
def test_many_instants_are_read_as_each_alone(signal: Signal, instants: list[int]) -> None:
    read = signal.read(np.array(instants, np.float64))

    assert read.tolist() == pytest.approx([signal.at(instant) for instant in instants])


@given(st.lists(signals(), min_size=1, max_size=4), st.integers(-1100, 3200))
def test_a_sum_is_the_sum_at_each_millisecond(parts: list[Signal], instant: int) -> None:
    assert added(parts).at(instant) == pytest.approx(sum(part.at(instant) for part in parts), abs=1e-9)


@given(signals(), st.integers(-1100, 3200), st.integers(0, 2000), st.integers(0, 2000))
def test_the_area_of_two_periods_is_that_of_both(signal: Signal, begin: int, one: int, other: int) -> None:
    middle, end = begin + one, begin + one + other
    parts = signal.integral(begin, middle) + signal.integral(middle, end)

    assert parts == pytest.approx(signal.integral(begin, end), abs=1e-6)


def test_the_area_is_that_below_the_lines() -> None:
    assert RAMP.integral(0, 9000) == pytest.approx(10 * 1000 / 2 + (10 + 6) / 2 * 2000)
    assert RAMP.integral(1500, 2500) == pytest.approx((5 + 10) / 2 * 500 + (10 + 9) / 2 * 500)
    assert RAMP.integral(4000, 5000) == 0


def test_what_nobody_can_feel_is_left_out_at_both_ends_only() -> None:
    signal = Signal.sampled(0, 10, [0.0, 0.0, 0.2, 5.0, 0.0, 5.0, 0.3, 0.0, 0.0])

    assert signal.kept(1.0) == Signal.sampled(20, 10, [0.2, 5.0, 0.0, 5.0, 0.3])
    assert signal.kept(6.0) is None


@pytest.mark.parametrize(
    ("times", "values"), [((), ()), ((1, 2), (1.0,)), ((2, 1), (1.0, 1.0)), ((1, 1), (1.0, 1.0))]
)
def test_times_that_do_not_ascend_or_lack_a_value_are_refused(
    times: tuple[int, ...], values: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=r"one value for each time|ascend"):
        Signal(times, values)
