"""A channel that keeps what it is given: for tests, demonstrations and shadow runs."""

from collections import deque
from dataclasses import replace

from notifiers.delivery import Delivery
from notifiers.outcome import Outcome, Sent
from notifiers.seal import marked, refusal
from rules.realm import Realm


class Recorder:
    """`sent` holds the deliveries it accepted, worded as their recipients would have read them.

    Each attempt takes the next outcome of `script`; when there is none, it is accepted. More may be appended.
    """

    def __init__(
        self,
        realm: Realm,
        name: str = "recorder",
        script: deque[Outcome] | None = None,
        *,
        honours_keys: bool = False,
        receipt_within: int | None = None,
    ) -> None:
        self.realm = realm
        self.name = name
        self.honours_keys = honours_keys
        self.receipt_within = receipt_within
        self.sent: list[Delivery] = []
        self._script = deque[Outcome]() if script is None else script

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        outcome = self._script.popleft() if self._script else Sent(f"recorded-{len(self.sent) + 1}")
        if isinstance(outcome, Sent):
            words = {language: marked(language, text, self.realm) for language, text in delivery.text.items()}
            self.sent.append(replace(delivery, text=words))
        return outcome
