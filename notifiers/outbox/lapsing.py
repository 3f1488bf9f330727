"""Everything that falls due in the outbox beside sending."""

import sqlite3

from notifiers.outbox.digests import send_due
from notifiers.routing import Router


def lapse(connection: sqlite3.Connection, router: Router, now: int) -> int:
    """Do what is due at `now`; returns how much it was, 0 when nothing is left."""
    return send_due(connection, router, now)
