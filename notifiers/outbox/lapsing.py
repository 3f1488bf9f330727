"""What falls due beside sending, in the outbox's own transaction."""

import sqlite3

from notifiers.outbox.approvals import press_on
from notifiers.outbox.digests import send_due
from notifiers.outbox.fallback import fall_back, hurry
from notifiers.outbox.shelves import run_out
from notifiers.outbox.work import escalate
from notifiers.routing import Router


def lapse(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """See `Outbox.lapse`."""
    return (
        run_out(connection, now)
        + press_on(connection, router, now, limit)
        + hurry(connection, router, now, limit)
        + fall_back(connection, router, now, limit)
        + escalate(connection, router, now, limit)
        + send_due(connection, router, now, limit)
    )
