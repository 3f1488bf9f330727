"""People who act on a town's warnings, at any instant and in the midst of anything."""

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ingest.clock import SECOND
from notifiers.action import (
    Acknowledge,
    Action,
    Agree,
    Answer,
    Arrive,
    Cancel,
    Close,
    Handle,
    Raise,
    Refuse,
    Release,
    Shelve,
    Taken,
    Unshelve,
)
from notifiers.outbox.audit import Head
from rules.grade import Grade
from tests.simulation.plan import Planned

if TYPE_CHECKING:
    from tests.simulation.world import World

USERS = ("ana", "bo", "wu")
WRONG_HASH = "0" * 24
SHELVED = (("sensor", "river-1"), ("sensor", "rain-1"), ("zone", "village"), ("rule", "river"))
# What the desk says of what it knows nothing of yet, or of what was not kept.
UNDECIDED, UNKEPT = "recorded, but not yet applied", "nothing was recorded"


@dataclass
class Deed:
    """What a person did; `answer` is what they were told, if anything: a crash tells nobody."""

    taken: Taken
    answer: Answer | None = None

    @property
    def settled(self) -> bool:
        """Whether they were told what became of it."""
        return self.answer is not None and not self.answer.said.startswith((UNDECIDED, UNKEPT))

    @property
    def unkept(self) -> bool:
        return self.answer is not None and self.answer.said.startswith(UNKEPT)


class People:
    """Everything they did, and the heads of the audit that they noted down meanwhile."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.deeds: list[Deed] = []
        self.heads: list[Head] = []

    def act(self, planned: Planned) -> None:
        """As somebody at the desk does, if there is a daemon to speak to."""
        world = self._world
        daemon = world.life.daemon if world.life is not None else None
        if daemon is None or not daemon.ready:
            return
        chance = random.Random(f"{world.plan.seed}:{planned.what}:{planned.size}")
        user = chance.choice(USERS)
        action = getattr(self, "_" + planned.what.replace(" ", "_"))(chance)
        self.heads.append(world.disk.outbox.lent().audit_head())
        deed = Deed(Taken(user, f"account:{user}-{len(self.deeds)}", action))
        self.deeds.append(deed)
        world.happened[planned.what] += 1
        world.tell(f"{user}: {action}")
        world.loop.create_task(self._do(deed, planned.what), context=world.context)

    async def _do(self, deed: Deed, what: str) -> None:
        life = self._world.life
        assert life is not None
        assert life.daemon is not None
        try:
            deed.answer = await life.daemon.desk.take(deed.taken)
        except asyncio.CancelledError:
            # With the process goes whoever would have answered.
            return
        self._world.tell(f"{deed.taken.via} is told {deed.answer}")
        if deed.answer.done:
            self._world.happened[f"{what} done"] += 1

    def _ack(self, chance: random.Random) -> Action:
        return Acknowledge(self._incident(chance))

    def _arrive(self, chance: random.Random) -> Action:
        return Arrive(self._incident(chance))

    def _handle(self, chance: random.Random) -> Action:
        return Handle(self._incident(chance), "done")

    def _cancel(self, chance: random.Random) -> Action:
        return Cancel(self._incident(chance), "a mistake")

    def _raise(self, chance: random.Random) -> Action:
        """What it names first is open by then, so that another grade of it follows."""
        hazard, zone = chance.choice([("flood", "village"), ("dam", "village"), ("dam", "nowhere")])
        return Raise(hazard, zone, chance.choice(list(Grade)), {"en": f"Leave. {chance.randrange(9)}"})

    def _close(self, chance: random.Random) -> Action:
        query = "SELECT warning FROM members ORDER BY rule = 'by-hand' DESC, rowid DESC"
        return Close(str(self._one(chance, query)), "it is over")

    def _release(self, chance: random.Random) -> Action:
        return Release(*self._proposal(chance))

    def _release_another(self, chance: random.Random) -> Action:
        """Than the one that was shown."""
        incident, revision, _ = self._proposal(chance)
        return Release(incident, revision, WRONG_HASH)

    def _break_glass(self, chance: random.Random) -> Action:
        return Release(
            *self._proposal(chance), break_glass=True, reason="alone" if chance.random() < 0.8 else ""
        )

    def _refuse(self, chance: random.Random) -> Action:
        incident, revision, _ = self._proposal(chance)
        return Refuse(incident, revision, "not now")

    def _shelve(self, chance: random.Random) -> Action:
        scope, name = chance.choice(SHELVED)
        until = int(self._world.wall() * 1_000) + chance.randint(1, 60) * SECOND
        return Shelve(scope, name, "works", until, red=chance.random() < 0.8)  # type: ignore[arg-type]

    def _agree(self, chance: random.Random) -> Action:
        return Agree(self._shelf(chance))

    def _unshelve(self, chance: random.Random) -> Action:
        return Unshelve(self._shelf(chance))

    def _incident(self, chance: random.Random) -> str:
        """Mostly one that is open."""
        return str(self._one(chance, "SELECT id FROM incidents ORDER BY closed IS NOT NULL, rowid DESC"))

    def _proposal(self, chance: random.Random) -> tuple[str, int, str]:
        """Mostly the newest."""
        found = self._one(
            chance,
            "SELECT json_array(incident, revision, hash) FROM proposals"
            " ORDER BY state = 'waiting' DESC, rowid DESC",
        )
        incident, revision, hash_ = msgspec.json.decode(str(found) or '["nothing", 1, ""]')
        return incident, revision, hash_

    def _shelf(self, chance: random.Random) -> int:
        found = self._one(chance, "SELECT id FROM shelves ORDER BY ended IS NOT NULL, id DESC")
        return int(found or 0)  # type: ignore[call-overload, no-any-return]

    def _one(self, chance: random.Random, query: str) -> object:
        """The first, or now and then another; "" where there is none."""
        rows = self._world.disk.outbox.rows(query)
        if not rows:
            return ""
        return (rows[0] if chance.random() < 0.8 else chance.choice(rows))[0]
