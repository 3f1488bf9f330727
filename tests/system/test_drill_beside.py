"""A drill under load beside live service, on one broker: the real is told as real, the drill to nobody."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio

from bench.two_realms import Exercise, Side, two_realms
from ingest.clock import SystemClock
from rules.grade import Grade
from simulators.phone import TextMessage
from tocsin.drill.real import Feed, RealWarning

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

REDS = 100
RATE = 1_000.0  # messages/s of the drill
MARKS = ("EXERCISE", "【演练】")


class Beside:
    """What has happened once 100 live places became red, one after another, beside the drill."""

    def __init__(self, live: Side, drill: Side) -> None:
        self.live, self.drill = live, drill
        self.told: list[TextMessage] = []
        self.real: list[RealWarning] = []
        self.exercised = 0

    async def run(self) -> None:
        """The reds while the load lasts; it lasts until the drill has had some seconds of it."""
        feed, exercise = Feed(self.live.state, SystemClock()), Exercise(self.drill, REDS, RATE)
        load = asyncio.create_task(exercise.run())
        await self._reds(feed)
        while exercise.published < 3 * RATE:
            await asyncio.sleep(0.05)
        load.cancel()
        await asyncio.wait([load])
        await self.drill.publisher.flush()
        self.exercised = exercise.published
        async with asyncio.timeout(60):
            # Each look waits for the daemon's answer.
            while await self.drill.figure("tocsin_received_messages_total") < self.exercised:
                pass

    async def _reds(self, feed: Feed) -> None:
        for place in range(REDS):
            _, text = await self.live.red(place)
            self.told.append(text)
            self.real += feed.look()
            assert feed.problem is None
            # Now and then, as it happens: the drill goes on meanwhile.
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Beside]:
    async with two_realms(tmp_path_factory.mktemp("beside"), REDS) as (live, drill):
        beside = Beside(live, drill)
        await beside.run()
        yield beside


async def test_each_live_red_reaches_its_phone_and_none_as_an_exercise(at: Beside) -> None:
    assert len({text.key for text in at.told}) == REDS
    assert [text.text for text in at.told if not text.text.startswith("RED warning (level I): River")] == []


async def test_live_phones_show_nothing_of_the_drill(at: Beside) -> None:
    assert sorted(text.key for text in at.live.phone.inbox) == sorted(text.key for text in at.told)


async def test_the_drill_was_at_work_and_told_its_own_phones_that_it_is_one(at: Beside) -> None:
    assert at.exercised >= 3 * RATE
    assert len(at.drill.phone.inbox) > 10
    assert [text.text for text in at.drill.phone.inbox if not text.text.startswith(MARKS)] == []
    assert {text.key for text in at.drill.phone.inbox} & {text.key for text in at.told} == set()


async def test_live_service_heard_no_message_of_the_drill(at: Beside) -> None:
    received = await at.live.figure("tocsin_received_messages_total")
    quarantined = await at.live.figure('tocsin_messages_total{outcome="quarantined"}')

    assert (received, quarantined) == (REDS, 0)


async def test_the_drill_heard_no_message_of_live_service(at: Beside) -> None:
    assert await at.drill.figure("tocsin_received_messages_total") == at.exercised


async def test_the_drill_saw_each_live_red_as_real(at: Beside) -> None:
    feed = [warning for warning in at.real if warning.grade is Grade.RED]

    assert {warning.zone for warning in feed} == {f"place-{number:04}" for number in range(REDS)}
    assert {warning.text["en"].startswith("REAL: RED warning") for warning in feed} == {True}
    assert {warning.text["zh"].startswith("真实：红色预警") for warning in feed} == {True}


async def test_looking_on_leaves_no_trace_in_the_directory_of_a_live_service(at: Beside) -> None:
    feed, state = Feed(at.live.state, SystemClock()), at.live.state

    before = traces(state)
    for _ in range(50):
        feed.look()
    assert traces(state) == before

    assert feed.problem is None


def traces(state: Path) -> dict[str, str]:
    """The outbox, its log and the memory of its readers; all else live service writes as time passes."""
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in state.glob("outbox.db*")}
