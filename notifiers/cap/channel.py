"""CAP documents and their feed in a folder that a web server shows."""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import SECOND, Clock
from ingest.durable import whole_file
from notifiers.bulletin import Act, Bulletin
from notifiers.cap.alert import document, headline
from notifiers.cap.check import check
from notifiers.cap.defect import Limits
from notifiers.cap.feed import FEED, Heading, feed, file_of
from notifiers.cap.register import Issued, Register
from notifiers.cap.terms import LANGUAGES, Issuer
from notifiers.delivery import Delivery
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.seal import marked, refusal
from rules.realm import Realm

_NEWEST = 50
_AGAIN = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Folder:
    """`directory` is shown by a web server at `url`, which ends in a slash; `register` must not be shown."""

    directory: Path
    url: str
    register: Path


class CapChannel:
    """Writes `<identifier>.xml`, then `feed.atom`: the newest 50 and all that have not expired.

    A bulletin is published once, to whomever it is addressed; a delivery of it that comes again changes
    nothing. `largest` is the size of an area in square kilometres that is still believed. All files are
    written by one thread of its own; `close` lets go of it and of the register. Raises ValueError for a drill
    without the exercise's id, OSError and sqlite3.Error if the folder or the register cannot be had.
    """

    honours_keys = True
    receipt_within: int | None = None

    def __init__(
        self, name: str, realm: Realm, folder: Folder, issuer: Issuer, *, clock: Clock, largest: float
    ) -> None:
        if realm is Realm.DRILL and not issuer.exercise.strip():
            raise ValueError(f"channel {name}: the feed of a drill needs the exercise's id")
        if not folder.url.startswith(("https://", "http://")) or not folder.url.endswith("/"):
            raise ValueError(f"channel {name}: url {folder.url!r} must be an http address that ends in /")
        self.name = name
        self.realm = realm
        self._folder, self._issuer = folder, issuer
        self._clock = clock
        self._limits = Limits(largest)
        folder.directory.mkdir(parents=True, exist_ok=True)
        self._register = Register(folder.register)
        self._files = ThreadPoolExecutor(1, thread_name_prefix=f"cap-{name}")
        # How many documents have been written, and how many of them the feed on disk shows.
        # The first send of a life writes it: the last life may have ended in between.
        self._written, self._listed = 1, 0

    def close(self) -> None:
        """Finish what is being written, and let go."""
        self._files.shutdown()
        self._register.close()

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        loop = asyncio.get_running_loop()
        try:
            issued = await loop.run_in_executor(self._files, self._publish, delivery.bulletin)
        except (OSError, sqlite3.Error) as error:
            return Retry(_AGAIN, f"not written: {error}")
        if isinstance(issued, Rejected):
            return issued
        try:
            # Whatever was written while this waited for its turn is listed with it, in one go.
            await loop.run_in_executor(self._files, self._list, self._written)
        except (OSError, sqlite3.Error) as error:
            # The next feed lists it, whoever writes that one: an all-clear must follow.
            return Unknown(f"written, but not in the feed: {error}")
        return Sent(issued.identifier)

    def _publish(self, bulletin: Bulletin) -> Issued | Rejected:
        earlier = self._register.published(bulletin.incident)
        if (known := self._register.find(bulletin.incident, bulletin.revision)) is None:
            if (reason := _out_of_turn(bulletin, earlier)) is not None:
                return Rejected(reason)
        elif known.sent != bulletin.sent:
            return Rejected(
                f"revision {bulletin.revision} of this incident was announced as another bulletin"
            )
        if known is not None and known.published:
            return known
        try:
            issued, written = self._assigned(bulletin, earlier)
        except _Refused as refused:
            return Rejected(str(refused))
        _show(self._folder.directory / file_of(issued), written)
        self._register.publish(issued)
        self._written += 1
        return issued

    def _assigned(self, bulletin: Bulletin, earlier: list[Issued]) -> tuple[Issued, bytes]:
        """The document under an identifier of its own; one that is refused takes none."""
        with self._register.transaction():
            issued = self._register.assign(
                bulletin, self._issuer.sender, self._issuer.office, _title(bulletin, self.realm)
            )
            written = document(bulletin, issued, earlier, self._issuer, self.realm)
            if defects := check(written, self._limits):
                raise _Refused("; ".join(map(str, defects)))
        return issued, written

    def _list(self, written: int) -> None:
        if self._listed >= written:
            return
        upto, now = self._written, self._clock.now()
        names = [name for language in LANGUAGES if (name := self._issuer.name.get(language))]
        author = " / ".join(names) or self._issuer.sender
        title = marked("zh", "预警信息 / Warnings", self.realm)
        heading = Heading(self._folder.url, title, author)
        _show(self._folder.directory / FEED, feed(heading, self._register.shown(now, _NEWEST), now))
        self._listed = upto


class _Refused(Exception):
    """The document does not hold what it must; the message is for the outbox."""


def _show(path: Path, content: bytes) -> None:
    """Whole at once, and readable for the web server, which is another user than the daemon."""
    with whole_file(path) as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(content)


def _out_of_turn(bulletin: Bulletin, published: list[Issued]) -> str | None:
    """Why a bulletin that is not out yet must stay in, None if it need not."""
    if bulletin.act is Act.REQUEST:
        return "a request is for a person, not for a feed"
    if published and published[-1].revision > bulletin.revision:
        return f"revision {published[-1].revision} of this incident is out already"
    if bulletin.act in (Act.CLEAR, Act.CANCEL) and not published:
        return "nothing of this incident was published here, so there is nothing to cancel"
    return None


def _title(bulletin: Bulletin, realm: Realm) -> str:
    return " / ".join(
        headline(bulletin, language, realm) for language in LANGUAGES if bulletin.text.get(language)
    )
