"""Who speaks without being registered, and what keeps each from being a sensor."""

import json
from pathlib import Path

from ingest.clock import MINUTE
from ingest.quarantine import Quarantine
from ingest.reading import Reason, Rejected
from tests.tocsin.village import START, basis
from tocsin.adoption import Candidate, candidates, matching, strangers

BASIS = basis()
NATIVE = b'{"t":1,"v":{"stage":1,"ph":7}}'
PACK = json.dumps(
    [
        {"bn": "urn:dev:", "n": "river-8:stage", "v": 1, "u": "m"},
        {"n": "river-1:stage", "v": 1},
        {"n": "rain-8:rain", "v": 1},
    ]
).encode()


def found(
    directory: Path, *messages: tuple[str, bytes], patterns: tuple[str, ...] = (), **of: str
) -> list[Candidate]:
    with Quarantine.open(directory / "quarantine.db") as quarantine:
        for number, (topic, payload) in enumerate(messages, start=1):
            refused = [Rejected(0, Reason.UNREGISTERED, "unknown", f"tocsin/v1/{topic}", payload)]
            quarantine.add(number, START + number * MINUTE, refused)
        return list(candidates(strangers(quarantine, matching(list(patterns))), BASIS, **of))


def test_a_device_is_one_sensor_whatever_it_sends_on(tmp_path: Path) -> None:
    [candidate] = found(
        tmp_path,
        ("village/stage/river-9/telemetry", NATIVE),
        ("village/stage/river-9/state", b"no JSON"),
    )

    assert candidate.fields == {"id": "river-9", "kind": "stage", "zone": "village"}
    assert candidate.against == ""
    stranger = candidate.stranger
    assert (stranger.messages, stranger.last, stranger.metrics) == (2, START + 2 * MINUTE, {"stage", "ph"})
    assert candidate.foreign == {"ph"}


def test_what_keeps_a_device_out_is_told_with_the_way_out(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        ("village/stages/a/telemetry", NATIVE),
        ("vilage/stage/b/telemetry", NATIVE),
        ("village/stage/river-1/telemetry", NATIVE),
        ("village/rain/river-2/telemetry", NATIVE),
        ("village/stage/c d/telemetry", NATIVE),
        ("village/stage/e/telemetry", NATIVE),
        ("village/rain/e/telemetry", b"{}"),
    )

    assert {(candidate.stranger.id, candidate.against) for candidate in told} == {
        ("a", "no kind 'stages': did you mean stage?"),
        ("b", "no zone 'vilage': did you mean village?"),
        ("river-1", "stands in the files already: reload the daemon"),
        ("river-2", "registered as village/stage: correct the device's topic, or the file"),
        ("c d", "id 'c d' holds / + # or a blank: use letters, digits, hyphens and points"),
        ("e", "2 devices call themselves e: name one by its topic, or --zone"),
    }


def test_only_those_on_the_topics_in_the_zone_and_of_the_kind_that_are_asked_for(tmp_path: Path) -> None:
    messages = [
        ("village/stage/river-8/telemetry", NATIVE),
        ("village/rain/rain-8/telemetry", b"{}"),
        ("hill/stage/river-9/telemetry", NATIVE),
    ]

    def ids(patterns: tuple[str, ...] = (), **of: str) -> list[str]:
        (name := tmp_path / f"{patterns}{of}".replace("/", ".")).mkdir()
        return [candidate.stranger.id for candidate in found(name, *messages, patterns=patterns, **of)]

    assert ids() == ["rain-8", "river-8", "river-9"]
    assert ids(patterns=("*/stage/*",)) == ["river-8", "river-9"]
    assert ids(patterns=("*/river-8/*", "*/rain-?/*")) == ["rain-8", "river-8"]
    assert ids(zone="hill") == ["river-9"]
    assert ids(kind="rain") == ["rain-8"]


def test_a_device_behind_a_gateway_is_of_the_one_kind_that_measures_what_it_does(tmp_path: Path) -> None:
    told = found(
        tmp_path, ("village/gateway/gw/telemetry", PACK), ("village/gateway/gw/telemetry", PACK[:40])
    )

    assert [candidate.fields for candidate in told] == [
        {"id": "rain-8", "kind": "rain", "zone": "village", "gateway": "gw"},
        {"id": "river-8", "kind": "stage", "zone": "village", "gateway": "gw"},
    ]
    assert [candidate.against for candidate in told] == ["", ""]


def test_where_several_kinds_measure_it_the_kind_has_to_be_said(tmp_path: Path) -> None:
    pack = b'[{"n":"x-1/wind","v":1}]'

    [without] = found(tmp_path, ("village/gateway/gw/telemetry", pack))
    (tmp_path / "said").mkdir()
    [said] = found(tmp_path / "said", ("village/gateway/gw/telemetry", pack), kind="stage")

    assert without.against == "behind gateway gw: say --kind"
    assert (said.fields["kind"], said.foreign) == ("stage", {"wind"})


def test_a_topic_of_another_form_is_nobody(tmp_path: Path) -> None:
    assert found(tmp_path, ("village", NATIVE)) == []
