"""Faulty devices and impostors, against a reference that keeps every message and looks back."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE, SECOND
from ingest.conduct import IMPOSTORS, LEAST, LISTED, SHOWN, WITHIN, Conduct, Spells, Told
from ingest.decode import Decoder
from ingest.reading import Reason, Rejected
from ingest.session.wire import Message, messages
from tests.ingest.devices import GATEWAY, KINDS, RECEIVED, REGISTRY, PublishPacket, message, topic

# Name, reason, received (ms).
Refused = tuple[str, str, int]


def referred(history: Sequence[Refused], least: int, now: int) -> tuple[int, Told]:
    """Spells begun, and what is told at `now`: from every message of each name."""
    begun, shown = 0, []
    for name in dict.fromkeys(name for name, _, _ in history):
        of_name = [(at, why) for each, why, at in history if each == name]
        gaps = [n for n, (at, _) in enumerate(of_name) if n == 0 or at - of_name[n - 1][0] > SHOWN]
        spells = [of_name[a:b] for a, b in zip(gaps, [*gaps[1:], len(of_name)], strict=True)]
        told = [
            any(spell[n][0] - spell[n - least + 1][0] <= WITHIN for n in range(least - 1, len(spell)))
            for spell in spells
        ]
        begun += sum(told)
        if told[-1] and now - of_name[-1][0] <= SHOWN:
            shown.append((name, len(spells[-1]), of_name[-1][1]))
    shown.sort(key=lambda one: one[0])
    return begun, Told(sum(count for _, count, _ in shown), len(shown), tuple(shown))


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["malformed", "impossible"]),
        st.sampled_from([0, 0, 1, 2 * MINUTE, 3 * MINUTE, WITHIN, SHOWN - 1, SHOWN, SHOWN + 1]),
    ),
    min_size=1,
    max_size=60,
)


@given(STEPS, st.sampled_from([1, LEAST]), st.integers(0, 60), st.sampled_from([0, 1, SHOWN, SHOWN + 1]))
def test_restarted_anywhere_it_tells_what_a_look_at_all_messages_tells(
    steps: list[Refused], least: int, restart: int, later: int
) -> None:
    spells, at = Spells(least), RECEIVED
    history: list[Refused] = []
    for number, (name, why, step) in enumerate(steps):
        at += step
        history.append((name, why, at))
        spells.add(name, why, at)
        spells.expire(at)
        if number == restart:
            saved, spells = spells.snapshot(), Spells(least)
            spells.restore(saved)
    told = spells.told(at + later)
    by_name = Told(told.messages, told.names, tuple(sorted(told.worst)))

    assert (spells.begun, by_name) == referred(history, least, at + later)
    assert spells.messages == len(history)


PACKETS: list[Message] = [
    message("s-1", v={"smoke": 0.02}),
    PublishPacket(topic("s-1"), b"{"),
    PublishPacket(topic("s-2"), b'{"t":%d,"v":{"smoke":99}}' % RECEIVED),
    PublishPacket(topic("s-2"), b'[{"n":"s-1/smoke","v":1}]'),
    PublishPacket(topic("s-1").replace("s-1", "s-9"), b"{}"),
    PublishPacket("a/b", b"{}"),
    PublishPacket(GATEWAY, b"{}"),
]


@given(
    st.lists(st.tuples(st.sampled_from(PACKETS), st.sampled_from([0, 1, 150 * SECOND])), max_size=40),
    st.lists(st.integers(1, 8), min_size=40, max_size=40),
    st.integers(0, 40),
)
def test_cut_into_blocks_and_restarted_anywhere_it_is_the_same(
    steps: list[tuple[Message, int]], sizes: list[int], restart: int
) -> None:
    """Messages of one instant may be one block or several; decoders come and go with the process."""
    at, stream = RECEIVED, []
    for packet, step in steps:
        at += step
        stream.append((at, packet))
    alone, whole = Conduct(), Conduct()
    decoder = Decoder(KINDS, REGISTRY)
    for number, (received, packet) in enumerate(stream):
        alone.take(received, decoder.decode(number + 1, received, [packet]).rejected)

    begin = 0
    for number, size in enumerate(sizes):
        instants = {received for received, _ in stream[begin : begin + size]}
        for received in sorted(instants):
            block = [packet for at, packet in stream[begin : begin + size] if at == received]
            whole.take(received, Decoder(KINDS, REGISTRY).decode(1, received, block).rejected)
        begin += size
        if number == restart:
            saved, whole = whole.snapshot(), Conduct()
            whole.restore(saved)

    assert whole.snapshot() == alone.snapshot()


def test_the_fifth_refused_message_within_ten_minutes_makes_a_device_faulty() -> None:
    spells = Spells(LEAST)
    for minute in (0, 3, 6, 9, 13):
        spells.add("s-1", Reason.MALFORMED, RECEIVED + minute * MINUTE)
    assert spells.told(RECEIVED + 13 * MINUTE).names == 0

    spells.add("s-1", Reason.BAD_TIME, RECEIVED + 13 * MINUTE)
    assert spells.told(RECEIVED + 13 * MINUTE) == Told(6, 1, (("s-1", 6, "bad_time"),))
    assert spells.begun == 1


def test_a_fault_is_over_an_hour_after_the_last_refused_message() -> None:
    spells = Spells(1)
    spells.add("s-1", Reason.MALFORMED, RECEIVED)
    assert spells.told(RECEIVED + SHOWN).names == 1
    assert spells.told(RECEIVED + SHOWN + 1).names == 0


def test_the_worst_are_named_and_all_are_counted() -> None:
    spells = Spells(1)
    for number in range(30):
        for _ in range(number + 1):
            spells.add(f"s-{number}", Reason.MALFORMED, RECEIVED)
    told = spells.told(RECEIVED)

    assert (told.messages, told.names, len(told.worst)) == (30 * 31 // 2, 30, LISTED)
    assert [name for name, _, _ in told.worst] == [f"s-{number}" for number in range(29, 9, -1)]


def test_invented_names_push_out_those_silent_longest_and_are_still_counted() -> None:
    conduct = Conduct()
    for number in range(IMPOSTORS + 1):
        one = Rejected(0, Reason.UNREGISTERED, "", f"t/{number}", b"", "", f"'{number}'")
        conduct.take(RECEIVED + number, [one])
    told = conduct.impostors.told(RECEIVED + IMPOSTORS)

    assert (told.names, conduct.impostors.messages) == (IMPOSTORS, IMPOSTORS + 1)
    assert told.worst[0][0] == "'t/1' as '1'"


def spoken(*packets: Message) -> Conduct:
    conduct = Conduct()
    conduct.take(RECEIVED, Decoder(KINDS, REGISTRY).decode(1, RECEIVED, packets).rejected)
    return conduct


# A panic of the MQTT codec also passes through sys.unraisablehook, which pytest takes for a leak.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_who_speaks_as_somebody_else_is_told_with_the_name_it_uses() -> None:
    no_text = b"tocsin/v1/a/smoke/\xff/telemetry"
    [undecodable] = messages(b"\x30" + bytes([len(no_text) + 5, 0, len(no_text)]) + no_text + b"\0{}")
    conduct = spoken(
        PublishPacket(topic("s-1").replace("s-1", "s-9"), b"{}"),
        PublishPacket(topic("s-1").replace("smoke", "rain"), b"{}"),
        PublishPacket(topic("s-2"), b'[{"n":"s-1/smoke","v":1}]'),
        PublishPacket(topic("s-2"), b'[{"n":"x","v":1},{"n":"s-1/smoke","v":1}]'),
        PublishPacket(GATEWAY, b'[{"n":"nobody/smoke","v":1}]'),
        PublishPacket("a/b", b"{}"),
        undecodable,
    )

    assert sorted(conduct.impostors.told(RECEIVED).worst) == [
        ("'a/b'", 1, "wrong_topic"),
        ("'tocsin/v1/a/smoke/\ufffd/telemetry'", 1, "not_utf8"),
        (f"'{topic('s-1').replace('smoke', 'rain')}' as 's-1'", 1, "wrong_topic"),
        (f"'{topic('s-1').replace('s-1', 's-9')}' as 's-9'", 1, "unregistered"),
        ("gateway gw-1 as 'nobody'", 1, "unregistered"),
        ("s-2 as 's-1'", 2, "unknown_metric"),
    ]


def test_a_device_that_only_errs_is_no_impostor() -> None:
    conduct = spoken(*[PublishPacket(topic("s-1"), b"{")] * LEAST, PublishPacket(GATEWAY, b"{}"))

    assert conduct.impostors.told(RECEIVED).names == 0
    assert conduct.faulty.told(RECEIVED) == Told(LEAST, 1, (("s-1", LEAST, "malformed"),))
