"""What YAML, JSON and CSV parsers stumble over is told in words of the project, and where it begins."""

import pytest

from ingest.document import parse_yaml
from ingest.document.parser_faults import csv_fault, json_fault
from ingest.finding import Words


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 'open\nb: 1\n", (1, 4), "a quote is not closed"),
        ("a: 1\nb\nc: 2\n", (2, 1), "a key without `: ` and its value"),
        ("a: b: c\n", (1, 5), "`: ` cannot stand here"),
        ("a: - b\n", (1, 4), "`- ` cannot stand here"),
        ("a: {b: 1\n", (2, 1), "a comma or a closing bracket is missing"),
        ("a: [1, 2\nb: 3\n", (2, 2), "a comma or a closing bracket is missing"),
        ("a:\n  - b\n c: 1\n", (3, 2), "the indentation does not fit the lines above"),
        ("a:\n\tb: 1\n", (2, 1), "a tab cannot stand here"),
        ("a: @b\n", (1, 4), "this character cannot begin a text"),
        ('a: "\\q"\n', (1, 6), "the escape cannot be read"),
        ("a: |x\n b\n", (1, 5), "the text after | or > cannot be read"),
        ("a: !x!y b\n", (1, 4), "a tag that cannot be read"),
        ("%YAML\na: 1\n", (1, 6), "a line that begins with % cannot be read"),
        ("a: *\n", (1, 5), "the name after * or & cannot be read"),
        ("a: '\n---\n'\n", (2, 1), "--- or ... stands inside a text in quotes"),
        ("[1]\na: 1\n", (2, 1), "more text after the end"),
        ("a: [, ]\n", (1, 5), "a value is missing"),
    ],
)
def test_what_is_wrong_with_yaml_is_told_in_words(text: str, place: tuple[int, int], message: str) -> None:
    document, [finding] = parse_yaml("a.yaml", text)

    assert document is None
    assert (finding.code, finding.line, finding.column, finding.message) == ("E101", *place, message)
    assert isinstance(finding.message, Words)
    assert isinstance(finding.suggestion, Words)


def test_what_a_parser_says_that_is_not_known_is_still_told_in_words() -> None:
    assert json_fault("Illegal trailing comma before end of object") == "not well-formed JSON"
    assert csv_fault("new-line character seen in unquoted field") == (
        "not well-formed CSV: a line break inside a field"
    )
    assert isinstance(json_fault("Expecting value"), Words)
