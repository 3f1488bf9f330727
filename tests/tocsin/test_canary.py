"""A canary is nobody's reading: it is recognised by its topic, and disturbs nothing on its way."""

import pytest
from mqtt5 import PublishPacket, QoS

from ingest.clock import MINUTE
from ingest.namespace import Namespace
from rules.grade import Grade
from tests.tocsin.village import START, basis, block, report
from tocsin.canary import Canary, payload, raised, router, topic
from tocsin.judge import Judge

BASIS = basis()
OWN = topic("tocsin", Namespace.LIVE)


def judge() -> Judge:
    return Judge(BASIS, lambda _: BASIS)


def canary(sent: int = START, of: str = "tocsin") -> PublishPacket:
    return PublishPacket(topic(of, Namespace.LIVE), payload(sent), qos=QoS.AT_LEAST_ONCE, packet_id=1)


def test_a_canary_between_readings_is_handed_over_and_changes_nothing_of_them() -> None:
    junk = PublishPacket("tocsin/v1/village/stage/river-9/telemetry", b"{")
    readings = [report("river-1", START, 4.5), junk, report("river-2", START, 1)]
    mine, other = judge(), judge()

    done = mine.take(block(1, START, [*readings[:1], canary(), *readings[1:]]))
    without = other.take(block(1, START, readings))

    assert done.canaries == (Canary("tocsin", START),)
    assert done.transitions == without.transitions
    assert [one.reason for one in done.rejected] == [one.reason for one in without.rejected]
    counted = (mine.screen.accepted, mine.screen.quarantined, mine.screen.readings, mine.conduct.impostors)
    assert (
        counted[:3] == (other.screen.accepted, other.screen.quarantined, other.screen.readings) == (2, 1, 2)
    )
    assert mine.conduct.snapshot() == other.conduct.snapshot()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (OWN, b"{broken"),
        (OWN, b'{"t":"2024-06-10T00:00:00Z","v":{"canary":1}}'),
        (OWN, b'{"t":1,"v":{"canary":1,"stage":9}}'),
        (OWN, b'{"t":1,"v":{}}'),
        ("tocsin/v1/canary/canary/tocsin/event", payload(START)),
        ("tocsin/v1/village/canary/tocsin/telemetry", payload(START)),
        (topic("tocsin", Namespace.DRILL), payload(START)),
    ],
)
def test_what_only_looks_like_one_is_refused_like_everything_else(where: str, what: bytes) -> None:
    by = judge()
    done = by.take(block(1, START, [PublishPacket(where, what, qos=QoS.AT_LEAST_ONCE, packet_id=1)]))

    assert done.canaries == ()
    assert (len(done.rejected), by.screen.quarantined) == (1, 1)


def test_each_canary_is_a_warning_and_a_hazard_of_its_own() -> None:
    first, second = (
        raised(Canary("tocsin", START), START + 1),
        raised(Canary("tocsin", START + MINUTE), START),
    )

    assert first.warning != second.warning
    assert first.at == START + 1


def test_it_is_told_over_the_channel_of_its_realm_alone() -> None:
    by = router()
    told = by.who("tocsin", "canary", Grade.BLUE, START)

    assert by.channels == {"canary"}
    assert [(one.recipient, one.channel) for one in told] == [("canary", "canary")]
