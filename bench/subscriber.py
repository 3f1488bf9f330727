"""A bare subscriber, which keeps nothing: `python -m bench.subscriber LIBRARY PORT COUNT`.

Says `ready` when it is subscribed, and after COUNT messages at QoS 1 the CPU seconds they took, from the
first to the last.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import aiomqtt
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

TOPIC = "tocsin/v1/#"
MOSQUITTO_SUB = "mosquitto_sub"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Count:
    """CPU seconds from the first message to the last of `count`; the first one itself is not in it."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._began = 0.0
        self.cpu = 0.0

    def message(self) -> bool:
        """Whether that was the last one."""
        if not self._began:
            self._began = time.process_time()
        self._left -= 1
        if self._left == 0:
            self.cpu = time.process_time() - self._began
        return self._left == 0


async def with_aiomqtt(port: int, count: Count) -> None:
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(TOPIC, qos=1)
        say("ready")
        async for _ in client.messages:
            if count.message():
                return


def with_paho(port: int, count: Count) -> None:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_subscribe = lambda *_: say("ready")

    def subscribe(*_: object) -> None:
        client.subscribe(TOPIC, qos=1)

    def receive(_client: Client, _data: object, _message: MQTTMessage) -> None:
        if count.message():
            client.disconnect()

    client.on_connect = subscribe
    client.on_message = receive
    client.connect("127.0.0.1", port)
    client.loop_forever()


def with_mosquitto_sub(port: int, count: int) -> float:
    """Debian's client, in C, a process of its own; CPU s with its start, which is a few ms."""
    # Subscribed in a first life, so that nothing is missed in the second.
    session = [
        MOSQUITTO_SUB,
        "-V",
        "5",
        "-p",
        str(port),
        "-i",
        "bare",
        "-c",
        "-x",
        "600",
        "-q",
        "1",
        "-t",
        TOPIC,
    ]
    subprocess.run([*session, "-E"], check=True)
    say("ready")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*session, "-C", str(count)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def counted(receive: Callable[[int, Count], None]) -> Callable[[int, int], float]:
    """A receiver in this process, as one that returns its CPU s."""

    def receiver(port: int, count: int) -> float:
        counting = Count(count)
        receive(port, counting)
        return counting.cpu

    return receiver


LIBRARIES: dict[str, Callable[[int, int], float]] = {
    MOSQUITTO_SUB: with_mosquitto_sub,
    "paho-mqtt": counted(with_paho),
    "aiomqtt": counted(lambda port, count: asyncio.run(with_aiomqtt(port, count))),
}


if __name__ == "__main__":
    library, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    say(str(LIBRARIES[library](port, count)))
