"""The loopback broker as a process of its own: `python -m bench.loopback` prints its port, ends at EOF."""

import asyncio
import sys

from simulators.broker import LoopbackBroker


async def serve() -> None:
    broker = LoopbackBroker()
    sys.stdout.write(f"{await broker.start()}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await broker.stop()


if __name__ == "__main__":
    asyncio.run(serve())
