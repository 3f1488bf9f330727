"""A store that is killed, stopped and started in any order ends with all that was journaled."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import MINUTE, SECOND, LockstepClock
from ingest.journal import Journal, Retention
from tests.ingest.rig import START, Forgetful, Rig, running

ACTIONS = st.sampled_from(["append", "append", "kill", "down", "up", "restart", "5s", "40s", "90s"])


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_nothing_is_lost_whatever_is_killed_when(actions: list[str]) -> None:
    """Once the store stays up for two trails, it has all that was journaled, and the cursor is at the end."""
    asyncio.run(_survive(actions))


async def _survive(actions: list[str]) -> None:
    clock = LockstepClock(START)
    store = Forgetful(clock)
    with TemporaryDirectory() as directory, Journal.open(Path(directory), Retention()) as journal:
        left = list(actions)
        while left:
            async with running(Rig(journal, store, clock)) as rig:
                while left and (action := left.pop(0)) != "restart":
                    await _act(action, rig, store)
        store.down = False
        async with running(Rig(journal, store, clock)) as rig:
            for _ in range(4):
                await rig.pass_time(MINUTE)
            assert rig.cursor == journal.last
        assert store.instants() == {START + n for n in range(1, journal.last + 1)}


async def _act(action: str, rig: Rig, store: Forgetful) -> None:
    if action == "append":
        rig.append(START + rig.journal.last + 1)
    elif action == "kill":
        store.kill()
    elif action in ("down", "up"):
        store.down = action == "down"
    else:
        await rig.pass_time(int(action.removesuffix("s")) * SECOND)
    await rig.settle()
