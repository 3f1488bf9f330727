"""What the console is shown of a daemon, and the sums at the end."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from console.overview import Overview
from ingest.clock import SystemClock
from notifiers.action import Acknowledge, Taken
from rules.grade import Grade
from simulators.publisher import Publisher
from tests.tocsin.serving import started
from tests.tocsin.village import payload, topic
from tocsin.daemon import Daemon
from tocsin.figures import Unheard, figures, online
from tocsin.overview import Watcher

REPORTS = [("river-1", 4.5), ("river-2", 1.0), ("river-9", 1.0)]


async def report(daemon: Daemon) -> None:
    """Each of REPORTS once, the first one twice; returns when all are judged and stored."""
    mqtt = daemon.configuration.settings.mqtt
    publisher = Publisher(mqtt.host, mqtt.port, "gateway")
    await publisher.connect()
    now = SystemClock().now()
    for sensor, value in [*REPORTS, REPORTS[0]]:
        publisher.publish(topic(sensor), payload(sensor, now, value))
    await publisher.flush()
    while daemon.intake.messages < 4 or not daemon.judging.idle() or not daemon.series.idle():
        await asyncio.sleep(0.005)
    await publisher.close()


async def until(watcher: Watcher, holds: Callable[[Overview], object]) -> Overview:
    """The first picture of which it holds: what is judged is told a moment later."""
    async with asyncio.timeout(20):
        while not holds(view := watcher.look()):
            await asyncio.sleep(0.005)
    return view


async def test_a_picture_shows_what_stands_open_and_who_is_there(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, _):
        watcher = Watcher(daemon)
        await report(daemon)
        view = await until(watcher, lambda view: view.incidents and view.deliveries)
        watcher.close()

    [incident] = view.incidents
    assert (incident.grade, incident.title, incident.place) == (Grade.RED, "洪水 River", "村 Village river-1")
    assert "4.5 m" in incident.value
    assert (incident.stage, incident.by, incident.review) == ("", "", False)
    assert [(each.kind, each.heard, each.registered) for each in view.online] == [
        ("rain", 0, 2),
        ("stage", 2, 3),
    ]
    assert (view.journaled, view.quarantined, view.realm) == (4, 1, "live")


async def test_a_picture_shows_who_has_an_incident_and_the_sums_how_long_it_took(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, _):
        watcher = Watcher(daemon)
        await report(daemon)
        [incident] = (await until(watcher, lambda view: view.incidents and view.deliveries)).incidents
        answer = await daemon.desk.take(Taken("ana", "account:ana", Acknowledge(incident.id)))
        [taken] = (await until(watcher, lambda view: view.incidents[0].stage)).incidents
        handling = watcher.summary(published=4, redelivered=0).handling
        watcher.close()

    assert answer.done
    assert (taken.stage, taken.by) == ("acknowledged", "ana")
    assert handling.stages == {"acknowledged": 1}
    assert handling.acknowledged_after is not None
    assert 0 <= handling.acknowledged_after[0] == handling.acknowledged_after[1] < 60
    assert (handling.audit > 0, len(handling.head), handling.broken) == (True, 64, "")


async def test_the_sums_of_a_run_reconcile(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, _):
        await report(daemon)
        watcher = Watcher(daemon)
        summary = watcher.summary(published=4, redelivered=0)
        watcher.close()

    assert summary.reconciled
    assert (summary.accepted, summary.duplicates, summary.quarantined) == (2, 1, 1)
    assert summary.stored == 2
    assert summary.raised == {Grade.RED: 1}


async def test_figures_say_the_same(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, _):
        await report(daemon)
        found = {(f.name, *(value for _, value in f.labels)): f.value for f in figures(daemon, Unheard())}
        heard = online(daemon)

    assert found["tocsin_received_messages",] == 4
    assert found["tocsin_messages", "accepted"] == 2
    assert found["tocsin_open_warnings", "red"] == 1
    assert found["tocsin_open_warnings", "blue"] == 0
    assert found["tocsin_transitions",] == 1
    assert found["tocsin_series_lag_entries",] == 0
    assert found["tocsin_journal_entries",] == found["tocsin_judged_entries",] >= 2
    assert heard["stage"] == (2, 3)
