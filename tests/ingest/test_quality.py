"""However a stream is cut, paused or carried over, quality control says what its definitions say."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE
from ingest.quality import QualityControl
from ingest.registry import Registry
from tests.ingest.gauges import (
    BATTERY,
    INTERVAL,
    KINDS,
    RAIN,
    RANGE,
    REGISTRY,
    RIVER,
    STAGE,
    START,
    TOTAL,
    Seen,
    Told,
    block,
    seen,
)
from tests.ingest.quality_reference import Reference

Message = list[Told]
Instant = tuple[int, list[Message]]


@st.composite
def messages(draw: st.DrawFn) -> list[tuple[int, int, int, int, int]]:
    """Rows of one message as (slot, column, value, age in ms, period)."""
    slot = draw(st.integers(0, RIVER + 1))
    # A clock two hours slow, a backlog, or in order.
    ages = st.sampled_from([0, 0, 0, 0, 1, 5 * MINUTE, 7 * MINUTE, 40 * MINUTE, 2 * HOUR, 2 * HOUR])
    rows = []
    for age in draw(st.lists(ages, min_size=1, max_size=2, unique=True)):
        if slot >= RIVER:
            rows.append((slot, STAGE, draw(st.sampled_from([0, 0, 0, 150, 300, 500])), age, 0))
            rows.append((slot, BATTERY, draw(st.integers(0, 1)), age, 0))
            continue
        told = draw(st.sampled_from([RAIN, RAIN, RAIN, TOTAL, None]))
        if told in (RAIN, None):
            amount = st.sampled_from([0, 0, 0, 0, 2, 5, 90, 101, 200, 1300])
            rows.append((slot, RAIN, draw(amount), age, draw(st.sampled_from([0, 0, HOUR, 2 * HOUR]))))
        if told in (TOTAL, None):
            total = st.sampled_from([0, 3, 30, 100, 101, 400, 660, 899, 900, 990, RANGE])
            rows.append((slot, TOTAL, draw(total), age, 0))
    return rows


@st.composite
def streams(draw: st.DrawFn) -> list[Instant]:
    """Instants, mostly an interval apart, and at each all gauges or some messages."""
    instants: list[Instant] = []
    received = START
    for _ in range(draw(st.integers(1, 14))):
        received += draw(st.sampled_from([1, MINUTE, INTERVAL, INTERVAL, INTERVAL, HOUR]))
        said = draw(st.lists(messages(), max_size=5))
        if draw(st.booleans()):
            wet = draw(st.sampled_from([0, 1, 3, 40]))
            said += [[(gauge, RAIN, wet if gauge else 0, 0, 0)] for gauge in range(8)]
        told = [[Told(*row[:3], received - row[3], row[4]) for row in rows] for rows in said]
        instants.append((received, told))
    return instants


@st.composite
def clocks(draw: st.DrawFn) -> list[Instant]:
    """One sensor that reports at about its pace, with a lag that changes now and then."""
    instants: list[Instant] = []
    received, lag = START, 0
    for _ in range(draw(st.integers(1, 12))):
        received += draw(st.sampled_from([INTERVAL, INTERVAL, INTERVAL, INTERVAL // 2, 3 * INTERVAL, 1]))
        lag = draw(st.sampled_from([lag, lag, lag, 0, 5 * MINUTE, 6 * MINUTE, 2 * HOUR]))
        wander = draw(st.sampled_from([0, 0, INTERVAL // 10, -INTERVAL // 9]))
        more = draw(st.sampled_from([[], [], [], [lag], [lag + MINUTE], [0, lag]]))
        stamps = [min(received - lag + wander, received), *(received - each for each in more)]
        said = [[Told(RIVER, BATTERY, 1, stamp)] for stamp in stamps]
        # A pack, whose rows change places when the slow sensor's stamps do.
        said[0] += [Told(RIVER + 1, BATTERY, 1, received - MINUTE)] * draw(st.integers(0, 1))
        instants.append((received, said))
    return instants


@st.composite
def rivers(draw: st.DrawFn) -> list[Instant]:
    """A river that mostly rests, leaps, and reports twice or late."""
    instants: list[Instant] = []
    received, value = START, 0
    for _ in range(draw(st.integers(1, 16))):
        received += draw(st.sampled_from([INTERVAL, INTERVAL, INTERVAL, 3 * INTERVAL, 3 * INTERVAL + 1]))
        ages = draw(st.sampled_from([[0], [0], [0], [0], [0, 0], [0, INTERVAL]]))
        values = [draw(st.sampled_from([value, value, value, value, 0, 100, 250, 500])) for _ in ages]
        value = values[0]
        said = [[Told(RIVER, STAGE, v, received - age)] for v, age in zip(values, ages, strict=True)]
        instants.append((received, said))
    return instants


@st.composite
def storms(draw: st.DrawFn) -> list[Instant]:
    """Rain over most gauges at each interval, and one that shows zeros or too much."""
    instants: list[Instant] = []
    for k in range(1, draw(st.integers(1, 16))):
        at = START + k * INTERVAL
        heard = draw(st.sets(st.integers(0, 6), max_size=2))
        wet = draw(st.sampled_from([(1,), (1,), (1, 3), (3, 5), (4,), (8, 0), (0,)]))
        odd = draw(st.sampled_from([0, 0, 0, 0, 0, 100, 101, 200, 201]))
        around = [[Told(n, RAIN, wet[n % len(wet)], at)] for n in range(7) if n not in heard]
        again = draw(st.sampled_from([None, None, None, 0, 5]))
        around += [[Told(n, RAIN, again, at)] for n in range(7) if again is not None]
        instants.append((at, [*around, [Told(7, RAIN, odd, at)]]))
    return instants


def expected(stream: Sequence[Instant]) -> list[Seen]:
    reference = Reference()
    return [
        each for received, said in stream for message in said for each in reference.message(received, message)
    ]


def checked(control: QualityControl, received: int, said: Sequence[Message]) -> list[Seen]:
    return seen(control.check(block(received, said)))


def restored(control: QualityControl) -> QualityControl:
    again = QualityControl(KINDS, REGISTRY)
    again.restore(control.snapshot())
    return again


@given(st.one_of(streams(), clocks(), rivers(), storms()))
def test_it_says_what_its_definitions_say(stream: list[Instant]) -> None:
    control = QualityControl(KINDS, REGISTRY)
    found = [each for received, said in stream for each in checked(control, received, said)]
    assert found == expected(stream)


@given(st.one_of(streams(), clocks(), rivers(), storms()), st.data())
def test_no_cut_restart_or_reload_changes_anything(stream: list[Instant], data: st.DataObject) -> None:
    control = QualityControl(KINDS, REGISTRY)
    found = []
    for received, said in stream:
        cuts = data.draw(st.sets(st.integers(0, len(said)), max_size=3))
        for begin, end in pairwise([0, *sorted(cuts), len(said)]):
            found += checked(control, received, said[begin:end])
            if data.draw(st.booleans()):
                control = restored(control)
            if data.draw(st.booleans()):
                control = control.carry(KINDS, REGISTRY)
    whole = QualityControl(KINDS, REGISTRY)
    assert found == [each for received, said in stream for each in checked(whole, received, said)]
    assert control.flags == whole.flags


def test_a_block_without_anything_to_check_is_handed_on_as_it_is() -> None:
    control = QualityControl(KINDS, REGISTRY)
    readings = block(START, [[Told(RIVER, BATTERY, 50, START)]])
    assert control.check(readings) is readings


def test_a_snapshot_of_another_registry_is_refused() -> None:
    smaller = Registry.of(list(REGISTRY.sensors[:5]), {})
    with pytest.raises(ValueError, match="snapshot of"):
        QualityControl(KINDS, smaller).restore(QualityControl(KINDS, REGISTRY).snapshot())
