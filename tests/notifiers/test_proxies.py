"""A message goes where the settings say, whatever proxy the environment names: it would read text and key."""

import asyncio
import os
import sys

import pytest

from rules.realm import Realm
from simulators.gateway import ScriptedGateway
from tests.notifiers.announced import delivery
from tests.notifiers.subjects import HEADER, SUBJECTS, Subject

OURS = [subject for subject in SUBJECTS if subject.meets >= HEADER]
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("subject", OURS, ids=[subject.name for subject in OURS])
async def test_a_proxy_of_the_environment_is_not_asked(subject: Subject) -> None:
    gateway, proxy = ScriptedGateway(subject.yes), ScriptedGateway(subject.yes)
    port, other = await gateway.start(), await proxy.start()
    named = dict.fromkeys(PROXIES, f"http://127.0.0.1:{other}")

    sending = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, subject.name, str(port), env={**os.environ, **named}
    )
    async with asyncio.timeout(30):
        ended = await sending.wait()
    await gateway.stop()
    await proxy.stop()

    assert (ended, len(gateway.requests), proxy.connections) == (0, 1, 0)


async def send(name: str, port: int) -> None:
    """One delivery through the channel of that name."""
    [subject] = [each for each in OURS if each.name == name]
    async with subject.make(port, "http", Realm.DRILL) as channel:
        await channel.send(delivery(Realm.DRILL, address=subject.address))


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], int(sys.argv[2])))
