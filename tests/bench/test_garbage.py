"""The garbage of the bench is garbage: every bad message is refused, and every good one beside it judged."""

from itertools import chain
from pathlib import Path

import pytest

from bench.garbage import START, basis, entries, garbage, packet
from ingest.clock import SECOND
from tocsin.judge import Judge


@pytest.mark.parametrize("name", garbage())
def test_half_garbage_loses_no_good_message(tmp_path: Path, name: str) -> None:
    known, speaking = basis(tmp_path)
    spoil = garbage()[name]
    good = [[speaking.next(START + n * SECOND) for _ in range(100)] for n in range(2)]
    alone, beside = (Judge(known, lambda _: known) for _ in range(2))

    for entry in entries([[packet(m) for m in block] for block in good]):
        alone.take(entry)
    mixed = [
        [packet(m) for m in chain.from_iterable((m, spoil(*m, k)) for k, m in enumerate(block))]
        for block in good
    ]
    refused = [len(beside.take(entry).rejected) for entry in entries(mixed)]

    assert refused == [100, 100]
    assert beside.screen.accepted == alone.screen.accepted == 200
    assert beside.screen.readings == alone.screen.readings
    assert beside.screen.quarantined == 200
