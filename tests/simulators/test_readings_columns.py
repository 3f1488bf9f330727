"""Columns hold what rows hold, and find what rows find, of every file."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators import readings_columns
from simulators.readings_columns import read_columns
from simulators.readings_csv import ReadingsError, Row, read_rows

TIMES = ["1528027200000", " 1528027200001 ", "-5", "2018-06-03T12:00:00Z", "2018-06-03T20:00:00+08:00"]
FIELDS = {
    "time": [*TIMES, "2018-06-03T12:00:00", "１２", "soon", ""],
    "name": ["a", "river-1", " 雨量 ", "a'b", "a/b", "", '"quoted, with\nall"', "x" * 201],
    "value": ["1", "0.5", "-3.25", "+5", ".5", "1e3", "NA", "", "nan", "inf", "1_0", "٣", "x", " 2 "],
}  # fmt: skip


def usual(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(FIELDS[name][:3])


def odd(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(FIELDS[name])


def lines() -> st.SearchStrategy[str]:
    fine = st.tuples(usual("time"), usual("name"), usual("name"), usual("value"), usual("time"))
    strange = st.tuples(odd("time"), odd("name"), odd("name"), odd("value"), odd("time"))
    broken = st.sampled_from(["", "1,a", "1,a,b,2,3,4", "a,b,2,3", ",,,,"])
    return st.one_of(*[fine.map(",".join)] * 8, strange.map(",".join), broken)


def found(read: Callable[[list[Path]], Iterable[Row]], paths: list[Path]) -> list[Row] | list[str]:
    try:
        return list(read(paths))
    except ReadingsError as error:
        return error.findings


def as_rows(paths: list[Path]) -> list[Row]:
    columns = read_columns(paths)
    return list(columns.rows(range(len(columns))))


@given(st.lists(lines(), max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(deadline=None)
def test_columns_are_the_rows(
    tmp_path_factory: pytest.TempPathFactory, body: list[str], end: str, ended: bool
) -> None:
    path = tmp_path_factory.mktemp("readings") / "readings.csv"
    text = end.join(["time,sensor,metric,value,received", *body]) + (end if ended else "")
    path.write_text(text, "utf-8", newline="")

    assert found(as_rows, [path]) == found(read_rows, [path])


def test_a_file_of_many_pieces_is_whole_and_counts_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = [f"{n},s-{n % 7},stage,{n / 8}" for n in range(100_000)]
    path.write_text("\n".join(["time,sensor,metric,value", *rows]), "utf-8")
    assert path.stat().st_size > 2 * readings_columns.PIECE
    columns = as_rows([path])
    path.write_text("\n".join(["time,sensor,metric,value", *rows, "late,s-1,stage,1"]), "utf-8")

    assert columns[:3] + columns[-3:] == [
        Row(n, n, f"s-{n % 7}", "stage", str(n / 8)) for n in [*range(3), *range(99_997, 100_000)]
    ]
    with pytest.raises(ReadingsError, match=f"{path}:100002: field 1: 'late' is neither"):
        read_columns([path])


def test_several_files_are_in_the_order_of_receipt(tmp_path: Path) -> None:
    for name, times in (("one", (1, 3, 5)), ("two", (2, 3, 4))):
        text = "".join(f"{time},{name},stage,{time}\n" for time in times)
        (tmp_path / name).write_text("time,sensor,metric,value\n" + text, "utf-8")
    paths = [tmp_path / "one", tmp_path / "two"]

    assert as_rows(paths) == read_rows(paths)


@pytest.mark.parametrize("long", [f"1,{'x' * 2**18},stage,NA", f'1,"{"x" * 2**18}",stage,NA'])
def test_a_field_that_is_too_long_for_csv_is_found(tmp_path: Path, long: str) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"time,sensor,metric,value\n1,a,stage,1\n{long}\n", "utf-8")

    assert found(as_rows, [path]) == found(read_rows, [path]) != []
