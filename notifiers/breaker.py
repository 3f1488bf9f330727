"""Whether a channel's gateway works: while it does not, it is tried once a second, whoever waits."""

from ingest.clock import SECOND
from notifiers.outcome import Outcome, Rejected, Retry, Sent

REFUSALS = 5
# Between probes, and at most: a gateway may ask for an hour, and no red is to wait so long to be tried.
PAUSE, LONGEST = SECOND, 10 * SECOND


class Breaker:
    """Open after `refusals` attempts in a row that came to nothing; then one probe at a time.

    A probe is the strongest delivery that waits, `PAUSE` ms after the last one failed or when the gateway
    said, but `LONGEST` ms later at the latest. The first one that is answered closes it: a gateway that
    rejects a message works, and so does one that will not have more for one recipient.
    """

    def __init__(self, refusals: int = REFUSALS) -> None:
        self.next = 0
        self._refusals = refusals
        self._refused = 0

    @property
    def open(self) -> bool:
        return self._refused >= self._refusals

    def heard(self, outcome: Outcome, now: int) -> None:
        """What came of an attempt, at instant `now` (ms)."""
        if isinstance(outcome, Sent | Rejected) or (isinstance(outcome, Retry) and outcome.lone):
            self._refused = 0
            return
        self._refused += 1
        asked = outcome.after if isinstance(outcome, Retry) else 0
        self.next = now + min(max(PAUSE, asked), LONGEST)

    def room(self, free: int, flying: int, now: int) -> int:
        """How many of `free` places may be used while `flying` are in use."""
        if not self.open:
            return free
        return int(free > 0 and flying == 0 and now >= self.next)
