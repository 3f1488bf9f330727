"""Another process that looks at the daemon from outside: it hangs, it is gone, or its canaries do not return.

It shares nothing with the daemon but the port of /readyz and the settings file, and says what it sees with a
command of the administrator's: once when the canary is missing, once when it is back. A command that fails is
tried again at the next look.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

import httpx
import msgspec
import structlog

from ingest.clock import SECOND, Clock

log = structlog.get_logger()

LOOK_EVERY = 5 * SECOND
ANSWER_SECONDS = 5.0
COMMAND_SECONDS = 60.0


class News(StrEnum):
    """What the command is told, as its last argument but one; the last says why."""

    MISSING = "missing"
    BACK = "back"


class _Readiness(msgspec.Struct):
    problems: dict[str, str]


class Look:
    """Asks /readyz on a port of loopback: what is wrong with the canary, "" if nothing, None if no answer."""

    def __init__(self, port: int, seconds: float = ANSWER_SECONDS) -> None:
        self._url = f"http://127.0.0.1:{port}/readyz"
        self._seconds = seconds

    async def __call__(self) -> str | None:
        try:
            # No proxy of the environment, and a connection each time: what hangs must not be remembered.
            async with httpx.AsyncClient(timeout=self._seconds, trust_env=False) as client:
                answer = await client.get(self._url)
            return msgspec.json.decode(answer.content, type=_Readiness).problems.get("canary", "")
        except (httpx.HTTPError, msgspec.DecodeError):
            return None


class Watch:
    """`look` as `Look`, `tell` says the news and whether it got out; `patience` (ms) without an answer."""

    def __init__(
        self,
        look: Callable[[], Awaitable[str | None]],
        tell: Callable[[News, str], Awaitable[bool]],
        clock: Clock,
        patience: int,
    ) -> None:
        self._look = look
        self._tell = tell
        self._clock = clock
        self._patience = patience
        self._answered = clock.now()
        self._told = News.BACK

    async def turn(self) -> None:
        """Look once, and tell what is new."""
        news, why = self._news(await self._look())
        if news is not None and news is not self._told and await self._tell(news, why):
            self._told = news

    def _news(self, seen: str | None) -> tuple[News | None, str]:
        if seen is None:
            silent = self._clock.now() - self._answered
            why = f"the daemon has not answered for {silent // SECOND} s"
            return (News.MISSING if silent >= self._patience else None), why
        self._answered = self._clock.now()
        return (News.MISSING, seen) if seen else (News.BACK, "canaries come back")


class Command:
    """Runs a program, without a shell, with the news as two more arguments."""

    def __init__(self, arguments: Sequence[str], seconds: float = COMMAND_SECONDS) -> None:
        self._arguments = tuple(arguments)
        self._seconds = seconds

    async def __call__(self, news: News, why: str) -> bool:
        """Whether it ended well within its time."""
        log.error("canary missing", why=why) if news is News.MISSING else log.info("canary back")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._arguments, news.value, why, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            log.error("command cannot be run; it is tried again", reason=str(error))
            return False
        try:
            async with asyncio.timeout(self._seconds):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if code:
            log.error("command failed; it is tried again", code=code)
        return code == 0


async def watch(watching: Watch, every: int = LOOK_EVERY) -> None:
    """Until cancelled; `every` in ms."""
    while True:
        await watching.turn()
        await asyncio.sleep(every / SECOND)
