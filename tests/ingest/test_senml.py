import json

import pytest

from ingest.decode.refusal import Refusal
from ingest.decode.senml import Measurement, read_pack, split_name
from ingest.reading import Reason

RECEIVED = 1_527_422_400_000


def read(*records: dict[str, object]) -> list[Measurement]:
    return read_pack(json.dumps(records).encode(), RECEIVED)


def reason_for(payload: bytes) -> Reason:
    with pytest.raises(Refusal) as refused:
        read_pack(payload, RECEIVED)
    return refused.value.reason


def test_base_name_time_unit_and_value_apply_from_their_record_on() -> None:
    assert read(
        {"n": "a", "v": 1},
        {"bn": "urn:dev:ow:1:", "bt": 1_527_422_000, "bu": "A", "bv": 20, "n": "b", "v": 0.1},
        {"n": "c", "u": "V", "t": -0.25, "v": -20},
        {"bn": "x/", "bt": 0, "bu": "", "bv": 0, "n": "d", "v": 3},
    ) == [
        Measurement("a", None, 1.0, RECEIVED),
        Measurement("urn:dev:ow:1:b", "A", 20.1, 1_527_422_000_000),
        Measurement("urn:dev:ow:1:c", "V", 0.0, 1_527_421_999_750),
        Measurement("x/d", "", 3.0, RECEIVED),
    ]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0, RECEIVED),
        (-5, RECEIVED - 5_000),
        (2.5, RECEIVED + 2_500),
        (2**28 - 1, RECEIVED + (2**28 - 1) * 1_000),
        (2**28, 2**28 * 1_000),
        (1_527_422_400.0625, RECEIVED + 62),
        (-(2**40), -(2**40) * 1_000),
        (1e300, 10**18),
    ],
)
def test_small_times_are_relative_and_large_ones_absolute(time: float, expected: int) -> None:
    assert read({"n": "a", "v": 1, "t": time})[0].stamp == expected


def test_base_values_add_up_as_they_were_written() -> None:
    assert read({"bv": 0.1, "n": "a", "v": 0.2})[0].value == 0.3


def test_booleans_are_kept_apart_from_numbers() -> None:
    assert read({"n": "alarm", "vb": True})[0].value is True


@pytest.mark.parametrize("value", [{"vs": "open"}, {"vd": "aGk"}])
def test_text_and_data_have_no_numeric_value(value: dict[str, object]) -> None:
    assert read({"n": "a", **value})[0].value is None


def test_members_nobody_knows_and_sums_are_ignored() -> None:
    records = read({"n": "a:b", "v": 1, "s": 7, "ut": 60, "ct": "x:y"})
    assert records == [Measurement("a:b", None, 1.0, RECEIVED)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"[]", Reason.MALFORMED),
        (b"[1]", Reason.MALFORMED),
        (b'[{"n":"a"}]', Reason.MALFORMED),
        (b'[{"n":"a","s":5}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1,"vb":true}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1,"vs":"x"}]', Reason.MALFORMED),
        (b'[{"n":"a","v":"1"}]', Reason.MALFORMED),
        (b'[{"n":"a","v":true}]', Reason.MALFORMED),
        (b'[{"n":"a","vb":1}]', Reason.MALFORMED),
        (b'[{"n":7,"v":1}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1,"t":"now"}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1,"scale_":10}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1,"\\u0078_":10}]', Reason.MALFORMED),
        (b'[{"bver":11,"n":"a","v":1}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1},{"bver":9,"n":"b","v":1}]', Reason.MALFORMED),
        (b'[{"n":"a","v":1e400}]', Reason.NOT_FINITE),
        (b'[{"n":"a","v":NaN}]', Reason.NOT_FINITE),
        (b'[{"bv":1.7e308,"n":"a","v":1.7e308}]', Reason.NOT_FINITE),
        (b'[{"n":"\xff","v":1}]', Reason.NOT_UTF8),
        (b'[{"n":"a","v":1,"v":2}]', Reason.DUPLICATE_KEY),
        (b'[{"n":"a:b","n":"ab","v":1}]', Reason.DUPLICATE_KEY),
        (b'[{"n":"a\\u003a","v":1,"v":2}]', Reason.DUPLICATE_KEY),
    ],
)
def test_a_pack_that_breaks_the_standard_is_refused_whole(payload: bytes, reason: Reason) -> None:
    assert reason_for(payload) is reason


def test_times_beyond_every_float_are_cut() -> None:
    assert read({"bt": 1.7e308, "n": "a", "v": 1, "t": 1.7e308})[0].stamp == 10**18


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("smoke", ("", "smoke")),
        ("s-1/smoke", ("s-1", "smoke")),
        ("plant/s-1/smoke", ("plant/s-1", "smoke")),
        ("urn:dev:ow:10e2073a01080063:smoke", ("urn:dev:ow:10e2073a01080063", "smoke")),
        ("urn:dev:ops:s-1/smoke", ("urn:dev:ops:s-1", "smoke")),
        ("", ("", "")),
    ],
)
def test_the_metric_is_the_last_part_of_a_name(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts
