"""Transitions through a real outbox of its own: who would be told, over what, when.

Every gateway takes at once what it is given, and nobody answers: deadlines pass, and the next are asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from notifiers.bulletin import Act
from notifiers.delivery import Delivery
from notifiers.outbox import Outbox
from notifiers.outcome import Sent
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Transition

_CLAIMED = 100


@dataclass(frozen=True, slots=True)
class Message:
    """What left over a channel at the instant `at` (ms); `zone` is "" for what is of several.

    `text` is all that the recipient reads, one language after the other.
    """

    at: int
    channel: str
    recipient: str
    act: Act
    grade: Grade | None
    zone: str
    text: str

    @classmethod
    def of(cls, delivery: Delivery, at: int) -> "Message":
        area = delivery.bulletin.area
        zone = area.zone if area is not None else ""
        text = " ".join(delivery.text.values())
        return cls(
            at, delivery.channel, delivery.recipient, delivery.bulletin.act, delivery.grade, zone, text
        )


def rehearse(transitions: Iterable[Transition], router: Router, end: int, realm: Realm) -> list[Message]:
    """All that is sent up to and including `end` (ms since the epoch), in order.

    `transitions` in the order of their instants.
    """
    with TemporaryDirectory(prefix="tocsin-rehearsal-") as directory:
        outbox = Outbox.open(Path(directory) / "outbox.db", realm)
        try:
            # One transaction for all: what is thrown away afterwards need not wait for the disk.
            with outbox.transaction():
                return [*_Rehearsal(outbox, router).messages(transitions, end)]
        finally:
            outbox.close()


class _Rehearsal:
    """The rounds of a dispatcher, one after another, at each instant at which something is to be done."""

    def __init__(self, outbox: Outbox, router: Router) -> None:
        self._outbox = outbox
        self._router = router
        self._channels = sorted(router.channels)

    def messages(self, transitions: Iterable[Transition], end: int) -> Iterator[Message]:
        now: int | None = None
        for position, (at, lines) in enumerate(groupby(transitions, key=lambda line: line.at), start=1):
            yield from self._until(at, at if now is None else now)
            self._outbox.commit(position, [*lines])
            yield from self._work(at)
            now = at
        if now is not None:
            yield from self._until(end, now)

    def _until(self, end: int, now: int) -> Iterator[Message]:
        """What falls due after `now`, at its own instant."""
        while (due := self._outbox.due(now)) is not None and due <= end:
            now = due
            yield from self._work(now)

    def _work(self, now: int) -> Iterator[Message]:
        """Rounds until nothing is left to do."""
        while True:
            self._outbox.expire(now)
            done = self._outbox.lapse(self._router, now)
            done += self._outbox.route(self._router, now)
            sent = self._send(now)
            if not done and not sent:
                return
            yield from sent

    def _send(self, now: int) -> list[Message]:
        claimed = [d for red in (True, False) for name in self._channels for d in self._claim(name, now, red)]
        for delivery in claimed:
            self._outbox.settle(delivery.key, Sent("rehearsed"), now)
        return [Message.of(delivery, now) for delivery in claimed]

    def _claim(self, channel: str, now: int, red: bool) -> list[Delivery]:
        return self._outbox.claim(channel, now, _CLAIMED, red=red)
