"""The reconciliation: every hop is counted, and what is missing shows."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from console.summary import Handling, Summary, table
from rules.grade import Grade

HANDLED = Handling(
    stages={"acknowledged": 4, "handled": 3},
    acknowledged_after=(34.2, 95.0),
    cancelled=1,
    proposals={"released": 2, "refused": 1},
    unreached=("[horn-1]: answers no poll",),
    audit=321,
    head="abcdef0123456789" * 4,
    broken="",
)
FINE = Summary(
    published=1000,
    redelivered=20,
    journaled=1020,
    accepted=985,
    duplicates=30,
    quarantined=5,
    readings=985,
    stored=985,
    raised={Grade.RED: 1, Grade.BLUE: 12},
    deliveries={("sms", "delivered"): 3, ("loudspeaker", "played"): 1, ("sms", "failed"): 2},
    handling=HANDLED,
)


def rows(summary: Summary) -> list[list[str]]:
    """The cells of the printed table."""
    console = Console(file=io.StringIO(), width=100)
    console.print(table(summary))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in text.splitlines() if "│" in row]


def row(summary: Summary, hop: str) -> list[str]:
    [found] = [cells for cells in rows(summary) if cells[0].startswith(hop)]
    return found[1:]


def test_a_run_without_loss_reconciles() -> None:
    assert FINE.reconciled
    assert set(FINE.unexplained().values()) == {0}


@pytest.mark.parametrize(
    ("changed", "hop", "difference"),
    [
        (replace(FINE, published=1001), "journaled", "+1"),
        (replace(FINE, redelivered=18), "journaled", "-2"),
        (replace(FINE, accepted=984), "quarantined", "+1"),
        (replace(FINE, quarantined=6), "quarantined", "-1"),
        (replace(FINE, stored=900), "stored", "+85"),
        (replace(FINE, stored=986), "stored", "-1"),
    ],
)
def test_a_difference_stands_beside_the_hop_that_lost_it(changed: Summary, hop: str, difference: str) -> None:
    assert not changed.reconciled
    assert row(changed, hop)[1] == difference
    assert [
        cells[2] for cells in rows(changed) if cells[2:] and cells[2] not in ("", "+0", "difference")
    ] == [difference]


def test_losses_do_not_cancel_each_other_out() -> None:
    assert not replace(FINE, published=1001, accepted=986).reconciled


@given(st.lists(st.integers(0, 10**9), min_size=5, max_size=5))
def test_whatever_is_counted_through_reconciles(counts: list[int]) -> None:
    published, redelivered, duplicates, quarantined, accepted = counts
    total = duplicates + quarantined + accepted

    summary = Summary(
        published=total - min(redelivered, total),
        redelivered=min(redelivered, total),
        journaled=total,
        accepted=accepted,
        duplicates=duplicates,
        quarantined=quarantined,
        readings=published,
        stored=published,
        raised={},
        deliveries={},
        handling=HANDLED,
    )

    assert summary.reconciled


def test_every_count_is_shown() -> None:
    assert row(FINE, "published") == ["1,000", ""]
    assert row(FINE, "redelivered") == ["20", ""]
    assert row(FINE, "journaled") == ["1,020", "+0"]
    assert row(FINE, "accepted") == ["985", ""]
    assert row(FINE, "duplicates") == ["30", ""]
    assert row(FINE, "quarantined") == ["5", "+0"]
    assert row(FINE, "stored") == ["985", "+0"]


def test_warnings_are_counted_by_grade_the_strongest_first() -> None:
    raised = [cells for cells in rows(FINE) if cells[0].startswith("warnings")]

    assert raised == [
        ["warnings that reached red", "1", ""],
        ["warnings that reached orange", "0", ""],
        ["warnings that reached yellow", "0", ""],
        ["warnings that reached blue", "12", ""],
    ]


def test_deliveries_are_counted_by_channel_and_outcome() -> None:
    assert row(FINE, "loudspeaker played") == ["1", ""]
    assert row(FINE, "sms delivered") == ["3", ""]
    assert row(FINE, "sms failed") == ["2", ""]


def test_what_people_did_is_counted() -> None:
    assert row(FINE, "proposals released") == ["2", ""]
    assert row(FINE, "proposals refused") == ["1", ""]
    assert row(FINE, "incidents acknowledged") == ["4", ""]
    assert row(FINE, "incidents handled") == ["3", ""]
    assert row(FINE, "acknowledged after") == ["34 s, longest 95 s", ""]
    assert row(FINE, "incidents cancelled") == ["1", ""]


def test_who_was_not_reached_is_named() -> None:
    assert row(FINE, "unreached") == ["1", ""]
    assert row(FINE, "[horn-1]: answers no poll") == ["", ""]


def test_the_audit_is_whole_and_its_head_can_be_noted_down() -> None:
    assert row(FINE, "audit records, verified") == ["321", ""]
    assert row(FINE, "head abcdef0123456789") == ["", ""]


def test_a_broken_audit_does_not_reconcile() -> None:
    broken = replace(FINE, handling=replace(HANDLED, broken="record 7 is missing"))

    assert not broken.reconciled
    assert row(broken, "audit records, BROKEN") == ["321", "record 7 is missing"]


def test_where_nobody_acknowledged_no_time_is_given() -> None:
    silent = replace(FINE, handling=replace(HANDLED, acknowledged_after=None))

    assert not [cells for cells in rows(silent) if cells[0].startswith("acknowledged after")]
