"""Doubtful readings on their way from the journal to a transition: scenarios S11 and S12 of the semantics."""

from collections.abc import Iterator, Sequence

import pytest
from mqtt5 import PublishPacket, QoS

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.snapshots import Snapshot
from tests.tocsin.village import START, basis, block
from tests.tocsin.village import bundle as village
from tocsin.bundle import Bundle
from tocsin.judge import Basis, Judge

KINDS = """\
kinds:
  smoke:
    title: {zh: 感烟, en: Smoke}
    reporting: periodic 10s
    heartbeat: 1min
    metrics:
      smoke: {unit: dB/m, resolution: 0.001, plausible: [0, 20]}
  rain:
    title: {zh: 降雨, en: Rain}
    reporting: periodic 5min
    heartbeat: 1h
    metrics:
      rain: {unit: mm, form: amount, resolution: 0.1, plausible: [0, 401]}
      rain_total:
        {unit: mm, form: counter, resolution: 0.1, plausible: [0, 100000.0], rollover: 100000.0, feeds: rain}
  stage:
    title: {zh: 水位, en: River stage}
    reporting: periodic 5min
    heartbeat: 5min
    metrics:
      stage: {unit: m, resolution: 0.01, plausible: [-20, 9000], step: 2 m}
"""
RULE = """\
  - id: {id}
    title: {{zh: 警, en: Alarm}}
    hazard: {id}
    for_each: {id} sensor
    grades: {{{grades}}}
    release: {{after: 10min}}
    advice: {{zh: 撤离。, en: Leave.}}
    source: {{text: "made up", status: project}}
"""
GRADES = {
    "smoke": "yellow: smoke >= 0.15 dB/m",
    "rain": "yellow: 'sum(rain, 6h) >= 50 mm', orange: 'sum(rain, 3h) >= 50 mm'",
    "stage": "yellow: stage >= 4 m",
}
RULES = "rules:\n" + "".join(RULE.format(id=name, grades=grades) for name, grades in GRADES.items())
SENSORS = "id,kind,zone\nsmoke-1,smoke,village\nrain-1,rain,village\nstage-1,stage,village\n"

Report = tuple[int, int, float]
"""Received and observed, ms since `START`, and the value."""


@pytest.fixture(scope="module")
def given() -> Basis:
    texts = {"kinds.yaml": KINDS, "sensors.csv": SENSORS, "rules/all.yaml": RULES}
    return basis(Bundle("tocsin.yaml", {**village().texts, **texts}))


@pytest.fixture(params=[False, True], ids=["running", "restarted at each entry"])
def restarts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def judged(
    given: Basis, restarts: bool, metric: str, reports: Sequence[Report]
) -> Iterator[tuple[object, ...]]:
    """(seconds, from, to, disposition, quality) of each transition."""
    kind = metric.partition("_")[0]
    judge = Judge(given, lambda _: given)
    for number, (received, observed, value) in enumerate(reports, start=1):
        payload = b'{"t":%d,"v":{"%s":%s}}' % (START + observed, metric.encode(), str(value).encode())
        topic = f"tocsin/v1/village/{kind}/{kind}-1/telemetry"
        packet = PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=1)
        for t in judge.take(block(number, START + received, [packet])).transitions:
            told = [t.before and str(t.before), t.after and str(t.after), str(t.disposition)]
            yield (t.at - START) // SECOND, *told, quality(t.evidence)
        if restarts:
            position, bundle, state = judge.snapshot()
            judge = Judge.resume(Snapshot(position, bundle, state), lambda _: given)


def quality(evidence: object) -> list[str]:
    assert isinstance(evidence, dict)
    found = evidence["quality"]
    assert isinstance(found, list)
    return found


def test_a_clock_that_falls_behind_is_late_first_and_then_not_believed(given: Basis, restarts: bool) -> None:
    """S11 without its `max_age`: from review to auto at the third arrival at that pace."""
    in_order = [(at, at, 0.02) for at in range(0, 20 * MINUTE, 10 * SECOND)]
    slow = [(20 * MINUTE + k * 10 * SECOND, 20 * MINUTE + k * 10 * SECOND - 2 * HOUR, 0.21) for k in range(4)]

    found = list(judged(given, restarts, "smoke", in_order + slow))

    assert [line[:4] for line in found] == [
        (1200, None, "yellow", "review"),
        (1220, "yellow", "yellow", "auto"),
    ]
    assert "late" in found[0][4]
    assert "clock" in found[1][4]


def test_a_counter_that_rolls_over_resets_and_pauses_is_rain(given: Basis, restarts: bool) -> None:
    """S12: yellow by itself, orange coarse: nobody knows in which of the five hours it fell."""
    reports = [(0, 99_999.0), (5, 0.4), (10, 3.4), (15, 0.0), (20, 2.0), (320, 62.0)]

    found = list(
        judged(given, restarts, "rain_total", [(at * MINUTE, at * MINUTE, value) for at, value in reports])
    )

    assert [line[:4] for line in found] == [
        (320 * 60, None, "yellow", "auto"),
        (320 * 60, "yellow", "orange", "review"),
    ]
    assert "coarse" in found[1][4]


def test_a_leap_raises_for_review_and_by_itself_once_it_is_confirmed(given: Basis, restarts: bool) -> None:
    values = [1.0, 1.0, 4.5, 4.6]
    reports = [(k * 5 * MINUTE, k * 5 * MINUTE, value) for k, value in enumerate(values)]

    found = list(judged(given, restarts, "stage", reports))

    assert [line[:4] for line in found] == [
        (600, None, "yellow", "review"),
        (900, "yellow", "yellow", "auto"),
    ]
    assert "suspect" in found[0][4]
