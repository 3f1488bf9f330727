"""The end of a run: does every message that went in come out somewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from rules.grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What people made of the warnings.

    stages              of work orders, by name
    acknowledged_after  s from the telling of a grade to the word of a person: median and longest
    proposals           what waited for a release, by how it was decided
    unreached           who did not know at the end
    audit, head         how many records, and the hash of the last; `broken` says what is wrong with them
    """

    stages: Mapping[str, int]
    acknowledged_after: tuple[float, float] | None
    cancelled: int
    proposals: Mapping[str, int]
    unreached: Sequence[str]
    audit: int
    head: str
    broken: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of messages unless said otherwise; `stored` and `points` are readings in the database.

    published    by the simulators, acknowledged by the broker
    redelivered  sent again by the broker
    journaled    durable in the journal, redeliveries counted again
    accepted, duplicates, quarantined   what judging made of them
    readings     distinct (sensor, instant) among the accepted; `stored` of them are in the database
    raised       warnings by the strongest grade they reached
    deliveries   (channel, state) to count
    """

    published: int
    redelivered: int
    journaled: int
    accepted: int
    duplicates: int
    quarantined: int
    readings: int
    stored: int
    raised: dict[Grade, int]
    deliveries: dict[tuple[str, str], int]
    handling: Handling

    def unexplained(self) -> dict[str, int]:
        """Differences that no hop accounts for; all zero when the run reconciles."""
        return {
            "published + redelivered - journaled": self.published + self.redelivered - self.journaled,
            "journaled - accepted - duplicates - quarantined": self.journaled
            - self.accepted
            - self.duplicates
            - self.quarantined,
            "readings - stored": self.readings - self.stored,
        }

    @property
    def reconciled(self) -> bool:
        return not any(self.unexplained().values()) and not self.handling.broken


def table(summary: Summary) -> Table:
    """The whole reconciliation, one line a hop."""
    rows = Table("hop", "count", "difference", title="reconciliation 对账")
    lost, unjudged, unstored = summary.unexplained().values()
    rows.add_row("published 发布", f"{summary.published:,}", "")
    rows.add_row("redelivered 重发", f"{summary.redelivered:,}", "")
    rows.add_row("journaled 入账", f"{summary.journaled:,}", f"{lost:+d}")
    rows.add_row("accepted 采纳", f"{summary.accepted:,}", "")
    rows.add_row("duplicates 重复", f"{summary.duplicates:,}", "")
    rows.add_row("quarantined 隔离", f"{summary.quarantined:,}", f"{unjudged:+d}")
    rows.add_row("readings 读数", f"{summary.readings:,}", "")
    rows.add_row("stored 入库", f"{summary.stored:,}", f"{unstored:+d}")
    for grade in reversed(Grade):
        rows.add_row(f"warnings that reached {grade}", f"{summary.raised.get(grade, 0):,}", "")
    for (channel, state), count in sorted(summary.deliveries.items()):
        rows.add_row(f"{channel} {state}", f"{count:,}", "")
    _handled(summary.handling, rows)
    return rows


def _handled(handling: Handling, rows: Table) -> None:
    for decision, count in sorted(handling.proposals.items()):
        rows.add_row(f"proposals {decision} 审批", f"{count:,}", "")
    for stage, count in sorted(handling.stages.items()):
        rows.add_row(f"incidents {stage} 处置", f"{count:,}", "")
    if handling.acknowledged_after is not None:
        usual, longest = handling.acknowledged_after
        rows.add_row("acknowledged after 确认用时", f"{usual:.0f} s, longest {longest:.0f} s", "")
    rows.add_row("incidents cancelled 取消", f"{handling.cancelled:,}", "")
    rows.add_row("unreached 未通知到", f"{len(handling.unreached):,}", "")
    for who in handling.unreached:
        rows.add_row(Text(f"  {who}"), "", "")
    verified = "BROKEN" if handling.broken else "verified"
    rows.add_row(f"audit records, {verified} 审计", f"{handling.audit:,}", handling.broken)
    rows.add_row(f"  head {handling.head[:16]}", "", "")
