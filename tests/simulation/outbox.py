"""The real outbox over a database in memory that outlives the lives of its daemon."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notifiers.outbox import Outbox
from notifiers.outbox.desk import Desk
from rules.realm import Realm
from tests.simulation.disk import Faults

IN_MEMORY = Path(":memory:")


class LentDesk(Desk):
    """The questions over the one connection there is."""

    def close(self) -> None:
        """It is another's."""


class KeptOutbox(Outbox):
    """Every commit is durable, and a transaction that a crash cuts off never was."""

    faults_of_disk: Faults

    @classmethod
    def begin(cls, faults: Faults) -> "KeptOutbox":
        outbox = cls.open(IN_MEMORY, Realm.LIVE)
        assert isinstance(outbox, cls)
        outbox.faults_of_disk = faults
        return outbox

    def reopen(self) -> None:
        """What `Outbox.open` does with a file that is there already."""
        self._return_claims()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        if self.faults_of_disk.refuses("outbox"):
            raise sqlite3.OperationalError("disk I/O error")
        with super().transaction() as connection:
            yield connection

    def lent(self) -> LentDesk:
        return LentDesk(self._connection)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self._connection.execute(query).fetchall()
