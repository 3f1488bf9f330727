"""Which readings and refused messages are shown."""

import json
from decimal import Decimal

import pytest
from mqtt5 import PublishPacket, QoS

from ingest.clock import MINUTE
from ingest.reading import Quality, Reason
from tests.tocsin.village import RULES, SENSORS, START, ZONES, basis, block, bundle, payload, report, topic
from tocsin.bundle import Bundle
from tocsin.commands.language import Language
from tocsin.reading_lines import heading, json_line, text_line
from tocsin.selection import Refused, Seen, Selection, Wanted, Wish, unknown
from tocsin.sensing import Sensing


def zones() -> str:
    """The village lies in a county; a hamlet of its own lies in the village."""
    found = json.loads(ZONES)
    [village] = found["features"]
    features = [
        village
        | {"properties": {**village["properties"], "id": id_, "parent": parent, "code": f"1101010010{n}"}}
        for n, (id_, parent) in enumerate(
            [("county", None), ("village", "county"), ("hamlet", "village")], 10
        )
    ]
    for feature in features:
        if feature["properties"]["parent"] is None:
            del feature["properties"]["parent"]
    return json.dumps({"type": "FeatureCollection", "features": features})


BASIS = basis(
    Bundle(
        "tocsin.yaml",
        {
            **bundle(rules=RULES).texts,
            "zones.geojson": zones(),
            "sensors.csv": f"{SENSORS}well-1,stage,hamlet,,,,,\n",
        },
    )
)
NOW = START + 30 * MINUTE
WELL = "tocsin/v1/hamlet/stage/well-1/telemetry"


def sent(to: str, data: bytes) -> PublishPacket:
    return PublishPacket(to, data, qos=QoS.AT_LEAST_ONCE, packet_id=1)


MESSAGES = [
    report("river-1", NOW, 1.5),
    report("river-2", NOW - 20 * MINUTE, 2.25),
    report("rain-1", NOW, 0.4),
    sent(WELL, payload("well-1", NOW, 3)),
    report("river-3", NOW, 65535),
    sent(topic("river-1"), b"{"),
    report("river-9", NOW, 1.0),
    sent("somewhere/else", b"{}"),
    sent(topic("river-2").replace("tocsin/", "tocsin-drill/"), b"{}"),
]


def shown(wanted: Wanted) -> list[Seen | Refused]:
    sensed = Sensing(BASIS, lambda _: BASIS, 0).take(block(1, NOW, MESSAGES))
    assert sensed is not None
    return list(Selection(wanted).of(sensed))


def names(wanted: Wanted) -> list[str]:
    return [
        found.sensor if isinstance(found, Seen) else f"{found.sensor}: {found.reason}"
        for found in shown(wanted)
    ]


READINGS = ["river-1", "river-2", "rain-1", "well-1"]
REFUSED = [
    "river-3: impossible", "river-1: malformed", "river-9: unregistered", ": wrong_topic",
    "river-2: other_realm",
]  # fmt: skip
OF_ZONE = [told for told in REFUSED if not told.startswith(":")]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), READINGS + REFUSED),
        (Wanted(sensor="river-?"), [*READINGS[:2], *OF_ZONE]),
        (Wanted(zone="county"), READINGS + OF_ZONE),
        (Wanted(zone="hamlet"), ["well-1"]),
        (Wanted(kind="rain"), ["rain-1"]),
        (Wanted(metric="stage"), ["river-1", "river-2", "well-1"]),
        (Wanted(qualities=frozenset({Wish.OK})), ["river-1", "rain-1", "well-1"]),
        (Wanted(qualities=frozenset({Wish.STALE})), ["river-2"]),
        (Wanted(qualities=frozenset({Wish.LATE, Wish.CLOCK, Wish.SUSPECT})), []),
        (Wanted(qualities=frozenset({Wish.IMPOSSIBLE})), ["river-3: impossible"]),
        (Wanted(qualities=frozenset({Wish.REFUSED})), REFUSED),
        (Wanted(kind="stage", qualities=frozenset({Wish.OK, Wish.STALE})), [*READINGS[:2], "well-1"]),
    ],
)  # fmt: skip
def test_what_is_shown(wanted: Wanted, expected: list[str]) -> None:
    assert names(wanted) == expected


def test_a_value_is_shown_in_its_unit() -> None:
    assert shown(Wanted(sensor="river-2", metric="stage")) == [
        Seen(
            received=NOW,
            observed=NOW - 20 * MINUTE,
            sensor="river-2",
            kind="stage",
            zone="village",
            metric="stage",
            value=Decimal("2.250"),
            unit="m",
            period=0,
            quality=Quality.STALE,
        )
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(zone="vilage"), "no zone 'vilage': did you mean village?"),
        (Wanted(kind="rains"), "no kind 'rains': did you mean rain?"),
        (Wanted(metric="x", kind="y"), "no kind 'y': known: rain, stage; no metric 'x': known: rain, stage"),
        (Wanted(zone="village", kind="rain", metric="rain"), ""),
    ],
)
def test_a_name_that_is_not_known_is_told_with_the_nearest(wanted: Wanted, said: str) -> None:
    assert unknown(wanted, BASIS) == said


def test_a_line_of_json_has_instants_units_and_quality() -> None:
    value, refused = shown(Wanted(sensor="river-2")), shown(Wanted(qualities=frozenset({Wish.IMPOSSIBLE})))

    assert json.loads(json_line(value[0])) == {
        "received": "2024-06-10T06:30:00.000+00:00",
        "observed": "2024-06-10T06:10:00.000+00:00",
        "delay": 1200.0,
        "sensor": "river-2",
        "kind": "stage",
        "zone": "village",
        "metric": "stage",
        "value": 2.25,
        "unit": "m",
        "quality": ["stale"],
    }
    found = json.loads(json_line(refused[0]))
    assert (found["refused"], found["sensor"]) == ("impossible", "river-3")
    assert "65535" in found["detail"]


def test_a_line_of_a_terminal_says_the_quality_in_words_of_the_language() -> None:
    seen = shown(Wanted(sensor="river-2"))[0]
    refused = shown(Wanted(qualities=frozenset({Wish.IMPOSSIBLE})))[0]

    english, chinese = (text_line(seen, language) for language in (Language.EN, Language.ZH))

    for word in ("20.0 min", "river-2", "village", "2.250 m", "stale"):
        assert word in english
    assert "过时" in chinese
    assert "refused" in text_line(refused, Language.EN)
    assert "拒收" in text_line(refused, Language.ZH)
    assert "不可能的数值" in text_line(refused, Language.ZH)
    assert "质量" in heading(Language.ZH)


def test_what_a_device_sends_cannot_steer_the_terminal() -> None:
    refused = Refused(NOW, "", "", "", "a\x1b[2Jb", Reason.WRONG_TOPIC, "x\x07\n")

    shown_ = text_line(refused, Language.EN)

    assert "a�[2Jb" in shown_
    assert "\x1b[2J" not in shown_
    assert "\n" not in shown_
