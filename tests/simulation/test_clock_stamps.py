"""What devices write on days when calendars are odd, from the payload to the warning."""

import pytest
from mqtt5 import PublishPacket

from ingest.clock import SECOND
from ingest.decode.native import instant
from ingest.decode.refusal import Refusal
from tests.tocsin.village import basis, block, topic
from tocsin.judge import Judge

BASIS = basis()
STAMPS = {
    # The second of 2016-12-31 that most clocks do not have is POSIX's first of the next day.
    "2016-12-31T23:59:60Z": 1_483_228_800_000,
    "2016-12-31T23:59:60.250Z": 1_483_228_800_250,
    "2017-01-01T07:59:60+08:00": 1_483_228_800_000,
    "2017-01-01 05:29:60+05:30": 1_483_228_800_000,
    "2028-02-29T12:00:00Z": 1_835_438_400_000,
    "2038-01-19T03:14:07Z": 2_147_483_647_000,
    "2038-01-19T03:14:08Z": 2_147_483_648_000,
    "2106-02-07T06:28:16Z": 4_294_967_296_000,
}


@pytest.mark.parametrize("text", STAMPS)
def test_an_odd_stamp_is_an_instant(text: str) -> None:
    assert instant(text) == STAMPS[text]


@pytest.mark.parametrize("text", ["2027-02-29T12:00:00Z", "2016-12-31T23:60:00Z", "2016-12-31T23:59:61Z"])
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        instant(text)


@pytest.mark.parametrize("text", STAMPS)
def test_a_flood_reported_at_an_odd_instant_raises_at_once(text: str) -> None:
    judge = Judge(BASIS, lambda _: BASIS)
    packet = PublishPacket(topic("river-1"), b'{"t":"%s","v":{"stage":4.5}}' % text.encode())

    [raised] = judge.take(block(1, STAMPS[text] + SECOND, [packet])).transitions

    assert (raised.at, str(raised.after)) == (STAMPS[text] + SECOND, "red")
    assert raised.evidence["observed"] == STAMPS[text]
    assert raised.evidence["quality"] == []
