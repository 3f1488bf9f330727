"""A warning reaches people, or somebody is told that it did not: the whole daemon among real servers.

One daemon for all tests, each with hazards and zones of its own.
"""

import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from lxml import etree

from notifiers.webhook import signature
from simulators.gateway import Break, Request
from simulators.kannel import TOKEN
from tests.system.town import CHEN, DEAD, GAO, ROUTES, SECRET, WARDEN, Town, town, until

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

CAP = {"cap": "urn:oasis:names:tc:emergency:cap:1.2"}
# Gas is no longer for the feed.
CHANGED = {
    **ROUTES,
    "routes": [{**r, "channels": ["hook"]} if r.get("approval") else r for r in ROUTES["routes"]],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town")) as running:
        yield running


async def test_a_dead_horn_is_listed_and_whoever_answers_for_its_zone_is_told_by_sms(at: Town) -> None:
    await at.burn("old-town")
    incident = await at.incident("fire", "old-town")
    await until(lambda: at.states(incident, "loudspeaker") == ["played", "failed"])
    await until(lambda: at.states(incident, "kannel") == ["delivered"])
    listed = await at.tocsin("unreached", "--json")

    commanded = [horn for horn in at.commands if "old-town" in horn]
    assert sorted(commanded) == [f"tocsin/horns/horn-old-town-{n}/command" for n in (1, 2)]
    assert [p.horn for p in at.horns.played if "old-town" in p.horn] == ["horn-old-town-1"]
    assert listed.code == 1
    [missed] = [u for u in listed.found if u["incident"] == incident]
    assert (missed["why"], missed["who"]) == ("missed", DEAD)
    assert "loudspeaker: failed (no receipt)" in missed["detail"]
    [text] = [text for text in at.texts(WARDEN) if incident in text]
    assert text.startswith("红色预警（Ⅰ级）：火灾确认，清溪区老城街")
    [sms] = at.deliveries(incident, "kannel")
    # Handed to the SMS centre, and delivered.
    assert sorted(at.receipts(sms.delivery.key)) == ["1", "8"]


async def test_an_sms_acknowledges_in_the_name_of_the_person_whose_number_it_came_from(at: Town) -> None:
    await at.burn("market-street")
    incident = await at.incident("fire", "market-street")
    await until(lambda: at.states(incident, "kannel") == ["delivered"])

    await at.says(CHEN, f"收到 {incident[:6]}")

    await until(lambda: stage(at, incident) == ("acknowledged", "chen"))


async def test_the_button_of_a_horn_acknowledges_what_it_has_played(at: Town) -> None:
    await at.burn("riverside")
    incident = await at.incident("fire", "riverside")
    await until(lambda: at.states(incident, "loudspeaker") == ["played", "played"])

    at.horns.press("horn-riverside-1")

    await until(lambda: stage(at, incident) == ("acknowledged", "horn:horn-riverside-1"))


async def test_callbacks_share_the_daemons_server_and_need_the_token(at: Town) -> None:
    refused = await at.daemon.get("/channels/kannel/receipt?token=wrong&key=x&to=1&type=1")
    nonsense = await at.daemon.get(f"/channels/kannel/receipt?token={TOKEN}&type=77")

    assert b" 403 " in refused.splitlines()[0]
    assert b" 200 " in nonsense.splitlines()[0]
    assert b'"ready":true' in await at.daemon.get("/readyz")
    assert await at.daemon.figure('tocsin_messages_total{outcome="accepted"}') >= 0


async def test_what_needs_a_release_goes_out_as_it_was_shown_once_a_second_person_gives_it(at: Town) -> None:
    incident = await at.raises("gas", "chemical-park", "red")
    await until(lambda: "held" in at.states(incident, "cap"))
    [shown] = [p for p in (await at.tocsin("proposals", "--json")).found if p["incident"] == incident]
    own = await at.tocsin("release", incident, "--yes")
    await at.reload("wu", CHANGED)
    assert at.states(incident, "hook") == at.states(incident, "cap") == ["held"]
    assert (at.posted(incident), documents(at, incident)) == ([], [])

    released = await at.tocsin("release", incident, "--yes")
    await until(lambda: at.states(incident, "hook") == at.states(incident, "cap") == ["accepted"])
    again = await at.tocsin("release", incident, "--yes")

    assert (own.code, own.err) == (1, "you wrote it yourself: a second person has to release it\n")
    assert (released.code, again.code) == (0, 1)
    [decided] = at.records("proposal released", incident)
    assert (decided.user, decided.facts["hash"]) == ("wu", shown["hash"])
    [posted] = at.posted(incident)
    assert signed(posted)
    assert json.loads(posted.body)["data"]["text"] == shown["text"]
    [alert] = documents(at, incident)
    assert (text_of(alert, "msgType"), text_of(alert, "status")) == ("Alert", "Actual")


async def test_a_cancel_follows_the_warning_to_everybody_over_every_channel(at: Town) -> None:
    incident = await at.raises("rain", "upper-valley", "red")
    await until(lambda: at.states(incident, "hook") == at.states(incident, "cap") == ["accepted"])
    await until(lambda: at.states(incident, "kannel") == ["delivered"])

    cancelled = await at.tocsin("cancel", incident, "--reason", "误报")
    await until(lambda: at.states(incident, "hook") == at.states(incident, "cap") == ["accepted"] * 2)
    await until(lambda: at.states(incident, "kannel") == ["delivered"] * 2)

    assert cancelled.code == 0
    assert [json.loads(p.body)["data"]["act"] for p in at.posted(incident)] == ["alert", "cancel"]
    told, wrong = [text for text in at.texts(CHEN) if incident in text]
    assert told.startswith("红色预警")
    assert wrong.startswith("预警取消")
    alert, cancel = documents(at, incident)
    assert [text_of(document, "msgType") for document in (alert, cancel)] == ["Alert", "Cancel"]
    known = [text_of(alert, name) for name in ("sender", "identifier", "sent")]
    assert text_of(cancel, "references") == ",".join(known)


async def test_when_nobody_acknowledges_in_time_the_next_level_is_told_and_the_audit_holds_it(
    at: Town, tmp_path: Path
) -> None:
    incident = await at.raises("tank", "tea-hill", "yellow")
    await until(lambda: any("请接手" in text and incident in text for text in at.texts(GAO)))
    whole = await at.tocsin("audit", "verify")
    [step] = at.records("escalation", incident)[:1]
    broken = await at.tocsin("audit", "verify", state=changed(at.daemon.state, tmp_path, step.sequence))

    assert (step.facts["late"], step.facts["asked"]) == (["acknowledged"], ["gao"])
    assert whole.code == 0
    assert (broken.code, broken.err) == (
        1,
        f"record {step.sequence} does not follow from the one before it\n",
    )


async def test_a_kill_in_the_middle_loses_nothing_and_sends_nothing_twice(at: Town) -> None:
    at.hook.script.append(Break.HANG)
    told = len(at.texts(CHEN))
    incident = await at.raises("workshop", "firework-hollow", "red")
    await until(lambda: bool(at.posted(incident)))
    before = len(at.hook.requests)
    await at.daemon.signal(signal.SIGKILL)
    await at.burn("bridge-end")
    await at.daemon.start()
    await at.daemon.ready()
    missed = await at.incident("fire", "bridge-end")
    await until(lambda: at.states(incident, "hook") == ["accepted"])
    await until(lambda: at.states(missed, "kannel") == ["delivered"])

    keys = [post.headers["webhook-id"] for post in at.posted(incident)]
    assert keys == [keys[0]] * 2
    assert len(at.hook.requests) == before + 1
    assert [missed in text for text in at.texts(CHEN)[told:]] == [True]
    assert (await at.tocsin("audit", "verify")).code == 0


def stage(at: Town, incident: str) -> tuple[str, str]:
    with at.desk() as desk:
        [found] = [i for i in desk.incidents() if i.id == incident]
    return found.stage, found.by


def documents(at: Town, incident: str) -> list[etree._Element]:
    """The CAP documents of an incident, in the order in which they were issued."""
    found = [etree.parse(path).getroot() for path in at.cap.glob("*.xml") if incident in path.read_text()]
    return sorted(found, key=lambda alert: text_of(alert, "sent"))


def text_of(alert: etree._Element, name: str) -> str:
    return alert.findtext(f"cap:{name}", namespaces=CAP) or ""


def signed(posted: Request) -> bool:
    key, stamp = posted.headers["webhook-id"], int(posted.headers["webhook-timestamp"])
    return posted.headers["webhook-signature"] == signature(SECRET, key, stamp, posted.body)


def changed(state: Path, directory: Path, sequence: int) -> Path:
    """A copy of the outbox in which one byte of one record of the audit is another."""
    copied = directory / "outbox.db"
    with closing(sqlite3.connect(state / "outbox.db")) as source, closing(sqlite3.connect(copied)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        query = "SELECT facts FROM audit WHERE sequence = ?"
        (facts,) = copy.execute(query, (sequence,)).fetchone()
    content = bytearray(copied.read_bytes())
    assert content.count(facts) == 1
    content[content.index(facts) + len(facts) // 2] ^= 1
    copied.write_bytes(content)
    return directory
