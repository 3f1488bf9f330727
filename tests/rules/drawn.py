"""Random rules and journals: every function, gaps, jitter, repeats, late and suspect readings."""

from decimal import Decimal

from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from rules.rule import Rule
from tests.rules.town import Row, at, rule, sensor

START = at("10:00")
SENSORS = {
    "smoke": [
        sensor("a", "smoke", 10 * SECOND),
        sensor("b", "smoke", 10 * SECOND),
        sensor("c", "smoke", 0, heartbeat=2 * MINUTE),
    ],
    "rain": [
        sensor("a", "rain", 5 * MINUTE),
        sensor("b", "rain", HOUR),
        sensor("c", "rain", 0, heartbeat=HOUR),
    ],
    "stage": [
        sensor("a", "stage", 10 * MINUTE, site={"warning_stage": "2.2705 m", "width": "0 m"}),
        sensor("b", "stage", 5 * MINUTE, site={"warning_stage": "1.5 m", "width": "3 m"}),
        sensor("c", "stage", 0, heartbeat=2 * HOUR),
    ],
    "electrical": [
        sensor("a", "electrical", 20 * MINUTE, site={"rated": "200 mA"}),
        sensor("b", "electrical", 20 * MINUTE),
        sensor("c", "electrical", 0, heartbeat=HOUR),
    ],
}
STEP = {"smoke": 10 * SECOND, "rain": 5 * MINUTE, "stage": 10 * MINUTE, "electrical": 20 * MINUTE}
LEAVES = {
    "smoke": [
        "smoke >= 0.15 dB/m",
        "smoke >= 0.2 dB/m",
        "smoke < 0.1 dB/m",
        "temperature >= 54 degC",
        "max(smoke, 30s) >= 0.15 dB/m",
        "max(smoke, 20min) >= 0.2 dB/m",
        "rise(temperature, 40s) >= 20 degC",
        "sustained(smoke >= 0.15 dB/m, 20s)",
        "sustained(temperature >= 54 degC, 45s)",
        "count(smoke >= 0.15 dB/m, 1min) >= 3",
        "count(smoke < 0.15 dB/m, 20min) <= 2",
        "count(smoke >= 0.15 dB/m, 20min) >= 3",
        "mean(smoke, 1min) >= 0.1 dB/m",
        "mean(smoke, 20min) < 0.15 dB/m",
        "median(smoke, 20min) >= 0.14 dB/m",
        "stuck(temperature, 40s)",
        "stuck(smoke, 20min)",
        "flagged(smoke, suspect)",
        "fall(temperature, 20min) > 20 degC",
        "temperature - min(temperature, 1min) >= 10 degC",
        "count(smoke >= 0.15 dB/m, 1min) - count(smoke >= 0.2 dB/m, 30s) >= 1",
    ],
    "rain": [
        "sum(rain, 10min) >= 3 mm",
        "sum(rain, 30min) >= 5 mm",
        "sum(rain, 30min) > 0 mm",
        "sum(rain, 1h) >= 8 mm",
        "sum(rain, 1h) < 2 mm",
        "sum(rain, 3h) >= 12 mm",
        "sum(rain, 3h) - sum(rain, 1h) >= 4 mm",
        "sum(rain, 1h) / sum(rain, 3h) > 0.5",
        "flagged(rain, suspect)",
    ],
    "stage": [
        "stage >= site.warning_stage",
        "eta(stage, site.warning_stage) <= 3h",
        "eta(stage, 2 m) > 2h",
        "forecast(stage, 2h) >= site.warning_stage",
        "forecast(stage, 4h) < 1 m",
        "rate(stage, 1h) >= 0.6 m/h",
        "rate(stage, 12h) > 5 cm/h",
        "rate(stage, 24h) <= -0.1 m/h",
        "fall(stage, 2h) >= 0.5 m",
        "rise(stage, 24h) >= 0.5 m",
        "min(stage, 2h) < 1.2 m",
        "median(stage, 2h) >= 1.5 m",
        "mean(stage, 24h) >= 1.7 m",
        "stuck(stage, 1h)",
        "(stage - min(stage, 2h)) / site.width >= 0.1",
        "stage - mean(stage, 2h) >= site.warning_stage - 2 m",
        "2 * stage - max(stage, 24h) > 1.5 m",
    ],
    "electrical": [
        "leakage - baseline(leakage, 4h, default=100 mA) >= 100 mA",
        "leakage - baseline(leakage, 1d, default=150 mA) * 1.5 > 0 mA",
        "baseline(leakage, 2h, default=120 mA) >= 180 mA",
        "leakage / site.rated >= 1.1",
        "leakage >= 300 mA",
        "leakage / baseline(leakage, 2h, default=0 mA) > 2",
        "sustained(leakage >= 180 mA, 1h)",
    ],
}
VALUES = {
    "smoke": {
        "smoke": ["0", "0.09", "0.13", "0.14", "0.15", "0.19", "0.2", "0.3"],
        "temperature": ["20", "45", "53.99", "54", "75"],
    },
    "rain": {"rain": ["0", "0.01", "1", "2.5", "3", "5", "9"]},
    "stage": {"stage": ["1", "1.1", "1.111", "1.5", "1.6", "2", "2.27", "2.271", "2.6"]},
    "electrical": {"leakage": ["0", "100", "100.1", "180", "200", "280", "300", "420"]},
}
GRADES = ["blue", "yellow", "orange", "red"]


