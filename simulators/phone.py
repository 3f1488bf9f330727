"""An SMS gateway on loopback that shows what it received instead of sending it.

It takes what Apprise posts for `json://host:port/sms?:to={recipient}&:key={key}`: JSON with `message`, `to`
and `key`; the last two may also stand in the query.
"""

import json
from collections import deque
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, urlsplit

from ingest.clock import Clock
from simulators.gateway import Answer, BadRequest, Break, HttpServer, Reply, Request
from simulators.timetable import Timetable

JSON = {"Content-Type": "application/json"}


class Fault(Enum):
    """What one request meets instead of a good answer."""

    UNAVAILABLE = "503, nothing shown"
    BUSY = "429, nothing shown"
    HANG = "no answer, nothing shown"
    HANG_UP = "the connection breaks, nothing shown"
    LOST_ANSWER = "the message is shown, the answer never comes"


ANSWERS: dict[Fault, Answer] = {
    Fault.UNAVAILABLE: Reply(503, b'{"error": "503, nothing shown"}', JSON),
    Fault.BUSY: Reply(429, b'{"error": "429, nothing shown"}', JSON),
    Fault.HANG: Break.HANG,
    Fault.HANG_UP: Break.HANG_UP,
    Fault.LOST_ANSWER: Break.HANG,
}

SOUND: Timetable[Fault | None] = Timetable(None)


@dataclass(frozen=True, slots=True)
class TextMessage:
    """What a phone shows. `key` is empty where the sender gave none."""

    at: int
    to: str
    text: str
    key: str


class PhoneGateway(HttpServer):
    """Answers 200 for every message and shows each key once, whatever the number of attempts.

    `faults` are met in turn, one a request; a request without one meets what `plan` has for its instant.
    `refused` counts requests that were no message, `repeated` those of a key that was known.
    """

    def __init__(self, clock: Clock, plan: Timetable[Fault | None] = SOUND) -> None:
        super().__init__()
        self.inbox: list[TextMessage] = []
        self.faults: deque[Fault] = deque()
        self.repeated = 0
        self._clock = clock
        self._plan = plan
        self._keys: set[str] = set()

    def answer(self, request: Request) -> Answer:
        to, text, key = _message(request)
        fault = self.faults.popleft() if self.faults else self._plan.at(self._clock.now())
        if fault in (None, Fault.LOST_ANSWER):
            self._show(to, text, key)
        return Reply(200, json.dumps({"id": key}).encode(), JSON) if fault is None else ANSWERS[fault]

    def _show(self, to: str, text: str, key: str) -> None:
        if key and key in self._keys:
            self.repeated += 1
            return
        self._keys.add(key)
        self.inbox.append(TextMessage(self._clock.now(), to, text, key))


def _message(request: Request) -> tuple[str, str, str]:
    """Recipient, text and key of one POST; raises BadRequest."""
    if request.method != "POST":
        raise BadRequest("POST is what is taken here")
    try:
        posted = json.loads(request.body)
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(posted, dict):
        raise BadRequest("the body is not a JSON object")
    fields = {**dict(parse_qsl(urlsplit(request.target).query)), **posted}
    to, text, key = (fields.get(name, "") for name in ("to", "message", "key"))
    if not (isinstance(to, str) and isinstance(text, str) and isinstance(key, str) and to and text):
        raise BadRequest("to, message and key are texts, and the first two are needed")
    return to, text, key
