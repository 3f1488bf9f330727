"""The far end of every channel: what a recipient reads or hears there, and the least trace of a sending."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from email import message_from_string, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from ingest.clock import MINUTE
from notifiers.delivery import Channel
from notifiers.recorder import Recorder
from rules.realm import Realm
from simulators.gateway import ScriptedGateway
from tests.notifiers.announced import AT
from tests.notifiers.cap_office import files, opened, tree, values
from tests.notifiers.mail import Mail
from tests.notifiers.sounding import sirens
from tests.notifiers.subjects import Subject, mail_by_apprise

# What a reader shows of a CAP document.
_WORDED = ("headline", "description", "instruction")


@dataclass(frozen=True, slots=True)
class Hop:
    """A channel and what has left it: all texts, and a line for what left without one; [] for nothing."""

    channel: Channel
    left: Callable[[], Awaitable[list[str]]]


End: TypeAlias = Callable[[Subject, Realm], AbstractAsyncContextManager[Hop]]


def hop(subject: Subject, realm: Realm) -> AbstractAsyncContextManager[Hop]:
    """A channel of `realm`, with whoever takes what it sends at its end."""
    return _ENDS.get(subject.name, _by_http)(subject, realm)


@asynccontextmanager
async def _by_http(subject: Subject, realm: Realm) -> AsyncIterator[Hop]:
    gateway = ScriptedGateway(subject.yes)

    async def left() -> list[str]:
        texts = [text for request in gateway.requests for text in subject.wordings(request)]
        return texts or ["a connection"] * gateway.connections

    try:
        async with subject.make(await gateway.start(), "http", realm) as channel:
            yield Hop(channel, left)
    finally:
        await gateway.stop()


@asynccontextmanager
async def _recorder(_: Subject, realm: Realm) -> AsyncIterator[Hop]:
    channel = Recorder(realm)

    async def left() -> list[str]:
        return [text for sent in channel.sent for text in sent.text.values()]

    yield Hop(channel, left)


@asynccontextmanager
async def _mail(_: Subject, realm: Realm) -> AsyncIterator[Hop]:
    mail = Mail()

    async def left() -> list[str]:
        return [text for said in mail.messages for text in _read(said)] or ["a connection"] * mail.connections

    async with mail.open(), mail_by_apprise(mail.port, "http", realm) as channel:
        yield Hop(channel, left)


@asynccontextmanager
async def _folder(_: Subject, realm: Realm) -> AsyncIterator[Hop]:
    async def left() -> list[str]:
        return [text for name, content in files(Path(folder)).items() for text in _shown(name, content)]

    with TemporaryDirectory() as folder, opened(Path(folder), realm) as channel:
        yield Hop(channel, left)


@asynccontextmanager
async def _horns(subject: Subject, realm: Realm) -> AsyncIterator[Hop]:
    async with sirens(ids=(subject.address,), realm=realm) as at:

        async def left() -> list[str]:
            await at.clock.run(max(at.clock.now(), AT) + MINUTE)
            return [text for played in at.horn.played for text in played.text.values()]

        yield Hop(at.channel, left)


_ENDS: dict[str, End] = {
    "recorder": _recorder,
    "e-mail by Apprise": _mail,
    "CAP": _folder,
    "loudspeaker": _horns,
}


def _read(said: str) -> list[str]:
    """The subject, and each paragraph: one a language."""
    message = message_from_string(said, policy=policy.default)
    part = message.get_body(("plain",))
    assert part is not None
    return [str(message["Subject"]), *re.split(r"(?:\r?\n){2,}", part.get_content().strip())]


def _shown(name: str, content: bytes) -> list[str]:
    """What a reader shows of a document or of the feed."""
    if name == "feed.atom":
        return [element.text or "" for element in tree(content).iter("{http://www.w3.org/2005/Atom}title")]
    return [text for part in _WORDED for text in values(content, part)]
