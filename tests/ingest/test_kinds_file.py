from decimal import Decimal
from pathlib import Path

import pytest

from ingest.kinds import Form, Kinds, Reporting, ReportingMode
from ingest.kinds.kinds_file import read_kinds
from ingest.units import conversion

SHIPPED = Path(__file__).parents[2] / "configs" / "kinds.yaml"

RAIN = """\
kinds:
  rain:
    title: {zh: 雨量, en: Rain}
    reporting: periodic 5min
    heartbeat: 1h
    metrics:
      rain: {unit: 毫米, form: amount, resolution: 0.01, plausible: [0, 401]}
      rain_total: {unit: mm, form: counter, resolution: 0.01, plausible: [0, 99], rollover: 99, feeds: rain}
"""

CANONICAL = {
    "smoke": {"smoke": "dB/m", "temperature": "degC", "battery": "%"},
    "electrical": {
        "leakage": "mA",
        "cable_temperature": "degC",
        "current": "A",
        "voltage": "V",
        "power": "kW",
        "arcs": "1/s",
    },
    "rain": {"rain": "mm", "rain_total": "mm"},
    "stage": {"stage": "m", "flow": "m3/s"},
    "gas": {
        "combustible": "%LEL",
        "oxygen": "%",
        "co": "mg/m3",
        "h2s": "mg/m3",
        "nh3": "mg/m3",
        "cl2": "mg/m3",
    },
    "tank": {"level": "%", "pressure": "kPa", "temperature": "degC"},
    "workshop": {"headcount": "", "temperature": "degC", "humidity": "%"},
}


def kinds_of(text: str) -> Kinds:
    kinds, findings = read_kinds("kinds.yaml", text)
    assert findings == []
    assert kinds is not None
    return kinds


@pytest.fixture(scope="module")
def shipped() -> Kinds:
    return kinds_of(SHIPPED.read_text(encoding="utf-8"))


def test_a_kind_is_read_with_its_metrics() -> None:
    kinds = kinds_of(RAIN)
    rain = kinds["rain"]
    assert rain.title == {"zh": "雨量", "en": "Rain"}
    assert rain.reporting == Reporting(ReportingMode.PERIODIC, 300_000)
    assert rain.heartbeat == 3_600_000
    assert rain.metrics["rain"].unit == "mm"
    assert rain.metrics["rain"].resolution == Decimal("0.01")
    total = rain.metrics["rain_total"]
    assert (total.form, total.rollover, total.feeds) == (Form.COUNTER, Decimal(99), "rain")


def test_columns_number_the_metrics_of_all_kinds_in_the_order_of_the_file(shipped: Kinds) -> None:
    metrics = [(kind.name, metric) for kind in shipped.kinds.values() for metric in kind.metrics.values()]
    assert [metric.column for _, metric in metrics] == list(range(len(metrics)))
    assert shipped.columns == tuple(metric for _, metric in metrics)
    assert shipped.column_kind == tuple(kind for kind, _ in metrics)


def test_the_shipped_file_has_the_kinds_and_canonical_units_of_the_contract(shipped: Kinds) -> None:
    for kind, metrics in CANONICAL.items():
        assert {name: shipped[kind].metrics[name].unit for name in metrics} == metrics
    states = {"alarm", "test", "hushed", "removed", "fault", "manual_call"}
    assert all(shipped["smoke"].metrics[state].high == 1 for state in states)


def test_the_shipped_toxic_gases_accept_ppm(shipped: Kinds) -> None:
    toxic = [m for m in shipped["gas"].metrics.values() if m.unit == "mg/m3"]
    assert len(toxic) == 16
    for metric in toxic:
        assert conversion("ppm", metric.unit, metric.molar_mass).scale > 0
    assert shipped["gas"].metrics["h2s"].molar_mass == Decimal("34.08")


def test_the_shipped_rain_gauge_drops_what_exceeds_the_world_record_of_an_hour(shipped: Kinds) -> None:
    rain = shipped["rain"].metrics["rain"]
    assert (rain.low, rain.high, rain.resolution) == (0, 401, Decimal("0.01"))
    assert shipped["rain"].metrics["rain_total"].rollover == 100_000


def test_the_shipped_electrical_ranges_leave_out_the_read_failed_sentinel(shipped: Kinds) -> None:
    for metric in shipped["electrical"].metrics.values():
        assert not metric.low <= Decimal("6553.5") <= metric.high


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "suggestion"),
    [
        ("unit: 毫米", "unit: mmm", "E121", 7, "did you mean mm?"),
        ("unit: 毫米", "unit: mA, molar_mass: 34.08", "E121", 7, "did you mean mA?"),
        ("plausible: [0, 401]", "plausible: [401, 0]", "E122", 7, ""),
        ("plausible: [0, 401]", "plausible: [-1, 401]", "E122", 7, "start at 0"),
        ("plausible: [0, 401]", "plausible: [0, 99999999]", "E122", 7, "use a coarser resolution"),
        ("feeds: rain", "feeds: rian", "E123", 8, "did you mean rain?"),
        ("unit: mm, form: counter", "unit: cm, form: counter", "E123", 8, ""),
        ("form: counter", "form: instant", "E124", 8, "write form: counter"),
        ("  rain:\n    title", "  Rain Gauge:\n    title", "E125", 2, ""),
        ("rain_total:", "time:", "E126", 8, ""),
        ("periodic 5min", "periodic", "E152", 4, "write periodic 5min, on_change or event"),
        ("periodic 5min", "periodic 5m", "E150", 4, "did you mean 5min?"),
        ("periodic 5min", "on_chance", "E152", 4, "did you mean on_change?"),
        ("periodic 5min", "event 5min", "E152", 4, "write periodic 5min, on_change or event"),
        ("heartbeat: 1h", "heartbeat: 0s", "E112", 5, ""),
        (
            "heartbeat: 1h",
            "heartbeat: 3600",
            "E150",
            5,
            "write a number and a unit: 500ms, 90s, 5min, 3h, 1d",
        ),
        ("form: amount", "form: sum", "E112", 7, ""),
        ("resolution: 0.01, plausible: [0, 401]", "resolution: 0, plausible: [0, 401]", "E112", 7, ""),
        ("resolution: 0.01, plausible: [0, 401]", "resolution: 0.01", "E111", 7, ""),
        ("title: {zh: 雨量, en: Rain}", "title: {zh: 雨量}", "E111", 3, ""),
        ("heartbeat: 1h", "heart_beat: 1h\n    heartbeat: 1h", "E110", 5, "did you mean heartbeat?"),
    ],
)
def test_a_defect_is_found_where_it_stands(old: str, new: str, code: str, line: int, suggestion: str) -> None:
    assert old in RAIN
    kinds, findings = read_kinds("kinds.yaml", RAIN.replace(old, new, 1))
    assert kinds is None
    found = {(f.code, f.line): f.suggestion for f in findings}
    assert found.get((code, line)) == suggestion


def test_no_kinds_is_a_finding() -> None:
    kinds, findings = read_kinds("kinds.yaml", "kinds: {}")
    assert kinds is None
    assert [f.code for f in findings] == ["E120"]
