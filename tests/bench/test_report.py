"""The tables a person reads and the JSON a machine reads."""

import io
import json
from dataclasses import replace

from rich.console import Console

from bench.figures import Bare, Cost, Counts, Latency, Measured, Memory, Phase, Run
from bench.machine import Machine
from bench.report import encode, show

LATENCY = Latency(samples=50, p50=21.04, p99=87.66, most=101.5, resolution=1.3)


def phase(asked: float | None, stored: float | None = 1.25) -> Phase:
    return Phase(
        asked=asked, messages=100_000, offered=40_000.0, behind=12, acked=0.1, judged=0.5, rate=31_234.0,
        stored=stored, transition=LATENCY, horn=replace(LATENCY, p99=123.0),
        processes=[Cost(name="fleet", cpu=0.8, message=8.0), Cost(name="daemon", cpu=2.4, message=24.0)],
        threads=[Cost(name="main", cpu=1.5, message=15.0)],
    )  # fmt: skip


def measured(setup: str, *phases: Phase) -> Measured:
    return Measured(
        setup=setup,
        phases=list(phases),
        counts=Counts(
            published=123_456, journaled=123_460, lost=0, duplicates=4, foreign=0, unjudged=0,
            quarantined=17, absurd=17, raising=70, unraised=1,
        ),
        memory=[Memory(name="daemon", resident=200 * 2**20, peak=300 * 2**20)],
        journal=250.4,
        database=30.0,
    )  # fmt: skip


RUN = Run(
    machine=Machine("a processor", 2, 8 * 2**30, "6.1", "3.11.7", "ext4", 0.4),
    sensors=50_000,
    gateways=50,
    rules="all shipped rules",
    linger=20,
    measured=[
        measured("loopback", phase(None), phase(15_000.0)),
        measured("Mosquitto", phase(None), phase(20_000.0, stored=None)),
    ],
    bare=[Bare("aiomqtt", 30_000, 96.0)],
)


def shown(run: Run) -> dict[str, list[str]]:
    output = io.StringIO()
    show(run, Console(file=output, width=120))
    lines = (line.split("  ") for line in output.getvalue().splitlines() if line.strip())
    fields = [[field.strip() for field in line if field.strip()] for line in lines]
    return {first: others for first, *others in fields}


def test_the_tables_have_a_column_for_each_phase_and_setup_and_no_lines_off_a_terminal() -> None:
    table = shown(RUN)

    assert table["messages/s asked for"] == ["as fast as it goes", "15,000", "as fast as it goes", "20,000"]
    assert table["messages/s, publish to judged"] == ["31,234"] * 4
    assert table["database behind the judge, s"] == ["1.2", "1.2", "1.2", "not done in time"]
    assert table["publish to transition p99, ms"] == ["88"] * 4
    assert table["publish to horn p99, ms"] == ["123"] * 4
    assert table["CPU us/message, daemon"] == ["24.0"] * 4
    assert table["CPU us/message, thread main"] == ["15.0"] * 4
    assert table["messages published"] == ["123,456"] * 2
    assert table["alarms raised"] == ["69 of 70"] * 2
    assert table["daemon, MiB resident (at most)"] == ["200 (300)"] * 2
    assert not set("│╭─") & set("".join(table))


def test_runs_of_one_setup_show_their_median_and_their_spread() -> None:
    again = [measured("Mosquitto", replace(phase(20_000.0), rate=rate)) for rate in (7e3, 9e3, 8e3)]

    table = shown(replace(RUN, measured=again))

    assert table["3 runs of Mosquitto"] == []
    assert table["messages/s, publish to judged"] == ["8,000", "7,000", "9,000"]
    assert table["CPU us/message, thread main"] == ["15.0"] * 3
    assert table["lost"] == ["0"] * 3


def test_the_yardstick_is_the_ratio_to_the_daemon_on_mosquitto() -> None:
    assert shown(RUN)["aiomqtt: receive only"] == ["96.0", "0.25"]


def test_the_json_holds_every_figure() -> None:
    found = json.loads(encode(RUN))

    assert found["measured"][1]["phases"][0]["processes"][1] == {
        "name": "daemon",
        "cpu": 2.4,
        "message": 24.0,
    }
    assert found["measured"][0]["phases"][1]["transition"]["p99"] == 87.66
    assert found["measured"][1]["phases"][1]["stored"] is None
    assert found["machine"]["cores"] == 2
    assert found["bare"] == [{"library": "aiomqtt", "messages": 30_000, "cpu": 96.0}]


def test_a_run_with_a_missing_warning_is_not_complete() -> None:
    assert not RUN.complete
