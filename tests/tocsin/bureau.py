"""A desk over a real socket and a real outbox, for the tests of what is asked and typed there."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ingest.clock import HOUR, LockstepClock
from notifiers.action import Action, Answer, Close, Raise, Taken
from notifiers.contacts import Contacts, Person, Role, Roster
from notifiers.outbox import Outbox
from notifiers.outbox.desk import Desk as Reading
from rules.realm import Realm
from tests.notifiers.duty import ANA, START, commit, raised, route, router, send
from tocsin.desk import Desk, socket_in
from tocsin.desk.questions import Around, Questions

LIN = Person(
    id="lin",
    name={"zh": "林", "en": "Lin"},
    languages=("zh",),
    account="lin",
    roles=frozenset({Role.OPERATOR, Role.APPROVER}),
)
WU = Person(id="wu", name={"en": "Wu"}, languages=("en",), account="wu", roles=frozenset({Role.APPROVER}))
NIGHTS = Roster(id="nights", begin=START - HOUR, shift=8 * HOUR, turns=((LIN,), (WU,)))
CONTACTS = Contacts({"lin": LIN, "wu": WU, "ana": ANA}, {}, {"nights": NIGHTS})
BY = router(route(ANA))
ASKING = router(route(ANA, approval=True))
OPEN = {
    "id": "5f2a9c0e",
    "rule": "river",
    "subject": "gauge-7",
    "grade": "orange",
    "disposition": "auto",
    "since": START,
    "changed": START,
    "orphaned": False,
    "blind": True,
    "zone": "riverside",
    "title": {"zh": "洪水", "en": "River flood"},
    "place": {"zh": "河边", "en": "Riverside"},
    "value": "stage = 3.4 m",
}


STATUS = {
    "version": "0",
    "realm": "drill",
    "bundle": "b1",
    "problems": {"broker": "away"},
    "warming": [
        {
            "rule": "storm",
            "title": {"zh": "暴雨", "en": "Storm"},
            "kind": "rain",
            "metric": "rain",
            "window": 3 * HOUR,
            "until": START + 2 * HOUR,
        }
    ],
}


@dataclass
class Bureau:
    """A state directory whose desk speaks to whoever `account` is."""

    state: Path
    outbox: Outbox
    account: str = "lin"
    clock: LockstepClock = field(default_factory=lambda: LockstepClock(START))
    warnings: list[dict[str, object]] = field(default_factory=lambda: [OPEN])

    def reading(self) -> Reading:
        return Reading.reading(self.state / "outbox.db")

    def questions(self) -> Questions:
        around = Around(
            lambda: CONTACTS,
            lambda: STATUS,
            lambda: self.warnings,
        )
        return Questions(self.reading, self.clock, around)

    def desk(self) -> Desk:
        return Desk(
            socket_in(self.state),
            lambda: CONTACTS,
            self._act,
            self.questions().answer,
            note=self._note,
            account=lambda _: self.account,
        )

    async def _act(self, taken: Taken) -> asyncio.Future[Answer]:
        self.outbox.commit(self.outbox.position + 1, [])
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        decided = Answer(True, "the engine did") if isinstance(taken.action, Raise | Close) else None
        answer.set_result(self.outbox.act(self.outbox.position, self.clock.now(), taken, decided))
        return answer

    async def _note(self, what: str, user: str, facts: dict[str, object]) -> None:
        self.outbox.note(self.clock.now(), what, user, facts)

    def act(self, action: Action, user: str = "lin") -> Answer:
        """As if somebody had, without the socket."""
        self.outbox.commit(self.outbox.position + 1, [])
        return self.outbox.act(self.outbox.position, self.clock.now(), Taken(user, "account:x", action))

    def told(self) -> None:
        """An orange warning that Ana was sent."""
        commit(self.outbox, BY, raised())
        send(self.outbox)

    def proposed(self) -> None:
        """An orange warning that waits for a release."""
        commit(self.outbox, ASKING, raised())


Before: TypeAlias = Callable[[Bureau], object]


@contextmanager
def served(state: Path, *before: Before, account: str = "lin") -> Iterator[Path]:
    """The socket of a state directory, after `before` was done to it, in a thread of its own."""
    began, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        at = opened(state, account)
        for each in before:
            each(at)
        desk = at.desk()
        running = asyncio.create_task(desk.run())
        while not listens(desk.path):
            assert not running.done(), running.exception()
            await asyncio.sleep(0)
        began.set()
        await over.wait()
        await desk.stop()
        await running
        at.outbox.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert began.wait(20)
        yield state
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def listens(path: Path) -> bool:
    """What may be done there is set once it listens."""
    return path.is_socket() and path.stat().st_mode & 0o777 == 0o660


def opened(state: Path, account: str = "lin") -> Bureau:
    return Bureau(state, Outbox.open(state / "outbox.db", Realm.DRILL), account)
