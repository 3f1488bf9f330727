"""Columns of a CSV come to what its rows come to over the wire: the same readings, the same refusals."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import DAY, MINUTE
from ingest.decode import Decoder
from ingest.journal import Entry
from ingest.reading import Decoded, Readings, Reason
from simulators.playback import Place, instants
from simulators.readings_columns import read_columns
from simulators.readings_csv import read_rows
from tests.tocsin.village import KINDS, START, basis, bundle
from tocsin.csv_columns import CsvBlocks
from tocsin.recorded import as_entries

TWO = "      flow: {unit: m3/s, resolution: 0.01, plausible: [0, 90000]}\n      stage:"
BASIS = basis(bundle(others={"kinds.yaml": KINDS.replace("      stage:", TWO)}))
SENSORS = ["river-1", "river-2", "rain-1", "stranger"]
VALUES = ["1", "0.15000000596", "-0", "+5", "20.0004", "9999999", "1e300", "0." + "1" * 60]
Line = tuple[int, str, str, str, int]


def drawn() -> st.SearchStrategy[list[Line]]:
    """Few instants, so that sensors report twice in one; clocks ahead, behind and of another year."""
    received = st.integers(0, 3)
    lag = st.sampled_from([0, 0, 0, MINUTE, -MINUTE, -10 * MINUTE, 40 * DAY])
    metric = st.sampled_from(["stage", "flow", "rain", "temperature"])
    row = st.tuples(received, lag, st.sampled_from(SENSORS), metric, st.sampled_from(VALUES))
    return st.lists(row, max_size=30).map(
        lambda found: [(START + at - late, s, m, v, START + at) for at, late, s, m, v in found]
    )


def by_wire(path: Path) -> Iterator[tuple[Entry, Decoded]]:
    """Written as messages and decoded: what the columns must come to."""
    decoder = Decoder(BASIS.kinds, BASIS.registry)
    places = {s.id: Place(s.zone, s.kind) for s in BASIS.registry.sensors}
    for entry, packets in as_entries(instants(read_rows([path]), places)):
        yield entry, decoder.decode(entry.sequence, entry.received, packets)


def plainly(found: Readings) -> dict[str, object]:
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return {n: (v.dtype, v.tolist()) if isinstance(v, np.ndarray) else v for n, v in values.items()}


def written(path: Path, lines: Sequence[Line]) -> Path:
    text = "".join(",".join(map(str, line)) + "\n" for line in lines)
    path.write_text("time,sensor,metric,value,received\n" + text, "utf-8")
    return path


@given(drawn())
@settings(deadline=None)
def test_the_same_is_decoded(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> None:
    path = written(tmp_path_factory.mktemp("readings") / "readings.csv", lines)

    found, expected = list(CsvBlocks(read_columns([path]), BASIS)), list(by_wire(path))

    assert [entry for entry, _ in found] == [entry for entry, _ in expected]
    for (_, has), (_, should) in zip(found, expected, strict=True):
        assert plainly(has.readings) == plainly(should.readings)
        assert (has.rejected, has.messages) == (should.rejected, should.messages)


def test_what_cannot_be_is_refused_beside_what_can(tmp_path: Path) -> None:
    lines: list[Line] = [
        (START, "river-1", "stage", "1.5", START),
        (START, "stranger", "stage", "1.5", START),
        (START, "river-2", "stage", "1e300", START),
        (START, "rain-1", "rain", "3", START),
    ]
    path = written(tmp_path / "readings.csv", lines)

    [(entry, decoded)] = CsvBlocks(read_columns([path]), BASIS)

    assert entry.count == decoded.messages == 4
    assert decoded.readings.message.tolist() == [0, 3]
    assert [(r.message, r.reason) for r in decoded.rejected] == [
        (1, Reason.UNREGISTERED),
        (2, Reason.IMPOSSIBLE),
    ]


def test_a_metric_that_comes_again_is_another_message(tmp_path: Path) -> None:
    lines: list[Line] = [(START, "river-1", "stage", value, START) for value in ("1", "2", "3")]

    [(entry, decoded)] = CsvBlocks(read_columns([written(tmp_path / "readings.csv", lines)]), BASIS)

    assert entry.count == 3
    assert decoded.readings.message.tolist() == [0, 1, 2]


def test_nothing_is_recorded_where_the_record_has_ended(tmp_path: Path) -> None:
    columns = read_columns([written(tmp_path / "readings.csv", [(START, "river-1", "stage", "1", START)])])

    assert list(CsvBlocks(columns.some(slice(1, None)), BASIS)) == []
