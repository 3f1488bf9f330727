"""A thousand ways to speak as somebody else: topics and payloads of a device that is not what it says."""

import json
from collections.abc import Iterator
from itertools import count, islice, product
from typing import NamedTuple

from ingest.reading import Reason

VICTIM = "smoke-old-town-01"
OTHER = "smoke-old-town-02"
GATEWAY = "gw-old-town-smoke"
ZONES = (
    "market-street",
    "riverside",
    "qingxi",
    "OLD-TOWN",
    "old-town ",
    "",
    "+",
    "#",
    "oldtown",
    "old_town",
    "..",
)
KINDS = ("rain", "stage", "gas", "electrical", "gateway", "Smoke", "smoke ", "", "+", "#", "smoke\u200b")
# As they look on a screen: Cyrillic, full-width, combining, zero-width, right-to-left, control characters.
LOOK_ALIKES = (
    VICTIM.replace("o", "о"), VICTIM.replace("e", "е"), VICTIM.replace("s", "ѕ"), VICTIM.replace("-", "－"),
    VICTIM.replace("0", "０"), VICTIM.replace("1", "１"), VICTIM.replace("-", "‐"), VICTIM + "\u200b",
    "\ufeff" + VICTIM, "\u202e" + VICTIM, VICTIM + "\u0301", VICTIM.upper(), VICTIM + " ", " " + VICTIM,
    VICTIM + "\u00a0", VICTIM.replace("1", "١"), VICTIM.replace("k", "\u212a"), VICTIM + "\x00",
    VICTIM + "\x1b[2J", VICTIM + "\n", VICTIM + "\x7f", VICTIM + "\x85", VICTIM + "\ufffe", "+", "#", "$SYS",
    "",
    VICTIM + "/..", "../" + VICTIM, VICTIM + "%00", VICTIM + "%2F", f"{VICTIM},{OTHER}", f"{VICTIM};{OTHER}",
    VICTIM[:-1], VICTIM + "0",
)  # fmt: skip
STREAMS = ("telemetry", "event", "state")
ODD_STREAMS = ("command", "receipt", "Telemetry", "telemetry ", "", "+", "#", "telemetry/more", "set")


class Attempt(NamedTuple):
    """What is put on the wire, and the reasons of which one is right; `codec`: MQTT itself forbids it."""

    topic: bytes
    payload: bytes
    reasons: frozenset[Reason]
    retain: bool = False
    qos: int = 1


NOT_HERE = frozenset({Reason.WRONG_TOPIC, Reason.UNREGISTERED, Reason.MALFORMED, Reason.NOT_UTF8})


def attempts(now: int, number: int) -> list[Attempt]:
    """So many attempts, the kinds in turn; each payload would be a fire if it were believed."""
    makers = [
        zones(now),
        kinds(now),
        look_alikes(now),
        streams(now),
        packs(now),
        gateways(now),
        kept(now),
        raw(now),
    ]
    found: list[Attempt] = []
    for turn in count():
        for maker in makers:
            found += islice(maker, 1)
            if len(found) == number:
                return found
        assert turn < number, "the makers have run dry"
    raise AssertionError


def fire(now: int, step: int) -> bytes:
    return b'{"t":%d,"v":{"smoke":9.9,"temperature":99}}' % (now + step)


def _spoken(now: int, topics: Iterator[str]) -> Iterator[Attempt]:
    for step, topic in enumerate(topics):
        yield Attempt(topic.encode("utf-8", "surrogatepass"), fire(now, step), NOT_HERE, qos=1 + step % 2)


def zones(now: int) -> Iterator[Attempt]:
    places = (f"tocsin/v1/{z}/smoke/{d}/{s}" for d, s, z in product((VICTIM, OTHER), STREAMS, ZONES))
    return _spoken(now, places)


def kinds(now: int) -> Iterator[Attempt]:
    return _spoken(
        now, (f"tocsin/v1/old-town/{k}/{d}/{s}" for d, s, k in product((VICTIM, OTHER), STREAMS, KINDS))
    )


def look_alikes(now: int) -> Iterator[Attempt]:
    return _spoken(now, (f"tocsin/v1/old-town/smoke/{name}/{s}" for s, name in product(STREAMS, LOOK_ALIKES)))


def streams(now: int) -> Iterator[Attempt]:
    ends = [f"tocsin/v1/old-town/smoke/{d}/{s}" for d, s in product((VICTIM, OTHER), ODD_STREAMS)]
    roots = [
        f"{root}/old-town/smoke/{VICTIM}/telemetry"
        for root in (
            "exercise/v1",
            "tocsin/v2",
            "tocsin//v1",
            "/tocsin/v1",
            "TOCSIN/v1",
            "tocsin",
            "",
            "$share/x",
        )
    ]
    return _spoken(now, iter([*ends, *roots, "", "/", "//////", "+/+/+/+/+/+", "#", VICTIM]))


def packs(now: int) -> Iterator[Attempt]:
    """A device's own topic, and in the pack the name of another one, however it is written."""
    own = f"tocsin/v1/old-town/smoke/{OTHER}/telemetry".encode()
    forms = ("{}/smoke", "{}:smoke", "urn:dev:ops:{}:smoke", "x/{}/smoke", "urn:dev:ops:{}/smoke")
    for step in count():
        name = forms[step % len(forms)].format(VICTIM)
        records = [
            [{"n": name, "v": 9.9}],
            [{"bn": name[:-5], "n": "smoke", "v": 9.9}],
            [{"n": "smoke", "v": 0.02}, {"n": name, "v": 9.9}],
        ][step % 3]
        records[0]["bt"] = (now + step) / 1000
        yield Attempt(own, json.dumps(records).encode(), frozenset({Reason.WRONG_TOPIC}))


def gateways(now: int) -> Iterator[Attempt]:
    """A gateway that names sensors of another one, and topics of gateways that are none."""
    strangers = [f"smoke-riverside-{n:02}" for n in range(1, 13)] + ["smoke-market-street-01", "nobody", ""]
    topics = [f"tocsin/v1/old-town/gateway/{GATEWAY}/telemetry"] * 2 + [
        f"tocsin/v1/{zone}/gateway/{gateway}/{stream}"
        for zone in ("riverside", "old-town")
        for gateway in ("gw-x", GATEWAY.upper(), GATEWAY + "\u200b", "")
        for stream in ("telemetry", "event")
    ]
    for step in count():
        record = {"n": f"{strangers[step % len(strangers)]}/smoke", "v": 9.9, "bt": (now + step) / 1000}
        topic = topics[step // len(strangers) % len(topics)]
        yield Attempt(topic.encode(), json.dumps([record]).encode(), NOT_HERE)


def kept(now: int) -> Iterator[Attempt]:
    """The right topic, but retained: what somebody left there once is no event."""
    for step in count():
        topic = f"tocsin/v1/old-town/smoke/{VICTIM}/{STREAMS[step % 3]}".encode()
        yield Attempt(topic, fire(now, step), frozenset({Reason.RETAINED}), retain=True)


def raw(now: int) -> Iterator[Attempt]:
    """Bytes that are no text, inside a topic that looks right."""
    broken = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"\xf0\x9f")
    right = f"tocsin/v1/old-town/smoke/{VICTIM}/telemetry".encode()
    for step in count():
        place = 10 + step // len(broken) % (len(right) - 10)
        topic = right[:place] + broken[step % len(broken)] + right[place:]
        yield Attempt(topic, fire(now, step), frozenset({Reason.NOT_UTF8, *NOT_HERE}))
