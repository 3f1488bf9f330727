"""A thousand approvals and edits at once: each proposal is released once, as seen, by another person."""

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from notifiers.action import Answer, Release, Taken
from notifiers.outbox import Outbox
from notifiers.outbox.audit import verify
from notifiers.outbox.proposals import Decision, Proposal, find
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, commit, raised, route, router, send, turn

BY = router(route(ANA, approval=True), route(BO, grades=[Grade.RED], approval=True))
MANY = 1_000
AUTHOR = "author"
PEOPLE = (AUTHOR, "lin", "wei", "mayor")


@pytest.fixture
def worker() -> Iterator[Executor]:
    """The outbox's one thread."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Office:
    """An outbox on its thread, the people who decide, and the author who writes."""

    def __init__(self, path: Path, worker: Executor) -> None:
        self.worker = worker
        self.outbox = worker.submit(Outbox.open, path, Realm.DRILL).result()
        self.done: list[tuple[str, Release, Answer]] = []
        self._journal = itertools.count(1)
        self._grade: Grade | None = None
        self._ordinal = 0

    def write(self, grade: Grade) -> None:
        """On the worker: another grade by hand, which overtakes what waits."""
        at = START + self._ordinal
        line = raised(self._grade, grade, ordinal=self._ordinal, at=at, rule="by-hand", by=AUTHOR)
        commit(self.outbox, BY, line, now=at)
        self._grade, self._ordinal = grade, self._ordinal + 1

    def look(self) -> list[Proposal]:
        return find(self.outbox._connection, "true")

    def release(self, user: str, seen: Proposal, agreed: str) -> None:
        """On the worker: what a person decided by what they saw; the outbox may have moved on since."""
        action = Release(seen.incident, seen.revision, agreed)
        taken = Taken(user, f"account:{user}", action)
        self.done.append((user, action, self.outbox.act(next(self._journal), START, taken)))

    def decide(self, user: str, stale: bool) -> "Future[None]":
        """On a person's own thread: look, then act."""
        seen = self.worker.submit(self.look).result()
        agreed = seen[0].hash + "0" if stale else seen[-1].hash
        return self.worker.submit(self.release, user, seen[-1], agreed)


def storm(office: Office, chance: random.Random, edits: list[Grade]) -> None:
    """A thousand people at sixteen desks; the author writes now and then between them."""
    office.worker.submit(office.write, Grade.RED).result()
    written = []
    with ThreadPoolExecutor(16) as desks:
        for number in range(MANY):
            desks.submit(office.decide, chance.choice(PEOPLE), chance.random() < 0.2)
            if edits and number % (MANY // len(edits)) == 0:
                written.append(office.worker.submit(office.write, edits.pop()))
    for edit in written:
        edit.result()
    office.worker.submit(turn, office.outbox, BY, START + MANY).result()


def check(office: Office) -> list[Proposal]:
    """What was released, after whatever happened."""
    known = {p.revision: p for p in office.look()}
    released = [p for p in known.values() if p.state is Decision.RELEASED]
    done = [(user, action) for user, action, answer in office.done if answer.done]
    assert len(office.done) == MANY
    assert sorted(action.revision for _, action in done) == sorted(p.revision for p in released)
    for user, action in done:
        assert action.hash == known[action.revision].hash
        assert user == known[action.revision].decided_by != AUTHOR
    assert verify(office.outbox._connection) is None
    return released


def test_of_a_thousand_who_release_the_same_one_does_and_it_is_sent_once(
    tmp_path: Path, worker: Executor
) -> None:
    office = Office(tmp_path / "outbox.sqlite", worker)
    storm(office, random.Random(1), [])
    released = worker.submit(check, office).result()
    sent = worker.submit(send, office.outbox, START + MANY).result()
    worker.submit(office.outbox.close).result()
    assert len(released) == 1
    assert sorted(d.recipient for d in sent if d.bulletin.act != "request") == ["ana", "bo"]


@pytest.mark.parametrize("seed", range(3))
def test_what_was_edited_meanwhile_is_not_released_as_it_was(
    tmp_path: Path, worker: Executor, seed: int
) -> None:
    office = Office(tmp_path / "outbox.sqlite", worker)
    storm(office, random.Random(seed), [Grade.ORANGE, Grade.RED] * 20)
    released = worker.submit(check, office).result()
    held = worker.submit(
        lambda: office.outbox._connection.execute(
            "SELECT DISTINCT revision FROM deliveries WHERE asks = 0 AND state = 'queued' AND revision IN"
            " (SELECT revision FROM proposals WHERE state <> 'released')"
        ).fetchall()
    ).result()
    worker.submit(office.outbox.close).result()
    assert released
    assert held == []
