"""The people of a town and its daemon: they answer by SMS, and speak with its desk over the Unix socket."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from os import getpid
from pathlib import Path
from typing import Any

import msgspec

from notifiers.contacts import Role
from notifiers.delivery import Reply
from notifiers.routes import Reach
from simulators.horn import Horn
from simulators.officers import Officer, Officers
from simulators.phone import PhoneGateway
from tocsin.daemon import Daemon
from tocsin.desk import reachable
from tocsin.drill.layout import Layout

_numbers = count()


class StaffedDaemon(Daemon):
    """Its desk takes the name that a client gave its end of the socket for the account.

    In a town one account of the machine plays everybody, so whoever may open the socket can play anybody. Who
    gives no name, as the commands do, is the account that the kernel names.
    """

    def _peer(self, connection: socket.socket) -> str:
        if not (address := connection.getpeername()):
            return super()._peer(connection)
        # An abstract address: NUL, then what `speak` wrote.
        return bytes(address)[1:].decode().split("/")[1]


def officers_of(daemon: Daemon, phone: PhoneGateway, horn: Horn, layout: Layout) -> Officers:
    """Everybody of the contacts who has a telephone, and the people beside the horns."""
    settings, clock = daemon.configuration.settings, daemon.clock
    sms = next(name for name, reach in settings.reach.items() if reach is Reach.PHONE)
    people = [
        Officer(
            person.phone,
            person.account,
            Role.APPROVER in person.roles,
            layout.profiles.get(person.id, layout.usual),
        )
        for person in daemon.configuration.contacts.people.values()
        if person.phone
    ]

    async def desk(account: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return await speak(daemon.desk.path, account, request)

    def answer(number: str, text: str) -> None:
        daemon.replies.hear(Reply(sms, number, text, clock.now()), horn=False)

    return Officers(
        people,
        clock,
        desk,
        inbox=phone.inbox,
        played=horn.played,
        answer=answer,
        press=horn.press,
        seed=layout.seed,
        call=layout.call,
        bystanders=layout.usual,
    )


async def speak(path: Path, account: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the desk of a `StaffedDaemon` replies to a request of that account."""
    with reachable(path) as name:
        end = socket.socket(socket.AF_UNIX)
        end.bind(f"\0{getpid()}/{account}/{next(_numbers)}")
        end.setblocking(False)
        await asyncio.get_running_loop().sock_connect(end, name)
    reader, writer = await asyncio.open_unix_connection(sock=end, limit=2**20)
    with closing(writer):
        writer.write(msgspec.json.encode(request) + b"\n")
        return msgspec.json.decode(await reader.readline(), type=dict[str, Any])
