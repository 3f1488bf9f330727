"""The table a person reads and the JSON a machine reads."""

import io
import json

from rich.console import Console

from bench.figures import Bare, Counts, Latency, Measured, Run, Sustained
from bench.machine import Machine
from bench.report import encode, show


def measured(setup: str, database: float | None = None) -> Measured:
    return Measured(
        setup=setup,
        counts=Counts(
            published=123_456, journaled=123_460, lost=0, duplicates=4, unjudged=0, raising=70, unraised=1
        ),
        sustained=Sustained(
            messages=100_000, offered=40_000.0, rate=31_234.0, judged=0.5, stored=1.25, daemon=24.0,
            broker=9.0, publisher=8.0, database=database,
        ),
        latency=Latency(rate=15_617.0, samples=50, p50=21.04, p99=87.66, most=101.5, resolution=1.3),
        memory=300 * 2**20,
    )  # fmt: skip


RUN = Run(
    machine=Machine("a processor", 2, 8 * 2**30, "6.1", "3.11.7", "ext4", 0.4),
    seconds=8.0,
    sensors=50_000,
    measured=[measured("loopback"), measured("Mosquitto", database=6.5)],
    bare=[Bare("aiomqtt", 30_000, 96.0)],
)


def shown(run: Run) -> dict[str, list[str]]:
    output = io.StringIO()
    show(run, Console(file=output, width=120))
    lines = (line.split("  ") for line in output.getvalue().splitlines() if line.strip())
    fields = [[field.strip() for field in line if field.strip()] for line in lines]
    return {first: others for first, *others in fields}


def test_the_table_has_a_column_for_each_setup_and_no_lines_off_a_terminal() -> None:
    table = shown(RUN)

    assert table["loopback"] == ["Mosquitto"]
    assert table["messages published"] == ["123,456"] * 2
    assert table["warnings raised"] == ["69 of 70"] * 2
    assert table["messages/s, publish to judged"] == ["31,234"] * 2
    assert table["CPU us/message, database"] == ["in the daemon", "6.5"]
    assert table["publish to transition p99, ms"] == ["87.7"] * 2
    assert not set("│╭─") & set("".join(table))


def test_the_yardstick_is_the_ratio_to_the_daemon_on_mosquitto() -> None:
    assert shown(RUN)["aiomqtt: receive only"] == ["96.0", "0.25"]


def test_the_json_holds_every_figure() -> None:
    found = json.loads(encode(RUN))

    assert found["measured"][1]["sustained"]["database"] == 6.5
    assert found["measured"][0]["latency"]["p99"] == 87.66
    assert found["machine"]["cores"] == 2
    assert found["bare"] == [{"library": "aiomqtt", "messages": 30_000, "cpu": 96.0}]


def test_a_run_with_a_missing_warning_is_not_complete() -> None:
    assert not RUN.complete
