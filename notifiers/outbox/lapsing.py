"""Everything that falls due in the outbox beside sending."""

import sqlite3

from notifiers.outbox.digests import send_due
from notifiers.routing import Router


def lapse(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """See `Outbox.lapse`."""
    return send_due(connection, router, now, limit)
