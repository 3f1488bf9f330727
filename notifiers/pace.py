"""How fast a gateway may be sent to."""

import asyncio


class Pace:
    """At most `rate` turns a second, in the order they are asked for."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = 0.0

    async def turn(self) -> None:
        """Return when the next message may leave."""
        # Real time, not the injected clock's: the limit belongs to the gateway, and simulated time stands
        # still while anything is being sent.
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
