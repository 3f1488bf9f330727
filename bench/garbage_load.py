"""Bad messages over one connection: `python -m bench.garbage_load ORDER`, until SIGTERM.

Prints, at the end, how many were sent; the broker has acknowledged all of them.
"""

import signal
import sys
import time
from itertools import cycle

import msgspec
from mqtt5 import PublishPacket, QoS

from bench.garbage import START, garbage, said
from ingest.clock import SECOND
from simulators.city.gateway import Gateway
from simulators.city.plan import City, Plan
from simulators.city.voices import Voices

# Of each kind, so that no two in flight have one packet id.
POOL = 4_000
# 17 kB are a matter of bytes, not of messages.
TOO_LARGE = "17 kB"
TICK = 0.02
ACKED_WITHIN = 60.0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` bad messages/s, all kinds in turn, to the sensors of `plan`."""

    port: int
    rate: float
    plan: Plan


def pool(plan: Plan) -> list[bytes]:
    """Ready-made packets."""
    voices = Voices(City.of(plan))
    good = [m for n in range(1, 9) for m in said(voices, START + n * SECOND)]
    spoilt = [spoil for name, spoil in garbage().items() if name != TOO_LARGE]
    packets = zip(range(POOL), cycle(good), cycle(spoilt), strict=False)
    return [
        PublishPacket(*spoil(*m, n), qos=QoS.AT_LEAST_ONCE, packet_id=n + 1).write()
        for n, m, spoil in packets
    ]


def run(order: Order) -> int:
    """Messages sent until SIGTERM; RuntimeError if the broker does not acknowledge them."""
    packets = pool(order.plan)
    gateway = Gateway(("127.0.0.1", order.port), "garbage")
    window = min(gateway.window, POOL)
    over: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: over.append(number))
    sent, began = 0, time.perf_counter()
    while not over:
        if gateway.push():
            due = int((time.perf_counter() - began) * order.rate) - sent
            count = max(min(due, window - (sent - gateway.collect())), 0)
            burst = b"".join(packets[(sent + n) % POOL] for n in range(count))
            sent += count
            gateway.send(memoryview(burst))
        time.sleep(TICK)
    latest = time.perf_counter() + ACKED_WITHIN
    while gateway.collect() < sent:
        if time.perf_counter() > latest:
            raise RuntimeError(f"{sent - gateway.acked} messages are not acknowledged")
        gateway.push()
        time.sleep(TICK)
    gateway.close()
    return sent


if __name__ == "__main__":
    sys.stdout.write(f"{run(msgspec.json.decode(sys.argv[1], type=Order))}\n")
