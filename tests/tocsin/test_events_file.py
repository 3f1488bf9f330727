"""Events as CSV are read strictly: every defect of the file at its place, in one run."""

from pathlib import Path

import pytest

from ingest.finding import Finding
from rules.grade import Grade
from tests.tocsin.village import basis
from tocsin.configuration import configure, read_bundle
from tocsin.verification.events_file import Event, Labelled, read_events

HOUR = 3_600_000


def read(text: str, *, by_hazard: bool = False) -> tuple[list[Event], list[Finding]]:
    return read_events("events.csv", text, basis().registry, ["flood", "rain"], by_hazard=by_hazard)


def places(found: list[Finding]) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.column, finding.code) for finding in found]


def test_an_event_is_read_with_its_place_hazard_and_grade() -> None:
    events, findings = read(
        "begin,end,place,hazard,grade\n1970-01-01T01:00:00Z,7200000,river-1,flood,orange\n"
    )

    assert findings == []
    assert events == [Event(HOUR, 2 * HOUR, "river-1", "flood", Grade.ORANGE, line=2)]


def test_hazard_and_grade_may_be_left_out_and_an_event_may_be_over_at_once() -> None:
    events, findings = read("place,begin,end\nvillage,3600000,\n\n")

    assert findings == []
    assert events == [Event(HOUR, HOUR, "village", line=2)]


def test_all_that_is_wrong_is_found_in_one_run() -> None:
    _, findings = read(
        "begin,end,place,hazard,grade\n"
        "yesterday,7200000,river-1,flood,red\n"
        "3600000,7200000,rivre-1,flod,rot\n"
        "7200000,3600000,river-1,flood,red\n"
        "3600000,7200000,river-1\n"
    )

    assert places(findings) == [
        (2, 1, "E112"),
        (3, 17, "E135"),
        (3, 25, "E112"),
        (3, 30, "E112"),
        (4, 9, "E112"),
        (5, 1, "E131"),
    ]
    assert findings[1].suggestion == "did you mean river-1?"
    assert findings[1].excerpt == "3600000,7200000,rivre-1,flod,rot"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("begin,end\n1,2\n", "column `place` is missing"),
        ("begin,end,place,plase\n1,2,village,x\n", "column `plase` is not known"),
        ("begin,end,place,end\n1,2,village,3\n", "column `end` appears twice"),
        ("begin,end,place\n", "there is no event in it"),
        ('begin,end,place\n1,2,"village\n', "not well-formed CSV"),
        ("begin,end,place\n2018-06-03T12:00:00,,village\n", "is neither ISO 8601 with an offset nor"),
    ],
)
def test_a_file_that_is_none_says_why(text: str, said: str) -> None:
    events, [finding] = read(text)

    assert events == []
    assert said in finding.message


def test_where_events_are_counted_by_hazard_each_names_its_own() -> None:
    text = "begin,end,place,hazard\n1,2,village,\n"

    assert read(text)[1] == []
    _, [finding] = read(text, by_hazard=True)
    assert (finding.code, finding.suggestion) == ("E111", "there are: flood, rain")


def test_events_outside_the_record_or_of_a_weaker_grade_are_not_asked_for() -> None:
    early, weak, strong, any_ = (
        Event(0, 1, "village"),
        Event(5, 9, "village", "flood", Grade.BLUE),
        Event(5, 20, "village", "flood", Grade.RED),
        Event(9, 30, "village"),
    )
    labelled = Labelled([early, weak, strong, any_], lead=0).within(9, 25)

    assert labelled.events == [weak, strong, any_]
    assert labelled.asking_for(Grade.YELLOW, "flood") == [strong, any_]
    assert labelled.asking_for(Grade.BLUE, "rain") == [any_]


def test_the_shipped_example_is_read() -> None:
    root = Path(__file__).parent.parent.parent / "configs"
    registry = configure(read_bundle(root / "tocsin.yaml")).basis.registry
    name = root / "demo" / "events.csv"

    events, findings = read_events(str(name), name.read_text("utf-8"), registry, ["flood"], by_hazard=True)

    assert findings == []
    assert [event.grade for event in events] == [Grade.YELLOW, Grade.ORANGE]
