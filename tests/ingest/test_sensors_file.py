from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import shapely

from ingest.finding import Finding
from ingest.kinds import Kinds, Reporting, ReportingMode
from ingest.kinds.kinds_file import read_kinds
from ingest.registry import Registry, Sensor, Zone
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones

CONFIGS = Path(__file__).parents[2] / "configs"
HEADER = "id,kind,zone,lon,lat,gateway,heartbeat,site\n"


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    kinds, findings = read_kinds("kinds.yaml", (CONFIGS / "kinds.yaml").read_text(encoding="utf-8"))
    assert findings == []
    assert kinds is not None
    return kinds


@pytest.fixture(scope="module")
def zones() -> dict[str, Zone]:
    return read_zones("zones.geojson", (CONFIGS / "zones.geojson").read_text(encoding="utf-8"))[0]


def csv_sensor(row: str, kinds: Kinds, header: str = HEADER) -> Sensor:
    sensors, findings = read_sensors_csv("s.csv", header + row + "\n", kinds, None)
    assert findings == []
    (sensor,) = sensors
    return sensor


def places(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(f.code, f.line, f.column) for f in findings]


def test_a_row_becomes_a_sensor(kinds: Kinds) -> None:
    row = "s1,stage,riverside,116.5,29.9,gw-1,90s,warning_stage=2.27 m; guarantee_stage=290 厘米;quota=4"
    assert csv_sensor(row, kinds) == Sensor(
        id="s1",
        kind="stage",
        zone="riverside",
        gateway="gw-1",
        lon=116.5,
        lat=29.9,
        heartbeat=90_000,
        reporting=Reporting(ReportingMode.PERIODIC, 300_000),
        site={
            "warning_stage": (Decimal("2.27"), "m"),
            "guarantee_stage": (Decimal("290"), "cm"),
            "quota": (Decimal("4"), ""),
        },
    )


def test_all_but_id_and_kind_may_be_empty(kinds: Kinds) -> None:
    sensor = csv_sensor("s1,smoke,,,,,,", kinds)
    assert (sensor.zone, sensor.gateway, sensor.lon, sensor.lat) == ("", "", None, None)
    assert (sensor.heartbeat, sensor.reporting) == (kinds["smoke"].heartbeat, kinds["smoke"].reporting)
    assert (sensor.site, sensor.tags) == ({}, frozenset())


def test_columns_may_be_absent_in_another_order_or_the_optional_ones(kinds: Kinds) -> None:
    header = "\ufefftags, kind ,id,reporting\n"
    sensor = csv_sensor("kitchen;ground floor,smoke,s1,on_change", kinds, header)
    assert sensor.tags == {"kitchen", "ground", "floor"}
    assert sensor.reporting == Reporting(ReportingMode.ON_CHANGE)


def test_quoted_fields_windows_line_ends_and_blank_lines_are_read(kinds: Kinds) -> None:
    text = HEADER.replace("\n", "\r\n") + '\r\n"s1","smoke",,,,,,\r\n\r\n s2 ,smoke,,,,,,\r\n'
    sensors, findings = read_sensors_csv("s.csv", text, kinds, None)
    assert findings == []
    assert [s.id for s in sensors] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("row", "finding", "suggestion"),
    [
        ("a/b,smoke,,,,,,", ("E132", 3, 1), "use letters, digits, hyphens and points"),
        ("a b,smoke,,,,,,", ("E132", 3, 1), "use letters, digits, hyphens and points"),
        ("a+,smoke,,,,,,", ("E132", 3, 1), "use letters, digits, hyphens and points"),
        (",smoke,,,,,,", ("E132", 3, 1), "use letters, digits, hyphens and points"),
        ("a,smok,,,,,,", ("E134", 3, 3), "did you mean smoke?"),
        ("a,smoke,riversid,,,,,", ("E135", 3, 9), "did you mean riverside?"),
        ("a,smoke,,x,29.9,,,", ("E136", 3, 10), "write degrees, 116.5"),
        ("a,smoke,,nan,29.9,,,", ("E136", 3, 10), ""),
        ("a,smoke,,29.9,116.5,,,", ("E136", 3, 15), "lon comes before lat"),
        ("a,smoke,,116.5,,,,", ("E136", 3, 1), "give both, or leave both empty"),
        ("a,smoke,,,,g/1,,", ("E138", 3, 12), ""),
        ("a,smoke,,,,,30m,", ("E150", 3, 13), "did you mean 30min?"),
        ("a,smoke,,,,,300,", ("E150", 3, 13), "write a number and a unit: 500ms, 90s, 5min, 3h, 1d"),
        ("a,smoke,,,,,0s,", ("E150", 3, 13), ""),
        ("a,smoke,,,,,,quota", ("E137", 3, 14), "write name=value unit;..."),
        ("a,smoke,,,,,,quota=nan", ("E137", 3, 14), "write name=value unit;..."),
        ("a,smoke,,,,,,q=1;q=2", ("E137", 3, 14), "keep one of the two"),
        ("a,smoke,,,,,,q=1 mmm", ("E151", 3, 14), "did you mean mm?"),
        ("first,smoke,,,,,,", ("E133", 3, 1), "remove one"),
        ("a,smoke", ("E131", 3, 1), "put text that holds a comma in quotes"),
        ('a,smoke,,,,,,"x', ("E131", 3, 1), ""),
    ],
)
def test_a_defect_is_found_in_its_column_and_the_other_sensors_are_kept(
    row: str, finding: tuple[str, int, int], suggestion: str, kinds: Kinds, zones: dict[str, Zone]
) -> None:
    sensors, findings = read_sensors_csv("s.csv", f"{HEADER}first,smoke,,,,,,\n{row}\n", kinds, zones)
    assert places(findings) == [finding]
    assert findings[0].suggestion == suggestion
    assert [s.id for s in sensors] == ["first"]


