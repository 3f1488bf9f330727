"""The socket on which people ask and act: who they are, what they may, and what becomes of it."""

import asyncio
import os
import pwd
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from ingest.journal import JournalUnavailable
from notifiers.action import Acknowledge, Action, Answer, Cancel, Close, Taken
from notifiers.contacts import Contacts, Person, Role
from tocsin.desk import LONGEST, Desk, DeskBusy, Question, Request, peer_account, reachable
from tocsin.desk.client import DeskUnreachable, act, ask
from tocsin.desk.permission import NEEDED, refusal

LIN = Person(id="lin", name={"en": "Lin"}, languages=("en",), account="lin", roles=frozenset({Role.OPERATOR}))
WU = Person(id="wu", name={"en": "Wu"}, languages=("en",), account="wu", roles=frozenset({Role.APPROVER}))
CONTACTS = Contacts({"lin": LIN, "wu": WU}, {})


class House:
    """A desk, what it journaled and what it noted; `account` is who the next client is."""

    def __init__(self, path: Path) -> None:
        self.account = "lin"
        self.looked_up_by = threading.current_thread()
        self.taken: list[Taken] = []
        self.noted: list[tuple[str, str, dict[str, object]]] = []
        self.broken = False
        self.writable = asyncio.Event()
        self.writable.set()
        self.desk = Desk(
            path,
            lambda: CONTACTS,
            self._act,
            self._ask,
            note=self._note,
            account=self._who,
        )

    def _who(self, _: socket.socket) -> str:
        self.looked_up_by = threading.current_thread()
        return self.account

    async def _act(self, taken: Taken) -> asyncio.Future[Answer]:
        if self.broken:
            raise JournalUnavailable(Path("journal"), "the disk is full")
        await self.writable.wait()
        self.taken.append(taken)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        answer.set_result(Answer(True, "noted"))
        return answer

    async def _ask(self, request: Request, person: Person) -> object:
        if request.ask != "status":
            raise Question(f"no question {request.ask}; there are: status")
        return {"open": 3, "since": request.since, "to": person.id}

    async def _note(self, what: str, user: str, facts: dict[str, object]) -> None:
        self.noted.append((what, user, facts))

    async def do(self, action: Action) -> Answer:
        return await asyncio.to_thread(act, self.desk.path, action)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    # Longer than the kernel takes a socket's name.
    state = tmp_path / ("state-of-a-county" * 8)
    state.mkdir()
    found = House(state / "tocsin.sock")
    serving = asyncio.create_task(found.desk.run())
    await listening(found.desk.path)
    yield found
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def listening(path: Path) -> None:
    async with asyncio.timeout(10):
        while not is_open(path):
            await asyncio.sleep(0)


def is_open(path: Path) -> bool:
    return path.is_socket() and path.stat().st_mode & 0o777 == 0o660


async def said(path: Path, request: bytes) -> bytes:
    with reachable(path) as name:
        reader, writer = await asyncio.open_unix_connection(name)
    writer.write(request)
    answer = await reader.readline()
    writer.close()
    return answer


async def test_an_action_is_taken_in_the_name_of_the_account_at_the_other_end(house: House) -> None:
    assert await house.do(Acknowledge("5f2a")) == Answer(True, "noted")
    assert house.taken == [Taken("lin", "account:lin", Acknowledge("5f2a"))]


async def test_a_register_of_accounts_that_hangs_holds_up_no_warning(house: House) -> None:
    """It may be in the network: names are looked up beside the thread that judges."""
    await house.do(Acknowledge("5f2a"))

    assert house.looked_up_by is not threading.current_thread()


async def test_nobody_can_say_who_they_are(house: House) -> None:
    forged = b'{"act": {"type": "ack", "incident": "5f2a", "user": "wu"}, "user": "wu"}\n'

    assert b"not a request" in await said(house.desk.path, forged)
    assert house.taken == []


async def test_an_account_that_is_nobodys_is_turned_away_and_told_what_to_write(house: House) -> None:
    house.account = "stranger"

    answer = await house.do(Acknowledge("5f2a"))

    assert not answer.done
    assert "account: stranger" in answer.said
    assert house.taken == []
    assert [(what, user) for what, user, _ in house.noted] == [("refused", "stranger")]


async def test_what_somebody_may_not_do_is_refused_and_noted_but_not_journaled(house: House) -> None:
    answer = await house.do(Cancel("5f2a", "a mistake"))

    assert (answer.done, house.taken) == (False, [])
    assert "approver" in answer.said
    [(what, user, facts)] = house.noted
    assert (what, user) == ("refused", "lin")
    assert facts["request"]["act"]["reason"] == "a mistake"


def test_every_action_has_its_permission() -> None:
    assert set(NEEDED) == set(Action.__args__)
    asked_of = {role: {kind.__name__ for kind in NEEDED if NEEDED[kind] is role} for role in (None, *Role)}
    assert asked_of == {
        None: {"Acknowledge", "Arrive", "Handle"},
        Role.OPERATOR: {"Close", "Raise", "Shelve", "Unshelve"},
        Role.APPROVER: {"Agree", "Cancel", "Refuse", "Release"},
    }
    assert refusal(LIN, Close("w", "r")) == ""
    assert (
        refusal(WU, Close("w", "r")) == "wu is no operator: ask one, or give them the role in contacts.yaml"
    )


async def test_without_a_journal_the_person_is_told_that_nothing_was_recorded(house: House) -> None:
    house.broken = True

    answer = await house.do(Acknowledge("5f2a"))

    assert (answer.done, house.taken) == (False, [])
    assert answer.said.startswith("nothing was recorded")


