from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from ingest.document import MAX_CHARACTERS, Document, Strict, parse_yaml, validate
from ingest.duration import Duration
from ingest.finding import Finding


class Colour(StrEnum):
    BLUE = "blue"
    RED = "red"


class Step(Strict):
    limit: Decimal
    after: Duration = 0
    count: int = 1
    on: bool = True
    colours: tuple[Colour, ...] = ()


class Ladder(Strict):
    title: str = "x"
    steps: dict[str, Step] = Field(default_factory=dict)
    listed: tuple[Step, ...] = ()
    either: Step | str = ""


def read(text: str) -> Document:
    document, findings = parse_yaml("f.yaml", text)
    assert document is not None
    assert findings == []
    return document


def ladder(text: str) -> Ladder:
    model, findings = validate(read(text), Ladder)
    assert findings == []
    assert model is not None
    return model


def places(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(f.code, f.line, f.column) for f in sorted(findings)]


def invalid(text: str) -> list[Finding]:
    model, findings = validate(read(text), Ladder)
    assert model is None
    return findings


def test_decimals_are_exactly_what_was_written() -> None:
    steps = ladder("steps: {a: {limit: 0.1}, b: {limit: 1e3}, c: {limit: 3}, d: {limit: 49.9998}}").steps
    assert [step.limit for step in steps.values()] == [Decimal(t) for t in ("0.1", "1000", "3", "49.9998")]


@given(st.decimals(-(10**6), 10**6, places=6))
def test_any_decimal_of_twelve_digits_survives(value: Decimal) -> None:
    assert ladder(f"steps: {{a: {{limit: {value}}}}}").steps["a"].limit == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2018-06-03", "2018-06-03"),
        ("1_000", "1_000"),
        ('"017"', "017"),
        ("1.0e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("-0", 0),
        ("~", None),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
    ],
)
def test_scalars_resolve_by_yaml_1_2(text: str, value: object) -> None:
    data = read(f"a: {text}").data
    assert data == {"a": value}
    assert isinstance(data, dict)
    assert type(data["a"]) is type(value)


def test_keys_are_text() -> None:
    assert read("on: 1\n12: 2\nno: 3").data == {"on": 1, "12": 2, "no": 3}


@pytest.mark.parametrize(
    "number", ["017", "-08", ".nan", "-.inf", "1e400", "9" * 20, "0.1234567890123456789", "1e-400"]
)
def test_numbers_that_cannot_be_trusted_are_findings(number: str) -> None:
    _, findings = parse_yaml("f.yaml", f"a:\n  b: {number}")
    assert places(findings) == [("E104", 2, 6)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: 2\na: 3", ("E102", 3, 1)),
        ("a: {b: 1, b: 2}", ("E102", 1, 11)),
        ("a: 1\n\tb: 2", ("E101", 2, 1)),
        ("a: [1, 2", ("E101", 1, 9)),
        ("a: b: c", ("E101", 1, 5)),
        ("a: *nowhere", ("E101", 1, 4)),
        ("a: &a [*a]", ("E101", 1, 8)),
        ("a: !!python/object 1", ("E105", 1, 4)),
        ("a: !x {b: 1}", ("E105", 1, 4)),
        ("a: 1\n---\nb: 1", ("E105", 2, 1)),
        ("? [1]\n: 2", ("E105", 1, 3)),
        ("a: &b {c: 1}\nd:\n  <<: *b", ("E105", 3, 3)),
        ("", ("E106", 0, 0)),
        ("# nothing\n", ("E106", 0, 0)),
        ("a: 1\nb: \x07", ("E107", 2, 4)),
        ('a: "\\ud800"', ("E107", 1, 4)),
        ("[" * 50, ("E103", 1, 34)),
        ("a" * (MAX_CHARACTERS + 1), ("E103", 0, 0)),
    ],
)
def test_what_cannot_be_read_is_a_finding_with_its_place(text: str, place: tuple[str, int, int]) -> None:
    _, findings = parse_yaml("f.yaml", text)
    assert places(findings) == [place]


def test_an_alias_bomb_is_refused_before_it_is_expanded() -> None:
    levels = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(20)]
    document, findings = parse_yaml("f.yaml", "\n".join(["a: &a [x]", *levels]))
    assert document is None
    assert [f.code for f in findings] == ["E103"]


def test_an_honest_alias_is_the_same_data() -> None:
    assert read("a: &x {limit: 1}\nb: *x").data == {"a": {"limit": 1}, "b": {"limit": 1}}


