"""docs/simulators.md names each event with all its sizes."""

import dataclasses
import re
from pathlib import Path

import pytest

from simulators import events

PAGE = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text("utf-8")
EVENTS = [
    made
    for name in events.__all__
    if hasattr(made := getattr(events, name), "urgent") and dataclasses.is_dataclass(made)
]
# These stand above the table, for all events.
OF_ALL = {"begin", "place"}


def test_all_events_are_looked_for() -> None:
    assert len(EVENTS) == 11


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_table_has_a_row_with_each_size_of_the_event(event: type) -> None:
    [row] = re.findall(rf"^\| `{event.__name__}` \|.*$", PAGE, re.MULTILINE)
    fields = {field.name for field in dataclasses.fields(event)} - OF_ALL

    assert {name for name in fields if f"`{name}`" not in row} == set()
