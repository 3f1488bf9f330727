"""From a bulletin and those it is for to deliveries: at once, after the quiet hours, or in a digest.

Red is never held back by anything. What a person is asked for waits for no quiet hours, and is summed up by
itself.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.budgets import is_spent
from notifiers.outbox.bulletins import record
from notifiers.outbox.deliveries import enqueue
from notifiers.outbox.digests import digest_for, digest_of_requests
from notifiers.outbox.incidents import incident_of
from notifiers.quiet_hours import end_of_quiet
from notifiers.routing import Addressee, Router
from rules.grade import Grade


def tell(
    connection: sqlite3.Connection,
    router: Router,
    bulletin: Bulletin,
    chosen: Sequence[Addressee],
    now: int,
    *,
    digestible: bool = True,
) -> None:
    """Record a bulletin, with one delivery to each of `chosen`; nothing if there is nobody.

    Budgets are for people: a horn reads out no digest, and whoever publishes needs each bulletin. Without
    `digestible` they do not hold: for what is a summary itself.
    """
    digestible = digestible and _is_digestible(bulletin)
    if chosen:
        record(connection, bulletin)
    later = _later(router, bulletin, now)
    for addressee in chosen:
        people = router.reaches_people(addressee.channel)
        if digestible and people and is_spent(connection, router.routes.budgets, addressee, now):
            zone = incident_of(connection, bulletin.incident).zone
            digest = digest_for(connection, router, addressee, (_weight(bulletin), zone), now)
            enqueue(connection, bulletin, addressee, now, digest=digest)
        else:
            enqueue(connection, bulletin, addressee, now, later=later)


def ask(
    connection: sqlite3.Connection,
    router: Router,
    request: Bulletin,
    people: Iterable[Addressee],
    *,
    step: int,
    asks: bool = False,
) -> None:
    """Put a recorded request to each of `people`, or into the digest of what waits for them."""
    now = request.sent
    for addressee in people:
        spent = request.grade is not Grade.RED and is_spent(connection, router.routes.budgets, addressee, now)
        digest = digest_of_requests(connection, router, addressee, now) if spent else ""
        enqueue(connection, request, addressee, now, step=step, asks=asks, digest=digest)


def _weight(bulletin: Bulletin) -> Grade:
    """An all-clear weighs as much as what it is the end of."""
    return bulletin.grade or bulletin.before or Grade.BLUE


def _later(router: Router, bulletin: Bulletin, now: int) -> int:
    """How long (ms) it waits for the end of the quiet hours."""
    return 0 if bulletin.act is Act.CANCEL else quiet_for(router, _weight(bulletin), now)


def quiet_for(router: Router, grade: Grade, now: int) -> int:
    """How long (ms) quiet hours hold back what is of a grade."""
    if grade > Grade.YELLOW:
        return 0
    return end_of_quiet(router.routes.quiet_hours, now, router.time_zone) - now


def _is_digestible(bulletin: Bulletin) -> bool:
    return bulletin.grade is not Grade.RED and bulletin.act in (Act.ALERT, Act.UPDATE, Act.CLEAR)
