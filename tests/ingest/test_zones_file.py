import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ingest.registry.zones_file import read_zones

SHIPPED = Path(__file__).parents[2] / "configs" / "zones.geojson"
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]


def feature(id: str = "mill", rings: Any = None, **properties: Any) -> dict[str, Any]:  # noqa: A002
    about = {"id": id, "name": {"zh": "磨坊", "en": "Mill"}, "code": "361199", **properties}
    geometry = {"type": "Polygon", "coordinates": rings or [SQUARE]}
    return {"type": "Feature", "properties": about, "geometry": geometry}


def collection(*features: dict[str, Any]) -> str:
    """One feature a line, from line 2."""
    lines = ",\n".join(json.dumps(f) for f in features)
    return '{"type": "FeatureCollection", "features": [\n' + lines + "\n]}"


def found(text: str) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in read_zones("zones.geojson", text)[1]]


def test_a_zone_is_read() -> None:
    about = {"parent": "town", "horns": ["horn-1", "horn-2"], "evacuation": 20}
    zones, findings = read_zones("z", collection(feature("town"), feature("mill", **about)))
    assert findings == []
    mill = zones["mill"]
    assert (mill.name, mill.parent, mill.code) == ({"zh": "磨坊", "en": "Mill"}, "town", "361199")
    assert (mill.horns, mill.evacuation) == (("horn-1", "horn-2"), 20)
    assert mill.polygon == (((0, 0), (2, 0), (2, 2), (0, 2), (0, 0)),)
    assert zones["town"].parent is None


def test_holes_are_kept_and_heights_dropped() -> None:
    hole = [[0.5, 0.5, 9], [1, 0.5, 9], [1, 1, 9], [0.5, 0.5, 9]]
    zones, findings = read_zones("z", collection(feature(rings=[SQUARE, hole])))
    assert findings == []
    assert zones["mill"].polygon[1] == ((0.5, 0.5), (1, 0.5), (1, 1), (0.5, 0.5))


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (feature("mill"), "E142"),
        (feature("Mill Lane"), "E141"),
        (feature("a/b"), "E141"),
        (feature("b", parent="nowhere"), "E143"),
        (feature("b", parent="b"), "E143"),
        (feature("b", code="12"), "E145"),
        (feature("b", code="36119900100A"), "E145"),
        (feature("b", code=361199), "E112"),
        (feature("b", horns=["h", "h"]), "E146"),
        (feature("b", horns=["h+"]), "E146"),
        (feature("b", evacuation=0), "E112"),
        (feature("b", evacuaton=5), "E110"),
        (feature("b", name={"zh": "x"}), "E111"),
        (feature("b", rings=[[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]), "E144"),
        (feature("b", rings=[[[0, 0], [2, 0], [2, 2], [0, 2]]]), "E144"),
        (feature("b", rings=[[[0, 0], [1, 1], [2, 2], [0, 0]]]), "E144"),
        (feature("b", rings=[[[29, 116], [30, 116], [30, 117], [29, 116]]]), "E144"),
        (feature("b", rings=[SQUARE, [[5, 5], [6, 5], [6, 6], [5, 5]]]), "E144"),
        (feature("b", rings=[[[0], [1], [2], [0]]]), "E112"),
        ({**feature("b"), "geometry": {"type": "MultiPolygon", "coordinates": []}}, "E112"),
        ({**feature("b"), "geometry": None}, "E112"),
    ],
)
def test_a_defect_names_the_feature_and_its_line(second: dict[str, Any], code: str) -> None:
    _, findings = read_zones("z", collection(feature("mill"), second))
    assert (code, 3) in [(f.code, f.line) for f in findings]
    assert all(f.message.startswith(("feature 1", "zone b")) for f in findings)


def test_a_circle_of_parents_is_found_for_each_of_its_zones() -> None:
    zones = [
        feature("a", parent="c"),
        feature("b", parent="a"),
        feature("c", parent="b"),
        feature("d", parent="a"),
    ]
    assert found(collection(*zones)) == [("E143", 2), ("E143", 3), ("E143", 4)]


