"""`python -m bench.soak` end to end: three quarters of a minute with a fault every few seconds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.reconcile import journaled
from ingest.journal import EntryKind, open_read_only
from ingest.session.wire import Undecodable, messages
from tests.faults.checker import Sent, check

ROOT = Path(__file__).parent.parent.parent
OPTIONS = ["--hours", "0.0125", "--watch", "22", "--rest", "1.5", "--longest", "3", "--sensors", "2000"]


def sent(journal: Path) -> Iterator[Sent]:
    """Every message of a journal, once."""
    with open_read_only(journal) as reader:
        blocks = [entry for entry in reader.read(0, 10**6) if entry.kind is EntryKind.MQTT]
    packets = [packet for block in blocks for packet in messages(block.data)]
    known = {(p.topic, bytes(p.payload or b"")) for p in packets if not isinstance(p, Undecodable)}
    return (Sent(topic, payload) for topic, payload in known)


@pytest.mark.system
def test_a_short_soak_loses_and_changes_nothing_over_several_faults(tmp_path: Path) -> None:
    """Two watches; what its own witness says of the outbox, the offline checker says of the whole state."""
    figures, place = tmp_path / "figures.json", tmp_path / "soak"
    place.mkdir()
    options = [*OPTIONS, "--directory", str(place), "--json", str(figures)]
    command = [sys.executable, "-m", "bench.soak", *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    soaked = json.loads(figures.read_bytes())
    counts, compared = soaked["messages"], soaked["compared"]
    assert soaked["findings"] == []
    assert (counts["lost"], counts["foreign"], counts["late"], counts["watches"]) == (0, 0, 0, 2)
    assert counts["journaled"] == counts["published"] + counts["duplicates"]
    assert counts["journaled"] == len(journaled(place / "state" / "journal")) > 5000
    assert {compared[name] for name in ("changed", "missing", "unexpected", "faults")} == {0}
    assert len(soaked["struck"]) >= 3
    assert all(struck["ready"] is not None for struck in soaked["struck"])
    # The first fault of this seed.
    assert soaked["struck"][0]["name"].startswith("daemon: SIGHUP")
    assert soaked["bundles"] >= 2
    assert not list(place.glob("sent-*.log"))
    found = check(place / "state", sent(place / "state" / "journal"))
    assert found.findings == []
    assert found.transitions == compared["equal"] > 10