def conditions(kind: str) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(LEAVES[kind])
    two = st.tuples(leaf, st.sampled_from(["and", "or"]), leaf).map(" ".join)
    return st.one_of(
        leaf, leaf, two, leaf.map(lambda text: f"not {text}"), two.map(lambda text: f"not ({text})")
    )


@st.composite
def rules(draw: st.DrawFn, kind: str, name: str) -> Rule:
    grades = sorted(draw(st.sets(st.sampled_from(GRADES), min_size=1, max_size=3)), key=GRADES.index)
    step = STEP[kind]
    return rule(
        kind,
        {grade: draw(conditions(kind)) for grade in grades},
        name=name,
        only_if=draw(st.none() | conditions(kind)),
        sustain=draw(
            st.just(0)
            | st.fixed_dictionaries({g: st.sampled_from([0, step // 2, 2 * step, 3 * step]) for g in grades})
        ),
        margin=draw(st.sampled_from(["", "10 %", "33 %", *(["0.1 m"] if kind == "stage" else [])])),
        after=draw(st.sampled_from([0, step // 2, 3 * step, 8 * step])),
        missing=draw(st.sampled_from([1, 3])),
        max_age=draw(st.sampled_from([step, 4 * step, 100 * step])),
    )


@st.composite
def message(draw: st.DrawFn, kind: str, received: int, number: int) -> list[Row]:
    """One message: a reading, or a pack of up to three, in time, late, or a little ahead (an amount)."""
    name = draw(st.sampled_from("aaabc"))
    step = STEP[kind]
    rows: list[Row] = []
    stamps: set[int] = set()
    for _ in range(draw(st.sampled_from([1, 1, 1, 3]))):
        lag = draw(st.sampled_from([0, 0, 0, 0, 1, 2, 3, 7, 20])) * step
        jitter = draw(st.sampled_from([0, 0, 0, -SECOND, SECOND, 3 * SECOND]))
        stamp = received // step * step - lag + jitter
        if stamp in stamps:
            continue
        stamps.add(stamp)
        metrics = draw(st.sets(st.sampled_from(sorted(VALUES[kind])), min_size=1))
        for metric in sorted(metrics):
            value = Decimal(draw(st.sampled_from(VALUES[kind][metric])))
            period = draw(st.sampled_from([0, 0, 0, 0, HOUR, 5 * MINUTE])) if kind == "rain" else 0
            quality = draw(st.sampled_from([0] * 9 + [8]))
            rows.append(Row(name, metric, value, stamp, period, quality, number))
    return rows


@st.composite
def journals(draw: st.DrawFn, kind: str) -> list[tuple[int, list[list[Row]]]]:
    """Messages by the instant they are received."""
    received = START
    blocks: list[tuple[int, list[list[Row]]]] = []
    for _ in range(draw(st.integers(3, 16))):
        received += (
            draw(st.sampled_from([0, 1, 1, 1, 1, 2, 4, 9, 30]))
            * STEP[kind]
            // draw(st.sampled_from([1, 1, 1, 3]))
        )
        messages = draw(st.integers(1, 3))
        blocks.append((received, [draw(message(kind, received, k)) for k in range(messages)]))
    return blocks


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[Rule, ...], list[tuple[int, list[list[Row]]]]]:
    kind = draw(st.sampled_from(sorted(SENSORS)))
    found = tuple(draw(rules(kind, name)) for name in ["x", "y"][: draw(st.integers(1, 2))])
    return kind, found, draw(journals(kind))