def test_all_defects_of_a_row_come_at_once(kinds: Kinds, zones: dict[str, Zone]) -> None:
    _, findings = read_sensors_csv("s.csv", HEADER + "a/b,smok,x,200,91,g w,30m,a=b\n", kinds, zones)
    assert [f.code for f in findings] == ["E132", "E134", "E135", "E136", "E136", "E138", "E150", "E137"]


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ("", ("E130", 1, 1)),
        ("id,zone", ("E130", 1, 1)),
        ("id,kind,zonne", ("E130", 1, 9)),
        ("id,kind,id", ("E130", 1, 9)),
        ("id;kind;zone", ("E130", 1, 1)),
    ],
)
def test_a_wrong_header_is_found(header: str, finding: tuple[str, int, int], kinds: Kinds) -> None:
    sensors, findings = read_sensors_csv("s.csv", header + "\na,smoke,x", kinds, None)
    assert sensors == []
    assert finding in places(findings)


def test_past_a_thousand_findings_are_only_counted(kinds: Kinds, zones: dict[str, Zone]) -> None:
    rows = "".join(f"s{i},smoke,zone-{i},,,,,\n" for i in range(1500))
    sensors, findings = read_sensors_csv("s.csv", HEADER + rows, kinds, zones)
    assert sensors == []
    assert Counter(f.code for f in findings) == {"E135": 1000, "E139": 1}
    assert findings[-1].message == "500 more findings are not listed"


def test_yaml_and_csv_say_the_same(kinds: Kinds) -> None:
    text = (
        "sensors:\n"
        "  - {id: s1, kind: stage, zone: z, lon: 116.5, lat: 30, gateway: g, heartbeat: 90s,\n"
        "     reporting: event, tags: [a, b], site: {warning_stage: 2.27 m, quota: 4, x: 0.10}}\n"
    )
    sensors, findings = read_sensors_yaml("s.yaml", text, kinds, None)
    header = "id,kind,zone,lon,lat,gateway,heartbeat,reporting,tags,site\n"
    row = "s1,stage,z,116.5,30,g,90s,event,a b,warning_stage=2.27 m;quota=4;x=0.1"
    assert findings == []
    assert sensors == [csv_sensor(row, kinds, header)]


def test_yaml_defects_have_places(kinds: Kinds, zones: dict[str, Zone]) -> None:
    text = (
        "sensors:\n"
        "  - id: a/b\n"
        "    kind: smok\n"
        "    lon: 300.5\n"
        "    lat: 1\n"
        "    site:\n"
        "      warning_stage: 2 mmm\n"
        "  - {id: c, kind: smoke}\n"
        "  - {id: c, kind: smoke}\n"
    )
    sensors, findings = read_sensors_yaml("s.yaml", text, kinds, zones)
    assert [s.id for s in sensors] == ["c"]
    assert places(findings) == [
        ("E132", 2, 9),
        ("E134", 3, 11),
        ("E136", 4, 10),
        ("E151", 7, 22),
        ("E133", 9, 10),
    ]


