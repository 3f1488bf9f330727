"""The desk of a running daemon: what people and recipients do, once each, whatever crashes in between."""

import asyncio
import os
import pwd
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest.clock import HOUR, SystemClock
from ingest.journal import EntryKind, Retention
from notifiers.action import Acknowledge, Action, Answer, Handle, Raise, Scope, Shelve, Taken
from notifiers.contacts import Contacts, Person, Role
from notifiers.delivery import Reply
from notifiers.outbox.audit import Record
from notifiers.outbox.desk import Acted
from rules.grade import Grade
from rules.realm import Realm
from simulators.publisher import Publisher
from tests.tocsin.serving import opened, running
from tests.tocsin.village import ROUTES, payload, topic
from tocsin.audit_trail import AuditTrail
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.desk import socket_in
from tocsin.desk.client import act, ask
from tocsin.figures import Unheard, figures
from tocsin.first_bundle import apply_first
from tocsin.notices import notices
from tocsin.storage import Storage

ANA = Person(
    id="ana",
    name={"en": "Ana"},
    phone="+8610000000001",
    languages=("en",),
    account=pwd.getpwuid(os.geteuid()).pw_name,
    roles=frozenset({Role.OPERATOR}),
)


@asynccontextmanager
async def manned(directory: Path) -> AsyncIterator[tuple[Storage, Callable[[], Daemon], Path]]:
    """A village where the account of the test is Ana's: its storage, a maker of daemons, its settings."""
    async with opened(directory) as (storage, path, files):
        apply_first(files, storage, SystemClock())
        configuration = replace(configure(files), contacts=Contacts({"ana": ANA}, {}))
        yield storage, lambda: Daemon(configuration, storage, SystemClock()), path


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def flooded(daemon: Daemon) -> str:
    """Red at river-1, told to nobody's gateway; the incident's id."""
    mqtt = daemon.configuration.settings.mqtt
    publisher = Publisher(mqtt.host, mqtt.port, "gateway")
    await publisher.connect()
    publisher.publish(topic("river-1"), payload("river-1", SystemClock().now(), 4.5))
    await publisher.flush()
    await publisher.close()

    def announced() -> list[str]:
        with closing(daemon._reading()) as desk:
            open_, tried = desk.incidents(), desk.recent(1)
        return [i.id for i in open_ if i.announced is Grade.RED and tried and tried[0].delivery.attempt]

    await until(announced)
    return announced()[0]


async def do(daemon: Daemon, action: Action) -> Answer:
    return await asyncio.to_thread(act, socket_in(daemon.storage.directory), action)


def acted(daemon: Daemon) -> list[Acted]:
    with closing(daemon._reading()) as desk:
        assert desk.verify() is None
        return desk.actions(0)


def records(daemon: Daemon, what: str) -> list[Record]:
    with closing(daemon._reading()) as desk:
        return [record for record in desk.audit(0) if record.what == what]


async def test_a_warning_is_seen_and_acknowledged_in_the_name_of_the_account_at_the_socket(
    tmp_path: Path,
) -> None:
    async with manned(tmp_path) as (storage, made, _), running(made()) as daemon:
        await until(socket_in(storage.directory).is_socket)
        incident = await flooded(daemon)
        path = socket_in(storage.directory)
        [warning] = await asyncio.to_thread(ask, path, "warnings")
        answer = await do(daemon, Acknowledge(incident[:6]))
        status = await asyncio.to_thread(ask, path, "status")

        assert (warning["grade"], warning["incident"], warning["title"]["en"]) == ("red", incident, "River")
        assert answer == Answer(True, "acknowledged: red flood in village")
        assert [(i["stage"], i["by"]) for i in status["incidents"]] == [("acknowledged", "ana")]
        assert [(a.user, a.via) for a in acted(daemon)] == [("ana", f"account:{ANA.account}")]


async def test_what_nobody_would_be_told_of_is_not_raised_by_hand(tmp_path: Path) -> None:
    """A slip of the pen would be answered as raised, and heard by nobody."""
    routes = ROUTES.replace('"*"', "flood").replace("blue, yellow, ", "")
    async with opened(tmp_path) as (storage, _, files):
        files = Bundle(files.main, {**files.texts, "routes.yaml": routes})
        apply_first(files, storage, SystemClock())
        configuration = replace(configure(files), contacts=Contacts({"ana": ANA}, {}))
        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            await until(socket_in(storage.directory).is_socket)
            mistyped = await do(daemon, Raise("floood", "village", Grade.RED, {"en": "Leave."}))
            unrouted = await do(daemon, Raise("flood", "village", Grade.BLUE, {"en": "Mind."}))
            nowhere = await do(daemon, Raise("flood", "atlantis", Grade.RED, {"en": "Leave."}))
            raised = await do(daemon, Raise("flood", "village", Grade.RED, {"en": "Leave."}))
            lowered = await do(daemon, Raise("flood", "village", Grade.BLUE, {"en": "Mind."}))
            found = acted(daemon)

    assert not mistyped.done
    assert "nobody would be told of floood red in village" in mistyped.said
    assert "did you mean flood?" in mistyped.said
    assert (unrouted.done, nowhere.said) == (False, "no zone atlantis")
    assert (raised.done, lowered.done) == (True, True)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("scope", "mistyped", "meant"),
    [("sensor", "rivr-1", "river-1"), ("zone", "vilage", "village"), ("rule", "rivers", "river")],
)
async def test_what_is_not_there_is_not_shelved(
    tmp_path: Path, scope: Scope, mistyped: str, meant: str
) -> None:
    """A slip of the pen would be answered as hidden, and the real one goes on calling people."""
    until_ = SystemClock().now() + HOUR
    async with manned(tmp_path) as (storage, made, _), running(made()) as daemon:
        await until(socket_in(storage.directory).is_socket)
        wrong = await do(daemon, Shelve(scope, mistyped, "works", until_))
        right = await do(daemon, Shelve(scope, meant, "works", until_))
        found = acted(daemon)

    assert f"there is no {scope} {mistyped}, so nothing is shelved; did you mean {meant}?" in wrong.said
    assert (wrong.done, right.done, len(found)) == (False, True, 1)


