"""A real Kannel between the channel and a fake SMS centre: texts, receipts, and what phones answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette

from ingest.clock import LockstepClock
from notifiers.apprise import body
from notifiers.delivery import Receipt, Reply, State
from notifiers.kannel import KannelChannel
from notifiers.message import segments
from notifiers.outcome import Rejected, Retry, Sent
from rules.realm import Realm
from simulators.kannel import NOTHING, PASSWORD, TOKEN, USERNAME, Kannel, ShortMessage
from tests.notifiers.announced import AT, TEXT, delivery
from tocsin.health import HealthServer, door

pytestmark = pytest.mark.system

PAGE = Path(__file__).parent.parent.parent / "docs" / "channels" / "kannel.md"
DOCUMENTED = re.findall(r"^```ini\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
WITHIN = 20.0  # s for anything that goes over a socket or through a process
CHINESE = {"zh": TEXT["zh"]}


@dataclass
class Exchange:
    """Kannel, the channel, what it has heard, and the daemon's HTTP server."""

    kannel: Kannel
    channel: KannelChannel
    receipts: list[Receipt]
    replies: list[Reply]
    port: int

    async def serve(self) -> None:
        self._server = HealthServer(Starlette(routes=self.channel.callbacks()), door(self.port))
        self._serving = asyncio.create_task(self._server.run())

    async def fall_silent(self) -> None:
        await self._server.stop()
        await self._serving

    def confirmed(self) -> bool:
        """Whether both receipts of one text are there: handed to the SMS centre (8), and delivered (1)."""
        return bool(self.receipts) and self.channel.underway == 1


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not met():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def exchange(
    folder: Path, *, conf: str = DOCUMENTED, phone: str = NOTHING, password: str = PASSWORD
) -> AsyncIterator[Exchange]:
    """Everything on loopback, Kannel as the document configures it; the phone's text has been heard."""
    with door(0) as free:
        port: int = free.getsockname()[1]
    kannel = Kannel(folder, port, conf=conf, phone=phone)
    receipts: list[Receipt] = []
    replies: list[Reply] = []
    channel = KannelChannel(
        "kannel",
        Realm.DRILL,
        LockstepClock(AT),
        url=kannel.sendsms,
        username=USERNAME,
        password=password,
        token=TOKEN,
        callbacks_at=f"http://127.0.0.1:{port}",
        on_receipt=receipts.append,
        on_reply=replies.append,
        sender="10690",
    )
    this = Exchange(kannel, channel, receipts, replies, port)
    await this.serve()
    try:
        await kannel.start()
        await until(lambda: bool(replies))
        yield this
    finally:
        await kannel.stop()
        await this.fall_silent()
        await channel.close()


async def test_a_chinese_text_arrives_and_both_receipts_come_back(tmp_path: Path) -> None:
    async with exchange(tmp_path) as this:
        told = delivery(text={"zh": "红色预警：滨河村，请立即转移。"})

        outcome = await this.channel.send(told)
        await until(this.confirmed)

        assert outcome == Sent(told.key)
        assert this.kannel.arrived() == [
            ShortMessage(
                "10690",
                told.address,
                "ucs-2",
                b"",
                "【演练】红色预警：滨河村，请立即转移。".encode("utf-16-be"),
            )
        ]
        assert this.receipts == [Receipt(told.key, State.DELIVERED, AT, "delivered", told.address)]
        assert this.channel.refused == 0


