"""Which horns are there: who was asked, who answered, who has been silent for too long."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from notifiers.loudspeaker.wire import Present


@dataclass(frozen=True, slots=True)
class Heard:
    """The last sign of life, at `at` (ms); volume and battery in percent, None where it has not said so."""

    at: int
    volume: int | None = None
    battery: int | None = None


class Roll:
    """The horns that are known, each silent once `silent_after` (ms) has passed without a sign of life.

    Only what cannot be an old message counts as one: the answer to a poll of that time, which shows that the
    horn was there when it was asked, and the first receipt of a command.
    """

    def __init__(self, silent_after: int) -> None:
        self._silent_after = silent_after
        self._since: dict[str, int] = {}
        self._heard: dict[str, Heard] = {}
        # By nonce, when it was asked; by horn and command, when that expires.
        self._polls: dict[str, int] = {}
        self._unanswered: dict[tuple[str, str], int] = {}

    @property
    def horns(self) -> list[str]:
        return list(self._since)

    def know(self, horns: Iterable[str], now: int) -> None:
        """From now on these and no others; a new one has `silent_after` to be heard."""
        self._since = {horn: self._since.get(horn, now) for horn in horns}
        self._heard = {horn: heard for horn, heard in self._heard.items() if horn in self._since}

    def ask(self, now: int) -> str:
        """The nonce of a new poll; what is too old to be answered is forgotten."""
        self._polls = {nonce: at for nonce, at in self._polls.items() if at > now - self._silent_after}
        self._unanswered = {told: expires for told, expires in self._unanswered.items() if expires > now}
        nonce = secrets.token_hex(16)
        self._polls[nonce] = now
        return nonce

    def told(self, horn: str, command: str, expires: int) -> None:
        self._unanswered[horn, command] = expires

    def answered(self, horn: str, present: Present) -> bool:
        """Whether it answers a poll that is still open."""
        asked = self._polls.get(present.nonce)
        if asked is None or horn not in self._since:
            return False
        last = self.heard(horn)
        at = asked if last is None else max(asked, last.at)
        self._heard[horn] = Heard(at, present.volume, present.battery)
        return True

    def receipted(self, horn: str, command: str, now: int) -> None:
        if self._unanswered.pop((horn, command), None) is not None and horn in self._since:
            last = self._heard.get(horn, Heard(now))
            self._heard[horn] = Heard(now, last.volume, last.battery)

    def heard(self, horn: str) -> Heard | None:
        """None for a horn that was never heard, or is not known."""
        return self._heard.get(horn)

    def silent(self, now: int) -> list[str]:
        return [horn for horn in self._since if now - self._last(horn) >= self._silent_after]

    def _last(self, horn: str) -> int:
        heard = self._heard.get(horn)
        return self._since[horn] if heard is None else heard.at
