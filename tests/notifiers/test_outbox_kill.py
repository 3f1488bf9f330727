"""The outbox under SIGKILL: a process that commits, sends and settles dies again and again."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

from notifiers.delivery import State
from notifiers.outbox import Outbox
from rules.realm import Realm

KILLS = 6
WARNINGS = 240

# Its gateway is a file: one line is one message on its way.
CHILD = """
import os, sys
from datetime import UTC
from pathlib import Path
from ingest.registry import Registry
from notifiers.contacts import Person
from notifiers.outbox import Outbox
from notifiers.outcome import Sent
from notifiers.routes import Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

folder, count = Path(sys.argv[1]), int(sys.argv[2])
ana = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))
route = Route(hazard="*", grades=frozenset(Grade), zones=frozenset(), people=(ana,), horns=False,
              channels=("sms",), file="routes.yaml", line=1)
router = Router(Routes(routes=(route,)), Registry.of([], {}), [], UTC)
gateway = os.open(folder / "gateway", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
outbox = Outbox.open(folder / "outbox.sqlite", Realm.DRILL)

# As after a snapshot: a little of what is recorded is judged again.
for number in range(max(0, outbox.position - 3), count):
    warning = f"w{number}"
    outbox.commit(number + 1, [Transition(
        at=number, rule="r", subject=warning, warning=warning, ordinal=0, before=None, after=Grade.RED,
        disposition=Disposition.AUTO, reason="raised", evidence={})])
    while outbox.route(router, number):
        pass
    for delivery in outbox.claim("sms", number, 8):
        os.write(gateway, f"{delivery.key} {delivery.warning}\\n".encode())
        outbox.settle(delivery.key, Sent("p"), number)
"""


def sent(folder: Path) -> list[str]:
    gateway = folder / "gateway"
    return gateway.read_text().splitlines() if gateway.exists() else []


async def live_until(folder: Path, messages: int) -> int:
    """One life of the process, ended by SIGKILL once the gateway has that many messages; the exit status."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(folder), str(WARNINGS))
    async with asyncio.timeout(30):
        while child.returncode is None and len(sent(folder)) < messages:
            await asyncio.sleep(0.001)
    if child.returncode is None:
        child.kill()
    return await child.wait()


async def test_nothing_is_lost_and_at_most_one_message_repeats_for_each_kill(tmp_path: Path) -> None:
    for kill in range(1, KILLS + 1):
        assert await live_until(tmp_path, kill * WARNINGS // (KILLS + 1)) == -signal.SIGKILL
    assert await live_until(tmp_path, WARNINGS * 2) == 0

    outbox = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    assert outbox.position == WARNINGS
    assert outbox.faults() == []
    assert len(outbox.transitions(limit=2 * WARNINGS)) == WARNINGS
    assert outbox.counts() == {"sms": {State.ACCEPTED: WARNINGS}}
    outbox.close()
    by_warning = Counter(line.split()[1] for line in sent(tmp_path))
    assert set(by_warning) == {f"w{n}" for n in range(WARNINGS)}
    assert sum(by_warning.values()) - WARNINGS <= KILLS
    assert len(set(sent(tmp_path))) == WARNINGS
