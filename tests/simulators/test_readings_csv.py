"""The CSV contract of recorded readings."""

import gzip
from pathlib import Path

import pytest

from simulators.readings_csv import ReadingsError, Row, read_rows

NINE = 1_528_016_400_000  # 2018-06-03T09:00:00Z


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_times_are_iso_with_offset_or_epoch_milliseconds(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        "time,sensor,metric,value",
        "2018-06-03T09:00:00Z,a,rain,0.10",
        "2018-06-03T17:00:01+08:00,a,rain,1",
        f"{NINE + 2000},a,rain,2",
    )

    assert read_rows([path]) == [
        Row(NINE, NINE, "a", "rain", "0.10"),
        Row(NINE + 1000, NINE + 1000, "a", "rain", "1"),
        Row(NINE + 2000, NINE + 2000, "a", "rain", "2"),
    ]


@pytest.mark.parametrize("nothing", ["NA", "", "NaN", "nan"])
def test_nothing_arrived(tmp_path: Path, nothing: str) -> None:
    path = write(tmp_path / "r.csv", "time,sensor,metric,value", f"{NINE},a,rain,{nothing}")

    assert read_rows([path]) == []


def test_rows_without_received_are_taken_in_order_of_time(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "time,sensor,metric,value", f"{NINE + 5},a,x,2", f"{NINE},b,x,1")

    assert [row.value for row in read_rows([path])] == ["1", "2"]


def test_rows_with_received_are_taken_in_order_of_receipt(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        "time,sensor,metric,value,received",
        f"{NINE},a,x,late,".replace("late", "1") + str(NINE + 9),
        f"{NINE + 5},a,x,2,{NINE + 5}",
    )

    assert [(row.observed, row.received) for row in read_rows([path])] == [
        (NINE + 5, NINE + 5),
        (NINE, NINE + 9),
    ]


def test_gzip_and_several_files(tmp_path: Path) -> None:
    plain = write(tmp_path / "r.csv", "time,sensor,metric,value", f"{NINE + 1},a,x,2")
    packed = tmp_path / "s.csv.gz"
    packed.write_bytes(gzip.compress(f"time,sensor,metric,value\n{NINE},b,x,1\n".encode()))

    assert [row.sensor for row in read_rows([plain, packed])] == ["b", "a"]


def test_every_defect_is_named_with_its_place_and_the_way_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        "time,sensor,metric,value",
        "2018-06-03T09:00:00,a,rain,1",
        "yesterday,a,rain,1",
        f"{NINE},a,rain,wet",
        f"{NINE},a,rain,inf",
        f"{NINE},,rain,1",
        f"{NINE},a,rain",
    )

    with pytest.raises(ReadingsError) as caught:
        read_rows([path])

    findings = caught.value.findings
    assert len(findings) == 6
    assert findings[0] == (
        f"{path}:2: field 1: '2018-06-03T09:00:00' has no offset; write 2018-06-03T09:00:00Z if it is UTC"
    )
    assert [finding.split(": ")[1] for finding in findings[1:]] == [
        "field 1",
        "field 4",
        "field 4",
        "field 2",
        "field 1",
    ]


def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv.gz"
    path.write_bytes(b"time,sensor,metric,value\n")

    with pytest.raises(ReadingsError, match=r"r\.csv\.gz: cannot be read as CSV"):
        read_rows([path])


def test_a_gzip_file_that_is_damaged_inside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv.gz"
    whole = bytearray(gzip.compress(b"time,sensor,metric,value\n" + b"1,a,b,1\n" * 50))
    whole[10] = 0x07  # a kind of block that does not exist
    path.write_bytes(whole)

    with pytest.raises(ReadingsError, match=r"r\.csv\.gz: cannot be read as CSV"):
        read_rows([path])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("9" * 5_000 + ",a,rain,1", 1),
        ("--1,a,rain,1", 1),
        ("1,a/b,rain,1", 2),
        ("1,a+,rain,1", 2),
        (f"1,{'a' * 201},rain,1", 2),
        ('1,a,"rain"":1,""x",1', 3),
        ("1,a,rain,1_000", 4),
        ("1,a,rain,١", 4),
    ],
)
def test_what_no_topic_payload_or_reader_of_numbers_can_hold_is_a_defect(
    tmp_path: Path, row: str, column: int
) -> None:
    with pytest.raises(ReadingsError, match=rf"r\.csv:2: field {column}: "):
        read_rows([write(tmp_path / "r.csv", "time,sensor,metric,value", row)])


@pytest.mark.parametrize(
    ("written", "sent"), [("+5", "5.0"), (".5", "0.5"), ("007", "7.0"), ("1.50", "1.50")]
)
def test_a_value_is_told_as_json_has_it(tmp_path: Path, written: str, sent: str) -> None:
    [row] = read_rows([write(tmp_path / "r.csv", "time,sensor,metric,value", f"1,a,rain,{written}")])

    assert row.value == sent


def test_a_wrong_header_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "when,sensor,metric,value", f"{NINE},a,rain,1")

    with pytest.raises(ReadingsError, match="the header is when,sensor,metric,value"):
        read_rows([path])
