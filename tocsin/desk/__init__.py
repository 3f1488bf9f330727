"""The duty officer's desk: a Unix socket on which people of this machine ask and act.

One JSON line a request, one a reply. Who speaks is the account at the other end of the socket, which the
kernel vouches for, mapped to a person by `contacts.yaml`; it is never an argument.

    {"ask": "unreached"}                                   -> {"found": ...}
    {"act": {"type": "ack", "incident": "5f2a9c0e"}}       -> {"done": true, "said": "..."}
"""

import asyncio
import contextlib
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ingest.journal import JournalUnavailable
from notifiers.action import Action, Answer, Taken
from notifiers.contacts import Contacts, Person
from tocsin.change import Wanted
from tocsin.desk.permission import may_not_change, refusal

log = structlog.get_logger()

# Bytes of a request; the longest is a warning raised by hand in two languages.
LONGEST = 64 * 1024
# For a client to say what it wants, and for what it did to be judged and written.
SAY_SECONDS = 5.0
DO_SECONDS = 10.0


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the three; `since` (ms) and `about` narrow a question."""

    ask: str = ""
    since: int = 0
    about: str = ""
    act: Action | None = None
    change: Wanted | None = None


class Question(Exception):
    """One that cannot be answered; says why and what can be asked."""


class DeskBusy(Exception):
    """Another process listens on the socket."""


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A short name of a socket's path while the body runs: the kernel takes no longer one than 107 bytes."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def peer_account(connection: socket.socket) -> str:
    """The name of the account at the other end; its number if the machine knows no name.

    A register of accounts in the network may take its time.
    """
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class Desk:
    """Serves on `path` from `run` until it is cancelled; several people at a time.

    `contacts` gives those now in force, `act` journals and answers, `ask` answers a question of a person or
    raises `Question`, `note` records what was refused: (what, user, facts). `obstacle` says why what somebody
    may do would come to nothing; empty if it would not. `change` puts into force what somebody wants.
    """

    def __init__(
        self,
        path: Path,
        contacts: Callable[[], Contacts],
        act: Callable[[Taken], Awaitable[asyncio.Future[Answer]]],
        ask: Callable[[Request, Person], Awaitable[object]],
        *,
        note: Callable[[str, str, dict[str, object]], Awaitable[None]],
        account: Callable[[socket.socket], str] = peer_account,
        obstacle: Callable[[Action], str] = lambda _: "",
        change: Callable[[Wanted, str], Awaitable[Answer]] | None = None,
    ) -> None:
        self.path = path
        self.refused = 0
        self.acted = 0
        self._contacts = contacts
        self._act = act
        self._ask = ask
        self._note = note
        self._account = account
        self._obstacle = obstacle
        self._change = change
        self._acting: set[asyncio.Task[asyncio.Future[Answer]]] = set()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Listen until `stop`; OSError if the directory is not there, `DeskBusy` if somebody else listens."""
        with reachable(self.path) as path:
            await self._clear(path)
            server = await asyncio.start_unix_server(self._serve, path, limit=LONGEST)
        # The group of the state directory may act; what they may do stands in the contacts.
        self.path.chmod(0o660)
        try:
            await self._over.wait()
        finally:
            server.close()
            self.path.unlink(missing_ok=True)

    async def stop(self) -> None:
        """Nobody new is heard; what is being done is journaled first."""
        self._over.set()
        await asyncio.gather(*self._acting, return_exceptions=True)

    async def _clear(self, path: str) -> None:
        """Take away the socket of a daemon that is gone."""
        if not self.path.is_socket():
            return
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except ConnectionRefusedError:
            self.path.unlink()
            return
        writer.close()
        raise DeskBusy(
            f"{self.path}: another process listens there; stop it, or give this one another --state"
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that goes away is no fault of ours.
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            reply = await self._reply(reader, writer.get_extra_info("socket"))
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()

    async def _reply(self, reader: asyncio.StreamReader, connection: socket.socket) -> object:
        try:
            async with asyncio.timeout(SAY_SECONDS):
                line = await reader.readline()
            request = msgspec.json.decode(line, type=Request)
        except (ValueError, TimeoutError, RecursionError) as error:
            return Answer(False, f"not a request: {str(error) or 'nothing was said in time'}")
        account = await asyncio.to_thread(self._account, connection)
        person = self._contacts().of_account(account)
        if person is None:
            return await self._turn_away(account, account, _stranger(account), request)
        if request.act is not None:
            return await self._do(person, account, request, request.act)
        if request.change is not None:
            return await self._apply(person, account, request, request.change)
        try:
            return {"found": await self._ask(request, person), "you": person.id}
        except Question as error:
            return Answer(False, str(error))

    async def _do(self, person: Person, account: str, request: Request, action: Action) -> Answer:
        if reason := refusal(person, action) or self._obstacle(action):
            return await self._turn_away(account, person.id, reason, request)
        self.acted += 1
        return await self.take(Taken(person.id, f"account:{account}", action))

    async def _apply(self, person: Person, account: str, request: Request, wanted: Wanted) -> Answer:
        """Put it into force; whoever goes away meanwhile has done it all the same."""
        if reason := may_not_change(person):
            return await self._turn_away(account, person.id, reason, request)
        if self._change is None:
            return Answer(False, "nothing is applied here: ask the daemon of a state directory")
        return await asyncio.shield(asyncio.ensure_future(self._change(wanted, person.id)))

    async def take(self, taken: Taken) -> Answer:
        """Journal and apply; whoever goes away meanwhile has acted all the same."""
        acting = asyncio.ensure_future(self._act(taken))
        self._acting.add(acting)
        acting.add_done_callback(self._acting.discard)
        try:
            answer = await asyncio.shield(acting)
        except JournalUnavailable as error:
            return Answer(False, f"nothing was recorded: {error}")
        try:
            return await asyncio.wait_for(asyncio.shield(answer), DO_SECONDS)
        except TimeoutError:
            return Answer(False, "recorded, but not yet applied: ask for the status before doing it again")

    async def _turn_away(self, account: str, user: str, reason: str, request: Request) -> Answer:
        self.refused += 1
        log.warning("desk: turned away", account=account, reason=reason)
        facts: dict[str, object] = {"account": account, "reason": reason, "request": _said(request)}
        await self._note("refused", user, facts)
        return Answer(False, reason)


def _said(request: Request) -> Any:
    return msgspec.to_builtins(request)


def _stranger(account: str) -> str:
    way_out = f"write `account: {account}` at a person of contacts.yaml, and reload"
    return f"the account {account} is nobody's: {way_out}"


def socket_in(state: Path) -> Path:
    """Where the daemon of a state directory listens."""
    return state / "tocsin.sock"
