"""One horn: what it has taken, what it plays, what it has said."""

import asyncio
from collections.abc import Callable

from ingest.clock import Clock
from simulators.horn import wire
from simulators.horn.condition import Condition
from simulators.horn.wire import Command, Poll
from simulators.timetable import Timetable

VOLUME = 80  # percent
BROKEN = "the amplifier does not answer"


class Speaker:
    """Plays one command at a time, and each id once, as its condition is.

    `say` publishes (kind of message, payload); `played` is told of each command that was played to its end.
    `refused` counts what was not signed with its key, and what came under a nonce of another command.
    """

    def __init__(
        self,
        horn: str,
        key: bytes,
        clock: Clock,
        say: Callable[[str, str, bytes], None],
        played: Callable[[str, Command], None],
        *,
        condition: Timetable[Condition],
    ) -> None:
        self.refused = 0
        self._horn, self._key, self._clock = horn, key, clock
        self._say, self._played = say, played
        self._condition = condition
        self._queue: list[Command] = []
        self._playing: asyncio.Task[None] | None = None
        self._over = 0
        self._last: str | None = None
        self._receipts: dict[str, bytes] = {}
        self._nonces: dict[str, str] = {}
        # By incident, below which revision nothing is played any more.
        self._outdated: dict[str, int] = {}

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant."""
        return not self._queue or self._over > self._clock.now()

    def answer(self, poll: Poll) -> None:
        if not poll.signed_by(self._key, self._horn):
            self.refused += 1
            return
        said = {"nonce": poll.nonce, "at": self._clock.now(), "volume": VOLUME}
        self._say(self._horn, "state", wire.state(self._key, self._horn, said))

    def press(self) -> None:
        """The button, by somebody who hears what is played or was played last; LookupError if nothing was."""
        if self._last is None:
            raise LookupError(f"{self._horn} has played nothing that could be acknowledged")
        said = {"id": self._last, "at": self._clock.now()}
        self._say(self._horn, "button", wire.button(self._key, self._horn, said))

    def take(self, command: Command, group: asyncio.TaskGroup) -> None:
        """Queue it and play it in its turn as a task of `group`, or say why not."""
        if not command.signed_by(self._key, self._horn):
            self._refuse(command)
        elif (known := self._receipts.get(command.id)) is not None:
            self._say(self._horn, "receipt", known)
        elif all(queued.id != command.id for queued in self._queue):
            self._take_new(command, group)

    def _refuse(self, command: Command) -> None:
        # A forgery never speaks for a command that was taken: its receipt would be believed.
        self.refused += 1
        if command.id not in self._receipts and all(queued.id != command.id for queued in self._queue):
            self._say(self._horn, "receipt", self._receipt(command, "failed", "wrong mac"))

    def _take_new(self, command: Command, group: asyncio.TaskGroup) -> None:
        if self._nonces.setdefault(command.nonce, command.id) != command.id:
            self.refused += 1
            self._settle(command, "failed", "nonce used before")
            return
        if command.stop:
            self._stop(command)
        if (reason := self._obstacle(command)) is not None:
            self._settle(command, "failed", reason)
        else:
            self._queue.append(command)
        self._go_on(group)

    def _obstacle(self, command: Command) -> str | None:
        if command.expires <= self._clock.now():
            return "expired"
        if self._now().broken:
            return BROKEN
        if command.revision < self._outdated.get(command.incident, 0):
            return "outdated"
        return None

    def _stop(self, command: Command) -> None:
        """End what is playing or queued of an older revision of the incident, and take no more of it."""
        newest = max(command.revision, self._outdated.get(command.incident, 0))
        self._outdated[command.incident] = newest
        for queued in list(self._queue):
            if queued.incident == command.incident and queued.revision < newest:
                if queued is self._queue[0] and self._playing is not None:
                    self._playing.cancel()
                    self._playing = None
                self._queue.remove(queued)
                self._settle(queued, "failed", "stopped")

    def _go_on(self, group: asyncio.TaskGroup) -> None:
        if self._queue and self._playing is None:
            self._over = self._clock.now()
            self._playing = group.create_task(self._play())

    async def _play(self) -> None:
        """Everything that is queued, one after another."""
        while self._queue:
            command = self._queue[0]
            if command.expires <= self._clock.now():
                self._queue.pop(0)
                self._settle(command, "failed", "expired")
                continue
            self._last = command.id
            begins = self._now()
            self._over = self._clock.now() + begins.play_ms
            await self._clock.sleep_until(self._over)
            self._queue.pop(0)
            if begins.broken or self._now().broken:
                self._settle(command, "failed", BROKEN)
                continue
            self._played(self._horn, command)
            self._settle(command, "played")
        self._playing = None

    def _now(self) -> Condition:
        return self._condition.at(self._clock.now())

    def _settle(self, command: Command, state: str, reason: str = "") -> None:
        self._receipts[command.id] = self._receipt(command, state, reason)
        self._say(self._horn, "receipt", self._receipts[command.id])

    def _receipt(self, command: Command, state: str, reason: str) -> bytes:
        said = {"id": command.id, "state": state, "at": self._clock.now()}
        return wire.receipt(self._key, self._horn, {**said, "reason": reason} if reason else said)
