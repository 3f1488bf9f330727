"""Time: monotonic whatever the wall does, and in lockstep with the hops of a simulation."""

import asyncio

from ingest.clock import MINUTE, LockstepClock, SystemClock


class Watches:
    """A wall clock and a monotonic clock set by hand, in seconds."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def clock_of(watches: Watches) -> SystemClock:
    return SystemClock(lambda: watches.wall, lambda: watches.monotonic)


def test_time_follows_the_wall_clock() -> None:
    watches = Watches()
    clock = clock_of(watches)

    watches.pass_(90)

    assert clock.now() == 1_000_090_000


def test_a_wall_clock_set_back_an_hour_never_turns_time_back() -> None:
    watches = Watches()
    clock = clock_of(watches)
    before = clock.now()

    watches.wall -= 3600
    watches.pass_(100)

    assert before + 99_000 <= clock.now() <= before + 100_000


def test_a_step_is_slewed_until_it_is_gone() -> None:
    watches = Watches()
    clock = clock_of(watches)

    watches.wall += 5
    for _ in range(600):
        watches.pass_(1)
        clock.now()

    assert clock.now() == int(watches.wall * 1000)


def test_a_clock_behind_what_an_earlier_life_has_settled_goes_on_from_there() -> None:
    """The wall clock was set back an hour while the daemon was down: durations run on, time does not stop."""
    watches = Watches()
    clock = clock_of(watches)
    settled = clock.now() + 3_600_000

    clock.catch_up(settled)
    watches.pass_(100)

    assert settled + 99_000 <= clock.now() <= settled + 100_000


async def test_lockstep_wakes_sleepers_in_order_of_their_instants() -> None:
    clock = LockstepClock(0)
    woken: list[tuple[str, int]] = []

    async def sleep(name: str, instant: int) -> None:
        await clock.sleep_until(instant)
        woken.append((name, clock.now()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("late", 2 * MINUTE))
        group.create_task(sleep("early", MINUTE))
        group.create_task(sleep("past", -5))
        group.create_task(clock.run(3 * MINUTE))

    assert woken == [("past", 0), ("early", MINUTE), ("late", 2 * MINUTE)]
    assert clock.now() == 3 * MINUTE


async def test_lockstep_waits_for_a_hop_that_works() -> None:
    clock = LockstepClock(0)
    busy = True
    seen: list[int] = []

    async def work() -> None:
        nonlocal busy
        for _ in range(20):
            await asyncio.sleep(0)
            seen.append(clock.now())
        busy = False

    clock.hop("work", lambda: not busy)
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        group.create_task(clock.run(MINUTE))

    assert set(seen) == {0}
    assert clock.busy() == []
