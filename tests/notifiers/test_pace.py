"""A gateway is sent to no faster than it allows."""

import asyncio

from notifiers.pace import Pace


async def test_turns_are_spaced_by_the_rate_however_many_ask_at_once() -> None:
    pace = Pace(rate=50)
    loop = asyncio.get_running_loop()
    begun = loop.time()

    await asyncio.gather(*(pace.turn() for _ in range(4)))

    # The first at once, then one in 20 ms; never sooner, but for the grain of the loop's clock.
    assert loop.time() - begun >= 3 / 50 - 0.001


async def test_turns_come_in_the_order_they_are_asked_for() -> None:
    pace = Pace(rate=200)
    came: list[int] = []

    async def one(number: int) -> None:
        await pace.turn()
        came.append(number)

    await asyncio.gather(*(one(number) for number in range(5)))

    assert came == [0, 1, 2, 3, 4]
