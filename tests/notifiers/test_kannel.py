"""What is asked of smsbox, and what its answers and silences come to."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ingest.clock import MINUTE, SECOND, LockstepClock
from notifiers.kannel import KannelChannel
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from rules.realm import Realm
from tests.notifiers.announced import AT, delivery

PASSWORD = "correct-horse"
TOKEN = "a-token-of-16-or-more"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery"


def answer(status: int, said: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(said.encode())}", *headers]
    return ("\r\n".join(lines) + f"\r\n\r\n{said}").encode()


class Smsbox:
    """Says `script` in turn and keeps the connection; hangs up where nothing is to be said.

    With `trickle` it goes on with a byte now and then, as long as anybody listens.
    """

    def __init__(self, *script: bytes, trickle: bool = False) -> None:
        self.script = list(script)
        self.trickle = trickle
        self.targets: list[str] = []
        self.connections = 0
        self.port = 0
        self._answering: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Smsbox"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        async with asyncio.timeout(5):
            await asyncio.gather(*self._answering)

    @property
    def query(self) -> dict[str, str]:
        """Of the last request."""
        return dict(parse_qsl(urlsplit(self.targets[-1]).query))

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._answering.add(asyncio.create_task(self._answer(reader, writer)))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.targets.append(head.split(b" ")[1].decode())
        said = self.script.pop(0) if self.script else ACCEPTED
        # OSError: the client has read what it wanted, and is gone.
        with suppress(OSError):
            writer.write(said)
            await writer.drain()
            while self.trickle:
                writer.write(b"0")
                await writer.drain()
                await asyncio.sleep(0.01)
            if said:
                await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def channel(port: int, **changes: Any) -> KannelChannel:
    given: dict[str, Any] = {
        "url": f"http://127.0.0.1:{port}/cgi-bin/sendsms",
        "username": "tocsin",
        "password": PASSWORD,
        "token": TOKEN,
        "callbacks_at": "http://127.0.0.1:9120",
        "on_receipt": lambda _: None,
        "on_reply": lambda _: None,
        "rate": 1000,
        "timeout": 2.0,
    }
    return KannelChannel("city", Realm.DRILL, LockstepClock(AT), **{**given, **changes})


async def outcome(*script: bytes, **settings: Any) -> Outcome:
    async with Smsbox(*script).open() as smsbox:
        city = channel(smsbox.port, **settings)
        result = await city.send(delivery())
        await city.close()
    return result


async def test_smsbox_is_asked_with_the_text_the_receipts_and_how_long_it_is_valid() -> None:
    told = delivery(text={"zh": "红色预警"}, expires=AT + 30 * MINUTE + 59 * SECOND)
    async with Smsbox().open() as smsbox:
        result = await channel(smsbox.port, sender="10690", signature="【青溪应急】").send(told)

        assert result == Sent(told.key)
        assert urlsplit(smsbox.targets[0]).path == "/cgi-bin/sendsms"
        assert smsbox.query == {
            "username": "tocsin",
            "password": PASSWORD,
            "from": "10690",
            "to": "+8610000000001",
            "text": "【演练】【青溪应急】红色预警",
            "charset": "UTF-8",
            "coding": "2",
            "validity": "30",
            "dlr-mask": "31",
            "dlr-url": f"http://127.0.0.1:9120/channels/city/receipt?token={TOKEN}&key={told.key}"
            "&to=%2B8610000000001&type=%d&reply=%A",
        }


async def test_a_text_of_the_default_alphabet_takes_160_characters_a_part_and_not_70() -> None:
    async with Smsbox().open() as smsbox:
        await channel(smsbox.port).send(delivery(text={"en": "RED {5 €}"}))

        assert smsbox.query["coding"] == "0"
        assert "from" not in smsbox.query


async def test_what_ends_within_the_minute_is_still_valid_for_one() -> None:
    async with Smsbox().open() as smsbox:
        await channel(smsbox.port).send(delivery(expires=AT + 10 * SECOND))

        assert smsbox.query["validity"] == "1"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(202, "0: Accepted for delivery"), Sent(delivery().key)),
        (answer(202, "3: Queued for later delivery"), Sent(delivery().key)),
        (answer(202, "Sent. Message splits: 3"), Sent(delivery().key)),
        (
            answer(400, "Sender missing and no global set, rejected"),
            Rejected("smsbox answered 400: Sender missing and no global set, rejected"),
        ),
        (
            answer(403, "Authorization failed for sendsms"),
            Rejected("smsbox answered 403: Authorization failed for sendsms"),
        ),
        (
            answer(403, "Not routable. Do not try again."),
            Rejected("smsbox answered 403: Not routable. Do not try again."),
        ),
        (answer(404, "Unknown request."), Rejected("smsbox answered 404: Unknown request.")),
        (answer(302, "", "Location: http://127.0.0.1:1/"), Rejected("smsbox answered 302")),
        (answer(500, "Sending failed."), Retry(0, "smsbox answered 500: Sending failed.")),
        (
            answer(503, "Temporal failure, try again later."),
            Retry(0, "smsbox answered 503: Temporal failure, try again later."),
        ),
        (answer(429, "", "Retry-After: 7"), Retry(7 * SECOND, "smsbox answered 429")),
        (
            answer(503, "", "Retry-After: Sun, 03 Jun 2018 21:20:00 GMT"),
            Retry(10 * MINUTE, "smsbox answered 503"),
        ),
        (answer(504, "Gateway time-out"), Unknown("smsbox answered 504: Gateway time-out")),
        (answer(202, "<html>welcome"), Unknown("smsbox answered 202: <html>welcome")),
        (answer(200, "0: Accepted for delivery"), Unknown("smsbox answered 200: 0: Accepted for delivery")),
        (answer(403, "a\r\nb\x07" + "c" * 999), Rejected("smsbox answered 403: a b" + "c" * 197)),
    ],
)
async def test_each_answer_has_its_outcome_and_its_words_are_the_reason(
    said: bytes, expected: Outcome
) -> None:
    assert await outcome(said) == expected


async def test_an_answer_without_end_is_read_to_its_first_words() -> None:
    said = b"HTTP/1.1 403 X\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000

    assert await outcome(said) == Rejected("smsbox answered 403: " + "x" * 200)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 202 ",
        b"HTTP/1.1 202 X\r\nContent-Length: 24\r\n\r\n0: Acc",
        b"HTTP/1.1 202 X\r\nContent-Length: 24\r\n\r\n",
    ],
)
async def test_an_answer_that_does_not_end_in_time_is_unknown(said: bytes) -> None:
    expected = Unknown("smsbox took the request and did not answer in time")

    assert await outcome(said, timeout=0.05) == expected


@pytest.mark.parametrize("said", [b"", b"SMTP 220 hello\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n"])
async def test_what_is_no_answer_is_unknown(said: bytes) -> None:
    assert await outcome(said) == Unknown("the connection ended before smsbox answered in full")


async def test_an_answer_that_trickles_in_is_given_up_on() -> None:
    endless = Smsbox(b"HTTP/1.1 202 X\r\nContent-Length: 1000\r\n\r\n", trickle=True)
    async with endless.open() as smsbox:
        result = await channel(smsbox.port, timeout=0.1).send(delivery())

    assert result == Unknown("smsbox took the request and did not answer in time")


async def test_where_nobody_listens_it_is_tried_again() -> None:
    async with Smsbox().open() as smsbox:
        port = smsbox.port
    assert await channel(port).send(delivery()) == Retry(0, "smsbox cannot be connected to")


async def test_where_no_connection_is_made_in_time_it_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))

        result = await channel(port, timeout=0.1).send(delivery())
        for each in waiting:
            each.close()

    assert result == Retry(0, "smsbox cannot be connected to")


async def test_each_message_has_a_connection_of_its_own() -> None:
    """On one that was kept, the end of the connection would make an unknown outcome of a text not sent."""
    async with Smsbox().open() as smsbox:
        city = channel(smsbox.port)
        assert [await city.send(delivery(key=key * 24)) for key in "ab"] == [Sent("a" * 24), Sent("b" * 24)]

        assert smsbox.connections == 2


@pytest.mark.parametrize("address", ["+8610000000001 +8610000000002", "lin", "", "+", "+86100%d", "１３８"])
async def test_what_is_no_number_is_never_asked_for(address: str) -> None:
    async with Smsbox().open() as smsbox:
        result = await channel(smsbox.port).send(delivery(address=address))

        assert result == Rejected("the address of lin-duty is no telephone number")
        assert smsbox.connections == 0


@pytest.mark.parametrize("realm", [Realm.LIVE, Realm.REPLAY])
async def test_a_channel_of_the_drill_sends_nothing_else(realm: Realm) -> None:
    async with Smsbox().open() as smsbox:
        result = await channel(smsbox.port).send(delivery(realm))

        assert isinstance(result, Rejected)
        assert smsbox.connections == 0


async def test_no_secret_stands_in_a_log_an_outcome_or_a_representation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Smsbox(ACCEPTED, answer(403, "no"), b"").open() as smsbox:
        city = channel(smsbox.port)
        outcomes = [await city.send(delivery()) for _ in range(3)]
        assert PASSWORD in smsbox.targets[0]
        assert TOKEN in smsbox.targets[0]
    outcomes.append(await city.send(delivery()))

    told = caplog.text + repr(outcomes) + repr(city)

    assert PASSWORD not in told
    assert TOKEN not in told


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"token": "secret"}, "token"),
        ({"token": "secret-with-%-in-it-and-long"}, "token"),
        ({"url": "http://tocsin:secret@127.0.0.1/sendsms"}, "url"),
        ({"url": "http://127.0.0.1/sendsms?password=secret"}, "url"),
        ({"url": "127.0.0.1:13013/sendsms"}, "url"),
        ({"url": "http://127.0.0.1:99999999/"}, "url"),
        ({"callbacks_at": "http://127.0.0.1/%20secret"}, "callbacks_at"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name_and_without_their_secret(
    changes: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=f"kannel {named}: ") as refused:
        channel(13013, **changes)

    assert "secret" not in str(refused.value)


def test_a_name_that_a_url_would_change_is_refused() -> None:
    given = {"url": "http://127.0.0.1/", "username": "", "password": "", "token": TOKEN}
    with pytest.raises(ValueError, match="stands in a URL"):
        KannelChannel(
            "a/b",
            Realm.DRILL,
            LockstepClock(AT),
            callbacks_at="http://127.0.0.1",
            on_receipt=lambda _: None,
            on_reply=lambda _: None,
            **given,
        )
