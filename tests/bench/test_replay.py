"""`bench replay` measures the same readings three ways, and every way comes to the same."""

import io
from pathlib import Path

import msgspec
from rich.console import Console

from bench.machine import machine
from bench.replay import LIMITS, ReplayRun, encode, measure, show


def test_every_way_comes_to_the_same(tmp_path: Path) -> None:
    heard: list[str] = []

    passes = measure(1000, 4000, 1, heard.append)

    assert [each.source for each in passes] == [*LIMITS] * 2
    city, gauges = passes[:3], passes[3:]
    # What is no JSON stands in no CSV: it changes no warning.
    assert {each.transitions for each in city} == {city[0].transitions}
    assert {each.readings for each in city} == {city[0].readings}
    assert {(each.readings, each.values) for each in gauges} == {(134 * 288, 134 * 288)}
    assert len({each.transitions for each in gauges}) == 1
    assert all(each.values >= each.readings > 0 and each.seconds > 0 for each in passes)
    assert heard[0] == "city of 1,000: recording"

    console = Console(file=io.StringIO(), width=160)
    run = ReplayRun(machine=machine(tmp_path), passes=passes)
    show(run, console)
    assert isinstance(console.file, io.StringIO)
    assert "columns of closed files" in console.file.getvalue()
    assert len(msgspec.json.decode(encode(run))["passes"]) == 6
