"""The state directory: one folder, one owner, everything that outlives the process."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.journal import Journal, Retention
from ingest.quarantine import Quarantine
from ingest.snapshots import Snapshots
from notifiers.outbox import Outbox
from rules.realm import Realm
from tocsin.bundle import Bundles
from tocsin.reserve import Reserve


class AlreadyRunning(Exception):
    """Another daemon owns the state directory."""


class Lock:
    """An advisory lock on the directory: the second daemon refuses to start."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = (directory / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise AlreadyRunning(
                f"{directory}: in use by process {owner}; stop it, or give this one another --state"
            ) from None
        # The number is for people; a full or failing disk that cannot take it keeps the lock all the same.
        with suppress(OSError):
            os.ftruncate(self._file.fileno(), 0)
            os.write(self._file.fileno(), str(os.getpid()).encode())

    def close(self) -> None:
        self._file.close()


def _name_thread(name: str) -> None:
    """So that `top -H` and the bench tell them apart; where the kernel does not let us, they go without."""
    with suppress(OSError):
        Path("/proc/thread-self/comm").write_text(name)


def snapshots_in(directory: Path) -> Snapshots:
    """Those of a state directory."""
    return Snapshots(directory / "snapshots")


@dataclass(frozen=True, slots=True)
class Storage:
    """What a running daemon keeps on disk, and the single threads that write it.

    `journal_thread` writes the journal alone, so an ack never waits for anything else; `outbox_thread` writes
    the outbox and the quarantine; `series_thread` the time-series store. A SQLite connection belongs to the
    thread that opened it.
    """

    directory: Path
    lock: Lock
    reserve: Reserve
    journal: Journal
    outbox: Outbox
    quarantine: Quarantine
    snapshots: Snapshots
    bundles: Bundles
    journal_thread: ThreadPoolExecutor
    outbox_thread: ThreadPoolExecutor
    series_thread: ThreadPoolExecutor
    opened: ExitStack

    @classmethod
    def open(
        cls,
        directory: Path,
        realm: Realm,
        retention: Retention,
        reserve: int = 0,
        snapshots: Snapshots | None = None,
    ) -> "Storage":
        """AlreadyRunning if another process holds the directory; what fails leaves nothing open.

        `reserve`: bytes kept back for warnings on a full disk; the daemon keeps `tocsin.reserve.SIZE`.
        `snapshots`: those of the directory, if somebody has begun to read them.
        """
        with ExitStack() as opened:
            lock = Lock(directory)
            opened.callback(lock.close)
            # Before the databases: on a full disk they cannot even be opened without the room it gives.
            kept_back = Reserve(directory / "reserve", reserve)
            journal_thread, outbox_thread, series_thread = (
                opened.enter_context(ThreadPoolExecutor(1, name, _name_thread, (name,)))
                for name in ("journal", "outbox", "series")
            )
            journal = journal_thread.submit(Journal.open, directory / "journal", retention).result()
            opened.callback(lambda: journal_thread.submit(journal.close).result())
            outbox = outbox_thread.submit(Outbox.open, directory / "outbox.db", realm).result()
            opened.callback(lambda: outbox_thread.submit(outbox.close).result())
            quarantine = outbox_thread.submit(Quarantine.open, directory / "quarantine.db").result()
            opened.callback(lambda: outbox_thread.submit(quarantine.close).result())
            return cls(
                directory=directory,
                lock=lock,
                reserve=kept_back,
                journal=journal,
                outbox=outbox,
                quarantine=quarantine,
                snapshots=snapshots or snapshots_in(directory),
                bundles=Bundles(directory / "bundles"),
                journal_thread=journal_thread,
                outbox_thread=outbox_thread,
                series_thread=series_thread,
                opened=opened.pop_all(),
            )

    def settled(self) -> int:
        """From which instant (ms) on nothing of an earlier life is settled; 0 before the first.

        Clearing comes last of what falls due at one instant, so all that is due at a transition's has been.
        """
        latest = self.outbox_thread.submit(lambda: self.outbox.latest).result()
        return max(self.journal.last_received, latest + 1 if latest else 0)

    def close(self) -> None:
        """Everything that was opened, the newest first; the lock goes last."""
        self.opened.close()
