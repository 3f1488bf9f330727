"""A record reaches the wire as it was written, each reading at the instant it was received."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt

from ingest.clock import LockstepClock
from simulators.broker import LoopbackBroker
from simulators.playback import Instant, Place, Playback, instants
from simulators.publisher import Publisher
from simulators.readings_csv import Row

START = 1_528_016_400_000
PLACES = {"a": Place("east", "rain"), "b": Place("west", "stage")}
TOPIC_A = "tocsin/v1/east/rain/a/telemetry"
TOPIC_B = "tocsin/v1/west/stage/b/telemetry"


def row(received: int, sensor: str, metric: str, value: str, observed: int | None = None) -> Row:
    """Instants in seconds after START."""
    seen = received if observed is None else observed
    return Row(START + 1000 * received, START + 1000 * seen, sensor, metric, value)


def test_values_of_one_sensor_and_stamp_form_one_message() -> None:
    rows = [row(0, "b", "stage", "1.50"), row(0, "b", "flow", "0.246"), row(0, "a", "rain", "0.2")]

    assert list(instants(rows, PLACES)) == [
        Instant(
            START,
            [
                (TOPIC_B, f'{{"t":{START},"v":{{"stage":1.50,"flow":0.246}}}}'.encode()),
                (TOPIC_A, f'{{"t":{START},"v":{{"rain":0.2}}}}'.encode()),
            ],
        )
    ]


def test_readings_received_together_but_observed_apart_are_messages_of_their_own() -> None:
    [late] = instants([row(9, "a", "rain", "1", observed=3), row(9, "a", "rain", "1", observed=6)], PLACES)

    assert late.received == START + 9000
    assert [payload.split(b",")[0] for _, payload in late.messages] == [
        f'{{"t":{START + 3000}'.encode(),
        f'{{"t":{START + 6000}'.encode(),
    ]


def test_a_metric_that_comes_again_is_a_message_of_its_own() -> None:
    """A record keeps what was sent twice; one message with a key twice would be refused whole."""
    [instant] = instants([row(0, "a", "rain", "1"), row(0, "a", "rain", "1")], PLACES)

    assert len(instant.messages) == 2
    assert instant.messages[0] == instant.messages[1]


def test_a_sensor_without_a_place_speaks_where_nobody_is_registered() -> None:
    [instant] = instants([row(0, "stranger", "rain", "1")], PLACES)

    assert instant.messages[0][0] == "tocsin/v1/unknown/unknown/stranger/telemetry"


@asynccontextmanager
async def stage(rows: list[Row]) -> AsyncIterator[tuple[LockstepClock, Playback, asyncio.Queue[bytes]]]:
    """A playback on a broker a second before its record begins, and what a subscriber hears."""
    clock = LockstepClock(START - 1000)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "record")
    await publisher.connect()
    playback = Playback(rows, PLACES, publisher, clock)
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with aiomqtt.Client(
        "127.0.0.1", port, identifier="reader", protocol=aiomqtt.ProtocolVersion.V5
    ) as c:
        await c.subscribe("tocsin/v1/#", qos=1)
        listening = asyncio.create_task(listen(c, heard))
        clock.hop("broker", broker.idle)
        clock.hop("playback", playback.idle)
        yield clock, playback, heard
        listening.cancel()
        await asyncio.wait([listening])
    await publisher.close()
    await broker.stop()


async def listen(client: aiomqtt.Client, heard: asyncio.Queue[bytes]) -> None:
    async for message in client.messages:
        heard.put_nowait(message.payload)


async def take(heard: asyncio.Queue[bytes], count: int) -> list[bytes]:
    async with asyncio.timeout(5):
        return [await heard.get() for _ in range(count)]


async def test_nothing_is_published_before_it_was_received() -> None:
    rows = [row(0, "a", "rain", "1"), row(60, "a", "rain", "2"), row(60, "b", "stage", "3")]
    async with stage(rows) as (clock, playback, heard):
        playing = asyncio.create_task(playback.run())

        await clock.run(START + 59_999)
        assert playback.published == 1
        await clock.run(START + 60_000)
        assert playback.published == 3
        await playing

        values = [payload.split(b":")[-1] for payload in await take(heard, 3)]
        assert values == [b"1}}", b"2}}", b"3}}"]


async def test_a_record_that_repeats_goes_on_in_time_with_its_own_spacing() -> None:
    async with stage([row(0, "a", "rain", "1"), row(60, "a", "rain", "2")]) as (clock, playback, heard):
        playing = asyncio.create_task(playback.run(repeat=True))

        await clock.run(START + 180_000)
        playing.cancel()
        await asyncio.wait([playing])

        stamps = [int(payload[5:18]) - START for payload in await take(heard, 4)]
        assert stamps == [0, 60_000, 120_000, 180_000]


async def test_an_empty_record_ends_at_once() -> None:
    async with stage([]) as (_, playback, _heard):
        await playback.run(repeat=True)

        assert playback.idle()
        assert playback.published == 0


async def test_a_playback_that_was_cancelled_has_nothing_left_to_do() -> None:
    """A demo ends in the middle of a record, and time goes on for those who still work."""
    async with stage([row(0, "a", "rain", "1"), row(60, "a", "rain", "2")]) as (clock, playback, _):
        playing = asyncio.create_task(playback.run())
        await clock.run(START + 1000)
        playing.cancel()
        await asyncio.wait([playing])

        clock.hop("playback", playback.idle)
        await clock.run(START + 120_000)

        assert playback.idle()
