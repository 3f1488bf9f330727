"""What recipients answer: an SMS from the telephone of a contact, the button of a horn.

A text acknowledges the newest incident that its number was told of, or names another by the first characters
of its number; a button the one that the horn has played.
"""

import asyncio
import re
import sqlite3
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import closing

import structlog

from notifiers.action import Acknowledge, Answer, Taken
from notifiers.contacts import Contacts
from notifiers.delivery import Reply
from notifiers.outbox.desk import Desk
from notifiers.outbox.schema import OutboxError

log = structlog.get_logger()

# What people write when they mean yes, without case and width, and without spaces and marks around it.
WORDS = frozenset({"1", "ok", "yes", "ack", "y", "收到", "已收到", "确认", "是"})
_MARKS = " .。!,、\t\r\n"
# A Chinese word needs no space before a number.
_NUMBER = re.compile(r"(?<![0-9a-z])[0-9a-f]{4,16}(?![0-9a-z])")


class NotUnderstood(Exception):
    """A reply that acknowledges nothing; says why."""


def acknowledgement(
    reply: Reply, contacts: Contacts, told: Callable[[str, str, str], str | None], *, horn: bool
) -> Taken:
    """The action that a reply stands for; `NotUnderstood` if it stands for none.

    `told` gives the newest incident that an address was told of, by (address, first characters of its number
    or "", the delivery that is answered or "").
    """
    person = None if horn else contacts.of_phone(reply.address)
    if not horn and person is None:
        raise NotUnderstood("the number is nobody's in contacts.yaml")
    wanted = _wanted(reply.text)
    incident = told(reply.address, wanted, reply.key)
    if incident is None:
        raise NotUnderstood(f"was not told of any incident {wanted}".rstrip())
    user = f"horn:{reply.address}" if person is None else person.id
    via = f"{'horn' if person is None else 'sms'}:{reply.address}"
    return Taken(user, via, Acknowledge(incident))


class Replies:
    """Takes each reply as the action it stands for; what stands for none is noted, counted and logged.

    `reading` opens the outbox for one look, `take` journals and applies, `note` is for the audit.
    """

    def __init__(
        self,
        contacts: Callable[[], Contacts],
        reading: Callable[[], Desk],
        take: Callable[[Taken], Awaitable[Answer]],
        note: Callable[[str, str, dict[str, object]], Awaitable[None]],
    ) -> None:
        self.refused = 0
        self._contacts = contacts
        self._reading = reading
        self._take = take
        self._note = note
        self._heard: set[asyncio.Task[None]] = set()

    def hear(self, reply: Reply, *, horn: bool) -> None:
        """From the event loop; returns at once."""
        task = asyncio.ensure_future(self._follow(reply, horn=horn))
        self._heard.add(task)
        task.add_done_callback(self._heard.discard)

    def idle(self) -> bool:
        """Whether every reply has become what it stands for."""
        return not self._heard

    async def _follow(self, reply: Reply, *, horn: bool) -> None:
        try:
            taken = await asyncio.to_thread(self._acknowledgement, reply, horn=horn)
        except (NotUnderstood, OutboxError, sqlite3.Error) as error:
            await self._refuse(reply, str(error))
            return
        answer = await self._take(taken)
        if not answer.done:
            await self._refuse(reply, answer.said)

    def _acknowledgement(self, reply: Reply, *, horn: bool) -> Taken:
        with closing(self._reading()) as desk:
            return acknowledgement(reply, self._contacts(), desk.told, horn=horn)

    async def _refuse(self, reply: Reply, reason: str) -> None:
        """The number and what it says are for the audit, not for the log."""
        self.refused += 1
        log.warning("reply: acknowledges nothing", channel=reply.channel, reason=reason)
        facts: dict[str, object] = {"channel": reply.channel, "address": reply.address, "text": reply.text}
        await self._note("reply refused", "", {**facts, "reason": reason})


def _wanted(text: str) -> str:
    """The number that a text names, "" if it only says yes; `NotUnderstood` for anything else."""
    said = unicodedata.normalize("NFKC", text).casefold()
    number = _NUMBER.search(said)
    words = (said.replace(number[0], "", 1) if number else said).strip(_MARKS)
    if words in WORDS or (number and not words):
        return number[0] if number else ""
    raise NotUnderstood("neither one of the words that acknowledge nor a warning's number")
