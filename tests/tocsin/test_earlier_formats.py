"""A configuration that was applied in the format of an earlier version is history: it stops no start."""

from pathlib import Path

import pytest
from mqtt5 import PublishPacket, QoS

from ingest.clock import MINUTE, LockstepClock, SystemClock
from ingest.finding import ConfigurationError
from ingest.journal import EntryKind, Retention, open_read_only
from rules.realm import Realm
from tests.system.daemon_process import DaemonProcess
from tests.tocsin.serving import opened, running
from tests.tocsin.test_daemon_process import THRESHOLD, run_and_end, station, stop
from tests.tocsin.village import START, bundle
from tocsin.bundle import Bundle
from tocsin.configuration import basis_of, configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.storage import Storage

# Of a version that never was; the key of its gateway must not come into a log.
SETTINGS = """\
realm: live
telegraph: {morse: 5, key: s3cret}
kinds: kinds.yaml
sensors: [sensors.csv]
zones: zones.geojson
rules: rules
contacts: contacts.yaml
routes: routes.yaml
"""
SMOKE = "rules/smoke.yaml"


def earlier(files: Bundle, rules: str, changed: tuple[str, str]) -> Bundle:
    """The same files with settings of that version and a rule that has changed since."""
    assert changed[0] in files.texts[rules]
    texts = {**files.texts, files.main: SETTINGS, rules: files.texts[rules].replace(*changed)}
    return Bundle(files.main, texts)


def left_by(old: Bundle, daemon: DaemonProcess) -> None:
    """A state directory in which `old` is in force, with a report that nothing but its rules warns of."""
    storage, clock = Storage.open(daemon.state, Realm.LIVE, Retention()), SystemClock()
    apply_first(old, storage, clock)
    payload = b'{"t":%d,"v":{"smoke":0.1}}' % clock.now()
    packet = PublishPacket(
        "tocsin/v1/old-town/smoke/s-1/telemetry", payload, qos=QoS.AT_LEAST_ONCE, packet_id=1
    )
    append = storage.journal_thread.submit(
        storage.journal.append, clock.now(), EntryKind.MQTT, 1, packet.write()
    )
    assert append.result().sequence == 2
    storage.close()


def stricter(daemon: DaemonProcess, rule: str = "yellow: smoke >= 0.05 dB/m") -> Bundle:
    return earlier(read_bundle(daemon.configs / "tocsin.yaml"), SMOKE, (THRESHOLD, rule))


def applied(daemon: DaemonProcess) -> list[str]:
    entries = open_read_only(daemon.state / "journal").read(0, 1000)
    return [entry.data.decode() for entry in entries if entry.kind is EntryKind.BUNDLE]


async def test_the_files_are_applied_and_what_came_before_is_judged_by_its_own_rules(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        old, files = stricter(at.daemon), read_bundle(at.daemon.configs / "tocsin.yaml")
        left_by(old, at.daemon)

        await at.daemon.start()
        await at.daemon.ready()
        await at.report("s-2", 0.1)
        await at.judged(2)
        assert await stop(at) == 0
        told = at.daemon.log.read_text()
        await at.daemon.start()
        await at.daemon.ready()
        assert await stop(at) == 0

        assert at.raised()[0] == ("s-1", "yellow")
        assert "s-2" not in {sensor for sensor, _ in at.raised()}
        assert applied(at.daemon) == [old.hash, files.hash]
        assert told.count("is of a format that this version does not read") == 1
        assert f"{old.main}:2: E110" in told
        assert "s3cret" not in at.daemon.log.read_text()
        assert "does not read" not in at.daemon.log.read_text().removeprefix(told)


async def test_files_that_cannot_be_used_are_told_and_change_nothing(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        left_by(stricter(at.daemon), at.daemon)
        before = (at.daemon.state / "bundles" / "applied").read_text()
        (at.daemon.configs / "contacts.yaml").write_text("people: 5\n")

        code, said = await run_and_end(at.daemon)

        assert code == 1
        assert "contacts.yaml:1:" in said
        assert (at.daemon.state / "bundles" / "applied").read_text() == before
        assert len(applied(at.daemon)) == 1


async def test_a_secret_that_cannot_be_read_is_told_while_the_version_before_can_still_go_on(
    tmp_path: Path,
) -> None:
    async with station(tmp_path) as at:
        left_by(stricter(at.daemon), at.daemon)
        outbox = at.daemon.state / "outbox.db"
        outbox.unlink()
        settings = at.daemon.configs / "tocsin.yaml"
        settings.write_text(
            settings.read_text("utf-8").replace('"host"', '"password_file": "/nonexistent/secret", "host"')
        )

        code, said = await run_and_end(at.daemon)

        assert code == 3
        assert "/nonexistent/secret" in said
        assert not outbox.exists()
        assert len(applied(at.daemon)) == 1


async def test_rules_that_cannot_be_read_any_more_are_named_before_anything_changes(tmp_path: Path) -> None:
    """Without them the journal cannot be judged: the files on disk are no way round that."""
    async with station(tmp_path) as at:
        old = stricter(at.daemon, "yellow: smoke smells of burning")
        left_by(old, at.daemon)

        code, said = await run_and_end(at.daemon)

        assert code == 1
        assert f"bundle {old.hash} of the state directory: E006" in said
        assert f"bundle {old.hash} of the state directory: {SMOKE}:" in said
        assert "let the version that wrote it apply files that both versions read" in said
        assert len(applied(at.daemon)) == 1


def test_the_basis_of_a_bundle_is_that_of_its_configuration() -> None:
    assert basis_of(bundle()) == configure(bundle()).basis


@pytest.mark.parametrize("settings", ["", "realm: [", "realm: live\n"])
def test_settings_that_do_not_name_the_files_are_no_basis(settings: str) -> None:
    with pytest.raises(ConfigurationError, match="E006"):
        basis_of(bundle(settings))


async def test_files_are_applied_where_the_life_before_ended_and_the_blind_time_begins_there(
    tmp_path: Path,
) -> None:
    """Else what fell due meanwhile, as a release, would be settled as if somebody had seen it."""
    async with opened(tmp_path) as (storage, _, files):
        apply_first(
            earlier(files, "rules/all.yaml", ("stage >= 4 m", "stage >= 5 m")), storage, LockstepClock(START)
        )
        clock = LockstepClock(START + 30 * MINUTE)
        apply_first(files, storage, clock)

        async with running(Daemon(configure(files), storage, clock)):
            pass
        entries = storage.journal.read(0, 10)

    kinds = [(entry.kind, entry.received - START) for entry in entries]
    assert kinds[:2] == [(EntryKind.BUNDLE, 0), (EntryKind.BUNDLE, 0)]
    assert kinds[2][0] is EntryKind.BLIND
    assert b'"since":%d' % START in entries[2].data