async def test_an_action_that_was_journaled_right_before_a_crash_is_applied_once_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with manned(tmp_path) as (storage, made, _):
        async with running(made()) as daemon:
            incident = await flooded(daemon)
        taken = Taken("ana", "account:ana", Acknowledge(incident))
        journaled = storage.journal_thread.submit(
            storage.journal.append, SystemClock().now(), EntryKind.ACTION, 0, taken.encode()
        ).result()

        async with running(made()) as daemon:
            first = acted(daemon)
        # From the beginning of the journal, over an outbox that has it all.
        shutil.rmtree(storage.directory / "snapshots")
        (storage.directory / "snapshots").mkdir()
        async with running(made()) as daemon:
            replayed = acted(daemon)

    assert [(a.sequence, a.done, a.said) for a in first] == [
        (journaled.sequence, True, "acknowledged: red flood in village")
    ]
    assert replayed == first


async def test_what_is_done_while_it_stops_is_not_lost(tmp_path: Path) -> None:
    async with manned(tmp_path) as (storage, made, _):
        async with running(made()) as daemon:
            incident = await flooded(daemon)
            doing = [asyncio.ensure_future(daemon.desk.take(taken(incident, n))) for n in range(20)]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*doing)

        found = acted(made())
    assert [answer.done for answer in answers].count(True) == 1
    assert len(found) == 20
    assert not socket_in(storage.directory).exists()


def taken(incident: str, number: int) -> Taken:
    return Taken("ana", "account:ana", Handle(incident, str(number)))


async def test_a_reply_acknowledges_and_what_is_not_understood_is_counted_and_noted(tmp_path: Path) -> None:
    async with manned(tmp_path) as (_, made, _), running(made()) as daemon:
        await flooded(daemon)
        daemon._replied(Reply("sms", ANA.phone, "who is this", 0))
        daemon._replied(Reply("sms", "+8619999999999", "1", 0))
        await until(lambda: len(records(daemon, "reply refused")) == 2)
        before = acted(daemon)
        daemon._replied(Reply("sms", ANA.phone, "收到", 0))
        await until(lambda: acted(daemon))

        assert before == []
        assert daemon.replies.refused == 2
        assert [(a.user, a.via, a.done) for a in acted(daemon)] == [("ana", f"sms:{ANA.phone}", True)]
        reasons = {record.facts["reason"] for record in records(daemon, "reply refused")}
        assert len(reasons) == 2


async def test_starts_and_configurations_taken_or_refused_stand_in_the_audit(tmp_path: Path) -> None:
    async with manned(tmp_path) as (_, made, path), running(made()) as daemon:
        first = daemon.configuration.basis.bundle
        rules = path.parent / "rules" / "all.yaml"
        good = rules.read_text("utf-8")
        rules.write_text(good.replace("stage >= 4 m", "stage >= 4 mm/h"), "utf-8")
        assert not await daemon.reload(path)
        rules.write_text(good.replace("stage >= 4 m", "stage >= 3.5 m"), "utf-8")
        assert await daemon.reload(path)
        (path.parent / "contacts.yaml").unlink()
        assert not await daemon.reload(path)

        [started] = records(daemon, "started")
        records_of = records(daemon, "configuration")
        wrong, right, unread = (record.facts for record in records_of)
        applied = daemon.configuration.basis.bundle
        assert (started.facts["bundle"], started.facts["realm"]) == (first, "live")
        assert (wrong["applied"], bool(wrong["findings"]), wrong["bundle"] != first) == (False, True, True)
        assert (right["applied"], right["findings"], right["bundle"]) == (True, [], applied)
        assert (unread["applied"], unread["bundle"]) == (False, "")
        assert {record.user for record in records_of} == {"signal"}
        assert right["before"] == first


async def test_the_numbers_of_the_desk_follow_what_happens(tmp_path: Path) -> None:
    async with manned(tmp_path) as (_, made, _), running(made()) as daemon:
        incident = await flooded(daemon)
        # Its gateway is not there.
        async with asyncio.timeout(20):
            while not daemon.standing.numbers.unreached:
                await daemon.standing.look()
        before, shown = daemon.standing.numbers, {f.name: f.value for f in figures(daemon, Unheard())}
        await daemon.desk.take(Taken("ana", "account:ana", Acknowledge(incident)))
        await daemon.standing.look()
        after = daemon.standing.numbers

    assert (dict(before.incidents), before.actions) == ({"open": 1}, 0)
    assert (dict(after.incidents), after.actions) == ({"acknowledged": 1}, 1)
    assert dict(before.unreached) == {"missed": 1}
    assert (shown["tocsin_unreached"], shown["tocsin_actions"]) == (1, 0)
    assert notices(daemon).keys() == {"unreached"}


async def test_what_the_disk_keeps_from_the_audit_stands_in_the_log(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path, Realm.LIVE, Retention())
    storage.outbox_thread.submit(storage.outbox.close).result()
    with capture_logs() as logs:
        await AuditTrail(storage, SystemClock()).note("refused", "ana", {"reason": "no operator"})
    storage.close()

    [log] = logs
    assert (log["event"], log["log_level"]) == ("not in the audit", "error")
    assert (log["what"], log["user"], log["facts"]) == ("refused", "ana", {"reason": "no operator"})
