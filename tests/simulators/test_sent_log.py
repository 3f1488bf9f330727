"""A sent-log names every message of a fleet, also of one that was killed while it wrote."""

from pathlib import Path

import numpy as np
import pytest

from simulators.sent_log import Bursts, End, SentLog, SentLogError, keys, said_of

STAMP = 1_795_298_400_000
TOPIC = "tocsin/v1/old-town/smoke/smoke-old-town-01/telemetry"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sent.log"


def test_a_burst_is_of_neighbours_one_message_each(path: Path) -> None:
    with SentLog(path, ["a", "b", "c", "d"]) as log:
        log.add(np.array([0, 3]), np.array([2, 1]), STAMP, STAMP + 5)
        log.add(np.array([1]), np.array([3]), STAMP + 10, STAMP + 11)
        log.end(6)
    found = Bursts.read(path)

    assert len(found) == 6
    assert [found.sensors[at] for at in found.positions()] == ["a", "b", "d", "b", "c", "d"]
    assert found.keys().tolist() == [
        int(keys(np.array(at), np.array(stamp)))
        for at, stamp in [(0, STAMP), (1, STAMP), (3, STAMP), *((at, STAMP + 10) for at in (1, 2, 3))]
    ]
    assert np.repeat(found.leaves, found.count).tolist() == [STAMP + 5] * 3 + [STAMP + 11] * 3
    assert found.end == End(published=6, acked=6)


def test_a_message_is_known_by_the_sensor_of_its_topic_and_its_stamp(path: Path) -> None:
    with SentLog(path) as log:
        log.note(TOPIC, b'{"t":1795298400000,"v":{"smoke":0.02}}', STAMP + 1)
        log.note("tocsin/v1/old-town/smoke/unlisted/telemetry", b'{"t": 1795298400001', STAMP + 2)
        log.note(TOPIC, b'{"t":17952', STAMP + 3)
        log.end(2)
    found = Bursts.read(path)

    assert found.sensors == ["smoke-old-town-01", "unlisted"]
    assert found.positions().tolist() == [0, 1, 0]
    assert found.stamp.tolist() == [STAMP, STAMP + 1, 0]
    assert found.end == End(published=3, acked=2)


def test_a_topic_that_names_no_sensor_stands_for_itself() -> None:
    assert said_of("somewhere/else", b"") == ("somewhere/else", 0)


def test_of_a_fleet_that_was_killed_everything_counts_up_to_the_last_whole_line(path: Path) -> None:
    with SentLog(path, ["a", "b"]) as log:
        log.add(np.array([0]), np.array([2]), STAMP, STAMP)
        log.add(np.array([1]), np.array([1]), STAMP + 1, STAMP + 1)
    path.write_bytes(path.read_bytes()[:-10])
    found = Bursts.read(path)

    assert len(found) == 2
    assert found.end is None


@pytest.mark.parametrize("line", ["time,sensor", '{"is":"sent","stamp":1}', '{"is":"something"}'])
def test_a_line_that_is_none_is_named_with_its_place(path: Path, line: str) -> None:
    path.write_text(f'{{"is":"sensors","ids":["a"]}}\n{line}\n')

    with pytest.raises(SentLogError, match=r"sent\.log:2: .*no line of a sent-log"):
        Bursts.read(path)


def test_a_log_of_nothing_holds_nothing(path: Path) -> None:
    with SentLog(path, ["a"]) as log:
        log.end(0)
    found = Bursts.read(path)

    assert len(found) == 0
    assert found.keys().tolist() == []


def test_a_log_is_whole_once_it_has_its_end(path: Path) -> None:
    """Whoever hears that a fleet is done may end it at once."""
    log = SentLog(path, ["a"])
    log.add(np.array([0]), np.array([1]), STAMP, STAMP)
    log.end(1)

    assert Bursts.read(path).end == End(published=1, acked=1)
