"""An open warning as people see it."""

from dataclasses import dataclass

from rules.grade import Grade
from rules.transition import Disposition

# What snapshots of versions before have for `ordinal` of an orphan: no warning changed so often.
UNCOUNTED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWarning:
    """One open warning; instants in ms since the epoch.

    `blind`: its sensor's data are silent, so it cannot clear. `orphaned`: its rule or sensor is gone, or the
    rule broke and is switched off; it is no longer judged and a person closes it.
    `evidence` is the text of its last transition, `ordinal` the number of the next.
    """

    id: str
    rule: str
    subject: str
    grade: Grade
    disposition: Disposition
    since: int
    changed: int
    orphaned: bool
    blind: bool
    evidence: str
    ordinal: int = UNCOUNTED
