"""New lines in a file of sensors that stays as it was."""

import pytest

from tocsin.sensor_lines import NoPlaceError, with_lines

NEW = [{"id": "s-9", "kind": "smoke", "zone": "old-town"}, {"id": "42", "kind": "smoke", "zone": "no"}]


def test_rows_come_behind_the_others_in_the_columns_of_the_file() -> None:
    text = 'zone, id ,note,kind\r\nold-town,s-1,"a, b",smoke\r\n'

    assert with_lines("s.csv", text, NEW) == f"{text}old-town,s-9,,smoke\r\nno,42,,smoke\r\n"


def test_a_last_line_without_an_end_gets_one() -> None:
    assert with_lines("s.csv", "\ufeffid,kind,zone\na,b,c", NEW[:1]) == (
        "\ufeffid,kind,zone\na,b,c\ns-9,smoke,old-town\n"
    )


def test_a_file_without_a_column_that_is_needed_is_refused() -> None:
    with pytest.raises(NoPlaceError, match=r"s\.csv:1: no column gateway, zone: add it"):
        with_lines("s.csv", "id,kind\n", [NEW[0] | {"gateway": "gw"}])


def test_entries_come_behind_the_others_as_far_in_as_these_and_comments_stay() -> None:
    text = "# ours\nsensors:\n    # the first\n    - id: s-1\n      kind: smoke   # old\n# end\n"

    assert with_lines("s.yaml", text, NEW) == (
        text
        + "    - {id: s-9, kind: smoke, zone: old-town}\n"
        + '    - {id: "42", kind: smoke, zone: "no"}\n'
    )


def test_a_list_without_entries_gets_its_first() -> None:
    assert with_lines("s.yaml", "sensors: []  # none yet\n", NEW[:1]) == (
        "sensors:   # none yet\n  - {id: s-9, kind: smoke, zone: old-town}\n"
    )


@pytest.mark.parametrize("text", ["sensors: [{id: s-1, kind: smoke}]\n", "sensors: [\n", "other: 1\n"])
def test_a_list_that_no_line_can_follow_is_refused(text: str) -> None:
    with pytest.raises(NoPlaceError, match="no list of lines that begin with '- '"):
        with_lines("s.yaml", text, NEW)
