"""A gateway of a city counts what the broker takes."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import mqtt5
import pytest

from simulators.city.gateway import Gateway
from simulators.publisher.link import RefusedError


@contextmanager
def connected(answer: mqtt5.ConnAckPacket) -> Iterator[tuple[Gateway, socket.socket]]:
    """A gateway, and the broker's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as broker:

        def accept() -> socket.socket:
            end, _ = listening.accept()
            end.recv(1024)
            end.sendall(answer.write())
            return end

        accepted = broker.submit(accept)
        try:
            gateway = Gateway(listening.getsockname(), "g")
        except RefusedError:
            accepted.result().close()
            raise
        with accepted.result() as end:
            yield gateway, end
            gateway.close()


def collected(gateway: Gateway, expected: int) -> int:
    """What the gateway has counted once it has counted as many, or at the deadline."""
    for _ in range(2000):
        if gateway.collect() >= expected:
            break
        gateway.wait(0.005)
    return gateway.acked


def test_acknowledgements_are_counted_in_short_and_long_form_however_they_are_cut() -> None:
    short = b"".join(mqtt5.PubAckPacket(n).write() for n in range(1, 6))
    long = mqtt5.PubAckPacket(6, reason_code=mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS).write()
    assert len(short) == 20
    assert len(long) > 4
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(short)
        assert collected(gateway, 5) == 5
        broker.sendall((long + short)[:7])
        assert collected(gateway, 6) == 6
        broker.sendall((long + short)[7:])
        assert collected(gateway, 11) == 11


def test_a_message_that_the_broker_refuses_is_no_acknowledgement() -> None:
    refusal = mqtt5.PubAckPacket(1, reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED).write()
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(refusal)
        with pytest.raises(RefusedError, match="no acknowledgement"):
            collected(gateway, 1)


def test_a_gateway_that_is_not_let_in_says_so() -> None:
    answer = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.NOT_AUTHORIZED)
    with pytest.raises(RefusedError, match="g is not let in"), connected(answer):
        pass


def test_no_more_waits_for_the_broker_than_it_allows() -> None:
    with connected(mqtt5.ConnAckPacket(receive_max=7)) as (gateway, _):
        assert gateway.window == 7


def test_what_the_socket_does_not_take_goes_out_later_and_whole() -> None:
    burst = memoryview(bytes(range(256)) * 40_000)
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        gateway.send(burst)
        assert not gateway.push()
        received = bytearray()
        while len(received) < len(burst):
            received += broker.recv(1 << 20)
            gateway.push()

    assert received == burst


def test_a_broker_that_says_goodbye_has_hung_up() -> None:
    goodbye = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN).write()
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(mqtt5.PubAckPacket(1).write() + goodbye)
        with pytest.raises(ConnectionResetError, match="the broker has hung up on g"):
            collected(gateway, 2)

        assert gateway.acked == 1
