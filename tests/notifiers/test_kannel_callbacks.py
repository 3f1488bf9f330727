"""What Kannel calls: receipts become states, texts of phones become replies, and strangers are refused."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from ingest.clock import LockstepClock
from notifiers.delivery import Receipt, Reply, State
from notifiers.kannel.callbacks import Callbacks, international
from tests.notifiers.announced import AT, delivery

TOKEN = "a-token-of-16-or-more"
KEY = delivery().key
TO = delivery().address


class Heard:
    """The callbacks of the channel `city`, and what they told."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.replies: list[Reply] = []
        self.callbacks = Callbacks(
            "city",
            TOKEN,
            LockstepClock(AT),
            on_receipt=self.receipts.append,
            on_reply=self.replies.append,
            country="86",
        )

    async def get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=self.callbacks.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://tocsin") as client:
            return await client.get(path)

    async def receipt(self, **fields: Any) -> httpx.Response:
        given = {"token": TOKEN, "key": KEY, "to": TO, "type": "1", "reply": "", **fields}
        return await self.get(
            "/channels/city/receipt?" + "&".join(f"{k}={quote(v)}" for k, v in given.items())
        )

    async def message(
        self, text: str, charset: str = "UTF-8", number: str = "+8613800000001"
    ) -> httpx.Response:
        """`text` as it stands in the address."""
        at = f"/channels/city/message?token={TOKEN}&from={quote(number)}&charset={charset}&text={text}"
        return await self.get(at)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.mark.parametrize(
    ("kind", "reply", "state", "detail"),
    [
        ("1", "", State.DELIVERED, "delivered"),
        ("1", "stat:DELIVRD err:000", State.DELIVERED, "delivered: stat:DELIVRD err:000"),
        ("2", "stat:UNDELIV", State.FAILED, "undeliverable: stat:UNDELIV"),
        ("16", "NACK/REJECTED", State.FAILED, "refused: NACK/REJECTED"),
    ],
)
async def test_each_final_receipt_has_its_state_and_the_carriers_words(
    heard: Heard, kind: str, reply: str, state: State, detail: str
) -> None:
    answer = await heard.receipt(type=kind, reply=reply)

    assert (answer.status_code, answer.content) == (200, b"")
    assert heard.receipts == [Receipt(KEY, state, AT, detail, TO)]


@pytest.mark.parametrize("kind", ["4", "8"])
async def test_what_is_not_final_changes_nothing_and_is_counted(heard: Heard, kind: str) -> None:
    assert (await heard.receipt(type=kind, reply="ACK/")).status_code == 200

    assert (heard.receipts, heard.callbacks.underway, heard.callbacks.refused) == ([], 1, 0)


async def test_the_address_that_kannel_is_given_comes_back_as_the_receipt_of_that_delivery(
    heard: Heard,
) -> None:
    given = heard.callbacks.receipt_query(delivery())

    # As Kannel fills it in: %d and %A, and any other % stays.
    await heard.get(given.replace("%d", "1").replace("%A", "id%3A7+done"))

    assert heard.receipts == [Receipt(KEY, State.DELIVERED, AT, "delivered: id:7 done", TO)]


async def test_a_receipt_that_comes_again_is_told_again_the_same(heard: Heard) -> None:
    """The outbox ranks the states; a channel that remembered would forget at a restart."""
    for _ in range(2):
        await heard.receipt()

    first, second = heard.receipts
    assert first == second


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "3"},
        {"type": ""},
        {"type": "-1"},
        {"type": "٨"},
        {"type": "9" * 5000},
        {"key": ""},
        {"to": ""},
    ],
)
async def test_a_receipt_that_makes_no_sense_is_counted_and_not_asked_for_again(
    heard: Heard, fields: dict[str, str]
) -> None:
    assert (await heard.receipt(**fields)).status_code == 200

    assert (heard.receipts, heard.callbacks.underway, heard.callbacks.refused) == ([], 0, 1)


async def test_the_words_of_a_carrier_are_kept_to_one_short_line(heard: Heard) -> None:
    await heard.receipt(type="2", reply="a\r\nb\x00" + "c" * 9999)

    [told] = heard.receipts
    assert told.detail == "undeliverable: a b" + "c" * 182


@pytest.mark.parametrize(
    "token", ["", "token=&", "token=a-token-of-16-or-mor&", f"token={TOKEN}x&", "token=%FF&"]
)
@pytest.mark.parametrize(
    "path", [f"receipt?key={KEY}&to=%2B86&type=1&reply=", "message?from=%2B86138&charset=UTF-8&text=1"]
)
async def test_who_does_not_know_the_token_is_refused_and_counted(
    heard: Heard, token: str, path: str
) -> None:
    answer = await heard.get(f"/channels/city/{path.replace('?', '?' + token)}")

    assert answer.status_code == 403
    assert (heard.receipts, heard.replies, heard.callbacks.refused) == ([], [], 1)


@pytest.mark.parametrize("path", ["/channels/other/receipt", "/channels/city", "/channels/city/other"])
async def test_other_paths_are_not_there(heard: Heard, path: str) -> None:
    assert (await heard.get(f"{path}?token={TOKEN}&key={KEY}&to=1&type=1")).status_code == 404
    assert heard.receipts == []


@pytest.mark.parametrize(
    ("text", "charset", "said"),
    [
        ("nop", "UTF-8", "nop"),
        ("hello+world%21", "UTF-8", "hello world!"),
        (quote("收到"), "UTF-8", "收到"),
        (quote("收到 丠丫+1".encode("utf-16-be")).replace("%20", "+"), "UTF-16BE", "收到 丠丫+1"),
        (quote("é".encode("latin-1")), "ISO-8859-1", "é"),
        ("1%0D%0A%002", "UTF-8", "1 2"),
        ("", "UTF-8", ""),
    ],
)
async def test_what_a_phone_sends_is_read_in_its_own_charset_and_answered_with_nothing(
    heard: Heard, text: str, charset: str, said: str
) -> None:
    answer = await heard.message(text, charset)

    assert (answer.status_code, answer.content) == (200, b"")
    assert heard.replies == [Reply("city", "+8613800000001", said, AT)]


@pytest.mark.parametrize(
    ("text", "charset"), [("%FF%FE%01", "8-BIT"), ("%FF", "UTF-8"), ("%D8", "UTF-16BE"), ("abc", "rot13")]
)
async def test_what_cannot_be_read_is_counted_and_not_asked_for_again(
    heard: Heard, text: str, charset: str
) -> None:
    assert (await heard.message(text, charset)).status_code == 200

    assert (heard.replies, heard.callbacks.refused) == ([], 1)


async def test_a_sender_that_is_no_number_is_counted(heard: Heard) -> None:
    await heard.message("stop", number="BANK")

    assert (heard.replies, heard.callbacks.refused) == ([], 1)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+8613800000001", "+8613800000001"),
        ("008613800000001", "+8613800000001"),
        ("8613800000001", "+8613800000001"),
        ("13800000001", "+8613800000001"),
        ("013800000001", "+8613800000001"),
        ("+1 (555) 010-0199", "+15550100199"),
        ("BANK", ""),
        ("", ""),
        ("+", ""),
        ("1" * 21, ""),
        ("١٢٣", ""),
    ],
)
def test_a_number_is_what_contacts_have_however_the_network_gives_it(number: str, expected: str) -> None:
    assert international(number, "86") == expected


def test_without_a_country_a_number_is_taken_as_international() -> None:
    assert international("447700900123", "") == "+447700900123"
