"""Whatever storms: everybody is told of each warning that is theirs once, in order, and of red by itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import DAY, MINUTE
from notifiers.bulletin import Act
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.shed import Account, account, collapsed, digested, summaries
from notifiers.routes import Budgets, QuietHours
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Transition
from tests.conftest import EXAMPLES
from tests.notifiers.town import ANA, BO, NOON, Desk, line, route, router

HAZARDS = ("rain", "river", "fire")
PLACES = [f"v{n}" for n in range(15, 25)]
# Who is told of a grade is told of every higher one: nobody comes to be meant by a downgrade.
BO_HEARS = {Grade.YELLOW, Grade.ORANGE, Grade.RED}
ROUTES = (route([ANA]), route([BO], "rain", BO_HEARS))

Change = tuple[str, str, Grade | None]
# One at a time of one hazard and place, so each warning is an incident: the numbers of a digest are exact.
changes: st.SearchStrategy[Change] = st.tuples(
    st.sampled_from(HAZARDS), st.sampled_from(PLACES), st.sampled_from([None, *Grade])
)
steps = st.lists(
    st.tuples(st.integers(0, 20), st.lists(changes, max_size=25, unique_by=lambda change: change[:2])),
    min_size=1,
    max_size=8,
)


@dataclass
class Weather:
    """The open warnings, and the next line of each."""

    open: dict[tuple[str, str], Transition] = field(default_factory=dict)
    raised: Counter[tuple[str, str]] = field(default_factory=Counter)

    def lines(self, wanted: list[Change], now: int) -> Iterator[Transition]:
        for rule, place, grade in wanted:
            before = self.open.pop((rule, place), None)
            if before is None:
                if grade is None:
                    continue
                self.raised[rule, place] += 1
                found = line(place, grade, rule=rule, at=now)
                found = replace(found, warning=f"{found.warning}-{self.raised[rule, place]}")
            elif before.after == grade:
                found = before
            else:
                found = replace(before, before=before.after, after=grade, ordinal=before.ordinal + 1, at=now)
            if found is not before:
                yield found
            if grade is not None:
                self.open[rule, place] = found


@dataclass
class Story:
    """What happened to one recipient: (incident, revision) as they were told, and the shed."""

    told: list[tuple[str, int]]
    first_in_digest: set[str]
    digest_counts: int
    account: Account


def run(outbox: Outbox, desk: Desk, drawn: list[tuple[int, list[Change]]]) -> dict[str, set[str]]:
    """The warnings that are somebody's: at some time they counted as a grade that they hear of."""
    theirs: dict[str, set[str]] = {"ana": set(), "bo": set()}
    weather = Weather()
    for minutes, wanted in drawn:
        desk.at(desk.now + minutes * MINUTE)
        note(outbox, theirs)
        outbox.commit(outbox.position + 1, list(weather.lines(wanted, desk.now)))
        desk.work()
        note(outbox, theirs)
    while (due := outbox.due(desk.now)) is not None and due < NOON + DAY:
        desk.at(due)
        note(outbox, theirs)
    return theirs


def note(outbox: Outbox, theirs: dict[str, set[str]]) -> None:
    with outbox.transaction() as connection:
        rows = connection.execute(
            "SELECT warning, min(certain, ifnull(capped, certain)) FROM members WHERE certain NOTNULL"
        ).fetchall()
    theirs["ana"] |= {warning for warning, grade in rows if grade}
    theirs["bo"] |= {w for w, grade in rows if grade and Grade(grade) in BO_HEARS and w.startswith("rain")}


def story(outbox: Outbox, desk: Desk, recipient: str) -> Story:
    told: list[tuple[str, int]] = []
    first: set[str] = set()
    counts = 0
    with outbox.transaction() as connection:
        for delivery in (d for d in desk.sent if d.recipient == recipient):
            if delivery.bulletin.act is not Act.DIGEST:
                told.append((delivery.incident, delivery.revision))
                continue
            counts += delivery.bulletin.count
            known = {incident for incident, _ in told}
            first |= {s.incident for s in digested(connection, delivery.incident)} - known
            told += connection.execute(
                "SELECT incident, revision FROM deliveries WHERE detail = ? AND state = 'digested'",
                (delivery.incident,),
            ).fetchall()
        return Story(told, first, counts, account(connection, recipient, "sms"))


def check_recipient(outbox: Outbox, desk: Desk, recipient: str, theirs: set[str]) -> None:
    found = story(outbox, desk, recipient)
    incidents = {incident for incident, _ in found.told}
    with outbox.transaction() as connection:
        noticed = {s.warning for flood in summaries(connection) for s in collapsed(connection, flood)}
        over = {
            incident
            for (incident,) in connection.execute(
                "SELECT incident FROM deliveries WHERE recipient = ? GROUP BY incident"
                " HAVING max(reached) = 0 AND max(state = 'withdrawn')",
                (recipient,),
            )
        }
    warnings = {incident for incident in incidents if not incident.startswith("flood-")}
    # Nothing of theirs is missing, and nothing else comes.
    assert theirs - noticed <= warnings | over
    assert warnings <= theirs
    assert not warnings & over
    # Each (incident, revision) once, and in order.
    assert max(Counter(found.told).values(), default=1) == 1
    for incident in incidents:
        revisions = [revision for known, revision in found.told if known == incident]
        assert all(a < b for a, b in pairwise(revisions))
    # The numbers add up, those of the account and those that the digests themselves say.
    assert found.digest_counts == len(found.first_in_digest)
    assert found.account.digested == len(found.first_in_digest - noticed)
    assert found.account.single == len(warnings - found.first_in_digest - noticed)
    assert found.account.noticed == len(noticed)


def check_red(outbox: Outbox) -> None:
    with outbox.transaction() as connection:
        shed = connection.execute(
            "SELECT count(*) FROM deliveries AS d JOIN bulletins AS b USING (incident, revision)"
            " WHERE b.grade = 4 AND (d.state = 'digested' OR d.created != d.updated)"
        ).fetchone()
    assert shed == (0,)


@settings(max_examples=max(EXAMPLES // 3, 10), deadline=None)
@given(
    drawn=steps,
    messages=st.integers(1, 6),
    warnings=st.sampled_from([3, 8, 1_000]),
    quiet=st.sampled_from([None, QuietHours(12 * 60 + 10, 12 * 60 + 50)]),
)
def test_each_warning_is_told_once_in_order_and_red_by_itself(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[int, list[Change]]],
    messages: int,
    warnings: int,
    quiet: QuietHours | None,
) -> None:
    outbox = Outbox.open(tmp_path_factory.mktemp("outbox") / "outbox.sqlite", Realm.LIVE)
    outbox._connection.execute("PRAGMA synchronous = OFF")
    desk = Desk(outbox, router(*ROUTES, budgets=Budgets(messages=messages, warnings=warnings), quiet=quiet))

    theirs = run(outbox, desk, drawn)

    for recipient in ("ana", "bo"):
        check_recipient(outbox, desk, recipient, theirs[recipient])
    check_red(outbox)
    waiting = outbox.counts().get("sms", {})
    assert waiting.get(State.QUEUED, 0) == 0
    assert all(t.rule in HAZARDS for t in outbox.open_warnings())
    outbox.close()