async def test_a_question_is_answered_and_one_that_is_not_known_says_which_are(house: House) -> None:
    path = house.desk.path

    assert await asyncio.to_thread(ask, path, "status", since=7) == {"open": 3, "since": 7, "to": "lin"}
    with pytest.raises(PermissionError, match="there are: status"):
        await asyncio.to_thread(ask, path, "weather")


@pytest.mark.parametrize(
    "request_",
    [
        b"\n",
        b"{}x\n",
        b"[" * 60_000 + b"\n",
        b'{"act": {"type": "explode"}}\n',
        b"\xff\n",
        b"a" * (LONGEST + 1),
    ],
)
async def test_what_is_no_request_is_refused_and_the_next_client_is_served(
    house: House, request_: bytes
) -> None:
    answer = await said(house.desk.path, request_)

    assert not msgspec.json.decode(answer, type=Answer).done
    assert (await house.do(Acknowledge("5f2a"))).done


async def test_a_client_that_says_nothing_keeps_nobody_waiting(house: House) -> None:
    with reachable(house.desk.path) as name:
        _, silent = await asyncio.open_unix_connection(name)

    assert (await house.do(Acknowledge("5f2a"))).done
    silent.close()


async def test_a_socket_that_a_dead_daemon_left_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "tocsin.sock"))
    house = House(tmp_path / "tocsin.sock")
    serving = asyncio.create_task(house.desk.run())
    await listening(house.desk.path)

    assert (await house.do(Acknowledge("5f2a"))).done
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert not house.desk.path.exists()


async def test_a_second_desk_leaves_the_first_alone(house: House) -> None:
    with pytest.raises(DeskBusy):
        await House(house.desk.path).desk.run()
    assert (await house.do(Acknowledge("5f2a"))).done


async def test_a_stop_waits_until_what_is_being_done_is_journaled(house: House) -> None:
    house.writable.clear()
    doing = asyncio.ensure_future(house.desk.take(Taken("lin", "account:lin", Acknowledge("5f2a"))))
    stopping = asyncio.ensure_future(house.desk.stop())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stopping.done()

    house.writable.set()
    await stopping
    assert len(house.taken) == 1
    assert (await doing).done


async def test_what_is_being_journaled_goes_on_when_nobody_waits_for_it_any_more(house: House) -> None:
    house.writable.clear()
    doing = asyncio.ensure_future(house.desk.take(Taken("lin", "account:lin", Acknowledge("5f2a"))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)

    house.writable.set()
    await house.desk.stop()
    assert len(house.taken) == 1


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose time leaps by as much as it is told."""

    leapt = 0.0

    def time(self) -> float:
        return super().time() + self.leapt


Of = TypeVar("Of")


def in_leaps(story: Callable[[], Coroutine[Any, Any, Of]]) -> Of:
    """What it comes to, a second at each turn of the loop."""
    with asyncio.Runner(loop_factory=Leaping) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Leaping)

        async def told() -> Of:
            telling = asyncio.ensure_future(story())
            while not telling.done():
                loop.leapt += 1
                await asyncio.sleep(0)
            return await telling

        return runner.run(told())


def test_what_is_not_applied_in_time_is_not_said_to_be_done(tmp_path: Path) -> None:
    async def never(_: Taken) -> asyncio.Future[Answer]:
        return asyncio.get_running_loop().create_future()

    async def story() -> Answer:
        house = House(tmp_path / "tocsin.sock")
        desk = Desk(house.desk.path, lambda: CONTACTS, never, house._ask, note=house._note)
        return await desk.take(Taken("lin", "account:lin", Acknowledge("5f2a")))

    answer = in_leaps(story)

    assert not answer.done
    assert answer.said.startswith("recorded, but not yet applied")


def test_a_client_that_says_nothing_is_told_so_and_let_go(tmp_path: Path) -> None:
    async def story() -> bytes:
        house = House(tmp_path / "tocsin.sock")
        serving = asyncio.create_task(house.desk.run())
        while not is_open(house.desk.path):
            await asyncio.sleep(0)
        answer = await said(house.desk.path, b"")
        await house.desk.stop()
        await serving
        return answer

    assert b"nothing was said in time" in in_leaps(story)


def test_nobody_there_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DeskUnreachable, match="tocsin run"):
        act(tmp_path / "tocsin.sock", Acknowledge("5f2a"))


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        pytest.param(False, b"", id="hangs up with the request unread"),
        pytest.param(True, b"", id="hangs up"),
        pytest.param(True, b'{"done": tr', id="hangs up in the middle of its answer"),
    ],
)
def test_whoever_gets_no_answer_is_told_that_it_may_be_done_all_the_same(
    tmp_path: Path, heard: bool, answer: bytes
) -> None:
    path = tmp_path / "tocsin.sock"
    with socket.create_server(str(path), family=socket.AF_UNIX) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                if heard:
                    connection.recv(LONGEST)
                    connection.sendall(answer)

        with ThreadPoolExecutor(1) as daemon:
            daemon.submit(hang_up)
            with pytest.raises(DeskUnreachable) as told:
                act(path, Acknowledge("5f2a"))
            daemon.submit(hang_up)
            with pytest.raises(DeskUnreachable) as asked:
                ask(path, "status")

    assert "gave no answer" in str(told.value)
    assert "look with `tocsin actions` before you do it again" in str(told.value)
    assert "tocsin actions" not in str(asked.value)


def test_the_kernel_says_whose_process_is_at_the_other_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_account(ours) == pwd.getpwuid(os.geteuid()).pw_name
