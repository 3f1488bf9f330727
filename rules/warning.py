"""An open warning as people see it."""

from dataclasses import dataclass

from rules.grade import Grade
from rules.transition import Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWarning:
    """One open warning; instants in ms since the epoch.

    `blind`: its sensor's data are silent, so it cannot clear. `orphaned`: its rule or sensor is gone, or the
    rule broke and is switched off; it is no longer judged and a person closes it.
    `evidence` is the text of its last transition.
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
