"""What a plan showed is put into force, exactly that, by somebody who may, or nothing is."""

import asyncio
import json
import os
import pwd
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import SystemClock
from ingest.journal import EntryKind
from notifiers.action import Answer
from notifiers.outbox.audit import Record
from simulators.publisher import Publisher
from tests.tocsin.program import Ended, program
from tests.tocsin.serving import opened, running
from tests.tocsin.village import CONTACTS, RULES, SENSORS, payload, topic
from tocsin.bundle import Applied, Bundle
from tocsin.candidate import candidate
from tocsin.change import Wanted
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.desk import socket_in
from tocsin.desk.client import change
from tocsin.first_bundle import apply_first
from tocsin.plan.planning import Plan, plan
from tocsin.storage import Storage

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name
OPERATOR = CONTACTS.replace("languages: [en]", f"languages: [en], account: {ACCOUNT}, roles: [operator]")
GAUGES = 500
MANY = SENSORS + "".join(f"g-{n:03},stage,village,,,,,warning_stage=2 m\n" for n in range(GAUGES))
# What is yellow at 2.3 m stays so, what is yellow at 2.1 m falls; nobody is regraded at once.
STRICTER = ("stage >= site.warning_stage", "stage >= 2.2 m")


@dataclass
class Post:
    """A daemon that is there, the files that an operator edits, and what they type."""

    daemon: Daemon
    settings: Path

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.settings.parent / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    @property
    def state(self) -> Path:
        return self.daemon.storage.directory

    async def plan(self) -> Plan:
        bundles = self.daemon.storage.bundles
        return await asyncio.to_thread(
            plan, self.state, candidate(str(self.settings), bundles), SystemClock()
        )

    async def do(self, wanted: Wanted) -> Answer:
        return await asyncio.to_thread(change, socket_in(self.state), wanted)

    async def apply(self, number: str, reason: str = "") -> Answer:
        return await self.do(Wanted(str(self.settings), number, reason))

    def records(self, what: str) -> list[Record]:
        with closing(self.daemon._reading()) as desk:
            assert desk.verify() is None
            return desk.audited(what)

    @property
    def in_force(self) -> str:
        return self.daemon.judging.judge.basis.bundle


@asynccontextmanager
async def posted(directory: Path, **others: str) -> AsyncIterator[Post]:
    """A village where the account of the test is an operator's."""
    texts = {"contacts.yaml": OPERATOR, **{name.replace("_", "."): text for name, text in others.items()}}
    async with opened(directory) as (storage, settings, files):
        for name, text in texts.items():
            (settings.parent / name).write_text(text, "utf-8")
        files = Bundle(files.main, {**files.texts, **texts})
        apply_first(files, storage, SystemClock())
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon:
            async with asyncio.timeout(20):
                while not socket_in(storage.directory).is_socket():
                    await asyncio.sleep(0.005)
            yield Post(daemon, settings)


async def flooded(daemon: Daemon, gauges: int = GAUGES) -> None:
    """So many gauges at 2.1 m and 2.3 m by turns, all of them yellow."""
    mqtt = daemon.configuration.settings.mqtt
    publisher = Publisher(mqtt.host, mqtt.port, "gateway")
    await publisher.connect()
    for number in range(gauges):
        stage = 2.1 if number % 2 else 2.3
        publisher.publish(topic(f"g-{number:03}"), payload(f"g-{number:03}", SystemClock().now(), stage))
    await publisher.flush()
    await publisher.close()
    async with asyncio.timeout(30):
        while len(daemon.judging.judge.warnings()) < gauges:
            await asyncio.sleep(0.01)


async def test_five_hundred_open_warnings_have_five_hundred_fates_and_audit_records(tmp_path: Path) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        await flooded(post.daemon)
        post.edit("rules/all.yaml", *STRICTER)
        planned = await post.plan()
        answer = await post.apply(planned.number, "too many warnings in March")
        open_after = {w.id for w in post.daemon.judging.judge.warnings()}
        fates = post.records("fate of a warning")
        [applied] = post.records("configuration")

    assert answer.done, answer.said
    assert (
        "500 warnings were open: 500 carried, 0 regraded, 0 closed, 0 orphaned; 0 raised at once"
        in answer.said
    )
    assert len({record.facts["warning"] for record in fates}) == len(fates) == GAUGES
    assert {r.facts["warning"]: r.facts["outcome"] for r in fates} == {
        fate.warning: str(fate.outcome) for fate in planned.fates
    }
    assert open_after == {fate.warning for fate in planned.fates}
    assert (applied.user, applied.facts["reason"], applied.facts["plan"]) == (
        "ana", "too many warnings in March", planned.number,
    )  # fmt: skip
    assert (applied.facts["before"], applied.facts["bundle"]) == (planned.old, planned.new)
    assert applied.facts["warnings"] == GAUGES


async def test_a_plan_goes_stale_when_the_files_or_what_is_in_force_change(tmp_path: Path) -> None:
    async with posted(tmp_path) as post:
        first = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        number = (await post.plan()).number
        post.edit("rules/all.yaml", "2.2 m", "2.25 m")
        edited = await post.apply(number)
        post.edit("rules/all.yaml", "2.25 m", "2.2 m")
        done = await post.apply(number)
        again = await post.apply(number)
        refused = [record.facts["findings"] for record in post.records("configuration")]

        assert (edited.done, "is stale" in edited.said, "tocsin plan" in edited.said) == (False, True, True)
        assert (done.done, again.done) == (True, False)
        assert post.in_force != first
        assert [bool(findings) for findings in refused] == [True, False, True]


