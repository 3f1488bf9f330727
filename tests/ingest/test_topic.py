import pytest

from ingest.decode.refusal import Refusal
from ingest.decode.topic import Topics
from ingest.kinds import Reporting, ReportingMode
from ingest.namespace import Namespace
from ingest.reading import Reason
from ingest.registry import Registry, Sensor


def sensor(name: str, kind: str, zone: str, gateway: str = "") -> Sensor:
    reporting = Reporting(ReportingMode.EVENT)
    return Sensor(
        id=name,
        kind=kind,
        zone=zone,
        gateway=gateway,
        lon=None,
        lat=None,
        heartbeat=1,
        reporting=reporting,
        site={},
    )


SENSORS = [
    sensor("s-1", "smoke", "old-town", "gw-1"),
    sensor("s-2", "smoke", "harbour", "gw-1"),
    sensor("s-3", "smoke", "old-town", "gw-2"),
    sensor("烟-7", "smoke", "old-town"),
]
REGISTRY = Registry.of(SENSORS, {})


@pytest.mark.parametrize("stream", ["telemetry", "event", "state"])
def test_a_registered_sensor_is_found_by_its_topic(stream: str) -> None:
    assert Topics(REGISTRY).resolve(f"tocsin/v1/old-town/smoke/s-1/{stream}") == REGISTRY.slots["s-1"]


def test_an_id_of_any_script_is_found() -> None:
    assert Topics(REGISTRY).resolve("tocsin/v1/old-town/smoke/烟-7/event") == REGISTRY.slots["烟-7"]


def test_a_resolved_topic_is_known_from_then_on() -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve("tocsin/v1/old-town/smoke/s-1/event")
    assert topics.known == {"tocsin/v1/old-town/smoke/s-1/event": address}


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/smoke/s-1", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/smoke/s-1/telemetry/", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/smoke/s-1/command", Reason.WRONG_TOPIC),
        ("tocsin/v2/old-town/smoke/s-1/telemetry", Reason.WRONG_TOPIC),
        ("exercise/v1/old-town/smoke/s-1/telemetry", Reason.WRONG_TOPIC),
        ("tocsin/v1/harbour/smoke/s-1/telemetry", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/rain/s-1/telemetry", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/smoke/S-1/telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/old-town/smoke/+/telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/old-town/smoke/#/telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/old-town/smoke/s-1\u200b/telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/old-town/gateway/gw-9/telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/old-town/gateway//telemetry", Reason.UNREGISTERED),
        ("tocsin/v1/harbour/gateway/gw-2/telemetry", Reason.WRONG_TOPIC),
        ("tocsin/v1/old-town/gateway/gw-1/event", Reason.WRONG_TOPIC),
    ],
)
def test_any_other_topic_is_refused_and_not_remembered(topic: str, reason: Reason) -> None:
    topics = Topics(REGISTRY)
    with pytest.raises(Refusal) as refused:
        topics.resolve(topic)
    assert refused.value.reason is reason
    assert topics.known == {}


@pytest.mark.parametrize(("zone", "kind"), [("x" * 60_000, "smoke"), ("old-town", "\x1b[2J\n" * 9_000)])
def test_a_refusal_quotes_what_was_sent_shortened_and_without_control_characters(
    zone: str, kind: str
) -> None:
    with pytest.raises(Refusal) as refused:
        Topics(REGISTRY).resolve(f"tocsin/v1/{zone}/{kind}/s-1/telemetry")
    assert len(refused.value.detail) < 400
    assert refused.value.detail.isprintable()


@pytest.mark.parametrize("device", ["s-1", "urn:dev:ops:s-1", "plant/s-1"])
@pytest.mark.parametrize("topic", ["old-town/gateway/gw-1", "old-town/smoke/s-1"])
def test_a_sensor_is_named_alone_or_at_the_end_of_a_path(topic: str, device: str) -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve(f"tocsin/v1/{topic}/telemetry")
    assert topics.member(address, device) == REGISTRY.slots["s-1"]


