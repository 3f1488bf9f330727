"""The state directory: one owner, and everything in it is there again after a restart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.clock import MINUTE
from ingest.journal import EntryKind, Retention
from ingest.reading import Reason, Rejected
from notifiers.outbox.schema import OutboxError
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition
from tocsin.bundle import Bundle
from tocsin.storage import AlreadyRunning, Lock, Storage

START = 1_718_000_000_000
ROOT = Path(__file__).parents[2]


def open_storage(directory: Path, realm: Realm = Realm.LIVE) -> Storage:
    return Storage.open(directory, realm, Retention())


def test_a_second_daemon_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    try:
        with pytest.raises(AlreadyRunning) as refused:
            Lock(tmp_path)
    finally:
        lock.close()

    assert f"in use by process {os.getpid()}" in str(refused.value)
    assert "--state" in str(refused.value)


def test_what_fell_due_at_the_instant_of_the_last_transition_is_settled(tmp_path: Path) -> None:
    """A clear comes last of all at its instant: who is blind from then on must not hold it once more."""
    storage = open_storage(tmp_path)
    try:
        before = storage.settled()
        cleared = Transition(
            at=START,
            rule="river",
            subject="river-1",
            warning="w",
            ordinal=1,
            before=Grade.YELLOW,
            after=None,
            disposition=Disposition.AUTO,
            reason="cleared",
            evidence={},
        )
        storage.outbox_thread.submit(storage.outbox.commit, 0, [cleared]).result()
        after = storage.settled()
    finally:
        storage.close()

    assert (before, after) == (0, START + 1)


def test_another_process_is_refused_too(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    program = "import sys; from pathlib import Path; from tocsin.storage import Lock; Lock(Path(sys.argv[1]))"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        lock.close()

    assert ended.returncode != 0
    assert f"AlreadyRunning: {tmp_path}: in use by process {os.getpid()};" in ended.stderr


def test_the_lock_goes_with_its_owner(tmp_path: Path) -> None:
    for _ in range(2):
        Lock(tmp_path).close()

    assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_refused_daemon_touches_nothing(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    try:
        with pytest.raises(AlreadyRunning):
            open_storage(tmp_path)
    finally:
        lock.close()

    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_what_is_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    refused = Rejected(0, Reason.MALFORMED, "no", "a/b", b"{")
    bundle = Bundle("tocsin.yaml", {"tocsin.yaml": ""})
    first = open_storage(tmp_path)
    first.journal_thread.submit(first.journal.append, START, EntryKind.MQTT, 1, b"block").result()
    first.outbox_thread.submit(first.outbox.commit, 1, []).result()
    first.outbox_thread.submit(first.quarantine.add, 1, START, [refused]).result()
    first.snapshots.write(1, bundle.hash, {"a": b"b"})
    first.bundles.record(1, first.bundles.save(bundle))
    first.close()

    again = open_storage(tmp_path)
    snapshot = again.snapshots.newest()
    found = (
        again.journal.read(0)[0].data,
        again.outbox_thread.submit(lambda: again.outbox.position).result(),
        again.quarantine.counts(),
        snapshot is not None and snapshot.state,
        again.bundles.load(again.bundles.at(1)),
    )
    again.close()

    assert found == (b"block", 1, {Reason.MALFORMED: 1}, {"a": b"b"}, bundle)


def test_the_retention_given_is_the_journals(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path, Realm.LIVE, Retention(period=MINUTE))
    storage.close()

    assert storage.journal.policy == Retention(period=MINUTE)


def test_a_drill_cannot_take_over_the_live_outbox(tmp_path: Path) -> None:
    open_storage(tmp_path).close()

    with pytest.raises(OutboxError, match="live"):
        open_storage(tmp_path, Realm.DRILL)


def test_a_directory_that_could_not_be_opened_is_free_again(tmp_path: Path) -> None:
    open_storage(tmp_path).close()
    with pytest.raises(OutboxError):
        open_storage(tmp_path, Realm.DRILL)

    open_storage(tmp_path).close()
