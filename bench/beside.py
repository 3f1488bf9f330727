"""What a drill under full load does to a live red: from publish to the text on the phone.

One run of two daemons on one broker; rounds with and without the load of the drill alternate, so whatever
else the machine does is in both.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.engine_figures import Figure
from bench.figures import percentile
from bench.two_realms import Exercise, Side, two_realms
from simulators.phone import TextMessage

# s between two live reds, about; s that a load has before it counts.
PAUSE, BEFORE = (0.1, 0.3), 1.0
MARKS = ("EXERCISE", "【演练】")
LIMIT = 1.1


@dataclass(slots=True)
class Beside:
    """Latencies (ms) of the live reds of all rounds, and the drill's messages.

    `astray`: live texts with the mark of an exercise or too many of them, and texts of the drill without it.
    """

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    published: int = 0
    astray: int = 0

    def figures(self) -> list[Figure]:
        found = [
            Figure(name=f"live red, {name}: {what}", value=percentile(latencies, share), unit="ms")
            for name, latencies in (("alone", self.alone), ("beside the drill", self.beside))
            for what, share in (("median", 0.5), ("p90", 0.9), ("longest", 1.0))
        ]
        growth = percentile(self.beside, 0.5) / percentile(self.alone, 0.5)
        return [
            *found,
            Figure(name="growth of the median", value=growth, unit="times", limit=LIMIT, at_most=True),
            Figure(name="live reds", value=len(self.alone) + len(self.beside), unit=""),
            Figure(name="messages of the drill", value=self.published, unit=""),
            Figure(name="texts that went astray", value=self.astray, unit="", limit=0, at_most=True),
        ]


def measure(rounds: int, reds: int, rate: float, say: Callable[[str], None]) -> list[Figure]:
    """So many rounds of each kind, each of so many live reds, beside `rate` messages/s."""
    with tempfile.TemporaryDirectory(prefix="tocsin-beside-") as directory:
        return asyncio.run(_measure(Path(directory), rounds, reds, rate, say)).figures()


async def _measure(
    directory: Path, rounds: int, reds: int, rate: float, say: Callable[[str], None]
) -> Beside:
    found, chance = Beside(), Random(1)
    # What the first reds of a life load and connect is in neither.
    places, warm = 2 * rounds * reds + reds, reds
    async with two_realms(directory, places) as (live, drill):
        exercise = Exercise(drill, places, rate)
        await _reds(live, range(warm), chance)
        for number in range(2 * rounds):
            first = warm + number * reds
            among = range(first, first + reds)
            if number % 2:
                found.beside += await _loaded(live, among, chance, exercise)
            else:
                found.alone += await _reds(live, among, chance)
            say(f"round {number + 1} of {2 * rounds}")
        found.published, found.astray = (
            exercise.published,
            strays(live.phone.inbox, drill.phone.inbox, places),
        )
    return found


async def _loaded(live: Side, places: range, chance: Random, exercise: Exercise) -> list[float]:
    load = asyncio.create_task(exercise.run())
    await asyncio.sleep(BEFORE)
    try:
        return await _reds(live, places, chance)
    finally:
        load.cancel()
        await asyncio.wait([load])


async def _reds(live: Side, places: range, chance: Random) -> list[float]:
    found: list[float] = []
    for place in places:
        await asyncio.sleep(chance.uniform(*PAUSE))
        took, _ = await live.red(place)
        found.append(float(took))
    return found


def strays(live: Sequence[TextMessage], drill: Sequence[TextMessage], reds: int) -> int:
    """Texts that are not one a live red, without the mark, and of the drill all with it."""
    wrong = [text for text in live if text.text.startswith(MARKS)]
    unmarked = [text for text in drill if not text.text.startswith(MARKS)]
    return len(wrong) + len(unmarked) + abs(len(live) - reds)
