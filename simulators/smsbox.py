"""Kannel's smsbox on loopback and the carrier behind it, as a plan has them.

It takes what is asked of `sendsms` and calls the `dlr-url` that comes with it. `simulators.kannel` runs the
real one, whose carrier does nothing wrong.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from ingest.clock import Clock
from simulators.gateway import Answer, BadRequest, HttpServer, Reply, Request
from simulators.http_get import http_get
from simulators.phone import ANSWERS, Fault, TextMessage
from simulators.timetable import Timetable

ACCEPTED = Reply(202, b"0: Accepted for delivery")
# The type of a receipt (%d), and the carrier's own words (%A).
DELIVERED, UNDELIVERABLE = ("1", "stat:DELIVRD"), ("2", "stat:UNDELIV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a request meets: `fault`, or an acceptance, and then receipts of what became of the text.

    They come `delay` ms later and `receipts` times: 0 is never, 2 is doubled. A text that is not `delivered`
    is shown by no phone, and they say so.
    """

    fault: Fault | None = None
    delivered: bool = True
    delay: int = 0
    receipts: int = 1


class Smsbox(HttpServer):
    """Shows the texts that arrive in `inbox`. `unheard` counts receipts for which nobody listened."""

    def __init__(self, clock: Clock, plan: Timetable[Service]) -> None:
        super().__init__()
        self.inbox: list[TextMessage] = []
        self.unheard = 0
        self._clock = clock
        self._plan = plan
        self._receipts: set[asyncio.Task[None]] = set()
        self._calling = 0

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant."""
        return super().idle() and not self._calling

    async def stop(self) -> None:
        """Receipts that are still to come never do."""
        await super().stop()
        for receipt in self._receipts:
            receipt.cancel()
        if self._receipts:
            await asyncio.wait(self._receipts)

    def answer(self, request: Request) -> Answer:
        asked = dict(parse_qsl(urlsplit(request.target).query))
        if not (asked.get("to") and asked.get("text")):
            raise BadRequest("to and text are needed")
        service = self._plan.at(self._clock.now())
        if service.fault in (None, Fault.LOST_ANSWER):
            self._carry(asked, service)
        return ACCEPTED if service.fault is None else ANSWERS[service.fault]

    def _carry(self, asked: dict[str, str], service: Service) -> None:
        if service.delivered:
            self.inbox.append(TextMessage(self._clock.now(), asked["to"], asked["text"], ""))
        if service.receipts and "dlr-url" in asked:
            kind, said = DELIVERED if service.delivered else UNDELIVERABLE
            url = asked["dlr-url"].replace("%d", kind).replace("%A", quote(said))
            receipt = asyncio.get_running_loop().create_task(self._report(url, service))
            self._receipts.add(receipt)
            receipt.add_done_callback(self._receipts.discard)

    async def _report(self, url: str, service: Service) -> None:
        parts = urlsplit(url)
        # What is to be said at once keeps the clock from going on.
        if service.delay:
            await self._clock.sleep_until(self._clock.now() + service.delay)
        self._calling += 1
        try:
            for _ in range(service.receipts):
                heard = await http_get(parts.port or 80, f"{parts.path}?{parts.query}")
                self.unheard += not heard
        finally:
            self._calling -= 1
