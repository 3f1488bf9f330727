"""Faulty devices and impostors as the daemon tells of them: over restarts, reloads and old snapshots."""

import asyncio
from pathlib import Path

from mqtt5 import PublishPacket, QoS

from ingest.clock import MINUTE, SECOND, SystemClock
from ingest.conduct import LEAST, SHOWN
from ingest.journal import Entry, EntryKind
from ingest.snapshots import Snapshot
from tests.tocsin.serving import opened, running
from tests.tocsin.village import START, applied, basis, block, bundle, topic
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.figures import Unheard, figures
from tocsin.first_bundle import apply_first
from tocsin.judge import Judge
from tocsin.notices import notices

BASIS = basis()


def judge() -> Judge:
    return Judge(BASIS, lambda _: BASIS)


def broken(sequence: int, minute: int, *topics: str) -> Entry:
    packets = [PublishPacket(name, b"{", qos=QoS.AT_LEAST_ONCE, packet_id=1) for name in topics]
    return block(sequence, START + minute * MINUTE, packets)


def test_a_fault_that_began_before_a_restart_and_a_reload_is_noticed_after_them() -> None:
    by = judge()
    for minute in range(LEAST - 1):
        by.take(broken(minute + 1, minute, topic("river-1")))
    position, of, state = by.snapshot()
    fewer = basis(bundle(rules="rules: []\n"))
    again = Judge.resume(Snapshot(position, of, state), lambda name: fewer if name == fewer.bundle else BASIS)
    again.take(applied(LEAST, START + LEAST * MINUTE, bundle(rules="rules: []\n")))
    again.take(broken(LEAST + 1, LEAST, topic("river-1")))

    assert by.conduct.faulty.told(START + LEAST * MINUTE).names == 0
    told = again.conduct.faulty.told(START + LEAST * MINUTE)
    assert told.worst == (("river-1", LEAST, "malformed"),)


def test_a_snapshot_from_before_conduct_was_watched_still_serves() -> None:
    by = judge()
    by.take(broken(1, 0, *[topic("river-1")] * LEAST))
    position, of, state = by.snapshot()
    old = {name: value for name, value in state.items() if not name.startswith("conduct.")}
    resumed = Judge.resume(Snapshot(position, of, old), lambda _: BASIS)

    assert (resumed.screen.quarantined, resumed.conduct.faulty.messages) == (LEAST, 0)


async def test_the_daemon_tells_of_a_faulty_device_and_of_an_impostor(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        now = SystemClock().now()
        stranger = topic("river-1").replace("river-1", "river-9")
        entry = broken(1, 0, *[topic("river-1")] * LEAST, stranger)
        storage.journal_thread.submit(
            storage.journal.append, now, EntryKind.MQTT, entry.count, entry.data
        ).result()
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon, asyncio.timeout(5):
            while daemon.judging.judge.screen.quarantined < entry.count:
                await asyncio.sleep(0.002)
            found = notices(daemon)
            shown = {figure.name: figure.value for figure in figures(daemon, Unheard())}
            daemon.clock.catch_up(now + SHOWN + MINUTE + SECOND)
            later = notices(daemon)

    assert found["devices"] == "messages refused: 5 of 1 devices: river-1 5 (malformed)"
    assert found["impersonation"] == (
        "messages refused that speak as somebody else: 1 of 1 names: "
        "'tocsin/v1/village/stage/river-9/telemetry' as 'river-9' 1 (unregistered)"
    )
    names = ("tocsin_device_faults", "tocsin_faulty_devices", "tocsin_impersonations")
    assert [shown[name] for name in names] == [1, 1, 1]
    assert not {"devices", "impersonation"} & later.keys()
