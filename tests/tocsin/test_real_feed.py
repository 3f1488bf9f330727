"""Real warnings during a drill: shown as real within a second of being told, and never a word back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import SECOND
from ingest.finding import ConfigurationError, Finding
from notifiers.bulletin import Act
from notifiers.outbox import Outbox
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, START, commit, raised, route, router, send
from tocsin.commands.language import Language
from tocsin.drill.real import Feed, RealWarning
from tocsin.wording import in_language

BY = router(route(ANA))


class RealTime:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self._now, self._moved = START, asyncio.Condition()

    def now(self) -> int:
        return self._now

    def catch_up(self, instant: int) -> None:
        self._now = max(self._now, instant)

    async def sleep_until(self, instant: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._now >= instant)

    async def go_on(self, by: int) -> None:
        async with self._moved:
            self._now += by
            self._moved.notify_all()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.db", Realm.LIVE)
    yield opened
    opened.close()


def feed(state: Path) -> Feed:
    return Feed(state, RealTime())


def test_what_is_told_is_shown_as_real_in_both_languages(outbox: Outbox, tmp_path: Path) -> None:
    real = feed(tmp_path)

    commit(outbox, BY, raised(after=Grade.RED))
    [shown] = real.look()

    assert (shown.incident, shown.zone, shown.at) == ("5f2a9c0e", "riverside", START)
    assert (shown.act, shown.grade) == (Act.ALERT, Grade.RED)
    assert shown.place["en"] == "Riverside, Town"
    assert shown.text["zh"].startswith("真实：红色预警（Ⅰ级）")
    assert shown.text["en"].startswith("REAL: RED warning (level I)")
    assert real.problem is None


def test_only_what_is_told_since_the_drill_began_is_shown(outbox: Outbox, tmp_path: Path) -> None:
    commit(outbox, BY, raised())
    send(outbox)
    real = feed(tmp_path)
    assert real.look() == []

    commit(outbox, BY, raised(Grade.ORANGE, None, ordinal=1, at=START + 1), now=START + 1)

    assert [(shown.act, shown.grade) for shown in real.look()] == [(Act.CLEAR, None)]
    assert real.look() == []


@pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.LIVE])
def test_a_directory_that_is_not_live_is_refused(tmp_path: Path, realm: Realm) -> None:
    """A drill that showed another drill as real would be the worst of all."""
    other = Outbox.open(tmp_path / "outbox.db", realm)
    with pytest.raises(ConfigurationError) as refused:
        feed(tmp_path)
    other.close()

    [finding] = refused.value.findings
    assert (finding.file, finding.code) == (str(tmp_path), "E016")
    assert f"the realm {realm}" in finding.message


@pytest.mark.parametrize("stopped", [True, False], ids=["a service that was stopped", "nothing at all"])
def test_a_drill_does_not_begin_where_real_warnings_cannot_be_seen(tmp_path: Path, stopped: bool) -> None:
    if stopped:
        Outbox.open(tmp_path / "outbox.db", Realm.LIVE).close()

    with pytest.raises(ConfigurationError) as refused:
        feed(tmp_path)

    [finding] = refused.value.findings
    assert finding.code == "E017"
    assert "看不到真实预警" in in_language([finding], Language.ZH)[0].message


def test_while_it_cannot_look_it_says_so_and_misses_nothing(tmp_path: Path) -> None:
    """Live service restarts in the middle of the drill."""
    outbox = Outbox.open(tmp_path / "outbox.db", Realm.LIVE)
    real = feed(tmp_path)
    commit(outbox, BY, raised())
    outbox.close()

    assert real.look() == []
    assert real.problem is not None
    assert real.problem.code == "E017"

    outbox = Outbox.open(tmp_path / "outbox.db", Realm.LIVE)
    assert [shown.grade for shown in real.look()] == [Grade.ORANGE]
    assert real.problem is None
    outbox.close()


def test_a_directory_that_is_given_to_another_realm_is_looked_at_no_more(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "outbox.db", Realm.LIVE)
    real = feed(tmp_path)
    outbox.close()
    for file in tmp_path.iterdir():
        file.unlink()
    outbox = Outbox.open(tmp_path / "outbox.db", Realm.DRILL)
    commit(outbox, BY, raised())

    assert real.look() == []
    assert real.problem is not None
    assert real.problem.code == "E016"
    outbox.close()


async def test_it_looks_every_second_of_real_time(outbox: Outbox, tmp_path: Path) -> None:
    clock, shown = RealTime(), list[RealWarning]()
    real = Feed(tmp_path, clock)

    async def watch() -> None:
        async for news in real.news():
            assert isinstance(news, RealWarning)
            shown.append(news)

    watching = asyncio.create_task(watch())
    for number in range(3):
        commit(outbox, BY, raised(warning=f"{number:08x}", rule=f"r{number}"))
        await clock.go_on(SECOND)
        async with asyncio.timeout(5):
            while len(shown) <= number:
                await asyncio.sleep(0.001)
    watching.cancel()

    assert [warning.incident for warning in shown] == [f"{number:08x}" for number in range(3)]


async def test_that_nothing_can_be_seen_is_news_when_it_begins(tmp_path: Path) -> None:
    clock, outbox = RealTime(), Outbox.open(tmp_path / "outbox.db", Realm.LIVE)
    real, told = Feed(tmp_path, clock), list[RealWarning | Finding]()

    async def watch() -> None:
        async for news in real.news():
            told.append(news)

    outbox.close()
    watching = asyncio.create_task(watch())
    async with asyncio.timeout(30):
        while not told:
            await asyncio.sleep(0.001)
    for _ in range(3):
        await clock.go_on(SECOND)
    watching.cancel()

    assert [getattr(news, "code", None) for news in told] == ["E017"]
