"""Who watches from outside: missing is told once, back is told once, and both until they are heard."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import SECOND, LockstepClock
from tests.tocsin.program import Tocsin, program
from tests.tocsin.test_health import Part, served
from tests.tocsin.village import SETTINGS, START, bundle, write
from tocsin.watch import Command, Look, News, Watch

PATIENCE = 110 * SECOND


class Watched:
    """A watch whose looks are given one by one; `heard` is what was told, `deaf` refuses to hear it."""

    def __init__(self) -> None:
        self.clock = LockstepClock(START, 1)
        self.heard: list[tuple[News, str]] = []
        self.deaf = False
        self._seen: Iterator[str | None] = iter(())
        self._watch = Watch(self._look, self._tell, self.clock, PATIENCE)

    async def _look(self) -> str | None:
        return next(self._seen)

    async def _tell(self, news: News, why: str) -> bool:
        if not self.deaf:
            self.heard.append((news, why))
        return not self.deaf

    async def see(self, seconds: int, seen: str | None) -> None:
        self.clock.catch_up(self.clock.now() + seconds * SECOND)
        self._seen = iter([seen])
        await self._watch.turn()


async def test_a_daemon_that_does_not_answer_is_missing_after_its_patience_and_told_once() -> None:
    watched = Watched()
    await watched.see(5, "")
    await watched.see(109, None)
    assert watched.heard == []
    await watched.see(1, None)
    await watched.see(60, None)

    assert watched.heard == [(News.MISSING, "the daemon has not answered for 110 s")]


async def test_one_that_never_answered_is_missing_as_well() -> None:
    watched = Watched()
    await watched.see(110, None)

    assert [news for news, _ in watched.heard] == [News.MISSING]


async def test_a_canary_that_the_daemon_itself_misses_is_told_at_once_and_its_return_too() -> None:
    watched = Watched()
    await watched.see(5, "no canary has come back for 171 s")
    await watched.see(5, "no canary has come back for 176 s")
    await watched.see(5, "")
    await watched.see(5, "")

    assert watched.heard == [
        (News.MISSING, "no canary has come back for 171 s"),
        (News.BACK, "canaries come back"),
    ]


async def test_a_short_restart_is_told_to_nobody() -> None:
    watched = Watched()
    for seen in ("", None, None, ""):
        await watched.see(30, seen)

    assert watched.heard == []


async def test_what_was_not_heard_is_told_again() -> None:
    watched = Watched()
    watched.deaf = True
    await watched.see(200, None)
    watched.deaf = False
    await watched.see(5, None)

    assert watched.heard == [(News.MISSING, "the daemon has not answered for 205 s")]


async def test_a_look_sees_the_canary_of_a_daemon_and_no_other_problem() -> None:
    part = Part(problems={"series": "unavailable"})
    async with served(part) as port:
        look = Look(port)
        assert await look() == ""
        part.problems["canary"] = "none"
        assert await look() == "none"


async def test_a_look_at_a_closed_port_is_no_answer() -> None:
    async with served(Part()) as port:
        pass

    assert await Look(port)() is None


def script(directory: Path, code: str) -> list[str]:
    path = directory / "tell.py"
    path.write_text(code)
    return [sys.executable, str(path), str(directory / "told")]


WRITE = "import sys; open(sys.argv[1], 'a').write(repr(sys.argv[2:]))"


async def test_the_command_gets_the_news_and_why_without_a_shell(tmp_path: Path) -> None:
    command = Command(script(tmp_path, WRITE))

    assert await command(News.MISSING, "gone; $(reboot)")
    assert (tmp_path / "told").read_text() == "['missing', 'gone; $(reboot)']"


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import signal; signal.pause()"])
async def test_a_command_that_fails_or_hangs_has_told_nobody(tmp_path: Path, code: str) -> None:
    seconds = 30 if "Exit" in code else 0.2

    assert not await Command(script(tmp_path, code), seconds)(News.MISSING, "")


async def test_a_command_that_is_not_there_has_told_nobody(tmp_path: Path) -> None:
    assert not await Command([str(tmp_path / "none")])(News.MISSING, "")


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.mark.parametrize("section", ["", "watchdog: {every: 1min}\n"])
def test_without_a_command_there_is_nothing_to_watch_with(
    tmp_path: Path, tocsin: Tocsin, section: str
) -> None:
    ended = tocsin("watch", "--config", write(tmp_path, bundle(SETTINGS + section)))

    assert ended.code == 1
    assert "watchdog.command" in ended.err


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("{every: 2min, within: 3min}", "twice every"),
        ("{heartbeat_url: 'http://a', heartbeat_url_file: b}", "not both"),
    ],
)
def test_settings_that_could_not_work_are_findings(
    tmp_path: Path, tocsin: Tocsin, section: str, wrong: str
) -> None:
    ended = tocsin("watch", "--config", write(tmp_path, bundle(f"{SETTINGS}watchdog: {section}\n")))

    assert ended.code == 1
    assert wrong in ended.err


def test_settings_that_are_not_utf_8_are_named(tmp_path: Path, tocsin: Tocsin) -> None:
    path = write(tmp_path, bundle())
    path.write_bytes("# 应急指挥中心\n".encode("gbk") + path.read_bytes())

    ended = tocsin("watch", "--config", path)

    assert ended.code == 1
    assert f"{path}: E001 cannot be read: not UTF-8" in ended.err
