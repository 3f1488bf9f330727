"""The file of sensors to be simulated: what is taken, and what is refused with its line."""

from pathlib import Path

import pytest

from ingest.clock import LockstepClock
from simulators.device import read_devices
from simulators.fleet import Fleet

START = 1_528_027_140_000


def write(folder: Path, text: str) -> Path:
    path = folder / "sensors.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,kind\na,smoke\n", r":1: the header needs"),
        ("id,kind,lon,lat\na,smoke,east,1\n", r":2: lon 'east' is not a number"),
        ("id,kind,heartbeat\na,smoke,1s\nb,smoke,soon\n", r":3: heartbeat 'soon' is not a duration"),
        ("id,kind,heartbeat\na,smoke,5mins\n", r":2: heartbeat '5mins' is not a duration"),
        ("id,kind,heartbeat\na,smoke,0s\n", r":2: heartbeat '0s' is not a duration"),
        ("id,kind,site\na,smoke,quota two\n", r":2: 'quota two' is no site parameter"),
        ("id,kind\n", "no sensor to simulate"),
        ("", "the header needs"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fleet(write(tmp_path, text), 1, LockstepClock(START), "127.0.0.1", 1)


def test_sensors_of_a_kind_without_an_instrument_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "id,kind\na,smoke\nb,avalanche\nc,avalanche\n")

    assert Fleet(path, 1, LockstepClock(START), "127.0.0.1", 1).left_out == {"avalanche": 2}


def test_a_site_parameter_in_another_unit_is_not_mistaken(tmp_path: Path) -> None:
    path = write(tmp_path, "id,kind,site\na,stage,warning_stage=320 cm\nb,stage,warning_stage=3.2 m\n")
    first, second = read_devices(path)

    assert first.parameter("warning_stage", "m", 2.0) == 2.0
    assert second.parameter("warning_stage", "m", 2.0) == 3.2


def test_positions_become_distances_from_the_middle_where_the_unplaced_stand(tmp_path: Path) -> None:
    path = write(tmp_path, "id,kind,lon,lat\na,rain,116.0,60\nb,rain,116.2,60\nc,rain,,\n")
    west, east, unplaced = read_devices(path)

    assert east.x - west.x == pytest.approx(0.2 * 111.2 / 2)
    assert (west.y, unplaced.x, unplaced.y) == pytest.approx((0, 0, 0))
