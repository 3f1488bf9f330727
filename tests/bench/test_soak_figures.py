"""The verdict of a soak: each thing that must not be is named, and nothing shown is nothing passed."""

import json
from collections.abc import Callable

import pytest
from rich.console import Console

from bench.machine import Machine
from bench.soak.figures import HANDLES_MORE, Course, Messages, Soaked, Struck, encode
from bench.soak.gauge import Gauge
from bench.soak.report import show
from bench.soak.witness import Compared

MACHINE = Machine(
    processor="a", cores=2, memory=2**30, kernel="6", python="3.11", state="ext4", sync=1.0
)  # fmt: skip


def course(growth: float = 0.0) -> Course:
    return Course(first=20.0, last=20.0, most=25.0, slope=0.0, growth=growth, samples=100, lives=2)


def soaked() -> Soaked:
    """One that holds."""
    return Soaked(
        machine=MACHINE,
        seed=1,
        seconds=360.0,
        rate=300.0,
        sensors=6000,
        messages=Messages(published=1000, journaled=1010, duplicates=10, watches=1),
        compared=Compared(equal=50),
        struck=[
            Struck("kill", 5.0, 1.0, 4.0),
            Struck("reset", 20.0, 0.0, 0.5),
            Struck("kill", 40.0, 2.0, 8.0),
        ],
        courses={name: course() for name in ("memory", "handles", "threads")},
    )


def test_a_soak_that_holds_has_no_findings_and_duplicates_are_none() -> None:
    assert soaked().findings == []


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (lambda s: setattr(s.messages, "lost", 2), "2 messages lost"),
        (lambda s: setattr(s.messages, "foreign", 1), "1 messages journaled and never published"),
        (lambda s: setattr(s.messages, "late", 1), "1 watches whose messages were not all stored in time"),
        (lambda s: setattr(s.compared, "changed", 3), "3 transitions that a replay tells otherwise"),
        (lambda s: setattr(s.compared, "missing", 1), "1 transitions that are not in the outbox"),
        (lambda s: setattr(s.compared, "unexpected", 1), "1 transitions that no replay tells"),
        (lambda s: setattr(s.compared, "faults", 1), "1 transitions that the daemon judged otherwise again"),
        (
            lambda s: s.struck.append(Struck("kill", 60.0, 1.0, None)),
            "1 faults after which the daemon was not ready in time",
        ),
        (
            lambda s: s.courses.update(handles=course(HANDLES_MORE + 1)),
            "file handles grow: 11 more at the end of a life",
        ),
        (lambda s: s.struck.clear(), "nothing befell the daemon: a soak without a fault shows nothing"),
        (lambda s: setattr(s.compared, "equal", 0), "no transition was compared"),
    ],
)
def test_whatever_must_not_be_is_named(spoil: Callable[[Soaked], None], finding: str) -> None:
    found = soaked()
    spoil(found)

    assert found.findings == [finding]


def test_handles_that_come_and_go_are_no_growth() -> None:
    found = soaked()
    found.courses["handles"] = course(HANDLES_MORE)

    assert found.findings == []


def test_faults_are_counted_by_kind_with_the_time_to_ready() -> None:
    found = soaked()
    found.struck.append(Struck("reset", 60.0, 0.0, None))
    kill, reset = found.kinds

    assert (kill.name, kill.times, kill.survived, kill.ready_p50, kill.ready_most) == ("kill", 2, 2, 4.0, 8.0)
    assert (reset.name, reset.times, reset.survived, reset.ready_most) == ("reset", 2, 1, 0.5)


def test_the_json_holds_the_figures_the_kinds_and_the_verdict_even_if_nothing_was_seen() -> None:
    found = soaked()
    found.messages.lost = 1
    found.courses["memory"] = Course.of(Gauge())
    read = json.loads(encode(found))

    assert read["findings"] == ["1 messages lost"]
    assert [kind["name"] for kind in read["kinds"]] == ["kill", "reset"]
    assert read["messages"]["published"] == 1000
    assert read["courses"]["memory"]["slope"] is None


def test_the_tables_show_the_faults_and_the_verdict() -> None:
    console = Console(width=120, record=True, quiet=False, file=None)
    with console.capture() as shown:
        show(soaked(), console)
    text = shown.get()

    assert "nothing lost, nothing changed, ready after every fault" in text
    assert [line.split() for line in text.splitlines() if line.strip().startswith("kill")] == [
        ["kill", "2", "2", "4.0", "8.0"]
    ]
