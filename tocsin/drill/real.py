"""Real warnings of live service, as a drill sees them: read, shown as real, and nothing flows back.

It looks into the state directory of the live daemon, over a connection that cannot write a byte and asks
nobody for anything. While it cannot look it says so: nothing shown does not mean that nothing has happened.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from ingest.clock import SECOND, Clock
from ingest.finding import ConfigurationError, Finding, words
from notifiers.bulletin import Act
from notifiers.message import LANGUAGES
from notifiers.outbox.onlooking import News, onlooking
from notifiers.outbox.schema import OutboxError
from rules.grade import Grade
from rules.realm import Realm

log = structlog.get_logger()

EVERY = SECOND
_MARKS = {"zh": "真实：", "en": "REAL: "}


@dataclass(frozen=True, slots=True)
class RealWarning:
    """What people are told outside the drill, at `at` (ms of real time).

    `grade` is None once it is over; a digest has no `place`. `place` and `text` have Chinese and English;
    each text begins with 真实 or REAL.
    """

    at: int
    incident: str
    revision: int
    act: Act
    grade: Grade | None
    zone: str
    place: dict[str, str]
    text: dict[str, str]


class Feed:
    """What is told by the live service over `state` from now on; `clock` is of real time.

    `problem` is why it cannot be seen at present, None while it can: whoever shows the feed must show that,
    too. Raises ConfigurationError for a directory of another realm, or on which no service runs now.
    """

    def __init__(self, state: Path, clock: Clock) -> None:
        self.problem: Finding | None = None
        self._state = state
        self._path = state / "outbox.db"
        self._clock = clock
        try:
            with onlooking(self._path) as outbox:
                if outbox.realm is not Realm.LIVE:
                    raise ConfigurationError([_not_live(state, outbox.realm)])
                self._mark = outbox.mark()
        except OutboxError as error:
            raise ConfigurationError([_unseen(state)]) from error

    async def news(self) -> AsyncIterator[RealWarning | Finding]:
        """Each warning as soon as it is told, and why none can be seen when that begins; without an end.

        It looks every second.
        """
        unseen: Finding | None = None
        while True:
            for found in await asyncio.to_thread(self.look):
                yield found
            if self.problem is not None and self.problem != unseen:
                yield self.problem
            unseen = self.problem
            await self._clock.sleep_until(self._clock.now() + EVERY)

    def look(self) -> list[RealWarning]:
        """What has come since the last look; of a time in which nothing could be seen, all comes then."""
        try:
            with onlooking(self._path) as outbox:
                if outbox.realm is not Realm.LIVE:
                    self.problem = _not_live(self._state, outbox.realm)
                    return []
                news, self._mark = outbox.since(self._mark)
        except OutboxError as error:
            log.warning("live service cannot be seen", state=str(self._state), reason=str(error))
            self.problem = _unseen(self._state)
            return []
        self.problem = None
        return [_shown(each) for each in news]


def _shown(news: News) -> RealWarning:
    told = news.bulletin
    texts = {language: told.text.get(language) or next(iter(told.text.values())) for language in LANGUAGES}
    return RealWarning(
        at=told.sent,
        incident=told.incident,
        revision=told.revision,
        act=told.act,
        grade=told.grade,
        zone=news.zone,
        place=told.place,
        text={language: _MARKS[language] + text for language, text in texts.items()},
    )


def _not_live(state: Path, realm: Realm) -> Finding:
    message = words("it holds the realm {realm}, and real warnings are those of live service", realm=realm)
    return Finding(str(state), 0, 0, "E016", message, words("name the state directory of live service"))


def _unseen(state: Path) -> Finding:
    message = words("real warnings cannot be seen: no service of this version runs on this directory")
    way_out = words("start live service, or name its state directory")
    return Finding(str(state), 0, 0, "E017", message, way_out)