def test_all_findings_come_at_once() -> None:
    document, findings = parse_yaml("f.yaml", "a: 017\na: .nan\nb: !t x")
    assert document is not None
    assert places(findings) == [("E104", 1, 4), ("E102", 2, 1), ("E104", 2, 4), ("E105", 3, 4)]


def test_a_finding_shows_the_line_and_points_at_the_column() -> None:
    (finding,) = invalid("steps:\n  a: {limit: 1, after: 30m}")
    assert str(finding).splitlines() == [
        "f.yaml:2:24: E150 steps.a.after: '30m' has no unit of time",
        "      a: {limit: 1, after: 30m}",
        "                           ^",
        "    did you mean 30min?",
    ]


def test_every_error_of_the_model_has_a_place() -> None:
    findings = invalid(
        "titel: x\nsteps:\n  a: {limits: 1}\n  b:\n    limit: yes\nlisted:\n  - limit: 1\n  - 5"
    )
    assert places(findings) == [
        ("E110", 1, 1),
        ("E111", 3, 6),
        ("E110", 3, 7),
        ("E112", 5, 12),
        ("E112", 8, 5),
    ]
    suggestions = {f.message: f.suggestion for f in findings}
    assert suggestions["unknown key titel"] == "did you mean title?"
    assert suggestions["unknown key steps.a.limits"] == "did you mean limit?"


def test_a_member_of_a_union_is_placed_where_it_stands() -> None:
    findings = invalid("either:\n  limit: 1\n  count: x")
    assert ("E112", 3, 10) in places(findings)


@pytest.mark.parametrize(
    "step", ["{limit: true}", "{limit: 1, count: true}", '{limit: 1, count: "5"}', "{limit: 1, count: 1.5}"]
)
def test_a_value_of_another_type_is_never_coerced(step: str) -> None:
    assert [f.code for f in invalid(f"steps: {{a: {step}}}")] == ["E112"]


def test_lists_become_tuples_and_words_enumeration_members() -> None:
    step = ladder("steps: {a: {limit: 1, colours: [red, blue]}}").steps["a"]
    assert step.colours == (Colour.RED, Colour.BLUE)


def test_a_document_that_is_no_mapping_is_a_finding() -> None:
    assert places(invalid("- 1")) == [("E112", 1, 1)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: rain >= 5", (1, 4 + 5)),
        ('a: "rain >= 5"', (1, 5 + 5)),
        ("a:\n  rain >= 5", (2, 3 + 5)),
        ("a: >-\n  rain >= 5", (1, 4)),
        ("a: 'it''s >= 5'", (1, 5)),
    ],
)
def test_an_offset_into_a_scalar_is_a_column_where_source_and_value_agree(
    text: str, place: tuple[int, int]
) -> None:
    assert read(text).place(("a",), 5) == place


def test_a_place_that_does_not_exist_is_the_nearest_part_above() -> None:
    document = read("a:\n  b: [1, 2]")
    assert document.place(("a", "b", 1)) == (2, 10)
    assert document.place(("a", "c", "d")) == (2, 3)
    assert document.place(("z",)) == (1, 1)


@settings(max_examples=300)
@given(st.text(alphabet="ab:{}[]&*!|>-#'\"%@`,? \n\t017.e\\u\ud800\u4e2d", max_size=60))
def test_any_text_gives_a_document_or_findings(text: str) -> None:
    document, findings = parse_yaml("f.yaml", text)
    assert document is not None or findings
    if document is not None:
        model, defects = validate(document, Ladder)
        assert (model is None) == bool(defects)


class _Cat(Strict):
    kind: Literal["cat"]
    lives: int


class _Dog(Strict):
    kind: Literal["dog"]


class _Pets(Strict):
    pets: dict[str, Annotated[_Cat | _Dog, Field(discriminator="kind")]]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("lives: 9", "E111 pets.tom.kind is missing / one of cat, dog"),
        ("kind: cta, lives: 9", "E112 pets.tom.kind: no kind cta / did you mean cat?"),
        ("kind: cat", "E111 pets.tom.lives is missing / "),
        ("kind: cat, lives: many", "E112 pets.tom.lives: must be a whole number / "),
        ("kind: cat, lifes: 9, lives: 9", "E110 unknown key pets.tom.lifes / did you mean lives?"),
    ],
)
def test_a_part_of_several_kinds_is_told_by_its_key_and_named_as_it_is_written(
    written: str, found: str
) -> None:
    document, _ = parse_yaml("x.yaml", f"pets:\n  tom: {{{written}}}\n")
    assert document is not None

    _, [finding] = validate(document, _Pets)

    assert f"{finding.code} {finding.message} / {finding.suggestion}" == found
    assert finding.line == 2
