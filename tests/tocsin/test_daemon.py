"""One daemon in this process: what it takes on while it runs, and what it finds after a crash."""

import asyncio
import time
from pathlib import Path

from structlog.testing import capture_logs

from ingest.clock import DAY, SystemClock
from ingest.journal import EntryKind
from tests.tocsin.serving import opened, running, started
from tests.tocsin.village import ROUTES, RULES, SENSORS, write
from tocsin.bundle import Applied, Bundle
from tocsin.configuration import configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first

HORNS = '  - {hazard: "*", grades: [red], to: [horns], channels: [loudspeaker]}\n'


def stricter(files: Bundle) -> Bundle:
    rules = RULES.replace("stage >= 4 m", "stage >= 3.5 m")
    return Bundle(files.main, {**files.texts, "rules/all.yaml": rules})


def applied(daemon: Daemon) -> list[str]:
    return [hash_ for _, hash_ in daemon.storage.bundles.applied()]


async def test_it_is_ready_once_it_is_connected_and_stops_clean(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        daemon = Daemon(configure(files), storage, SystemClock())
        before = daemon.problems()
        async with running(daemon):
            during = daemon.problems()
        after = daemon.problems()

    assert before.keys() == {"daemon", "broker"}
    assert during == {}
    assert "daemon" in after


async def test_a_start_tells_its_phases_in_their_order(tmp_path: Path) -> None:
    told: list[str] = []
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        async with running(Daemon(configure(files, told.append), storage, SystemClock(), told.append)):
            assert told == ["sensors", "rules", "snapshot", "judge", "replay"]


async def test_a_reload_is_in_force_for_judge_and_routes(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, path):
        files = stricter(read_bundle(path))
        write(path.parent, files)

        assert await daemon.reload(path) is True
        async with asyncio.timeout(5):
            while not daemon.judging.idle():
                await asyncio.sleep(0.002)

        assert daemon.judging.judge.basis.bundle == daemon.configuration.basis.bundle == files.hash
        assert applied(daemon)[1:] == [files.hash]
        assert daemon.problems() == {}


async def test_a_reload_tells_which_rules_it_leaves_without_a_sensor(tmp_path: Path) -> None:
    """They are those of the new bundle, not of the one before."""
    async with started(tmp_path) as (daemon, path):
        files = read_bundle(path)
        sensors = SENSORS.replace("river-3,stage,village,,,,,warning_stage=2 m", "river-3,stage,village,,,,,")
        write(path.parent, Bundle(files.main, {**files.texts, "sensors.csv": sensors}))

        with capture_logs() as logs:
            assert await daemon.reload(path) is True
            async with asyncio.timeout(5):
                while not daemon.judging.idle():
                    await asyncio.sleep(0.002)

    told = [(log["rule"], log["sensor"]) for log in logs if log["event"] == "rule cannot be judged"]
    assert told == [("river", "river-3")]


async def test_the_last_of_several_quick_reloads_wins(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, path):
        first = asyncio.create_task(daemon.reload(path))
        await asyncio.sleep(0)
        files = stricter(read_bundle(path))
        write(path.parent, files)
        await asyncio.gather(first, daemon.reload(path))

        assert daemon.configuration.basis.bundle == files.hash


async def test_a_refused_reload_is_shown_until_one_succeeds(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, path):
        before = daemon.configuration
        rules = path.parent / "rules" / "all.yaml"
        rules.write_text(RULES.replace("stage >= 4 m", "stage >= 4 mA"), "utf-8")

        assert await daemon.reload(path) is False
        assert "rules/all.yaml:10:" in daemon.problems()["reload"]
        assert daemon.configuration is before
        assert len(applied(daemon)) == 1

        rules.write_text(RULES, "utf-8")
        assert await daemon.reload(path) is True
        assert daemon.problems() == {}


async def test_a_state_directory_stays_in_its_realm(tmp_path: Path) -> None:
    """Applied, a change of realm would leave a daemon that cannot start again."""
    async with started(tmp_path) as (daemon, path):
        path.write_text(path.read_text("utf-8").replace("realm: live", "realm: drill"), "utf-8")

        assert await daemon.reload(path) is False

        assert "realms never mix" in daemon.problems()["reload"]
        assert len(applied(daemon)) == 1


async def test_settings_that_no_start_could_use_are_not_applied(tmp_path: Path) -> None:
    """Nobody would notice before the next restart, which would not come."""
    async with started(tmp_path) as (daemon, path):
        text = path.read_text("utf-8")
        missing = text.replace("mqtt: {", f"mqtt: {{username: tocsin, password_file: {tmp_path}/none, ")
        path.write_text(missing, "utf-8")

        assert await daemon.reload(path) is False
        assert "the settings name what cannot be used here" in daemon.problems()["reload"]
        assert str(tmp_path / "none") in daemon.problems()["reload"]
        assert len(applied(daemon)) == 1


async def test_routes_over_a_channel_that_is_still_to_begin_wait_for_the_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as (daemon, path):
        key = tmp_path / "horns.key"
        key.write_text("0f" * 32)
        horns = f"  loudspeaker: {{via: loudspeaker, realm: live, key_file: {key}}}\n"
        path.write_text(path.read_text("utf-8") + horns, "utf-8")
        zones = path.parent / "zones.geojson"
        zones.write_text(zones.read_text("utf-8").replace('"code"', '"horns": ["h-1"], "code"'), "utf-8")
        (path.parent / "routes.yaml").write_text(ROUTES + HORNS, "utf-8")

        together = await daemon.reload(path)
        told = daemon.problems()["reload"]
        (path.parent / "routes.yaml").write_text(ROUTES, "utf-8")
        alone = await daemon.reload(path)

    assert (together, alone) == (False, True)
    assert "loudspeaker" in told
    assert "restart" in told


async def test_a_bundle_journaled_right_before_a_crash_is_in_force_after_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        configuration = configure(files)
        apply_first(files, storage, SystemClock())
        new = stricter(files)
        storage.bundles.save(new)
        storage.journal.append(SystemClock().now(), EntryKind.BUNDLE, 0, new.hash.encode())

        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            assert daemon.configuration.basis.bundle == new.hash
            assert daemon.configuration.basis.rules == configure(new).basis.rules
            assert applied(daemon) == [files.hash, new.hash]


async def test_the_horns_of_a_bundle_journaled_right_before_a_crash_are_polled_after_it(
    tmp_path: Path,
) -> None:
    key = tmp_path / "horns.key"
    key.write_text("0f" * 32)
    async with opened(tmp_path) as (storage, _, files):
        texts = dict(files.texts)
        texts[files.main] += f"  loudspeaker: {{via: loudspeaker, realm: live, key_file: {key}}}\n"
        old = Bundle(files.main, texts)
        apply_first(old, storage, SystemClock())
        zones = texts["zones.geojson"].replace('"code"', '"horns": ["h-1"], "code"')
        new = Bundle(files.main, {**texts, "zones.geojson": zones, "routes.yaml": ROUTES + HORNS})
        storage.bundles.save(new)
        storage.journal.append(SystemClock().now(), EntryKind.BUNDLE, 0, new.hash.encode())

        async with running(Daemon(configure(old), storage, SystemClock())) as daemon:
            [speaker] = daemon.speakers
            assert speaker.silent(daemon.clock.now() + DAY) == ["h-1"]


async def test_a_crash_in_the_very_first_start_leaves_one_that_works(tmp_path: Path) -> None:
    """The first entry was journaled, but not noted: the next start applies the files as if it were first."""
    async with opened(tmp_path) as (storage, _, files):
        old = stricter(files)
        storage.bundles.save(old)
        storage.journal.append(SystemClock().now(), EntryKind.BUNDLE, 0, old.hash.encode())
        configuration = configure(files)
        apply_first(files, storage, SystemClock())

        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            assert daemon.judging.judge.basis.bundle == files.hash
            assert applied(daemon) == [old.hash, files.hash]


async def test_a_wall_clock_set_back_over_a_restart_stops_nothing(tmp_path: Path) -> None:
    """The last life ended an hour ahead of what the machine believes now: time goes on from there."""
    ahead = SystemClock(lambda: time.time() + 3600)
    async with opened(tmp_path) as (storage, _, files):
        configuration = configure(files)
        apply_first(files, storage, ahead)
        storage.journal.append(ahead.now(), EntryKind.BUNDLE, 0, files.hash.encode())
        last = storage.journal.last_received

        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            entry = (await daemon.intake.apply(Applied(files.hash))).entry

    assert entry.received >= last


async def test_progress_is_made_by_a_daemon_at_rest(tmp_path: Path) -> None:
    """What feeds the watchdog must not need traffic."""
    async with started(tmp_path) as (daemon, _), asyncio.timeout(5):
        await daemon._progress()