def test_a_gateway_speaks_for_its_sensors_in_every_zone() -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve("tocsin/v1/old-town/gateway/gw-1/telemetry")
    assert address < 0
    assert topics.member(address, "s-2") == REGISTRY.slots["s-2"]


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("s-3", Reason.WRONG_TOPIC),
        ("烟-7", Reason.WRONG_TOPIC),
        ("s-9", Reason.UNREGISTERED),
        ("", Reason.UNREGISTERED),
    ],
)
def test_a_gateway_does_not_speak_for_others(device: str, reason: Reason) -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve("tocsin/v1/old-town/gateway/gw-1/telemetry")
    with pytest.raises(Refusal) as refused:
        topics.member(address, device)
    assert refused.value.reason is reason


@pytest.mark.parametrize("device", ["", "urn:dev:mac:0024befffe804ff1"])
def test_a_pack_on_a_sensors_own_topic_needs_not_name_it(device: str) -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve("tocsin/v1/old-town/smoke/s-1/telemetry")
    assert topics.member(address, device) == address


@pytest.mark.parametrize("device", ["s-2", "urn:dev:ops:s-2", "s-9", "s-1/channel"])
def test_a_sensor_does_not_speak_for_another(device: str) -> None:
    topics = Topics(REGISTRY)
    address = topics.resolve("tocsin/v1/old-town/smoke/s-1/telemetry")
    with pytest.raises(Refusal) as refused:
        topics.member(address, device)
    assert refused.value.reason is Reason.WRONG_TOPIC


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            Namespace.LIVE,
            "'tocsin-drill/v1/old-town/smoke/s-1/event' is of an exercise, and this service is not one",
        ),
        (Namespace.DRILL, "'tocsin/v1/old-town/smoke/s-1/event' is of live service, and this is an exercise"),
    ],
)
def test_each_namespace_knows_its_own_topics_and_says_what_the_others_are(own: Namespace, told: str) -> None:
    topics, [other] = Topics(REGISTRY, own), set(Namespace) - {own}

    assert topics.resolve(f"{own}/v1/old-town/smoke/s-1/event") == REGISTRY.slots["s-1"]
    assert topics.resolve(f"{own}/v1/old-town/gateway/gw-1/telemetry") == -1
    with pytest.raises(Refusal) as refused:
        topics.resolve(f"{other}/v1/old-town/smoke/s-1/event")
    assert (refused.value.reason, refused.value.detail) == (Reason.OTHER_REALM, told)
    assert list(topics.known) == [
        f"{own}/v1/old-town/smoke/s-1/event", f"{own}/v1/old-town/gateway/gw-1/telemetry"
    ]  # fmt: skip


@pytest.mark.parametrize("topic", ["tocsin-drill", "tocsin-drill/horns/h-1/command", "tocsin-drill/v1/a"])
def test_whatever_begins_like_an_exercise_is_one(topic: str) -> None:
    with pytest.raises(Refusal) as refused:
        Topics(REGISTRY).resolve(topic)

    assert refused.value.reason is Reason.OTHER_REALM


@pytest.mark.parametrize(
    "topic", ["tocsin-drills/v1/old-town/smoke/s-1/event", "Tocsin-drill/v1/a/b/c/event"]
)
def test_what_only_looks_like_an_exercise_is_nobodys(topic: str) -> None:
    with pytest.raises(Refusal) as refused:
        Topics(REGISTRY).resolve(topic)

    assert refused.value.reason is Reason.WRONG_TOPIC


@pytest.mark.parametrize("namespace", Namespace)
def test_a_wrong_form_is_told_with_the_right_one(namespace: Namespace) -> None:
    with pytest.raises(Refusal) as refused:
        Topics(REGISTRY, namespace).resolve(f"{namespace}/v1/s-1")

    assert refused.value.detail.endswith(
        f"form {namespace}/v1/<zone>/<kind>/<sensor>/<telemetry|event|state>"
    )
