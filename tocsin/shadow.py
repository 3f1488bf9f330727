"""A candidate on live data, beside the daemon: what it would have raised, told to nobody.

The realm is `shadow`: there is no channel, no outbox and no desk here, so nothing can be sent. It follows the
journal alone. What falls due is told with the first entry behind it: only then is it certain that no earlier
one is still on its way to the disk.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from ingest.clock import Clock
from ingest.journal import Entry, EntryKind, open_read_only
from notifiers.outbox.reader import OutboxReader
from rules.grade import Grade
from rules.transition import Transition
from tocsin.bundle import Applied, Bundle, Bundles
from tocsin.configuration import configure
from tocsin.judge import Basis
from tocsin.plan.live import entries, live_judge, loaded

log = structlog.get_logger()

LOOK_SECONDS = 0.5
# What both sides must agree in: the number of a warning that began under other rules may be another.
Line = tuple[str, str, int, Grade | None, Grade | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """How many lines both have, and how many only one of them, since the shadow began."""

    both: int
    live: int
    shadow: int


class Shadow:
    """Judges by the candidate from where the daemon is now; what is open there is carried into it.

    Raises ConfigurationError for findings in the candidate. For one thread at a time.
    """

    def __init__(self, state: Path, candidate: Bundle, clock: Clock) -> None:
        self._state = state
        new, known = configure(candidate).basis, loaded(Bundles(state / "bundles"))

        def load(hash_: str) -> Basis:
            return new if hash_ == candidate.hash else known(hash_)

        self._judge = live_judge(state, load, clock, settled=False)
        self._position = self._judge.position
        with closing(self._outbox()) as outbox:
            self._known = outbox.newest
        at = self._judge.engine.now
        bundle = Entry(self._position, at, EntryKind.BUNDLE, 0, Applied(candidate.hash, "shadow").encode())
        self._begun = self._judge.take(bundle).transitions
        self._live = set[Line]()
        self._own = {_line(transition) for transition in self._begun}
        self._journal = open_read_only(state / "journal")

    def close(self) -> None:
        """Let go of the journal's files."""
        self._journal.close()

    def follow(self) -> Iterator[Transition]:
        """What the candidate says of all that was journaled since; first of the change itself."""
        begun, self._begun = self._begun, []
        yield from begun
        for entry in entries(self._journal, self._position):
            self._position = entry.sequence
            if entry.kind is EntryKind.BUNDLE:
                # The candidate stays: to follow another, begin another shadow.
                log.warning("another bundle is in force live", bundle=Applied.decode(entry.data).bundle)
                continue
            found = self._judge.take(entry).transitions
            self._own |= {_line(transition) for transition in found}
            yield from found

    def compared(self) -> Compared:
        """Against what the daemon has raised since."""
        with closing(self._outbox()) as outbox:
            while found := outbox.transitions(self._known):
                self._known = found[-1][0]
                self._live |= {_line(transition) for _, transition in found}
        both = self._live & self._own
        return Compared(len(both), len(self._live) - len(both), len(self._own) - len(both))

    def _outbox(self) -> OutboxReader:
        return OutboxReader.reading(self._state / "outbox.db")


def _line(transition: Transition) -> Line:
    return transition.rule, transition.subject, transition.at, transition.before, transition.after


async def follow(
    shadow: Shadow,
    tell: Callable[[Transition], None],
    stop: asyncio.Event,
    compared: Callable[[Compared], None] = lambda _: None,
) -> None:
    """Until `stop`; `compared` is told whenever its counts are others."""
    last = Compared(0, 0, 0)
    while True:
        for transition in await asyncio.to_thread(lambda: [*shadow.follow()]):
            tell(transition)
        if (now := await asyncio.to_thread(shadow.compared)) != last:
            last = now
            compared(now)
        try:
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
        return
