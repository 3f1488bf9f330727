"""The power goes at any instant: what was promised by then is there, and the next start goes on from it.

`TOCSIN_CUTS` says how many instants, `TOCSIN_SEED` which.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from ingest.journal import JournalCorrupt
from tests.faults.disk import build
from tests.faults.life import STAGES, Promises, live
from tests.faults.lives import Job, live_all
from tests.faults.power import SECTOR, Call, Disk, calls_in, instants
from tests.faults.promises import acked_in, reconciled

CUTS = int(os.environ.get("TOCSIN_CUTS", "100"))
# Seconds for a life of a tenth of one.
WITHIN = 30
SEED = int(os.environ.get("TOCSIN_SEED", "1"))


@pytest.mark.system
def test_whenever_the_power_goes_what_was_promised_is_there(memory: Path) -> None:
    library, state, log = build(memory), memory / "state", memory / "log"
    [ended] = live_all(library, [Job(str(state), log=str(log))])
    assert ended.code == 0, ended.said
    calls = calls_in(log)
    chance = random.Random(SEED)
    found: list[str] = []
    acked = set()
    for instant, disk in instants(calls, CUTS, chance):
        place = memory / f"cut-{instant}"
        disk.cut(place, chance)
        said = list(disk.said)
        acked.add(len(acked_in(said)))
        wrong = reconciled(place, said, drained=False).findings
        wrong += _gone_on(place, said)
        found += [f"seed {SEED}, cut {instant} of {len(calls)}: {finding}" for finding in wrong]

    assert not found, "\n".join(found)
    # They came before the first promise, after the last, and between any two.
    assert acked == set(range(len(STAGES) + 1))


def _gone_on(place: Path, said: list[str]) -> list[str]:
    """What is wrong after the next life, which is sent what was not acked to the first."""
    try:
        asyncio.run(asyncio.wait_for(live(place, Promises(said.append), acked_in(said)), WITHIN))
    except (OSError, JournalCorrupt, TimeoutError) as error:
        return [f"the next life: {error!r}"]
    return reconciled(place, said, drained=True).findings


def test_what_is_synced_stays_and_what_is_not_may_go(tmp_path: Path) -> None:
    """The rebuilt disk itself: else a cut that loses nothing would prove nothing."""
    disk = Disk(Path("/s"))
    for call in (
        Call("d", "/s", 0, b""),
        Call("c", "/s/a", 0, b""),
        Call("w", "/s/a", 0, b"1" * 2 * SECTOR),
        Call("s", "/s/a", 0, b""),
        Call("s", "/s", 0, b""),
        Call("w", "/s/a", 0, b"2" * 2 * SECTOR),
        Call("c", "/s/b", 0, b""),
        Call("r", "/s/a", 0, b"/s/c"),
    ):
        disk.take(call)
    seen = set()
    for seed in range(200):
        place = tmp_path / str(seed)
        disk.cut(place, random.Random(seed))
        seen.add(tuple((p.name, p.read_bytes()[::SECTOR]) for p in sorted(place.iterdir())))

    contents = (b"11", b"12", b"21", b"22")
    assert seen == {
        *((("a", content),) for content in contents),
        *((("a", content), ("b", b"")) for content in contents),
        *((("b", b""), ("c", content)) for content in contents),
    }
