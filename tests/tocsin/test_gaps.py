"""What the files leave open between them, as the check words it and where; the examples of E007 to E013 are
tested with the explanations."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.finding import Finding
from ingest.registry.gcj02 import to_gcj02
from tests.tocsin.village import bundle, write
from tocsin.checks import check

NOW = 1_798_000_000_000
Village = Callable[..., list[Finding]]

YAML = """\
sensors:
  - {id: river-9, kind: stage, zone: village, site: {warning_stage: 2 m}}
  - {id: river-8, kind: stage, zone: village, lon: 10, lat: 10, site: {warning_stage: 2 m}}
"""
TWO_ZONES = """\
{"type": "FeatureCollection", "features": [
{"type": "Feature",
 "properties": {"id": "village", "name": {"zh": "村", "en": "Village"}, "code": "110101001001"},
 "geometry": {"type": "Polygon", "coordinates": [[[116, 30], [117, 30], [117, 31], [116, 30]]]}},
{"type": "Feature",
 "properties": {"id": "farm", "name": {"zh": "庄", "en": "Farm"}, "code": "110101001002"},
 "geometry": {"type": "Polygon", "coordinates": [[[118, 30], [119, 30], [119, 31], [118, 30]]]}}
]}
"""


@pytest.fixture
def found(tmp_path: Path) -> Village:
    """The warnings of one code in the village, with other texts for some of its files."""

    def of(code: str, **texts: str) -> list[Finding]:
        settings = write(tmp_path, bundle())
        for name, text in texts.items():
            (tmp_path / name.replace("__", "/").replace("_", ".")).write_text(text, "utf-8")
        checked = check(settings, NOW)
        assert checked.errors == ()
        return [finding for finding in checked.warnings if finding.code == code]

    return of


def text(name: str, *changes: tuple[str, str]) -> str:
    whole = bundle().texts[name]
    for old, new in changes:
        assert old in whole
        whole = whole.replace(old, new, 1)
    return whole


def test_sensors_that_lack_the_same_are_told_together(found: Village) -> None:
    without = text("sensors.csv", ("warning_stage=2 m", ""), ("warning_stage=2.5 m", ""))

    [finding] = found("E007", sensors_csv=without)

    assert finding.message.startswith("rule river, sensors river-1, river-2: ")
    assert finding.excerpt == "  - id: river"


def test_a_zone_without_sensors_is_found_where_it_stands(found: Village) -> None:
    [finding] = found("E008", zones_geojson=TWO_ZONES)

    assert (finding.file, finding.line, finding.message) == ("zones.geojson", 5, "no sensor is in zone farm")
    assert finding.excerpt == '{"type": "Feature",'


def test_a_part_of_a_place_that_has_sensors_itself_is_not_without(found: Village) -> None:
    """Its warnings are those of the village around it."""
    assert found("E008", zones_geojson=TWO_ZONES.replace('001002"', '001002", "parent": "village"')) == []


SENSORS = text("sensors.csv", ("rain-2,rain,village", "rain-2,rain,farm"))
TO_VILLAGE = '  - {hazard: "*", grades: [red], zones: [village], to: [ana], channels: [sms]}\n'


def test_a_zone_that_is_left_out_where_another_is_named_is_found(found: Village) -> None:
    [finding] = found(
        "E009",
        zones_geojson=TWO_ZONES,
        sensors_csv=SENSORS,
        routes_yaml=text("routes.yaml") + TO_VILLAGE,
    )

    assert finding.message == "nobody hears of farm but those who hear of everywhere"


def test_where_no_zone_is_named_none_is_left_out(found: Village) -> None:
    assert found("E009", zones_geojson=TWO_ZONES, sensors_csv=SENSORS) == []


def test_a_rule_whose_kind_has_no_sensor_is_found_once_with_its_metric(found: Village) -> None:
    """Not again for the warning over its silence."""
    without = "".join(
        line for line in text("sensors.csv").splitlines(keepends=True) if not line.startswith("rain-")
    )
    rules = text(
        "rules/all.yaml",
        ("3 reports}\n    advice: {zh: 勿动", "3 reports, raise: blue}\n    advice: {zh: 勿动"),
    )

    [finding] = found("E010", sensors_csv=without, rules__all_yaml=rules)

    assert finding.message == "rule rain: no sensor that it is for reports rain: none of kind rain is there"
    assert finding.excerpt == "  - id: rain"


def test_a_group_that_looks_at_sensors_of_a_kind_needs_some(found: Village) -> None:
    rules = text(
        "rules/all.yaml",
        ("for_each: rain sensor", "for_each: zone"),
        ("yellow: sum(rain, 30min) >= 20 mm", "yellow: sensors(sum(rain, 30min) >= 20 mm) >= 1"),
        ("red: sum(rain, 15min) >= 30 mm", "red: sensors(sum(rain, 15min) >= 30 mm) >= 1"),
    )
    without = text("sensors.csv", ("rain-1,rain", "river-4,stage"), ("rain-2,rain", "river-5,stage"))

    assert [finding.line for finding in found("E010", sensors_csv=without, rules__all_yaml=rules)] == [15]
    assert found("E010", sensors_csv=text("sensors.csv"), rules__all_yaml=rules) == []


def test_sensors_outside_every_zone_are_told_together_at_the_first(found: Village) -> None:
    elsewhere = text(
        "sensors.csv",
        ("river-2,stage,village,,", "river-2,stage,village,10.5,10"),
        ("river-3,stage,village,,", "river-3,stage,village,10.5,11"),
    )

    [finding] = found("E011", sensors_csv=elsewhere)

    assert finding.message == "zone village: 2 sensors (river-2, river-3) stand outside every zone"
    assert (finding.file, finding.line, finding.excerpt[:7]) == ("sensors.csv", 3, "river-2")


def test_sensors_of_a_yaml_file_are_told_at_their_line(found: Village) -> None:
    settings = text("tocsin.yaml", ("[sensors.csv]", "[sensors.csv, more.yaml]"))

    [finding] = found("E011", tocsin_yaml=settings, more_yaml=YAML)

    assert (finding.file, finding.line, finding.column) == ("more.yaml", 3, 10)
    assert "river-8 stands outside every zone" in finding.message


def test_shifted_coordinates_are_suspected(found: Village) -> None:
    lon, lat = to_gcj02(116.999, 30.5)
    shifted = text("sensors.csv", ("river-2,stage,village,,", f"river-2,stage,village,{lon},{lat}"))

    [finding] = found("E012", sensors_csv=shifted)

    assert finding.message == (
        "zone village: river-2 stands outside it, and inside if the coordinates are GCJ-02"
    )
    assert "convert them to WGS 84" in finding.suggestion