async def test_a_long_text_arrives_whole_in_as_many_parts_as_counted_and_has_one_receipt(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as this:
        told = delivery()
        text = body(told, Realm.DRILL)
        await this.channel.send(told)
        await this.channel.send(delivery(key="f" * 24, text={"zh": "完"}))
        await until(lambda: len(this.receipts) >= 2 and this.channel.underway >= 2)

        *parts, last = this.kannel.arrived()

        assert last.kind == "ucs-2"
        assert len(parts) == segments(text).count > 1
        assert b"".join(part.data for part in parts).decode("utf-16-be") == text
        assert [receipt.key for receipt in this.receipts].count(told.key) == 1


async def test_a_text_in_the_default_alphabet_is_not_sent_as_ucs_2(tmp_path: Path) -> None:
    async with exchange(tmp_path) as this:
        await this.channel.send(delivery(text={"en": "RED: 5 € & 100 % [a+b] é"}))
        await until(this.confirmed)

        [got] = this.kannel.arrived()

        assert (got.kind, got.data.decode()) == ("text", "EXERCISE RED: 5 € & 100 % [a+b] é")


async def test_what_a_phone_sends_is_heard_and_it_is_sent_nothing_back(tmp_path: Path) -> None:
    async with exchange(tmp_path) as this:
        await this.channel.send(delivery(text={"en": "next"}))
        await until(this.confirmed)

        assert this.replies == [Reply("kannel", "+86100", "nop", AT)]
        assert [got.data for got in this.kannel.arrived()] == [b"EXERCISE next"]


async def test_a_chinese_answer_is_heard_as_it_was_written(tmp_path: Path) -> None:
    """With a blank, and characters of which one byte is that of a line end, a blank or a plus."""
    said = "收到 上不丠丫+1"
    phone = "13800000001 10690 ucs2 " + "".join(f"%{byte:02X}" for byte in said.encode("utf-16-be"))
    async with exchange(tmp_path, phone=phone) as this:
        assert this.replies == [Reply("kannel", "+8613800000001", said, AT)]
        assert this.channel.refused == 0


async def test_what_kannel_queues_is_sent_and_its_receipt_comes_once_a_centre_is_there(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as this:
        await this.kannel.disconnect()

        outcome = await this.channel.send(delivery(text=CHINESE))
        waiting = this.kannel.arrived()
        await this.kannel.connect()
        await until(this.confirmed)

        assert outcome == Sent(delivery().key)
        assert waiting == []
        assert this.receipts[0].state is State.DELIVERED


async def test_what_kannel_has_accepted_outlives_a_power_cut(tmp_path: Path) -> None:
    async with exchange(tmp_path) as this:
        await this.kannel.disconnect()
        told = delivery(text=CHINESE)
        await this.channel.send(told)

        await this.kannel.kill()
        await this.kannel.start()
        await until(this.confirmed)

        assert len(this.kannel.arrived()) == 1
        assert this.receipts == [Receipt(told.key, State.DELIVERED, AT, "delivered", told.address)]


async def test_receipts_that_find_nobody_come_again(tmp_path: Path) -> None:
    """As while the daemon restarts; the page lets Kannel wait 5 s, a test not so long."""
    conf = DOCUMENTED.replace("http-queue-delay = 5\n", "http-queue-delay = 1\n")
    async with exchange(tmp_path, conf=conf) as this:
        await this.fall_silent()

        await this.channel.send(delivery(text=CHINESE))
        await until(lambda: "Couldn't fetch" in (tmp_path / "smsbox.log").read_text())
        await this.serve()
        await until(this.confirmed)

        assert this.receipts[0].state is State.DELIVERED


async def test_a_wrong_password_is_refused_in_words_that_do_not_hold_it(tmp_path: Path) -> None:
    async with exchange(tmp_path, password="not-this-one") as this:
        outcome = await this.channel.send(delivery())

        assert outcome == Rejected("smsbox answered 403: Authorization failed for sendsms")


async def test_a_kannel_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    async with exchange(tmp_path) as this:
        await this.kannel.stop()

        assert isinstance(await this.channel.send(delivery()), Retry)


async def test_a_number_that_no_carrier_takes_is_refused_at_once_and_by_receipt(tmp_path: Path) -> None:
    conf = DOCUMENTED.replace("smsc-id = carrier\n", "smsc-id = carrier\ndenied-prefix = +86\n")
    async with exchange(tmp_path, conf=conf) as this:
        told = delivery()
        outcome = await this.channel.send(told)
        await until(lambda: bool(this.receipts))

        assert outcome == Rejected("smsbox answered 403: Not routable. Do not try again.")
        assert this.receipts == [Receipt(told.key, State.FAILED, AT, "refused: NACK/no SMSC", told.address)]


async def test_a_full_queue_is_tried_again(tmp_path: Path) -> None:
    conf = DOCUMENTED.replace("group = core\n", "group = core\nsms-outgoing-queue-limit = 1\n")
    async with exchange(tmp_path, conf=conf) as this:
        await this.kannel.disconnect()

        outcomes = [await this.channel.send(delivery(text=CHINESE)) for _ in range(2)]

        assert outcomes == [
            Sent(delivery().key),
            Retry(0, "smsbox answered 503: Temporal failure, try again later."),
        ]
