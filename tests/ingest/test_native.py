import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from ingest.decode.native import Report, instant, period, read_native
from ingest.decode.refusal import Fault, Refusal
from ingest.reading import Reason


def reason_for(payload: bytes) -> Reason:
    found = read_native(payload)
    assert isinstance(found, Fault)
    return found.reason


def report_of(payload: bytes) -> Report:
    found = read_native(payload)
    assert isinstance(found, Report)
    return found


def test_the_least_report_has_a_time_and_a_value() -> None:
    assert read_native(b'{"t":1,"v":{"smoke":0.15}}') == Report(t=1, v={"smoke": 0.15})


def test_a_full_report_is_read() -> None:
    payload = (
        b'{ "t" : "2018-05-27T20:00:00Z", "seq": 7, "boot": 2, "v": {"rain": 2}, "u": {"rain": "cm"},'
        b' "period": "5min" }'
    )
    assert read_native(payload) == Report(
        t="2018-05-27T20:00:00Z", v={"rain": 2.0}, u={"rain": "cm"}, seq=7, boot=2, period="5min"
    )


def test_members_nobody_knows_are_ignored() -> None:
    report = report_of('{"t":1,"v":{"a":1},"signal":{"rssi":-70},"note":"看: \\u003a"}'.encode())
    assert report == Report(t=1, v={"a": 1.0})
    assert report.seq is UNSET


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"null", Reason.MALFORMED),
        (b"{", Reason.MALFORMED),
        (b'"t"', Reason.MALFORMED),
        (b'{"t":1,"v":{}}', Reason.MALFORMED),
        (b'{"t":1}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1}} ,', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1},}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":true}}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":"1"}}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":null}}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":[1]}}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1},"u":null}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1},"seq":"7"}', Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1},"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}", Reason.MALFORMED),
        (b"[" * 9_000, Reason.MALFORMED),
        (b'{"t":1,"v":{"a":1},"x":' + b"9" * 5_000 + b"}", Reason.MALFORMED),
        (b'{"t":1,"v":{"a":NaN}}', Reason.NOT_FINITE),
        (b'{"t":1,"v":{"a":-Infinity}}', Reason.NOT_FINITE),
        (b'{"t":1,"v":{"a":1e400}}', Reason.NOT_FINITE),
        (b'{"t":1,"v":{"a":' + b"9" * 400 + b"}}", Reason.NOT_FINITE),
        (b'{"t":1,"v":{"a":1},"x":-1e400}', Reason.NOT_FINITE),
        (b'{"v":{"a":1}}', Reason.BAD_TIME),
        (b'{"t":1.5,"v":{"a":1}}', Reason.BAD_TIME),
        (b'{"t":true,"v":{"a":1}}', Reason.BAD_TIME),
        (b'{"t":null,"v":{"a":1}}', Reason.BAD_TIME),
        (b'{"t":1,"v":{"\xff":1}}', Reason.NOT_UTF8),
        (b'{"t":1,"v":{"a":1},"x":"\xff"}', Reason.NOT_UTF8),
        ('{"t":1,"v":{"a":1}}'.encode("utf-16"), Reason.NOT_UTF8),
        (b'{"t":1,"t":2,"v":{"a":1}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1,"a":2}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1,"\\u0061":2}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1,"b":3,"a":2}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1},"v":{"b":1}}', Reason.DUPLICATE_KEY),
        (b'{"t":"2018-05-27T20:00:00Z","v":{"a" :1,"a": 1}}', Reason.DUPLICATE_KEY),
        (b'{"t":"2018-05-27T20\\u003a00\\u003a00Z","v":{"a":1,"a":2,"a":3}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1},"u":{"a":"m","a":"cm"}}', Reason.DUPLICATE_KEY),
        (b'{"t":1,"v":{"a":1},"x":{"y":[{"z":1,"z":2}]}}', Reason.DUPLICATE_KEY),
    ],
)
def test_what_is_wrong_with_a_payload_is_named(payload: bytes, reason: Reason) -> None:
    assert reason_for(payload) is reason


NAMES = st.sampled_from(["t", "v", "u", "seq", "boot", "x", "a", "b", ":", "\\", '"', "é"])
TEXTS = st.text(':"\\aé', max_size=4)
NUMBERS = st.dictionaries(NAMES, st.integers(-9, 9), min_size=1, max_size=4)


@given(NUMBERS, TEXTS, st.dictionaries(NAMES, TEXTS, max_size=3), st.booleans(), st.data())
def test_a_member_given_twice_never_passes(
    values: dict[str, int], time: str, others: dict[str, str], plain: bool, data: st.DataObject
) -> None:
    """Each report passes as it is, and is refused as soon as any one member of it stands twice."""
    report = {"t": time, "v": values} | {f"x{name}": text for name, text in others.items()}
    assert report_of(json.dumps(report, ensure_ascii=plain).encode()).v == values
    pairs = [json.dumps({name: value}, ensure_ascii=plain)[1:-1] for name, value in report.items()]
    repeated = data.draw(st.sampled_from(pairs))
    place = data.draw(st.integers(0, len(pairs)))
    twice = "{" + ",".join([*pairs[:place], repeated, *pairs[place:]]) + "}"
    assert reason_for(twice.encode()) is Reason.DUPLICATE_KEY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2018-05-27T20:00:00.123456+08:00", 1_527_422_400_123),
        ("20180527T200000-0400", 1_527_465_600_000),
        ("1969-12-31T23:59:59.9995Z", -1),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
    ],
)
def test_iso_text_with_an_offset_is_an_instant(text: str, expected: int) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize("text", ["2018-05-27T20:00:00", "2018-05-27", "20:00Z", "soon", "", "1527422400000"])
def test_text_without_an_offset_or_date_is_no_instant(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        instant(text)
    assert refused.value.reason is Reason.BAD_TIME


@pytest.mark.parametrize(("value", "expected"), [("5min", 300_000), ("1h30min", 5_400_000), (60_000, 60_000)])
def test_a_period_is_text_or_milliseconds(value: int | str, expected: int) -> None:
    assert period(value) == expected


@pytest.mark.parametrize("value", [0, -1, 10**15, "0s", "5", "30m", "", " " * 16_000, "9" * 40 + "s"])
def test_what_is_no_period_is_refused(value: int | str) -> None:
    with pytest.raises(Refusal) as refused:
        period(value)
    assert refused.value.reason is Reason.MALFORMED
