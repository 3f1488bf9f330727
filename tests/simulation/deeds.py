"""What must have become of everything that people did, once a story is over."""

from collections import Counter
from itertools import pairwise

from msgspec.json import decode

from ingest.journal import EntryKind
from notifiers.action import Action, Taken
from tests.simulation.people import WRONG_HASH
from tests.simulation.world import Violation, World


def verify_deeds(world: World) -> None:
    """Raises Violation for the first that does not hold."""
    for check in (_applied_once, _answered_as_recorded, _released_by_another, _cancelled_after, _whole):
        check(world)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)


def _applied_once(world: World) -> None:
    """What is in the journal was done, once, and nothing else was."""
    journaled = {e.sequence: e for e in world.disk.journal.everything if e.kind is EntryKind.ACTION}
    outbox = world.disk.outbox
    rows = outbox.rows("SELECT sequence, user, via, action FROM actions")
    done = {row[0]: Taken(row[1], row[2], decode(row[3], type=Action)) for row in rows}  # type: ignore[arg-type]
    _demand(done.keys() == journaled.keys(), f"journaled {sorted(journaled)}, done {sorted(done)}")  # type: ignore[type-var]
    for sequence, entry in journaled.items():
        wanted, found = Taken.decode(entry.data), done[sequence]
        _demand(wanted == found, f"entry {sequence} wants {wanted}, done was {found}")
    audited = outbox.rows("SELECT json_extract(facts, '$.sequence') FROM audit WHERE what = 'action'")
    _demand(sorted(row[0] for row in audited) == sorted(done), f"audited {audited}, done {sorted(done)}")  # type: ignore[type-var]
    times = Counter(taken.via for taken in done.values())
    _demand(max(times.values(), default=1) == 1, f"done more than once: {times.most_common(1)}")


def _answered_as_recorded(world: World) -> None:
    """Whoever was told what became of it was told the truth."""
    rows = world.disk.outbox.rows("SELECT via, done, said FROM actions")
    recorded = {via: (bool(done), said) for via, done, said in rows}
    for deed in world.people.deeds:
        found = recorded.get(deed.taken.via)
        if deed.settled and deed.answer is not None:
            said = (deed.answer.done, deed.answer.said)
            _demand(said == found, f"{deed.taken} was told {said}; recorded is {found}")
        _demand(not deed.unkept or found is None, f"{deed.taken} was told that nothing was recorded: {found}")


def _released_by_another(world: World) -> None:
    """Nobody lets out their own, nor what they have not seen; each proposal is decided once."""
    alone = world.disk.outbox.rows(
        "SELECT incident, author FROM proposals"
        " WHERE state = 'released' AND alone = 0 AND decided_by = author"
    )
    _demand(alone == [], f"released by their own authors: {alone}")
    done = world.disk.outbox.rows(
        "SELECT json_extract(action, '$.incident'), json_extract(action, '$.revision'),"
        " json_extract(action, '$.hash') FROM actions"
        " WHERE done = 1 AND json_extract(action, '$.type') = 'release'"
    )
    _demand(len({row[:2] for row in done}) == len(done), f"released twice: {done}")
    _demand(all(row[2] != WRONG_HASH for row in done), f"released unseen: {done}")
    held = world.disk.outbox.rows("SELECT incident, revision FROM proposals WHERE state <> 'released'")
    for name, gateway in world.around.gateways.items():
        for incident, revision, recipient in gateway.seen.messages:
            unreleased = (incident, revision) in held
            _demand(not unreleased, f"{name} told {recipient} {incident} {revision}, which nobody released")


def _cancelled_after(world: World) -> None:
    """A cancel comes to nobody to whom what it cancels comes later."""
    acts = {
        row[:2]: row[2] for row in world.disk.outbox.rows("SELECT incident, revision, act FROM bulletins")
    }
    for name, gateway in world.around.gateways.items():
        stories: dict[tuple[str, str], list[int]] = {}
        for incident, revision, recipient in gateway.seen.messages:
            stories.setdefault((incident, recipient), []).append(revision)
        for (incident, recipient), revisions in stories.items():
            for one, next_ in pairwise(revisions):
                late = acts[incident, one] == "cancel" and next_ < one
                late = late and acts[incident, next_] != "request"
                _demand(not late, f"{name} told {recipient} of {incident} after its cancel: {revisions}")


def _whole(world: World) -> None:
    """The audit is the one that was written, in every head that somebody noted down."""
    desk = world.disk.outbox.lent()
    for head in (None, *world.people.heads):
        broken = desk.verify(head)
        _demand(broken is None, f"the audit is broken: {broken}")
