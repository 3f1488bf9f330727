"""The quality checks as `kinds.yaml` asks for them."""

from decimal import Decimal

import pytest

from ingest.clock import DAY
from ingest.kinds.kinds_file import read_kinds

TEXT = """\
kinds:
  tank:
    title: {zh: 储罐, en: Tank}
    reporting: periodic 5min
    heartbeat: 1h
    metrics:
      temperature: {unit: degC, resolution: 0.1, plausible: [-40, 300], step: 18 degF, stuck: 1d}
      count: {unit: "", resolution: 1, plausible: [0, 9], step: 3}
      open: {unit: "", resolution: 1, plausible: [0, 1]}
      rain: {unit: mm, form: amount, resolution: 0.1, plausible: [0, 401], neighbours: 10 km}
"""


def test_checks_are_read_in_the_unit_of_their_metric() -> None:
    kinds, findings = read_kinds("kinds.yaml", TEXT)

    assert findings == []
    assert kinds is not None
    metrics = kinds["tank"].metrics
    assert (metrics["temperature"].step, metrics["temperature"].stuck) == (Decimal(10), DAY)
    assert metrics["count"].step == Decimal(3)
    assert (metrics["open"].step, metrics["open"].stuck, metrics["open"].neighbours) == (None, None, None)
    assert metrics["rain"].neighbours == Decimal(10_000)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("18 degF", "18 mm", "E151", 7),
        ("18 degF", "18 parsec", "E151", 7),
        ("18 degF", "-1 degF", "E112", 7),
        ("18 degF", "0 degF", "E112", 7),
        ("18 degF", "warm", "E112", 7),
        ("stuck: 1d", "stuck: 1", "E150", 7),
        ("stuck: 1d", "stuck: 0s", "E112", 7),
        ("[0, 1]", "[0, 1], stuck: 1d", "E127", 9),
        ("[0, 1]", "[0, 1], step: 1", "E127", 9),
        ("10 km", "10 km, step: 3 mm", "E127", 10),
        ("10 km", "10 km, stuck: 1d", "E127", 10),
        ("10 km", "10 h", "E151", 10),
        ("step: 3", "neighbours: 10 km", "E127", 8),
    ],
)
def test_a_check_that_does_not_suit_is_found_where_it_stands(
    old: str, new: str, code: str, line: int
) -> None:
    assert old in TEXT
    kinds, findings = read_kinds("kinds.yaml", TEXT.replace(old, new, 1))
    assert kinds is None
    assert [(f.code, f.line) for f in findings] == [(code, line)]


def test_neighbours_are_for_depths_alone() -> None:
    kinds, findings = read_kinds("kinds.yaml", TEXT.replace("unit: mm", "unit: g"))
    assert kinds is None
    assert [f.code for f in findings] == ["E127"]
