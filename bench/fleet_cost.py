"""What the fleet itself costs: CPU a message with and without physics and faults for one sensor in a hundred.

Both in turn, for the machine may be busy with other things: their ratio is what holds anywhere.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.engine_figures import Figure
from bench.fleet import Order, Sent
from bench.phases import publish
from bench.servers import loopback
from simulators.city.plan import plan_for
from simulators.city.run import Run

RATE = 60_000.0
# Each reports once a second, so that an event lasts for many reports of a sensor.
SENSORS, GATEWAYS = 60_000, 500
ONE_PERCENT = 0.01
# Of the alarms a third has a course that it follows.
ALARMS = 3
# CPU us a message with which one core publishes RATE.
LIMIT = 1e6 / RATE
# Physics and faults of one sensor in a hundred may cost so much more.
MORE = 1.2

Tell = Callable[[str], None]


def measure(seconds: float, pairs: int, tell: Tell) -> list[Figure]:
    """`seconds` of load without and with them, `pairs` times. RuntimeError: the fleet has failed."""
    plain, lively = list[Sent](), list[Sent]()
    for number in range(pairs):
        for share, into in ((0.0, plain), (ONE_PERCENT, lively)):
            tell(f"{number + 1}/{pairs}, {share:.0%} with physics and faults")
            into.append(asyncio.run(_published(seconds, share)))
    without, with_ = (median(map(_cost, sent)) for sent in (plain, lively))
    offered = [(sent.published - sent.early) / sent.seconds for sent in (*plain, *lively)]
    return [
        Figure(name="published, the slowest run", value=min(offered), unit="messages/s"),
        Figure(name="nothing happens", value=without, unit="us/message", limit=LIMIT, at_most=True),
        Figure(name="physics and faults for 1 %", value=with_, unit="us/message", limit=LIMIT, at_most=True),
        Figure(name="the one over the other", value=with_ / without, unit="", limit=MORE, at_most=True),
    ]


async def _published(seconds: float, share: float) -> Sent:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        directory = Path(place)
        async with loopback(directory) as broker:
            order = Order(
                port=broker.port, plan=plan_for(SENSORS, GATEWAYS, RATE), seconds=seconds, expected=RATE,
                rate=RATE, log=str(directory / "sent.log"), rounds=1, happens=happening(seconds, RATE, share),
            )  # fmt: skip
            return await publish(order, directory / "fleet.log", lambda _: None)


def happening(seconds: float, rate: float, share: float) -> Run:
    """`share` of the sensors are faulty, and as many follow an event from the first round on."""
    return Run(
        seconds, rate, faulty=share, alarms=ALARMS * share, day=1.0, physics=bool(share), storm=bool(share)
    )


def _cost(sent: Sent) -> float:
    """CPU us a message."""
    return sent.cpu / (sent.published - sent.early) * 1e6
