"""Conduct: devices whose messages are refused again and again, and who speaks as somebody else.

A device is faulty once LEAST of its messages were refused within WITHIN; an impostor is one from the first
message on. Both are told of until SHOWN after the last such message, and begin anew after that. All of it
follows from the messages and when they were received, in journal order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

import msgspec

from ingest.clock import HOUR, MINUTE
from ingest.decode.refusal import quoted
from ingest.reading import Rejected

LEAST, WITHIN = 5, 10 * MINUTE
SHOWN = HOUR
# Names that impostors invent are kept so many at most; those silent longest give way.
IMPOSTORS = 1_000
LISTED = 20


class Spell(msgspec.Struct, array_like=True):
    """Refused messages of one name: `newest` and the `recent` ones in ms, `why` the newest was refused."""

    count: int
    newest: int
    why: str
    recent: list[int]
    told: bool


@dataclass(frozen=True, slots=True)
class Told:
    """So many `messages` of so many `names`; the `worst` LISTED by name, messages, newest reason."""

    messages: int
    names: int
    worst: tuple[tuple[str, int, str], ...]


class Spells:
    """Refused messages by name. `messages` counts all of them, `begun` the spells that were to be told of.

    A spell is told of from the `least`th message on, if so many came within WITHIN.
    """

    def __init__(self, least: int, most: int | None = None) -> None:
        self.messages = 0
        self.begun = 0
        self._least = least
        self._most = most
        # Those silent longest come first.
        self._spells: dict[str, Spell] = {}

    def add(self, name: str, why: str, at: int) -> None:
        """One more message, received `at` (ms), no earlier than the one before."""
        self.messages += 1
        spell = self._spells.pop(name, None)
        if spell is None or at - spell.newest > SHOWN:
            spell = Spell(0, at, why, [], told=False)
        spell.count, spell.newest, spell.why = spell.count + 1, at, why
        if not spell.told:
            spell.recent = [*spell.recent, at][-self._least :]
            spell.told = len(spell.recent) == self._least and at - spell.recent[0] <= WITHIN
            self.begun += spell.told
        self._spells[name] = spell
        if self._most is not None and len(self._spells) > self._most:
            del self._spells[next(iter(self._spells))]

    def expire(self, at: int) -> None:
        """Forget what is over `at` (ms): it would begin anew."""
        while self._spells and at - self._spells[first := next(iter(self._spells))].newest > SHOWN:
            del self._spells[first]

    def told(self, now: int) -> Told:
        """What people are to see at `now` (ms)."""
        shown = [
            (name, spell.count, spell.why)
            for name, spell in self._spells.items()
            if spell.told and now - spell.newest <= SHOWN
        ]
        worst = nlargest(LISTED, shown, key=lambda one: one[1])
        return Told(sum(count for _, count, _ in shown), len(shown), tuple(worst))

    def snapshot(self) -> bytes:
        return msgspec.json.encode((self.messages, self.begun, list(self._spells.items())))

    def restore(self, state: bytes) -> None:
        kept = msgspec.json.decode(state, type=tuple[int, int, list[tuple[str, Spell]]])
        self.messages, self.begun, self._spells = kept[0], kept[1], dict(kept[2])


class Conduct:
    """`faulty` goes by the device whose topic it is, `impostors` by this or the topic, and the claim."""

    def __init__(self) -> None:
        self.faulty = Spells(LEAST)
        self.impostors = Spells(1, IMPOSTORS)

    def take(self, received: int, rejected: Sequence[Rejected]) -> None:
        """The refused messages of one block, received at `received` ms; blocks come in order, each once."""
        for one in rejected:
            if one.sender:
                self.faulty.add(one.sender, one.reason, received)
            if one.claimed is not None:
                who = one.sender or quoted(one.topic)
                self.impostors.add(f"{who} as {one.claimed}" if one.claimed else who, one.reason, received)
        self.faulty.expire(received)
        self.impostors.expire(received)

    def snapshot(self) -> dict[str, bytes]:
        return {"faulty": self.faulty.snapshot(), "impostors": self.impostors.snapshot()}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Continue from a snapshot, under whatever registry: names are what a topic says."""
        self.faulty.restore(state["faulty"])
        self.impostors.restore(state["impostors"])
