"""A report as it stands on the wire."""

import json
from typing import Any

import pytest

from simulators.device import Device
from simulators.faults import Scope
from simulators.faults.clocks import ClockAhead
from simulators.report import Report

DEVICE = Device("s1", "smoke", "east", "gw-1", 300_000, {}, 116.4, 0.0, 0.0)
WHOLE: dict[str, Any] = {
    "device": DEVICE,
    "at": 5_000,
    "stamp": 5_000,
    "leaves": 5_000,
    "seq": 7,
    "values": {"smoke": "0.010", "battery": "87"},
}


def report(**changes: Any) -> Report:
    return Report(**{**WHOLE, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, b'{"t":5000,"seq":7,"v":{"smoke":0.010,"battery":87}}'),
        ({"stamp": None}, b'{"seq":7,"v":{"smoke":0.010,"battery":87}}'),
        (
            {"units": {"smoke": "kW"}},
            b'{"t":5000,"seq":7,"v":{"smoke":0.010,"battery":87},"u":{"smoke":"kW"}}',
        ),
        ({"values": {}}, b'{"t":5000,"seq":7,"v":{}}'),
        ({"payload": b"\xff"}, b"\xff"),
        ({"payload": b""}, b""),
    ],
)
def test_the_payload_has_what_is_there_in_its_own_decimals(changes: dict[str, Any], said: bytes) -> None:
    assert report(**changes).encoded() == said


def test_the_topic_is_the_device_s_own_or_that_of_whoever_it_speaks_as() -> None:
    assert report().topic == "tocsin/v1/east/smoke/s1/telemetry"
    assert report(speaker="s2").topic == "tocsin/v1/east/smoke/s2/telemetry"


def test_no_clock_moves_a_stamp_that_is_not_there() -> None:
    [moved] = ClockAhead(Scope(), 1)(report(stamp=None))

    assert "t" not in json.loads(moved.encoded())
