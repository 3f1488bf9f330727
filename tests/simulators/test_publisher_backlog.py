"""The order and the packet ids of what a publisher keeps."""

from mqtt5 import PubAckPacket, PubAckReasonCode

from simulators.publisher.backlog import Backlog, Publication


def test_a_backlog_sends_again_what_was_out_before_what_is_new() -> None:
    backlog = Backlog()
    for number in range(5):
        backlog.append(Publication("a", str(number).encode(), retain=False))
    assert len(backlog.take(3)) == 3
    backlog.settle(PubAckPacket(2))
    backlog.recall()
    again = backlog.take(100)
    assert [(packet[-1:], bool(packet[0] & 0x08)) for packet in again] == [
        (b"0", True),
        (b"2", True),
        (b"3", False),
        (b"4", False),
    ]
    assert backlog.redelivered == 2


def test_a_backlog_that_is_recalled_twice_keeps_its_order() -> None:
    backlog = Backlog()
    for number in range(4):
        backlog.append(Publication("a", str(number).encode(), retain=False))
    backlog.take(4)
    backlog.recall()
    backlog.take(2)
    backlog.recall()
    assert [packet[-1:] for packet in backlog.take(4)] == [b"0", b"1", b"2", b"3"]


def test_a_backlog_gives_no_packet_id_twice_while_it_is_out() -> None:
    backlog = Backlog()
    for _ in range(65_536):
        backlog.append(Publication("a", b"x", retain=False))
    backlog.take(65_535)
    backlog.settle(PubAckPacket(300))
    (packet,) = backlog.take(65_535)
    assert int.from_bytes(packet[5:7], "big") == 300


def test_a_refused_message_counts_as_refused_and_not_as_acked() -> None:
    backlog = Backlog()
    backlog.append(Publication("a", b"x", retain=False))
    backlog.take(1)
    backlog.settle(PubAckPacket(1, reason_code=PubAckReasonCode.NOT_AUTHORIZED))
    backlog.settle(PubAckPacket(1))
    assert (backlog.settled, backlog.acked, backlog.refused, backlog.refusal) == (1, 0, 1, "NOT_AUTHORIZED")
