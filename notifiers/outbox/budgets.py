"""How many messages somebody has been sent, or is about to be, on one channel."""

import sqlite3

from notifiers.routes import Budgets
from notifiers.routing import Addressee


def is_spent(connection: sqlite3.Connection, budgets: Budgets, addressee: Addressee, now: int) -> bool:
    """Whether `addressee` has had what may be sent one by one in the last `budgets.within` ms.

    What waits counts whenever it was written: what quiet hours hold back goes out all at once.
    """
    count = 0
    for query, since in ((_SENT, (now - budgets.within,)), (_WAITING, ())):
        (found,) = connection.execute(
            query, (addressee.recipient, addressee.channel, *since, budgets.messages - count)
        ).fetchone()
        count += found
        if count >= budgets.messages:
            return True
    return False


# The terms of the partial indices stand here as they do there: otherwise SQLite does not use them. Nothing
# beyond the budget is counted: a storm's backlog is not read again for each of its messages.
_SENT = """
SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_spent
WHERE recipient = ? AND channel = ? AND updated > ? AND state != 'queued'
    AND state NOT IN ('held', 'digested', 'superseded', 'withdrawn', 'expired') LIMIT ?)
"""
_WAITING = """
SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_queued
WHERE recipient = ? AND channel = ? AND state = 'queued' LIMIT ?)
"""
