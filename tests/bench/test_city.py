"""`python -m bench city` end to end, with a few hundred sensors and a few seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.system
@pytest.mark.parametrize("store", ["embedded", "victoriametrics"])
def test_a_small_city_loses_nothing_and_every_alarm_reaches_its_horn(tmp_path: Path, store: str) -> None:
    figures = tmp_path / "figures.json"
    options = [
        "--seconds",
        "2",
        "--rate",
        "400",
        "--sensors",
        "600",
        "--gateways",
        "20",
        "--no-bare",
        "--alarms",
        "8",
    ]
    command = [sys.executable, "-m", "bench", "city", *options, "--store", store, "--json", str(figures)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert ended.returncode == 0, ended.stderr
    run = json.loads(figures.read_bytes())
    [measured] = run["measured"]
    [phase] = measured["phases"]
    counts = measured["counts"]
    # Every sensor is heard twice before it counts.
    assert counts["published"] == counts["journaled"] >= phase["messages"] + 2 * 600 - 100
    assert phase["messages"] > 500
    assert {counts[name] for name in ("lost", "duplicates", "foreign", "unjudged", "unraised")} == {0}
    assert phase["transition"]["samples"] == phase["horn"]["samples"] == counts["raising"] >= 12
    assert 0 < phase["transition"]["p50"] <= phase["horn"]["p50"]
    names = {"fleet", "daemon", "broker"} | ({"database"} if store == "victoriametrics" else set())
    assert {cost["name"] for cost in phase["processes"]} == names
    assert {"main", "journal", "outbox", "series"} <= {cost["name"] for cost in phase["threads"]}
    assert {memory["name"] for memory in measured["memory"]} == names - {"fleet"}
    assert measured["journal"] > 200
