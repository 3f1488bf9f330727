"""`tocsin run` and the commands of the desk as processes: seen, taken on, done once though it is killed."""

import asyncio
import json
import os
import pwd
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.journal import EntryKind, open_read_only
from tests.tocsin.program import Ended
from tests.tocsin.test_daemon_process import Station, station, stop, until
from tocsin.desk import socket_in
from tocsin.desk.client import ask

ROUTES = 'routes: [{hazard: "*", grades: [yellow, orange, red], to: [horns], channels: [loudspeaker]}]\n'
CONTACTS = """\
people:
  lin:
    name: {{zh: 林, en: Lin}}
    languages: [zh]
    account: {account}
    roles: [operator, approver]
"""


def man(at: Station) -> None:
    """The account of this test is Lin's; from yellow on the horns are told."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    (at.daemon.configs / "contacts.yaml").write_text(CONTACTS.format(account=account), "utf-8")
    (at.daemon.configs / "routes.yaml").write_text(ROUTES, "utf-8")


async def tocsin(at: Station, *arguments: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", *arguments, "--state", str(at.daemon.state),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def told(at: Station, question: str) -> Any:
    return await asyncio.to_thread(ask, socket_in(at.daemon.state), question)


async def announced(at: Station) -> str:
    """Smoke at s-1, told to the horns; the incident's id."""
    await at.report("s-1", 0.02, 0.21)

    async def known() -> bool:
        return [i["announced"] for i in (await told(at, "status"))["incidents"]] == ["yellow"]

    await until(known, within=60)
    [warning] = json.loads((await tocsin(at, "warnings", "--json")).out)
    assert warning["subject"] == "s-1"
    return str(warning["incident"])


def journaled_actions(at: Station) -> list[int]:
    entries = open_read_only(at.daemon.state / "journal").read(0, 10_000)
    return [entry.sequence for entry in entries if entry.kind is EntryKind.ACTION]


async def test_a_warning_is_seen_taken_on_and_passed_on_and_the_audit_is_whole(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        man(at)
        await at.daemon.start()
        await at.daemon.ready()
        incident = await announced(at)
        taken_on = await tocsin(at, "ack", incident[:6])
        again = await tocsin(at, "ack", incident)
        passed_on = await told(at, "handover")
        running = await tocsin(at, "audit", "verify")
        assert await stop(at) == 0
        stopped = await tocsin(at, "audit", "verify", "--head", running.out.split()[-1])

    assert (taken_on.code, taken_on.out) == (0, "acknowledged: yellow fire in old-town\n")
    assert (again.code, "already by lin" in again.err) == (1, True)
    assert [(s["stage"], s["user"]) for s in passed_on["stages"]] == [("acknowledged", "lin")]
    assert [told_["incident"] for told_ in passed_on["raised"]] == [incident]
    assert (running.code, stopped.code) == (0, 0)
    assert not socket_in(at.daemon.state).exists()


async def test_what_nobody_measured_is_raised_handled_and_closed_by_hand(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        man(at)
        await at.daemon.start()
        await at.daemon.ready()
        where = ("--hazard", "fire", "--zone", "tea-hill", "--grade", "yellow")
        raised = await tocsin(at, "raise", *where, "--en", "Smell of smoke.", "--zh", "有烟味。")
        number = raised.out.split()[-1]

        async def known() -> bool:
            return [i["announced"] for i in (await told(at, "status"))["incidents"]] == ["yellow"]

        await until(known)
        [warning] = await told(at, "warnings")
        handled = await tocsin(at, "handle", number, "--note", "a stove")
        closed = await tocsin(at, "close", number, "--reason", "a stove")
        left = await told(at, "warnings")

    assert (raised.code, handled.code, closed.code) == (0, 0, 0)
    assert (warning["id"], warning["incident"], warning["title"]["en"]) == (number, number, "Raised by hand")
    assert "Smell of smoke." in warning["value"]
    assert left == []


async def test_what_was_journaled_when_it_was_killed_is_done_once_at_the_next_start(tmp_path: Path) -> None:
    async with station(tmp_path) as at:
        man(at)
        await at.daemon.start()
        await at.daemon.ready()
        incident = await announced(at)
        # Nothing can be committed meanwhile: the action is in the journal and nowhere else.
        with closing(sqlite3.connect(at.daemon.state / "outbox.db", isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            acting = asyncio.ensure_future(tocsin(at, "ack", incident))
            await until(lambda: journaled_actions(at))
            before = held.execute("SELECT count(*) FROM actions").fetchone()
            await at.daemon.signal(signal.SIGKILL)
            cut_off = await acting
            held.execute("ROLLBACK")

        await at.daemon.start()
        await at.daemon.ready()
        after = await told(at, "actions")
        await at.daemon.signal(signal.SIGKILL)
        await at.daemon.start()
        await at.daemon.ready()
        replayed = await told(at, "actions")
        status = await told(at, "status")
        verified = await tocsin(at, "audit", "verify")

    assert before == (0,)
    assert (cut_off.code, "hung up" in cut_off.err) == (3, True)
    assert [(a["user"], a["done"], a["said"]) for a in after] == [
        ("lin", True, "acknowledged: yellow fire in old-town")
    ]
    assert replayed == after
    assert [(i["stage"], i["by"]) for i in status["incidents"]] == [("acknowledged", "lin")]
    assert verified.code == 0
