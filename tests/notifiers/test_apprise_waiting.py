"""An SMS that never left the house is tried again; one that may have left is unknown."""

import asyncio
import threading

from notifiers.apprise import AppriseChannel
from notifiers.delivery import Delivery
from notifiers.outcome import Retry, Sent, Unknown
from rules.realm import Realm
from tests.notifiers.announced import delivery


class Hanging(AppriseChannel):
    """A gateway at which every attempt hangs until it is let go."""

    def __init__(self) -> None:
        super().__init__(
            "sms",
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

    first, second = await asyncio.gather(channel.send(delivery()), channel.send(delivery()))
    channel.gate.set()
    channel.close()

    assert isinstance(first, Unknown)
    assert isinstance(second, Retry)
    assert channel.begun == 1
