"""Whoever only looks at an outbox learns what people are told, once, and leaves no trace of looking."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import product
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Refuse, Release
from notifiers.outbox import Outbox
from notifiers.outbox.onlooking import Mark, connect_leaving_no_trace, onlooking, realm_of
from notifiers.outbox.proposals import find
from notifiers.outbox.schema import OutboxError
from notifiers.outcome import Rejected
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA, BO, START, act, commit, raised, route, router, send, turn

BY = router(route(ANA, grades=[Grade.YELLOW, Grade.ORANGE]), route(BO, grades=[Grade.RED], approval=True))
AT_ONCE = router(route(ANA, BO))
WAYS = router(route(ANA, otherwise=("email",)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(path, Realm.LIVE)
    yield opened
    opened.close()


class Looking:
    """Somebody who looks now and then; from the start on, or from `mark`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with onlooking(path) as look:
            self._mark: Mark = look.mark()

    def news(self) -> list[tuple[str, str, str]]:
        """(act, grade, zone) of each."""
        with onlooking(self._path) as look:
            found, self._mark = look.since(self._mark)
        return [(str(n.bulletin.act), str(n.bulletin.grade or ""), n.zone) for n in found]


def test_what_is_told_is_news_once_however_many_are_told(outbox: Outbox, path: Path) -> None:
    looking = Looking(path)
    assert looking.news() == []

    commit(outbox, AT_ONCE, raised())
    assert looking.news() == [("alert", "orange", "riverside")]
    send(outbox)
    commit(outbox, AT_ONCE, raised(Grade.ORANGE, Grade.RED, ordinal=1, at=START + 1), now=START + 1)
    assert looking.news() == [("update", "red", "riverside")]
    send(outbox, START + 1)
    commit(outbox, AT_ONCE, raised(Grade.RED, None, ordinal=2, at=START + 2), now=START + 2)

    assert looking.news() == [("clear", "", "riverside")]
    assert looking.news() == []


def test_what_was_told_before_is_no_news(outbox: Outbox, path: Path) -> None:
    commit(outbox, AT_ONCE, raised())

    assert Looking(path).news() == []


@pytest.mark.parametrize("begun", ["before it was written", "while it waited"])
def test_what_a_person_must_let_out_is_news_when_it_is_let_out(
    outbox: Outbox, path: Path, begun: str
) -> None:
    looking = Looking(path)
    commit(outbox, BY, raised(after=Grade.RED))
    if begun == "while it waited":
        looking = Looking(path)
    assert [each for each in looking.news() if each[1] == "red"] == []

    [proposal] = find(outbox._connection, "true")
    act(outbox, Release(proposal.incident, proposal.revision, proposal.hash), "wei", START + MINUTE)
    turn(outbox, BY, START + MINUTE)

    assert looking.news() == [("alert", "red", "riverside")]
    assert looking.news() == []


def test_what_is_not_let_out_is_never_news(outbox: Outbox, path: Path) -> None:
    looking = Looking(path)
    commit(outbox, BY, raised(after=Grade.RED))
    [proposal] = find(outbox._connection, "true")

    act(outbox, Refuse(proposal.incident, proposal.revision, "no"), "wei", START + MINUTE)
    turn(outbox, BY, START + MINUTE)

    assert looking.news() == []


def test_another_way_to_the_same_person_is_no_news_nor_that_others_are_asked(
    outbox: Outbox, path: Path
) -> None:
    looking = Looking(path)
    commit(outbox, WAYS, raised())
    assert len(looking.news()) == 1

    [sms] = outbox.claim("sms", START, 9)
    outbox.settle(sms.key, Rejected("no such number"), START)
    turn(outbox, WAYS, START)
    [email] = outbox.claim("email", START, 9)
    outbox.settle(email.key, Rejected("no such address"), START)
    turn(outbox, WAYS, START)

    assert [d.text["en"][:11] for d in outbox.claim("sms", START, 9)] == ["NOT REACHED"] * 2
    assert looking.news() == []


WRITING = (
    "UPDATE deliveries SET state = 'acknowledged'",
    "DELETE FROM bulletins",
    "UPDATE meta SET realm = 'drill'",
    "CREATE TABLE mine (one)",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA user_version = 9",
    "VACUUM",
)
WRITER = """
import sys
from pathlib import Path
from notifiers.outbox import Outbox
from rules.realm import Realm
from tests.notifiers.test_onlooking import AT_ONCE, write

outbox = Outbox.open(Path(sys.argv[1]), Realm.LIVE)
for number, line in enumerate(sys.stdin):
    write(outbox, number)
    print(number, flush=True)
outbox.close()
"""


def write(outbox: Outbox, number: int) -> None:
    """One more warning of a rule of its own, told and sent; every tenth time the log begins anew."""
    at = START + number * HOUR
    commit(outbox, AT_ONCE, raised(warning=f"{number:08x}", rule=f"rule-{number}", at=at), now=at)
    send(outbox, at)
    if number % 10 == 9:
        outbox._connection.execute("PRAGMA wal_checkpoint(RESTART)")


@contextmanager
def writer(path: Path) -> Iterator[Callable[[], None]]:
    """Another process that writes an outbox; what is yielded has it write once more."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def once_more() -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            process.stdout.readline()

        once_more()
        yield once_more
        process.stdin.close()


def traces(path: Path) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in path.parent.iterdir()}


def test_looking_changes_no_byte_while_another_process_writes(path: Path) -> None:
    """Nor the memory that readers and the writer share, in which a reader leaves marks otherwise."""
    with writer(path) as write_once_more:
        looking = Looking(path)
        for _ in range(40):
            write_once_more()
            before = traces(path)
            assert set(before) == {"outbox.db", "outbox.db-shm", "outbox.db-wal"}
            assert len(looking.news()) == 1
            assert traces(path) == before


def test_nothing_can_be_written_through_it(path: Path) -> None:
    """Not even where what forbids it is switched off: the file itself was opened for reading alone."""
    with writer(path), closing(connect_leaving_no_trace(path)) as connection:
        before = traces(path)
        for allowed, statement in product(("ON", "OFF"), WRITING):
            connection.execute(f"PRAGMA query_only = {allowed}")
            with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only|disk I/O error"):
                connection.execute(statement).fetchall()
            assert traces(path) == before


def test_without_a_writer_it_says_so_and_makes_no_file(path: Path) -> None:
    Outbox.open(path, Realm.LIVE).close()
    before = traces(path)

    with pytest.raises(OutboxError, match="no service writes it now"), onlooking(path):
        pass

    assert traces(path) == before


def test_what_realm_a_file_holds_can_be_told_without_a_trace_of_asking(path: Path) -> None:
    with writer(path):
        before = traces(path)
        assert realm_of(path) is Realm.LIVE
        assert traces(path) == before
    stopped = traces(path)
    assert realm_of(path) is Realm.LIVE
    assert traces(path) == stopped
    path.write_bytes(b"no outbox at all")
    with pytest.raises(OutboxError, match="is it an outbox"):
        realm_of(path)


def test_of_what_a_crash_left_all_is_seen(path: Path, tmp_path: Path) -> None:
    """The memory of its readers lies there still, and the log with what was not yet put into the file."""
    left = tmp_path / "left"
    left.mkdir()
    with writer(path):
        for file in path.parent.glob("outbox.db*"):
            (left / file.name).write_bytes(file.read_bytes())
    before = traces(left / "outbox.db")

    with onlooking(left / "outbox.db") as look:
        news, _ = look.since(Mark(0, frozenset()))

    assert len(news) == 1
    assert traces(left / "outbox.db") == before
