"""The garbage of the bench is garbage: every bad message is refused, and every good one beside it judged."""

from itertools import chain

import pytest

from bench.garbage import BLOCK, START, basis, entries, garbage, packet, said, small_city
from ingest.clock import SECOND
from tocsin.judge import Basis, Judge


@pytest.fixture(scope="module")
def known() -> Basis:
    return basis(small_city().city)


@pytest.mark.parametrize("name", garbage())
def test_half_garbage_loses_no_good_message(name: str, known: Basis) -> None:
    voices = small_city()
    spoil = garbage()[name]
    good = [said(voices, START + n * SECOND) for n in (1, 2)]
    alone, beside = (Judge(known, lambda _: known) for _ in range(2))

    for entry in entries([[packet(m) for m in block] for block in good]):
        alone.take(entry)
    mixed = [
        [packet(m) for m in chain.from_iterable((m, spoil(*m, k)) for k, m in enumerate(block))]
        for block in good
    ]
    refused = [len(beside.take(entry).rejected) for entry in entries(mixed)]

    assert refused == [BLOCK, BLOCK]
    assert beside.screen.accepted == alone.screen.accepted == 2 * BLOCK
    assert beside.screen.readings == alone.screen.readings
    assert beside.screen.quarantined == 2 * BLOCK
