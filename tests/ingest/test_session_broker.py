from dataclasses import replace
from typing import Any

import mqtt5
import pytest
from mqtt5 import QoS, RetainHandling

from ingest.session import Broker, Tls

BROKER = Broker(
    host="broker.example",
    port=1883,
    client_id="tocsin",
    topics=("a/#", "b/#"),
    username="county",
    password="secret",
    session_expiry=90_500,
)


def test_connects_to_the_session_that_is_there() -> None:
    """MQTT counts in seconds: what is left over is rounded up, never to 0, which would mean none."""
    connect, _ = mqtt5.read(memoryview(replace(BROKER, keep_alive=200).connect_packet()))
    assert isinstance(connect, mqtt5.ConnectPacket)
    assert (connect.client_id, connect.clean_start) == ("tocsin", False)
    assert (connect.username, connect.password) == ("county", b"secret")
    assert (connect.session_expiry_interval, connect.keep_alive) == (91, 1)
    assert (connect.receive_max, connect.topic_alias_max) == (20_000, 0)


def test_subscribes_at_qos_1_with_retained_messages_marked_and_sent_once() -> None:
    subscribe, _ = mqtt5.read(memoryview(BROKER.subscribe_packet()))
    assert isinstance(subscribe, mqtt5.SubscribePacket)
    assert [f.pattern for f in subscribe.topic_filters] == ["a/#", "b/#"]
    for wanted in subscribe.topic_filters:
        assert wanted.max_qos == QoS.AT_LEAST_ONCE
        assert not wanted.retain_as_published
        assert wanted.retain_handling == RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS


def test_the_password_is_shown_nowhere() -> None:
    assert "secret" not in repr(BROKER)


@pytest.mark.parametrize(
    "settings", [{"receive_max": 65_535}, {"receive_max": 0}, {"topics": ()}, {"client_id": ""}]
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"broker broker\.example"):
        replace(BROKER, **settings)


def test_a_missing_certificate_is_named() -> None:
    with pytest.raises(OSError, match=r"nowhere\.pem.*cannot be used"):
        Tls("nowhere.pem").context()
