"""What the daemon's SMS channel sends shows on a phone, once, whatever the gateway suffers from."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest

from ingest.clock import SECOND, LockstepClock
from notifiers.apprise import AppriseChannel
from notifiers.delivery import Delivery
from notifiers.outcome import Retry, Sent, Unknown
from rules.realm import Realm
from simulators.gateway import LARGEST_BODY
from simulators.phone import Fault, PhoneGateway
from simulators.timetable import Timetable
from tests.notifiers import announced

START = 1_528_060_200_000


def delivery(number: int = 0) -> Delivery:
    return announced.delivery(key=f"{number:024x}")


@pytest.fixture
async def gateway() -> AsyncIterator[PhoneGateway]:
    gateway = PhoneGateway(LockstepClock(START))
    yield gateway
    await gateway.stop()


@pytest.fixture
async def port(gateway: PhoneGateway) -> int:
    return await gateway.start()


@pytest.fixture
def channel_to() -> Iterator[Callable[[int], AppriseChannel]]:
    """Makes channels to the gateway at a port."""
    with ExitStack() as left:

        def make(port: int) -> AppriseChannel:
            url = f"json://127.0.0.1:{port}/sms?:to={{recipient}}&:key={{key}}"
            made = AppriseChannel("sms", Realm.DRILL, url, honours_keys=True, rate=1000, timeout=0.3)
            left.callback(made.close)
            return made

        yield make


@pytest.fixture
def channel(port: int, channel_to: Callable[[int], AppriseChannel]) -> AppriseChannel:
    return channel_to(port)


async def post(port: int, body: bytes, target: str = "/sms", head: str | None = None) -> tuple[int, str]:
    """Status and reason of one request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {target} HTTP/1.1\r\nContent-Length: {len(body)}" if head is None else head
    writer.write(f"{head}\r\n\r\n".encode() + body)
    async with asyncio.timeout(5):
        answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split(" ")[1]), answer.partition("\r\n\r\n")[2]


async def test_a_message_shows_with_its_number_text_and_time(
    gateway: PhoneGateway, channel: AppriseChannel
) -> None:
    assert await channel.send(delivery()) == Sent(delivery().key)

    [message] = gateway.inbox
    assert (message.at, message.to, message.key) == (START, "+8610000000001", delivery().key)
    assert announced.TEXT["zh"] in message.text
    assert gateway.idle()


async def test_a_key_shows_once(gateway: PhoneGateway, channel: AppriseChannel) -> None:
    for number in (1, 1, 2):
        assert isinstance(await channel.send(delivery(number)), Sent)

    assert [message.key for message in gateway.inbox] == [delivery(1).key, delivery(2).key]
    assert gateway.repeated == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "shown"),
    [
        (Fault.UNAVAILABLE, Retry, 0),
        (Fault.BUSY, Retry, 0),
        (Fault.HANG, Unknown, 0),
        (Fault.HANG_UP, Unknown, 0),
        (Fault.LOST_ANSWER, Unknown, 1),
    ],
)
async def test_a_fault_is_met_once_and_the_next_attempt_shows_the_message_once(
    gateway: PhoneGateway, channel: AppriseChannel, fault: Fault, outcome: type, shown: int
) -> None:
    gateway.faults.append(fault)

    assert isinstance(await channel.send(delivery()), outcome)
    assert len(gateway.inbox) == shown
    assert isinstance(await channel.send(delivery()), Sent)
    assert len(gateway.inbox) == 1


async def test_a_request_that_hangs_holds_up_no_simulated_time(gateway: PhoneGateway, port: int) -> None:
    gateway.faults.append(Fault.HANG)
    body = json.dumps({"to": "+86", "message": "x"}).encode()
    asking = asyncio.create_task(post(port, body))
    async with asyncio.timeout(5):
        while gateway.faults:
            await asyncio.sleep(0)

    assert gateway.idle()
    await gateway.stop()
    with pytest.raises(IndexError):
        await asking


async def test_a_stopped_gateway_refuses_connections_until_it_is_started_again(
    gateway: PhoneGateway, port: int, channel: AppriseChannel
) -> None:
    await gateway.stop()
    assert isinstance(await channel.send(delivery()), Retry)

    await gateway.start(port=port)
    assert isinstance(await channel.send(delivery()), Sent)


async def test_number_and_key_may_stand_in_the_query(gateway: PhoneGateway, port: int) -> None:
    assert (await post(port, b'{"message": "x"}', "/sms?to=%2B861&key=k"))[0] == 200

    assert [(message.to, message.key) for message in gateway.inbox] == [("+861", "k")]


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"not JSON", None),
        (b"[]", None),
        (b'{"message": "x"}', None),
        (b'{"to": "+86"}', None),
        (b'{"to": "+86", "message": 1}', None),
        (b"\xff\xfe\xff", None),
        (b"", "GET /sms HTTP/1.1"),
        (b"", f"POST /sms HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}"),
        (b"", "POST /sms HTTP/1.1\r\nContent-Length: many"),
        (b"", "POST /sms HTTP/1.1\r\nX: " + "x" * 100_000),
    ],
)
async def test_what_is_no_message_is_refused_with_a_reason(
    gateway: PhoneGateway, port: int, body: bytes, head: str | None
) -> None:
    status, reason = await post(port, body, head=head)

    assert status == 400
    assert json.loads(reason)["error"]
    assert (gateway.refused, gateway.inbox) == (1, [])


async def test_a_client_that_leaves_early_is_no_message(gateway: PhoneGateway, port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /sms HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
    writer.close()
    await writer.wait_closed()

    assert (await post(port, b'{"to": "+86", "message": "x"}'))[0] == 200
    assert [message.text for message in gateway.inbox] == ["x"]


async def test_a_plan_is_met_from_its_instant_to_the_next(
    channel_to: Callable[[int], AppriseChannel],
) -> None:
    clock = LockstepClock(START)
    plan = Timetable(
        None,
        [(START + SECOND, Fault.BUSY), (START + 2 * SECOND, Fault.LOST_ANSWER), (START + 3 * SECOND, None)],
    )
    gateway = PhoneGateway(clock, plan)
    channel = channel_to(await gateway.start())
    outcomes = []
    for second in range(4):
        await clock.run(START + second * SECOND)
        outcomes.append(type(await channel.send(delivery(second))))
    await gateway.stop()

    assert outcomes == [Sent, Retry, Unknown, Sent]
    assert [message.key for message in gateway.inbox] == [delivery(n).key for n in (0, 2, 3)]
