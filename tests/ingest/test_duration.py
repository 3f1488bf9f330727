import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ingest.duration import (
    LONGEST,
    Duration,
    DurationError,
    format_duration,
    format_time_left,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("500ms", 500),
        ("90s", 90_000),
        ("5min", 300_000),
        ("5 min", 300_000),
        ("3h", 10_800_000),
        ("7d", 604_800_000),
        ("0s", 0),
        ("1.5h", 5_400_000),
        ("4h40min", 16_800_000),
        ("1d 12h", 129_600_000),
        ("500毫秒", 500),
        ("30秒", 30_000),
        ("３０分钟", 1_800_000),
        ("24小时", 86_400_000),
        ("2天", 172_800_000),
    ],
)
def test_text_becomes_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "meant"),
    [("30m", "30min"), ("2hours", "2h"), ("30分", "30min"), ("1h30m", "1h30min"), ("5mins", "5min")],
)
def test_a_mistaken_unit_is_refused_with_the_one_that_was_meant(text: str, meant: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert caught.value.suggestion == f"did you mean {meant}?"


@pytest.mark.parametrize(
    "text", ["", "5", "min", "-5min", "5 furlongs", "5min 5", "1e3s", "5,5min", "12:30", "5min3h", "5min5min"]
)
def test_what_is_no_duration_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert caught.value.suggestion


def test_finer_than_a_millisecond_or_longer_than_ten_years_is_refused() -> None:
    for text in ("0.5ms", "99999d", "9" * 5000 + "h"):
        with pytest.raises(DurationError):
            parse_duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (10_800_000, "3h"),
        (90_000, "90s"),
        (300_000, "5min"),
        (86_400_000, "1d"),
        (1_001, "1001ms"),
        (0, "0s"),
    ],
)
def test_the_canonical_text_has_one_term(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text


@given(st.integers(0, LONGEST))
def test_the_canonical_text_says_the_same_duration(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_a_duration_error(text: str) -> None:
    try:
        milliseconds = parse_duration(text)
    except DurationError:
        return
    assert parse_duration(format_duration(milliseconds)) == milliseconds


def test_a_model_field_takes_text_and_refuses_bare_numbers() -> None:
    field: TypeAdapter[int] = TypeAdapter(Duration)
    assert field.validate_python("5min") == 300_000
    for bare in (5, 5.0, True, None):
        with pytest.raises(ValidationError):
            field.validate_python(bare)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (240_000, "4min"),
        (1_798_715, "29min59s"),
        (90_000_000, "1d1h"),
        (3_599_001, "1h"),
    ],
)
def test_what_is_left_of_a_time_is_told_in_whole_seconds(milliseconds: int, text: str) -> None:
    assert format_time_left(milliseconds) == text
