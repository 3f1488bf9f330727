"""Which lines count as raised."""

import pytest

from bench.evidence.judging import raised
from rules.grade import Grade
from rules.transition import Disposition, Transition

AUTO, REVIEW = Disposition.AUTO, Disposition.REVIEW


def line(before: Grade | None, after: Grade | None, disposition: Disposition = AUTO) -> Transition:
    return Transition(
        at=0, rule="r", subject="s", warning="w", ordinal=0, before=before, after=after,
        disposition=disposition, reason="", evidence={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (None, Grade.ORANGE, True),
        (Grade.BLUE, Grade.RED, True),
        (Grade.RED, Grade.RED, True),
        (Grade.RED, Grade.ORANGE, False),
        (None, Grade.YELLOW, False),
        (Grade.ORANGE, None, False),
    ],
)
def test_a_line_counts_that_comes_to_the_grade_from_below_or_lets_it_go_out(
    before: Grade | None, after: Grade | None, counts: bool
) -> None:
    assert list(raised([line(before, after)], "r", Grade.ORANGE)) == [line(before, after)] * counts


def test_lines_of_other_rules_and_dispositions_do_not_count() -> None:
    lines = [line(None, Grade.ORANGE, REVIEW), line(Grade.ORANGE, Grade.RED, AUTO)]

    assert list(raised(lines, "r", Grade.ORANGE, REVIEW)) == lines[:1]
    assert list(raised(lines, "another", Grade.ORANGE)) == []
