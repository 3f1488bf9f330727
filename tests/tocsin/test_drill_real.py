"""A real warning while a drill is held: shown at once as real, and the end of the drill if it says so."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifiers.outbox import Outbox
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, commit, raised, route, router
from tests.tocsin.holding import held
from tocsin.drill.drill_file import Drill, read_drill
from tocsin.drill.record import STATE, Record
from tocsin.drill.running import REAL

BY = router(route(ANA))
# An hour, of which a real second plays a minute and a half.
FILE = """\
title: {{zh: 演练, en: Drill}}
purpose: {{zh: 叫应, en: Who answers}}
start: "2026-07-11 20:10"
lasts: {lasts}
real: {real}
storyline:
  - {{at: 1min, sag: {{place: bridge-end}}}}
expect:
  no_other: [red]
"""
SPEED = 90.0


def drill(real: str, lasts: str) -> Drill:
    read, findings = read_drill("drill.yaml", FILE.format(real=real, lasts=lasts))
    assert read is not None, findings
    return read


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Path, Outbox]]:
    """The state directory of live service, and the outbox in it."""
    directory = tmp_path / "live"
    directory.mkdir()
    outbox = Outbox.open(directory / "outbox.db", Realm.LIVE)
    yield directory, outbox
    outbox.close()


@pytest.fixture
def record(tmp_path: Path) -> Path:
    directory = tmp_path / "record"
    directory.mkdir()
    return directory


async def held_beside(live: tuple[Path, Outbox], told: Drill, directory: Path, shown: io.StringIO) -> Record:
    """In the middle of the drill live service tells of a red."""
    outbox = directory / STATE / "outbox.db"
    holding = asyncio.create_task(held(told, directory, speed=SPEED, live=live[0], shown=shown))
    async with asyncio.timeout(60):
        # By then the drill looks at live service.
        while not outbox.exists():
            await asyncio.sleep(0.01)
    commit(live[1], BY, raised(after=Grade.RED))
    async with asyncio.timeout(120):
        return await holding


async def test_it_is_shown_at_once_as_real_and_the_drill_goes_on(
    live: tuple[Path, Outbox], record: Path
) -> None:
    shown = io.StringIO()

    card = (await held_beside(live, drill("show", "6min"), record, shown)).card()

    [real] = card.real
    assert (real.grade, real.text["en"][:27]) == ("red", "REAL: RED warning (level I)")
    assert "REAL: RED warning (level I)" in shown.getvalue()
    assert card.stopped == {}
    assert card.passed


async def test_it_ends_a_drill_that_says_so(live: tuple[Path, Outbox], record: Path) -> None:
    card = (await held_beside(live, drill("stop", "3h"), record, io.StringIO())).card()

    assert card.stopped == REAL
    assert [real.grade for real in card.real] == ["red"]
    assert card.lasted < card.planned
    assert not card.passed
