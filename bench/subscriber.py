"""A bare subscriber, which keeps nothing: `python -m bench.subscriber LIBRARY PORT COUNT`.

Says `ready` when it is subscribed, and after COUNT messages at QoS 1 the CPU seconds they took, from the
first to the last.
"""

import asyncio
import sys
import time
from collections.abc import Callable

import aiomqtt
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

TOPIC = "tocsin/v1/#"


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


LIBRARIES: dict[str, Callable[[int, Count], None]] = {
    "aiomqtt": lambda port, count: asyncio.run(with_aiomqtt(port, count)),
    "paho-mqtt": with_paho,
}


if __name__ == "__main__":
    library, port, count = sys.argv[1], int(sys.argv[2]), Count(int(sys.argv[3]))
    LIBRARIES[library](port, count)
    say(str(count.cpu))
