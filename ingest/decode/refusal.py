"""Why a message, or one sensor's part of a pack, is not taken."""

from typing import NamedTuple

from ingest.reading import Reason

LONGEST_QUOTE = 80
MOST_NAMED = 3


class Fault(NamedTuple):
    """What is wrong and enough to act on it; `claimed` as in `Rejected`."""

    reason: Reason
    detail: str
    claimed: str | None = None


class Refusal(Exception):
    """Raised by the readers of topics and payloads; the decoder keeps the fault and lets go of the frames."""

    def __init__(self, reason: Reason, detail: str, claimed: str | None = None) -> None:
        super().__init__(reason, detail)
        self.fault = Fault(reason, detail, claimed)

    @property
    def reason(self) -> Reason:
        return self.fault.reason

    @property
    def detail(self) -> str:
        return self.fault.detail


def quoted(text: str) -> str:
    """`text` as a literal with control characters escaped, cut to a length fit for a list."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}...")


def summary(faults: list[Fault]) -> str:
    """The details of one message's faults in one line; beyond the first few only their number."""
    named = "; ".join(fault.detail for fault in faults[:MOST_NAMED])
    more = len(faults) - MOST_NAMED
    return f"{named}; and {more} more" if more > 0 else named
