"""What makes a subject be judged."""

from dataclasses import dataclass

from rules.deadlines import Order
from rules.ledger import BEFORE_MESSAGES


@dataclass(frozen=True, slots=True)
class Event:
    """`instant` of engine time, in which `order` at it, and the place in the block of what caused it.

    `late`: a reading behind its sensor's newest. `reload`: the rules changed; it starts runs only on what
    stands, and is the reason of what it starts.
    """

    instant: int
    order: Order
    message: int = BEFORE_MESSAGES
    late: bool = False
    reload: bool = False