def test_yaml_of_another_shape_is_found(kinds: Kinds) -> None:
    sensors, findings = read_sensors_yaml("s.yaml", "sensors:\n  - {id: 5, kind: smoke, zon: z}", kinds, None)
    assert sensors == []
    assert places(sorted(findings)) == [("E112", 2, 10), ("E110", 2, 26)]


def test_the_shipped_county_has_its_sensors_inside_their_zones(kinds: Kinds, zones: dict[str, Zone]) -> None:
    text = (CONFIGS / "sensors.csv").read_text(encoding="utf-8")
    sensors, findings = read_sensors_csv("sensors.csv", text, kinds, zones)
    assert findings == []
    counts = {"smoke": 190, "electrical": 60, "gas": 24, "rain": 16, "stage": 8, "tank": 4, "workshop": 4}
    assert Counter(s.kind for s in sensors) == counts
    for s in sensors:
        assert s.lon is not None
        assert s.lat is not None
        assert shapely.Polygon(zones[s.zone].polygon[0]).contains(shapely.Point(s.lon, s.lat))


def test_the_shipped_river_stations_have_rising_levels(kinds: Kinds, zones: dict[str, Zone]) -> None:
    text = (CONFIGS / "sensors.csv").read_text(encoding="utf-8")
    registry = Registry.of(read_sensors_csv("sensors.csv", text, kinds, zones)[0], zones)
    levels = ("warning_stage", "guarantee_stage", "record_stage")
    for slot in registry.ranges["stage"]:
        warning, guarantee, record = (registry.sensors[slot].site[level] for level in levels)
        assert warning < guarantee < record
    dead_run = registry.sensors[registry.slots["stage-dead-run"]]
    assert dead_run.zone == "riverside"
    assert [dead_run.site[level] for level in levels] == [(Decimal(v), "m") for v in ("1.00", "1.50", "1.80")]


def city(*rows: tuple[int, str]) -> str:
    """1,200 sensors, those of some lines written otherwise."""
    lines = {line: f"s-{line},smoke,,,,gw,,\n" for line in range(2, 1202)}
    return HEADER + "".join((lines | dict(rows)).values())


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("s 700,smoke,,,,gw,,\n", ("E132", 700, 1)),
        ("s-700,smog,,,,gw,,\n", ("E134", 700, 7)),
        ("s-700,smoke\n", ("E131", 700, 1)),
        ("s-700,smoke,,116,,gw,,\n", ("E136", 700, 1)),
        ("s-3,smoke,,,,gw,,\n", ("E133", 700, 1)),
    ],
)
def test_one_defect_among_many_sensors_has_its_place_and_costs_no_other(
    kinds: Kinds, row: str, finding: tuple[str, int, int]
) -> None:
    sensors, findings = read_sensors_csv("s.csv", city((700, row)), kinds, None)
    assert places(findings) == [finding]
    assert [sensor.id for sensor in sensors] == [f"s-{line}" for line in range(2, 1202) if line != 700]


def test_what_comes_before_a_broken_line_is_told_too(kinds: Kinds) -> None:
    text = city((700, "s-700,smog,,,,gw,,\n"), (800, 's-800,"smo"ke,,,,gw,,\n'))
    sensors, findings = read_sensors_csv("s.csv", text, kinds, None)
    assert places(findings) == [("E134", 700, 7), ("E131", 800, 1)]
    assert len(sensors) == 797


def test_the_registry_knows_the_longest_interval_of_each_kind(kinds: Kinds) -> None:
    rows = ["a,smoke,,,,,1h,periodic 10s", "b,smoke,,,,,1h,periodic 90s", "c,smoke,,,,,2min,event"]
    text = "id,kind,zone,lon,lat,gateway,heartbeat,reporting\n" + "\n".join(rows) + "\n"
    sensors, findings = read_sensors_csv("s.csv", text, kinds, None)
    assert findings == []
    assert Registry.of(sensors, {}).patience == {"smoke": 120_000}


def test_a_quote_that_is_never_closed_is_found_though_no_sensor_is_left(kinds: Kinds) -> None:
    sensors, findings = read_sensors_csv("s.csv", HEADER + '"a,smoke,,,,,,\n', kinds, None)

    assert (sensors, [finding.code for finding in findings]) == ([], ["E131"])
