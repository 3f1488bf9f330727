"""An SMS that never left the house is tried again; one that may have left is unknown."""

import asyncio
import threading

from notifiers.delivery import Delivery
from notifiers.outcome import Retry, Sent, Unknown
from notifiers.sms import SmsChannel
from rules.grade import Grade
from rules.realm import Realm

SMS = Delivery(
    key="0" * 24,
    realm=Realm.DRILL,
    warning="w",
    ordinal=0,
    channel="sms",
    recipient="ana",
    address="+8610000000001",
    grade=Grade.RED,
    text={"en": "RED"},
    created=0,
    expires=3_600_000,
)


class Hanging(SmsChannel):
    """A gateway at which every attempt hangs until it is let go."""

    def __init__(self) -> None:
        super().__init__(
            Realm.DRILL,
            "json://127.0.0.1:9/{recipient}",
            timeout=0.01,
            resolving=0.01,
            concurrency=1,
            rate=1000,
        )
        self.gate = threading.Event()
        self.begun = 0

    def _send(self, delivery: Delivery) -> Sent:
        self.begun += 1
        self.gate.wait(5)
        return Sent(delivery.key)


async def test_what_was_never_begun_is_tried_again_and_what_hangs_is_unknown() -> None:
    channel = Hanging()

    first, second = await asyncio.gather(channel.send(SMS), channel.send(SMS))
    channel.gate.set()
    channel.close()

    assert isinstance(first, Unknown)
    assert isinstance(second, Retry)
    assert channel.begun == 1
