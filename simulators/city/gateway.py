"""One gateway's connection: bursts of ready-made PUBLISH packets out, acknowledgements counted in."""

import select
import socket
from contextlib import suppress

import mqtt5

from simulators.publisher.link import RefusedError

# Of PUBACK without a reason code: fixed header, length, packet id (MQTT 5.0, 3.4).
PUBACK = 4
ANSWER_WITHIN = 10.0
READ = 1 << 16
# s; more for those that speak seldom, and the most that the protocol knows.
KEEP_ALIVE, LONGEST_KEEP_ALIVE = 60, 65_535


class Gateway:
    """Non-blocking once it is connected. `acked` counts what the broker took.

    RefusedError: it does not let the client in, or did not take a message. OSError: there is none.
    `every` s at most the gateway has something to say.
    """

    def __init__(self, address: tuple[str, int], client: str, every: float = 0.0) -> None:
        self.acked = 0
        self._address = address
        self._client = client
        self._keep_alive = min(max(KEEP_ALIVE, int(2 * every)), LONGEST_KEEP_ALIVE)
        self._connect()

    def _connect(self) -> None:
        self._rest = memoryview(b"")
        self._tail = b""
        try:
            self._socket = socket.create_connection(self._address, ANSWER_WITHIN)
        except OSError as error:
            host, port = self._address
            raise ConnectionError(
                f"{self._client} cannot reach a broker at {host}:{port}: {error}"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = mqtt5.ConnectPacket(self._client, clean_start=True, keep_alive=self._keep_alive)
        try:
            answer = self._greeted(hello)
        except OSError:
            self._socket.close()
            raise
        if not isinstance(answer, mqtt5.ConnAckPacket) or int(answer.reason_code):
            self._socket.close()
            raise RefusedError(f"{self._client} is not let in: {answer}")
        # What may wait for its acknowledgement.
        self.window = answer.receive_max
        self._socket.setblocking(False)

    def _greeted(self, hello: mqtt5.ConnectPacket) -> mqtt5.Packet:
        self._socket.sendall(hello.write())
        if not (said := self._socket.recv(READ)):
            raise self._hung_up()
        answer, _ = mqtt5.read(memoryview(said))
        return answer

    def reconnect(self, unacked: bytes) -> bool:
        """Over a new connection, send again what was not acknowledged; as `push`. OSError: not yet."""
        self._socket.close()
        self._connect()
        self._rest = memoryview(unacked)
        return self.push()

    def send(self, burst: memoryview) -> None:
        """Send whole packets; what the socket does not take must stand until `push` has sent it."""
        self._rest = burst
        self.push()

    def push(self) -> bool:
        """Send what is left of the burst before; whether nothing is left."""
        if self._rest:
            try:
                self._rest = self._rest[self._socket.send(self._rest) :]
            except BlockingIOError:
                return False
        return not self._rest

    def collect(self) -> int:
        """Count the acknowledgements that have arrived; returns all so far. ConnectionError if it was cut."""
        try:
            data = self._socket.recv(READ)
        except BlockingIOError:
            return self.acked
        if not data:
            raise self._hung_up()
        if self._tail:
            data = self._tail + data
        count, left = divmod(len(data), PUBACK)
        # As Mosquitto acknowledges: nothing but the short form, and that much is seen without reading each.
        if not left and data[::PUBACK].count(0x40) == data[1::PUBACK].count(2) == count:
            self.acked += count
            self._tail = b""
        else:
            self._tail = self._read(data)
        return self.acked

    def wait(self, seconds: float) -> None:
        """Until something has arrived, or so long."""
        select.select([self._socket], [], [], seconds)

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        with suppress(OSError):
            self._socket.setblocking(True)
            self._socket.sendall(mqtt5.DisconnectPacket().write())
        self._socket.close()

    def _read(self, data: bytes) -> bytes:
        """Packet by packet; returns the beginning of one that is not whole."""
        view = memoryview(data)
        while len(view) >= 2 and len(view) >= 2 + view[1]:
            packet, length = mqtt5.read(view)
            view = view[length:]
            if isinstance(packet, mqtt5.DisconnectPacket):
                raise self._hung_up()
            if not isinstance(packet, mqtt5.PubAckPacket) or int(packet.reason_code) >= 0x80:
                raise RefusedError(f"{self._client} had an answer that is no acknowledgement: {packet}")
            self.acked += 1
        return bytes(view)

    def _hung_up(self) -> ConnectionResetError:
        return ConnectionResetError(f"the broker has hung up on {self._client}")