def test_swapped_coordinates_say_so() -> None:
    swapped = feature(rings=[[[29, 116], [30, 116], [30, 117], [29, 116]]])
    (finding,) = read_zones("z", collection(swapped))[1]
    assert finding.suggestion == "GeoJSON writes lon before lat"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"type": "FeatureCollection"}',
        '{"type": "Feature", "features": []}',
        '{"type": "FeatureCollection", "type": "FeatureCollection", "features": []}',
        '{"type": "FeatureCollection", "features": [] } x',
        '{"type": "FeatureCollection", "features": [{"a": 1, "a": 2}]}',
        '{"type": "FeatureCollection", "features": [{"a": NaN}]}',
        '{"type": "FeatureCollection", "features": [{"a": 1e400}]}',
        '{"type": "FeatureCollection", "features": [{"a": ' + "9" * 5000 + "}]}",
        '{"type": "FeatureCollection", "features": [' + "[" * 100_000,
        '{"type": "FeatureCollection", "features": [1 2]}',
        '{"type": "FeatureCollection", "features": {}}',
    ],
)
def test_what_is_no_feature_collection_is_one_finding(text: str) -> None:
    zones, findings = read_zones("z", text)
    assert zones == {}
    assert [f.code for f in findings] == ["E140"]


def test_the_place_of_a_syntax_error_is_exact() -> None:
    (finding,) = read_zones("z", '{"type": "FeatureCollection",\n "features": [\n  {"id": 1,}\n]}')[1]
    assert (finding.line, finding.column) == (3, 12)


@given(st.text(alphabet='{}[]",:01e typeaursFCl\\u\ud800', max_size=40))
def test_any_text_is_zones_or_findings(text: str) -> None:
    start = '{"type": "FeatureCollection", "features": ['
    assert read_zones("z", text)[1]
    zones, findings = read_zones("z", start + text + "]}")
    assert not zones
    assert findings or not text.strip()


def test_the_shipped_county_has_eight_leaf_zones_inside_one_district() -> None:
    zones, findings = read_zones("zones.geojson", SHIPPED.read_text(encoding="utf-8"))
    assert findings == []
    district = shapely.Polygon(zones["qingxi"].polygon[0])
    leaves = [zone for zone in zones.values() if zone.parent == "qingxi"]
    assert len(leaves) == 8
    assert all(district.contains(shapely.Polygon(zone.polygon[0])) for zone in leaves)
    assert len({horn for zone in leaves for horn in zone.horns}) == 16


Places: TypeAlias = list[list[Any]]


def outline(pick: random.Random) -> Places:
    """Of a small village somewhere."""
    lon, lat, side = pick.uniform(91, 130), pick.uniform(18, 50), pick.uniform(0.01, 0.1)
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def spoilt(ring: Places, pick: random.Random, value: object) -> list[list[Any]]:
    ring[pick.randrange(5)][pick.randrange(2)] = value
    return ring


# By what is wrong with them: the coordinates of a zone, from a good outline.
BAD: dict[str, Callable[[Places, random.Random], object]] = {
    "null": lambda r, pick: None,
    "no ring": lambda r, pick: [],
    "an empty ring": lambda r, pick: [[]],
    "a ring of one place": lambda r, pick: [r[:1] * pick.randrange(1, 9)],
    "a line": lambda r, pick: [[*r[:2], *r[:2][::-1], r[0]]],
    "open": lambda r, pick: [r[: pick.randrange(1, 5)]],
    "crossing itself": lambda r, pick: [[r[0], r[2], r[1], r[3], r[0]]],
    "not a number": lambda r, pick: [spoilt(r, pick, math.nan)],
    "without end": lambda r, pick: [spoilt(r, pick, pick.choice([math.inf, -math.inf]))],
    "no place": lambda r, pick: [spoilt(r, pick, None)],
    "words": lambda r, pick: [spoilt(r, pick, "116")],
    "off the globe": lambda r, pick: [spoilt(r, pick, pick.uniform(181, 1e9))],
    "lat before lon": lambda r, pick: [[[lat, lon] for lon, lat in r]],
    "a hole outside": lambda r, pick: [r, [[lon + 1, lat + 1] for lon, lat in r]],
}


def test_five_hundred_bad_outlines_and_no_zone_has_one() -> None:
    pick = random.Random(31)
    for kind in [*BAD] * (500 // len(BAD) + 1):
        geometry = {"type": "Polygon", "coordinates": BAD[kind](outline(pick), pick)}
        text = collection(feature("good"), feature("bad") | {"geometry": geometry})

        assert {line for _, line in found(text)} == {3}, kind


@pytest.mark.parametrize(
    "geometry", [None, {}, {"type": "Point", "coordinates": [116, 29]}, {"type": "Polygon"}]
)
def test_what_is_no_polygon_is_no_zone(geometry: object) -> None:
    assert {code for code, _ in found(collection(feature() | {"geometry": geometry}))} <= {"E111", "E112"}
    assert found(collection(feature() | {"geometry": geometry}))
