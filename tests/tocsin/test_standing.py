"""The desk in numbers, looked up now and then; the head of its audit goes into the log."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge, Shelve
from tests.notifiers.duty import START
from tests.tocsin.bureau import Bureau, opened
from tocsin.desk.standing import Numbers, Standing
from tocsin.notices import _desk


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Bureau]:
    found = opened(tmp_path)
    yield found
    found.outbox.close()


async def test_what_waits_what_is_hidden_and_who_has_it_is_counted(at: Bureau) -> None:
    standing = Standing(at.reading, at.clock)
    at.proposed()
    at.act(Shelve("sensor", "riverside", "works", START + HOUR))
    at.act(Acknowledge("nothing1"))

    await standing.look()

    assert standing.numbers == Numbers({"open": 1}, waiting=1, shelves=1, hidden=1, actions=2)
    found = _desk(standing.numbers)
    assert found.keys() == {"proposals", "shelves"}
    assert "hide 1 open warnings" in found["shelves"]


async def test_who_is_late_is_counted_and_told(at: Bureau) -> None:
    standing = Standing(at.reading, at.clock)
    at.told()
    await at.clock.run(START + 2 * MINUTE)

    await standing.look()

    assert standing.numbers.unreached == {"unanswered": 1}
    assert _desk(standing.numbers)["unreached"].startswith("1 unanswered")


def test_a_quiet_desk_gives_no_notice() -> None:
    assert _desk(Numbers({"acknowledged": 3}, actions=7)) == {}


async def test_the_head_of_the_audit_is_logged_but_not_at_every_look(at: Bureau) -> None:
    standing = Standing(at.reading, at.clock)
    at.told()
    with capture_logs() as logs:
        await standing.look()
        await standing.look()

    with closing(at.reading()) as desk:
        head = desk.audit_head()
    anchors = [(e["sequence"], e["hash"]) for e in logs if e["event"] == "audit_head"]
    assert anchors == [(head.sequence, head.hash.hex())]


async def test_an_outbox_that_cannot_be_read_is_said_and_the_last_numbers_stand(at: Bureau) -> None:
    standing = Standing(at.reading, at.clock)
    at.told()
    await standing.look()
    before, at.state = standing.numbers, at.state / "elsewhere"
    with capture_logs() as logs:
        await standing.look()

    assert [e["log_level"] for e in logs] == ["error"]
    assert standing.numbers is before
