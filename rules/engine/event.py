"""What makes a subject be judged."""

from dataclasses import dataclass

from rules.engine.deadlines import Order


@dataclass(frozen=True, slots=True)
class Event:
    """`instant` of engine time, in which `order` at it; for readings `message`, the place in the block.

    `late`: a reading behind its sensor's newest. `reload`: the rules changed; it starts runs only on what
    stands, and is the reason of what it starts. `note` goes into the reason of what it leads to.
    """

    instant: int
    order: Order
    message: int = 0
    late: bool = False
    reload: bool = False
    note: str = ""