async def test_findings_in_the_files_are_told_and_nothing_changes(tmp_path: Path) -> None:
    async with posted(tmp_path) as post:
        first = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        number = (await post.plan()).number
        post.edit("rules/all.yaml", "stage >= 4 m", "stage >= 4 mm/h")
        broken = await post.apply(number)
        gone = await post.do(Wanted("/nowhere/tocsin.yaml", number))

        assert not broken.done
        assert (gone.done, "no file, directory or applied bundle" in gone.said) == (False, True)
        assert post.in_force == first


async def test_whoever_is_no_operator_is_turned_away(tmp_path: Path) -> None:
    async with posted(tmp_path, contacts_yaml=OPERATOR.replace("[operator]", "[approver]")) as post:
        first = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        answer = await post.apply((await post.plan()).number)

        assert (answer.done, answer.said.startswith("ana is no operator")) == (False, True)
        assert post.in_force == first
        assert [record.user for record in post.records("refused")] == ["ana"]


async def test_a_rollback_puts_into_force_what_was_and_can_be_rolled_back(
    tmp_path: Path,
) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        first = post.in_force
        await flooded(post.daemon, 20)
        post.edit("rules/all.yaml", *STRICTER)
        await post.apply((await post.plan()).number)
        second = post.in_force
        back = await post.do(Wanted(first[:8], "", "wrong river", "rollback"))
        in_force = post.in_force
        forth = await post.do(Wanted(second, "", "", "rollback"))
        records = post.records("configuration")
        fates = Counter(record.facts["entry"] for record in post.records("fate of a warning"))

        assert (back.done, in_force, forth.done, post.in_force) == (True, first, True, second)
        assert [(r.user, r.facts["reason"]) for r in records] == [
            ("ana", ""),
            ("ana", "wrong river"),
            ("ana", ""),
        ]
        assert [r.facts["bundle"] for r in records] == [second, first, second]
        assert list(fates.values()) == [20, 20, 20]


async def test_a_rollback_to_what_was_never_in_force_is_refused(tmp_path: Path) -> None:
    """It needs no plan, so it must not be a way around one."""
    async with posted(tmp_path) as post:
        first = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        answer = await post.do(Wanted(str(post.settings), "", "", "rollback"))

        assert (answer.done, "applied here" in answer.said, post.in_force) == (False, True, first)


async def test_settings_that_want_a_plan_refuse_the_signal_and_say_the_way_out(tmp_path: Path) -> None:
    async with posted(tmp_path) as post:
        post.edit("tocsin.yaml", "realm: live\n", "realm: live\napply: {plan: required}\n")
        assert await post.daemon.reload(post.settings)
        strict = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        refused = await post.daemon.reload(post.settings)
        problem = post.daemon.problems()["reload"]
        planned = await post.apply((await post.plan()).number)

        assert (refused, "tocsin apply --plan" in problem) == (False, True)
        assert (planned.done, post.in_force != strict) == (True, True)
        assert "reload" not in post.daemon.problems()
        assert [record.user for record in post.records("configuration")] == ["signal", "signal", "ana"]


async def test_a_plan_without_a_comparison_is_refused_where_one_is_wanted(tmp_path: Path) -> None:
    async with posted(tmp_path) as post:
        post.edit("rules/all.yaml", *STRICTER)
        number = (await post.plan()).number
        answer = await post.do(Wanted(str(post.settings), number, compared=True))

        assert (answer.done, "did not compare" in answer.said) == (False, True)


async def test_who_applied_it_is_known_after_a_crash_before_it_was_judged(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        other = Bundle(files.main, {**files.texts, "rules/all.yaml": RULES.replace(*STRICTER)})
        storage.bundles.save(other)
        _journal(storage, other)
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon:
            with closing(daemon._reading()) as desk:
                [record] = desk.audited("configuration")

    assert (record.user, record.facts["reason"], record.facts["bundle"]) == ("ana", "in time", other.hash)


def _journal(storage: Storage, bundle: Bundle) -> None:
    data = Applied(bundle.hash, "ana", "in time").encode()
    append = storage.journal.append
    storage.journal_thread.submit(append, SystemClock().now(), EntryKind.BUNDLE, 0, data).result()


def said(ended: Ended) -> Any:
    """The daemon of the test logs to the same place."""
    [found] = [line for line in ended.out.splitlines() if line.startswith(("{", "[{"))]
    return json.loads(found)


async def test_the_commands_apply_take_back_and_list(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tocsin = program(capfd)

    async def typed(*arguments: str | Path) -> Ended:
        return await asyncio.to_thread(tocsin, *arguments, "--state", tmp_path / "state")

    async with posted(tmp_path) as post:
        first = post.in_force
        post.edit("rules/all.yaml", *STRICTER)
        number = said(await typed("plan", post.settings, "--json"))["plan"]
        applied = await typed("apply", post.settings, "--plan", number, "--reason", "as agreed")
        stale = await typed("apply", post.settings, "--plan", number)
        second = post.in_force
        back = await typed("rollback", "--reason", "too many")
        listed = said(await typed("applied", "--json"))
        told = (await typed("applied")).out

    assert (applied.code, f"{second} is in force, before it was {first}" in applied.out) == (0, True)
    assert (stale.code, "is stale" in stale.err) == (1, True)
    assert (back.code, f"{first} is in force" in back.out) == (0, True)
    assert [(row["number"], row["bundle"], row["by"], row["reason"]) for row in listed] == [
        (1, first, "", ""), (2, second, "ana", "as agreed"), (3, first, "ana", "too many"),
    ]  # fmt: skip
    assert (listed[1]["plan"], "too many" in told, all(row["at"] for row in listed)) == (number, True, True)


def test_without_a_daemon_there_is_nothing_to_apply_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = program(capfd)("apply", "--plan", "00", "--state", tmp_path)

    assert (code, "no daemon of this state directory is running" in err) == (3, True)
