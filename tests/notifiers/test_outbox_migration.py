"""A state directory of the version before goes on where it was."""

import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from ingest.registry import Registry
from notifiers.contacts import Person
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.placing import place
from notifiers.outbox.schema import OutboxError
from notifiers.outcome import Sent
from notifiers.routes import Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

VERSION_1 = Path(__file__).with_name("outbox_1.sql").read_text("utf-8")
NOW = 10_000
ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))
ROUTE = Route(
    hazard="*",
    grades=frozenset(Grade),
    zones=frozenset(),
    people=(ANA,),
    horns=False,
    channels=("sms",),
    file="routes.yaml",
    line=1,
)
ROUTER = Router(Routes(routes=(ROUTE,)), Registry.of([], {}), [], UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as connection:
        connection.executescript(VERSION_1)
    return tmp_path / "outbox.db"


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql NOTNULL")}


def after(warning: str, ordinal: int, before: Grade, grade: Grade | None) -> Transition:
    return Transition(
        at=NOW,
        rule="rainstorm",
        subject="z",
        warning=warning,
        ordinal=ordinal,
        before=before,
        after=grade,
        disposition=Disposition.AUTO,
        reason="changed",
        evidence={},
    )


def test_every_line_and_delivery_is_there_as_it_was(path: Path) -> None:
    with closing(Outbox.open(path, Realm.LIVE)) as outbox:
        assert outbox.position == 7
        assert [t.warning for t in outbox.open_warnings()] == ["w3", "w1"]
        told = [(p.delivery.key, p.delivery.grade, p.state, p.delivery.text) for p in outbox.story("w1")]
    assert told == [
        ("k1", Grade.YELLOW, State.ACCEPTED, {"en": "YELLOW"}),
        ("k2", Grade.ORANGE, State.ACCEPTED, {"en": "ORANGE"}),
        ("k3", Grade.ORANGE, State.QUEUED, {"zh": "橙色", "en": "ORANGE"}),
    ]


def test_what_was_queued_is_sent_under_its_key(path: Path) -> None:
    with closing(Outbox.open(path, Realm.LIVE)) as outbox:
        assert [(d.key, d.recipient) for d in outbox.claim("sms", NOW, 9)] == [("k3", "bo")]


def test_who_was_told_hears_of_the_end_and_nobody_hears_the_same_again(path: Path) -> None:
    with closing(Outbox.open(path, Realm.LIVE)) as outbox:
        assert outbox.route(ROUTER, NOW) == 0
        [bo] = outbox.claim("sms", NOW, 9)
        outbox.settle(bo.key, Sent("p"), NOW)
        outbox.commit(8, [after("w1", 2, Grade.ORANGE, None), after("w3", 1, Grade.RED, None)])
        outbox.route(ROUTER, NOW)
        told = sorted((d.recipient, d.warning, d.grade) for d in outbox.claim("sms", NOW, 9))
    assert told == [("ana", "w1", None), ("bo", "w1", None)]


def test_what_a_crash_of_version_1_left_claimed_is_sent_again_under_its_key(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE deliveries SET state = 'claimed', due = NULL WHERE key = 'k3'")
    with closing(Outbox.open(path, Realm.LIVE)) as outbox:
        assert [(d.key, d.attempt) for d in outbox.claim("sms", NOW, 9)] == [("k3", 1)]


def test_incidents_get_the_hazard_and_zone_of_their_rule_and_place_and_what_waits_is_routed_again(
    path: Path,
) -> None:
    with closing(Outbox.open(path, Realm.LIVE)) as outbox, outbox.transaction() as connection:
        place(connection, ROUTER)
        found = connection.execute("SELECT id, hazard, zone, stirred FROM incidents ORDER BY id").fetchall()
    # What no bundle knows goes by the names of rule and subject.
    assert found == [("w1", "rainstorm", "z", 0), ("w2", "gas", "y", 0), ("w3", "gas", "x", 1)]


def test_what_rose_long_ago_does_not_count_as_a_flood_of_today(path: Path) -> None:
    with closing(Outbox.open(path, Realm.LIVE)) as outbox:
        outbox.route(ROUTER, NOW)
        with outbox.transaction() as connection:
            assert connection.execute("SELECT count(*) FROM rises").fetchone() == (0,)


def test_a_migrated_file_has_the_tables_of_a_new_one(path: Path, tmp_path: Path) -> None:
    Outbox.open(path, Realm.LIVE).close()
    Outbox.open(tmp_path / "new.db", Realm.LIVE).close()
    assert tables(path) == tables(tmp_path / "new.db")


def test_a_file_of_another_realm_stays_refused(path: Path) -> None:
    with pytest.raises(OutboxError, match="holds the realm live, not drill"):
        Outbox.open(path, Realm.DRILL)
