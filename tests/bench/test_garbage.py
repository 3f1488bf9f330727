"""The garbage of the bench is garbage, loses no good message, and costs no more than one."""

from itertools import chain
from pathlib import Path

import pytest

from bench.garbage import BLOCK, START, basis, entries, garbage, packet, said, small_city
from ingest.clock import SECOND
from ingest.decode import Decoder
from ingest.quarantine import Bounds, Quarantine
from tests.bench.test_ratios import calls
from tocsin.judge import Basis, Judge

# Function calls of a good message with all shipped rules, as test_ratios bounds them.
GOOD = 72


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


@pytest.mark.parametrize("name", garbage())
def test_a_bad_message_of_a_flood_takes_no_more_calls_than_a_good_one(
    name: str, known: Basis, tmp_path: Path
) -> None:
    """Until it is counted in quarantine; the first of a minute, which are kept whole, came before."""
    spoil = garbage()[name]
    decoder = Decoder(known.kinds, known.registry)
    good = said(small_city(), START)
    decoder.decode(1, START, [packet(m) for m in good])
    first, second = ([packet(spoil(*m, n * BLOCK + k)) for k, m in enumerate(good)] for n in (1, 2))
    with Quarantine.open(tmp_path / "quarantine.db", Bounds(alike=1, a_minute=BLOCK)) as quarantine:
        quarantine.add(1, START, decoder.decode(1, START, first).rejected)
        taken = calls(lambda: quarantine.add(2, START, decoder.decode(2, START, second).rejected))

    assert 1 < taken / len(second) <= GOOD
