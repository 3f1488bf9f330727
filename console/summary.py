"""The end of a run: does every message that went in come out somewhere."""

from dataclasses import dataclass

from rich.table import Table

from rules.grade import Grade


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
        return not any(self.unexplained().values())


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
    return rows
