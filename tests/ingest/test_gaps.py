"""Missing sequence numbers, against a reference that keeps every number in a set."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import Decoder
from ingest.gaps import LEAP, Gap, Gaps
from ingest.reading import Numbered
from tests.ingest.test_screening import registry
from tests.tocsin import village
from tests.tocsin.village import START, basis, topic

PAIR = registry("a", "b")
# Slot, sequence number, boot.
Message = tuple[int, int, int]


def block(messages: Sequence[Message]) -> Numbered:
    return Numbered(*np.array(messages, np.int64).reshape(-1, 3).T)


def taken(*blocks: Sequence[Message]) -> Gaps:
    gaps = Gaps(PAIR)
    for messages in blocks:
        gaps.take(block(messages))
    return gaps


def of_a(*numbers: int, boot: int = 0) -> list[Message]:
    return [(0, number, boot) for number in numbers]


@dataclass
class Reference:
    """One sensor, one message at a time."""

    boot: int | None = None
    newest: int = 0
    missing: int = 0
    holes: set[int] = field(default_factory=set)

    def take(self, seq: int, boot: int) -> None:
        if boot != self.boot or seq - self.newest > LEAP or self.newest - seq >= 64:
            self.boot, self.newest, self.holes = boot, seq, set()
        elif seq > self.newest:
            lost = seq - self.newest - 1
            self.missing += lost
            self.holes |= set(range(max(self.newest + 1, seq - 64), seq))
            self.newest = seq
        elif seq in self.holes:
            self.holes.remove(seq)
            self.missing -= 1


def referred(messages: Sequence[Message], sensors: int = 2) -> list[int]:
    references = [Reference() for _ in range(sensors)]
    for slot, seq, boot in messages:
        references[slot].take(seq, boot)
    return [reference.missing for reference in references]


numbers = st.one_of(
    st.integers(0, 12),
    st.integers(0, 200),
    st.sampled_from([63, 64, 65, 127, 128, 129, LEAP, LEAP + 1, LEAP + 2, -(2**61), 2**61]),
)
STEPS = [1, 1, 1, 2, 3, -1, -2, -4, 0, 63, 64, 65, -63, -64]
STEP = st.tuples(st.sampled_from([0, 0, 0, 1]), st.sampled_from(STEPS), st.sampled_from([0] * 9 + [1]))
BOOT = st.sampled_from([0, 0, 0, 0, 0, 0, 1])
STREAMS = st.lists(st.tuples(st.integers(0, 1), numbers, BOOT), max_size=80)


def walked(steps: list[tuple[int, int, int]]) -> list[Message]:
    """Numbers that go forward and back a little, by steps of (sensor, step, boot)."""
    at, messages = [100, 100], []
    for slot, step, boot in steps:
        at[slot] += step
        messages.append((slot, at[slot], boot))
    return messages


WALKS = st.lists(STEP, min_size=10, max_size=60).map(walked)
SIZES = st.lists(st.sampled_from([1, 2, 3, 4, 6, 20]), min_size=80, max_size=80)


@given(st.one_of(WALKS, WALKS, STREAMS), SIZES, st.integers(0, 80))
def test_cut_into_blocks_and_restarted_anywhere_it_counts_as_one_at_a_time(
    messages: list[Message], sizes: list[int], restart: int
) -> None:
    gaps = Gaps(PAIR)
    begin = 0
    for number, size in enumerate(sizes):
        gaps.take(block(messages[begin : begin + size]))
        begin += size
        if number == restart:
            saved, gaps = gaps.snapshot(), Gaps(PAIR)
            gaps.restore(saved)

    assert gaps.missing.tolist() == referred(messages)
    assert gaps.noticed - gaps.found == gaps.missing.sum()


def test_a_gap_is_counted_and_what_comes_late_is_taken_back() -> None:
    gaps = taken(of_a(1, 2, 6))
    assert gaps.all().worst == (Gap("a", 3),)

    gaps.take(block(of_a(4)))
    assert gaps.all().worst == (Gap("a", 2),)
    assert (gaps.noticed, gaps.found) == (3, 1)


def test_a_repetition_counts_for_nothing() -> None:
    assert taken(of_a(1, 2, 3), of_a(2, 3, 3, 4, 1)).all().worst == ()


def test_what_is_older_than_the_last_64_numbers_begins_a_new_count() -> None:
    """The late 36 is one of the last 64 and fills its hole; 36 before 101 is not."""
    assert taken(of_a(35, 37, *range(38, 100)), of_a(36)).missing[0] == 0
    assert taken(of_a(35, 37, *range(38, 101)), of_a(36), of_a(38)).missing[0] == 2


def test_another_boot_or_a_leap_begins_a_new_count() -> None:
    assert taken(of_a(1, 2), of_a(40, 42, boot=1)).missing[0] == 1
    assert taken(of_a(1), of_a(1 + LEAP), of_a(2 + 2 * LEAP)).missing[0] == LEAP - 1


def test_the_worst_twenty_are_named_and_all_are_counted() -> None:
    many = registry(*(f"s-{number:02}" for number in range(30)))
    gaps = Gaps(many)
    gaps.take(block([(slot, 0, 0) for slot in range(30)] + [(slot, slot + 1, 0) for slot in range(30)]))

    found = gaps.all()
    assert (found.messages, found.sensors) == (sum(range(30)), 29)
    assert [gap.missing for gap in found.worst] == list(range(29, 9, -1))


def test_the_worst_come_first() -> None:
    gaps = taken([(0, 1, 0), (1, 1, 0), (0, 3, 0), (1, 9, 0)])
    assert gaps.all().worst == (Gap("b", 7), Gap("a", 1))


def test_what_is_missing_since_a_mark_is_told_apart_over_restart_and_reload() -> None:
    gaps = taken([(0, 1, 0), (1, 1, 0), (1, 9, 0)])
    gaps.mark()
    gaps.take(block([(0, 3, 0), (1, 12, 0)]))
    again = Gaps(PAIR)
    again.restore(gaps.snapshot())

    assert again.since_mark().worst == (Gap("b", 2), Gap("a", 1))
    assert again.all().worst == (Gap("b", 9), Gap("a", 1))
    assert again.carry(registry("b")).since_mark().worst == (Gap("b", 2),)


def test_under_another_registry_each_count_goes_on_with_its_sensor() -> None:
    gaps = taken([(0, 1, 0), (1, 1, 0), (1, 3, 0)]).carry(registry("b", "c", "d"))
    gaps.take(block([(0, 2, 0), (0, 5, 0), (1, 5, 0)]))

    assert gaps.all().worst == (Gap("b", 1),)
    assert (gaps.noticed, gaps.found) == (2, 1)


def test_a_snapshot_of_another_registry_is_refused() -> None:
    with pytest.raises(ValueError, match="sensors"):
        Gaps(registry("a")).restore(taken(of_a(1)).snapshot())


def numbered_of(*payloads: bytes) -> list[Message]:
    base = basis()
    packets = [
        village.PublishPacket(topic("river-1"), payload, qos=village.QoS.AT_LEAST_ONCE, packet_id=1)
        for payload in payloads
    ]
    found = Decoder(base.kinds, base.registry).decode(1, START, packets).numbered
    return list(zip(found.slot.tolist(), found.seq.tolist(), found.boot.tolist(), strict=True))


def test_decoding_gives_out_the_numbers_of_those_that_have_one() -> None:
    """Refused values have arrived all the same; what cannot be read has no number."""
    slot = basis().registry.slots["river-1"]

    assert numbered_of(
        b'{"t":1,"seq":7,"boot":2,"v":{"stage":1}}',
        b'{"t":1,"v":{"stage":1}}',
        b'{"t":1,"seq":8,"v":{"stage":1}}',
        b'{"t":1,"seq":9,"v":{"stage":99999}}',
        b'{"t":1,"seq":10,"v":{"unheard of":1}}',
        b'{"t":1,"seq":"11","v":{"stage":1}}',
    ) == [(slot, 7, 2), (slot, 8, 0), (slot, 9, 0), (slot, 10, 0)]


def test_numbers_beyond_any_count_are_cut() -> None:
    payload = b'{"t":1,"seq":%d,"boot":%d,"v":{"stage":1}}'

    [(_, seq, boot)] = numbered_of(payload % (2**80, -(2**80)))
    [(_, fitting, _)] = numbered_of(payload % (2**62, 1))

    assert (seq, boot, fitting) == (2**61, -(2**61), 2**61)
