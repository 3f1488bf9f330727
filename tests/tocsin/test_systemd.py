"""What systemd hears, over a real datagram socket."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.systemd import Notify

# The watchdog is fed three times in its period: every 5 ms here.
WATCHDOG = {"WATCHDOG_USEC": "15000"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notify"


@pytest.fixture
def systemd(path: Path) -> Iterator[socket.socket]:
    with bound(str(path)) as channel:
        yield channel


def bound(address: str) -> closing[socket.socket]:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(address)
    channel.setblocking(False)
    return closing(channel)


def heard(channel: socket.socket) -> list[bytes]:
    """Everything sent so far."""
    found = []
    try:
        while True:
            found.append(channel.recv(4096))
    except BlockingIOError:
        return found


async def hear(channel: socket.socket) -> bytes:
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(channel, 4096)


def test_a_message_is_one_datagram(path: Path, systemd: socket.socket) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(path)})

    notify.send("READY=1")
    notify.send("STOPPING=1")

    assert heard(systemd) == [b"READY=1", b"STOPPING=1"]


def test_without_systemd_nothing_is_sent() -> None:
    Notify({}).send("READY=1")


def test_an_at_sign_in_front_means_an_abstract_address(tmp_path: Path) -> None:
    name = f"tocsin-test-{tmp_path.name}-{id(tmp_path)}"
    with bound(f"\0{name}") as channel:
        Notify({"NOTIFY_SOCKET": f"@{name}"}).send("READY=1")

        assert heard(channel) == [b"READY=1"]


def test_an_at_sign_within_a_path_is_part_of_it(tmp_path: Path) -> None:
    address = tmp_path / "user@1000" / "notify"
    address.parent.mkdir()
    with bound(str(address)) as channel:
        Notify({"NOTIFY_SOCKET": str(address)}).send("READY=1")

        assert heard(channel) == [b"READY=1"]


async def test_the_watchdog_is_fed_after_each_progress(path: Path, systemd: socket.socket) -> None:
    rounds = 0

    async def progress() -> None:
        nonlocal rounds
        rounds += 1

    watching = asyncio.create_task(Notify({"NOTIFY_SOCKET": str(path), **WATCHDOG}).watch(progress))
    for _ in range(3):
        assert await hear(systemd) == b"WATCHDOG=1"
    watching.cancel()

    assert rounds >= 3


async def test_the_watchdog_starves_when_nothing_moves(path: Path, systemd: socket.socket) -> None:
    """Being alive is not enough: a pipeline that hangs is to be restarted."""
    rounds, released = 0, asyncio.Event()

    async def progress() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            await released.wait()

    watching = asyncio.create_task(Notify({"NOTIFY_SOCKET": str(path), **WATCHDOG}).watch(progress))
    async with asyncio.timeout(5):
        while rounds < 2:
            await asyncio.sleep(0.001)
    assert heard(systemd) == [b"WATCHDOG=1"]

    released.set()
    assert await hear(systemd) == b"WATCHDOG=1"
    watching.cancel()


async def test_without_a_watchdog_nobody_is_asked_for_progress(path: Path) -> None:
    async def progress() -> None:
        raise AssertionError("asked for progress")

    await Notify({"NOTIFY_SOCKET": str(path)}).watch(progress)
