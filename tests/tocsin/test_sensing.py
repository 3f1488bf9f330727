"""The readings as the judge sees them, for somebody who looks on."""

from pathlib import Path

import numpy as np
from mqtt5 import PublishPacket

from ingest.clock import HOUR, MINUTE
from ingest.journal import Entry, open_read_only
from ingest.namespace import Namespace
from ingest.reading import Quality, Reason
from ingest.snapshots import Snapshot
from tests.tocsin.recorded import recorded
from tests.tocsin.village import KINDS, SENSORS, START, applied, basis, block, bundle, report
from tocsin import canary
from tocsin.bundle import Bundle
from tocsin.judge import Basis, Judge, arrays_of
from tocsin.sensing import Sensed, Sensing, sensing_from

FIRST = Bundle(
    "tocsin.yaml", {**bundle().texts, "kinds.yaml": KINDS.replace("9000]}", "9000], step: 2 m, stuck: 1h}")}
)
# Another sensor before the others, so that every slot is another one.
SECOND = Bundle("tocsin.yaml", {**FIRST.texts, "sensors.csv": f"{SENSORS}a-river,stage,village,,,,,\n"})
KNOWN = {of.hash: basis(of) for of in (FIRST, SECOND)}


def load(hash_: str) -> Basis:
    return KNOWN[hash_]


def minute(number: float) -> int:
    return START + int(number * MINUTE)


def story() -> list[Entry]:
    """A leap, a duplicate, late and old readings, a stranger, a reload, and a river that rests."""
    flown = PublishPacket(canary.topic("all", Namespace.LIVE), canary.payload(minute(3)))
    told = [
        (0, [report("river-1", minute(0), 1.0), report("river-2", minute(0), 1.0)]),
        (1, [report("river-1", minute(0), 1.0), report("river-1", minute(1), 6.5)]),
        (2, [report("river-2", minute(-20), 1.1), report("rain-1", minute(-15), 0.4)]),
        (3, [report("river-9", minute(3), 1.0), report("river-1", minute(0.5), 1.2), flown]),
        *((4 + 10 * n, [report("river-3", minute(4 + 10 * n), 2.0)]) for n in range(9)),
    ]
    entries = [block(number, minute(at), packets) for number, (at, packets) in enumerate(told, start=1)]
    reload = applied(5, minute(3.5), SECOND)
    later = [block(e.sequence + 1, e.received, told[n + 4][1]) for n, e in enumerate(entries[4:])]
    return [*entries[:4], reload, *later]


def sense(sensing: Sensing, entries: list[Entry]) -> list[Sensed]:
    return [sensed for entry in entries if (sensed := sensing.take(entry)) is not None]


def flags(found: list[Sensed]) -> list[tuple[str, int, Quality]]:
    """Sensor, minute of observation and quality of each value."""
    return [
        (s.basis.registry.sensors[slot].id, (at - START) // MINUTE, Quality(quality))
        for s in found
        for slot, at, quality in zip(
            s.readings.slot.tolist(), s.readings.observed.tolist(), s.readings.quality.tolist(), strict=True
        )
    ]


def test_after_each_entry_the_stages_remember_what_those_of_the_judge_do() -> None:
    judge, sensing = Judge(load(FIRST.hash), load), Sensing(load(FIRST.hash), load, 0)

    for entry in story():
        judge.take(entry)
        sensing.take(entry)

        _, _, state = judge.snapshot()
        for part, own in (("screen", sensing.screen.snapshot()), ("quality", sensing.quality.snapshot())):
            theirs = arrays_of(part, state)
            assert own.keys() == theirs.keys()
            assert all(np.array_equal(own[name], theirs[name]) for name in own)
        assert sensing.basis is judge.basis


def test_what_is_known_against_each_value_is_told_but_of_no_duplicate_and_no_canary() -> None:
    found = sense(Sensing(load(FIRST.hash), load, 0), story())

    assert flags(found[:4]) == [
        ("river-1", 0, Quality.OK),
        ("river-2", 0, Quality.OK),
        ("river-1", 1, Quality.SUSPECT | Quality.STEP),
        ("river-2", -20, Quality.LATE | Quality.STALE),
        ("rain-1", -15, Quality.STALE),
        ("river-1", 0, Quality.LATE),
    ]
    assert [rejected.reason for sensed in found for rejected in sensed.rejected] == [Reason.UNREGISTERED]
    assert Quality.STUCK in flags(found)[-1][2]


def test_a_reading_behind_the_newest_is_late_over_a_reload_too() -> None:
    told = [
        block(1, minute(0), [report("river-1", minute(0), 1.0)]),
        applied(2, minute(1), SECOND),
        block(3, minute(2), [report("river-1", minute(-1), 1.1)]),
    ]

    found = sense(Sensing(load(FIRST.hash), load, 0), told)

    assert flags(found) == [("river-1", 0, Quality.OK), ("river-1", -1, Quality.LATE)]


def test_from_a_snapshot_on_the_same_is_told_as_from_the_beginning() -> None:
    entries = story()
    whole = flags(sense(Sensing(load(FIRST.hash), load, 0), entries))
    for cut in range(1, len(entries)):
        judge = Judge(load(FIRST.hash), load)
        for entry in entries[:cut]:
            judge.take(entry)
        resumed = Sensing.resume(Snapshot(*judge.snapshot()), load)

        rest = flags(sense(resumed, entries[cut:]))

        assert rest == whole[len(whole) - len(rest) :]
        assert resumed.position == entries[-1].sequence


def test_the_newest_snapshot_is_the_beginning_where_it_is_old_enough(tmp_path: Path) -> None:
    with recorded(tmp_path) as village:
        village.receive(1, report("river-1", minute(1), 1.0))
        village.keep()
        village.receive(2, report("river-1", minute(2), 1.1))
        with open_read_only(tmp_path / "journal") as journal:
            on, exact = sensing_from(tmp_path, journal, minute(2), HOUR)
            earlier, warmed_up = sensing_from(tmp_path, journal, minute(1), MINUTE // 2)

    assert (on.position, exact, on.screen.readings) == (2, True, 1)
    assert (earlier.position, warmed_up, earlier.screen.readings) == (1, False, 0)


def test_before_the_first_snapshot_the_bundle_that_was_in_force_is_used(tmp_path: Path) -> None:
    with recorded(tmp_path) as village:
        village.receive(1, report("river-1", minute(1), 1.0))
        village.apply(2, FIRST)
        village.receive(3, report("river-1", minute(3), 1.1))
        with open_read_only(tmp_path / "journal") as journal:
            at = [sensing_from(tmp_path, journal, minute(m), 0)[0].basis.bundle for m in (-5, 0, 1, 2, 3, 99)]

    assert at == [bundle().hash] * 3 + [FIRST.hash] * 3
