"""Rules that flood: their new warnings are told by one notice to those who look after the system.

A rule floods at a grade while `budgets.warnings` or more of its warnings rose to it within `flood_within`;
at red only if it is at least half of all that it is judged for (and then it may be real: the notice is red).
A warning that is collapsed counts up to what it was before until a person lets it out or it clears; what
rises when the flood is over, or to a grade that was let out, is told as any other. What no rule but a person
raises is never collapsed, nor what would leave nobody to notify.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from notifiers.outbox import collapsed
from notifiers.outbox.notices import HAZARD, end_notice
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Transition

BY_HAND = "by-hand"


class _Named(msgspec.Struct):
    """What is read of a recorded line."""

    rule: str
    subject: str


@dataclass(frozen=True, slots=True)
class Flooding:
    """The notice of each rule that floods, up to where a person let its warnings out, and where it floods."""

    notices: dict[str, str]
    released: dict[str, int]
    grades: frozenset[tuple[str, Grade]]

    def collapses(self, line: Transition) -> bool:
        """Whether a line is told by its rule's notice only."""
        if line.after is None or not is_rise(line) or (line.rule, line.after) not in self.grades:
            return False
        return line.after > self.released.get(line.rule, 0)


def is_rise(line: Transition) -> bool:
    return line.after is not None and line.after > (line.before or 0)


def reckon(connection: sqlite3.Connection, router: Router, now: int) -> Flooding:
    """Take in what has risen since the last time, end what floods no longer; which rules flood now."""
    _take_in(connection, now)
    connection.execute("DELETE FROM rises WHERE at <= ?", (now - router.routes.budgets.flood_within,))
    grades = frozenset(_flooding(connection, router, now))
    on = {rule: (notice, released) for rule, notice, released in connection.execute(_ON)}
    rules = {rule for rule, _ in grades}
    for rule in on.keys() - rules:
        connection.execute("UPDATE floods SET over = ? WHERE id = ?", (now, on.pop(rule)[0]))
    for rule in rules - on.keys():
        on[rule] = (_begin(connection, rule, now), 0)
    for (notice,) in connection.execute(_DONE).fetchall():
        connection.execute("UPDATE floods SET ended = ? WHERE id = ?", (now, notice))
        end_notice(connection, router, notice, now)
    notices = {rule: notice for rule, (notice, _) in on.items()}
    flooding = Flooding(notices, {rule: released for rule, (_, released) in on.items()}, grades)
    _last_until(connection, router, flooding)
    return flooding


def collapse(connection: sqlite3.Connection, flooding: Flooding, lines: Iterable[Transition]) -> set[int]:
    """Cap the warning whose new lines these are where its rule floods; the ordinals of what is collapsed."""
    found: set[int] = set()
    for line in lines:
        if flooding.collapses(line):
            found.add(line.ordinal)
            collapsed.collapse(connection, flooding.notices[line.rule], line)
        elif is_rise(line):
            connection.execute("UPDATE members SET capped = NULL WHERE warning = ?", (line.warning,))
    return found


def _take_in(connection: sqlite3.Connection, now: int) -> None:
    rows = connection.execute(_NEW).fetchall()
    if not rows:
        return
    decoder = msgspec.json.Decoder(_Named)
    connection.executemany("INSERT OR REPLACE INTO rises VALUES (?, ?, ?, ?, ?)", _rises(rows, decoder, now))
    connection.execute("UPDATE reckoned SET line = ?", (rows[-1][0],))


def _rises(
    rows: list[tuple[Any, ...]], decoder: "msgspec.json.Decoder[_Named]", now: int
) -> Iterable[tuple[Any, ...]]:
    for _, warning, before, after, line in rows:
        if after is not None and after > (before or 0):
            named = decoder.decode(line)
            if named.rule != BY_HAND:
                yield (named.rule, after, warning, named.subject, now)


def _flooding(connection: sqlite3.Connection, router: Router, now: int) -> Iterable[tuple[str, Grade]]:
    for rule, number in connection.execute(_MANY, (router.routes.budgets.warnings,)).fetchall():
        grade, judged = Grade(number), router.subjects(rule)
        if judged == 0 or (grade is Grade.RED and 2 * _subjects(connection, rule, grade) < judged):
            continue
        if any(not a.approval for a in router.who("", HAZARD, grade, now)):
            yield rule, grade


def _subjects(connection: sqlite3.Connection, rule: str, grade: Grade) -> int:
    (count,) = connection.execute(
        "SELECT count(DISTINCT subject) FROM rises WHERE rule = ? AND grade = ?", (rule, grade)
    ).fetchone()
    return int(count)


def _begin(connection: sqlite3.Connection, rule: str, now: int) -> str:
    (before,) = connection.execute("SELECT count(*) FROM floods WHERE rule = ?", (rule,)).fetchone()
    identity = f"flood-{blake2b(f'{rule} {now} {before}'.encode(), digest_size=6).hexdigest()}"
    connection.execute(
        "INSERT INTO floods (id, rule, since, due) VALUES (?, ?, ?, ?)", (identity, rule, now, now)
    )
    return identity


def _last_until(connection: sqlite3.Connection, router: Router, flooding: Flooding) -> None:
    """When each flood is over if nothing more rises: then too few are left within the time."""
    budgets = router.routes.budgets
    due: dict[str, int] = {}
    for rule, grade in flooding.grades:
        (at,) = connection.execute(_NTH, (rule, grade, budgets.warnings - 1)).fetchone()
        due[rule] = max(due.get(rule, 0), at + budgets.flood_within)
    connection.executemany(
        "UPDATE floods SET due = ?1 WHERE rule = ?2 AND over IS NULL AND due != ?1",
        [(instant, rule) for rule, instant in due.items()],
    )


_NEW = """
SELECT id, warning, before, after, line FROM transitions
WHERE id > (SELECT line FROM reckoned) ORDER BY id
"""
_MANY = "SELECT rule, grade FROM rises GROUP BY rule, grade HAVING count(*) >= ?"
_NTH = "SELECT at FROM rises WHERE rule = ? AND grade = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
_ON = """
SELECT f.rule, f.id, ifnull(i.released, 0) FROM floods AS f LEFT JOIN incidents AS i ON i.id = f.id
WHERE f.over IS NULL
"""
_DONE = """
SELECT f.id FROM floods AS f WHERE f.over IS NOT NULL AND f.ended IS NULL
  AND NOT EXISTS (SELECT 1 FROM members AS m WHERE m.flood = f.id AND m.capped IS NOT NULL)
"""
