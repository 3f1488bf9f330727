"""What falls due beside sending, in the outbox's own transaction."""

import sqlite3

from notifiers.outbox.approvals import press_on
from notifiers.outbox.fallback import fall_back, hurry
from notifiers.outbox.shelves import run_out
from notifiers.outbox.work import escalate
from notifiers.routing import Router


def lapse(connection: sqlite3.Connection, router: Router, now: int) -> int:
    """See `Outbox.lapse`."""
    return (
        run_out(connection, now)
        + press_on(connection, router, now)
        + hurry(connection, now)
        + fall_back(connection, router, now)
        + escalate(connection, router, now)
    )
