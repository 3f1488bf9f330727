"""`zones.geojson`: the zones as a GeoJSON feature collection, lon before lat, WGS 84."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import shapely
from pydantic import Field

from ingest.document import Document, Strict, validate
from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import Finding, words, words_of
from ingest.kinds.kinds_file import Title
from ingest.registry import Zone
from ingest.registry.geojson import Feature, GeoJsonError, place_of, read_features

ZONE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DIVISION = re.compile(r"[0-9]{6,12}")

# What shapely says of it.
_NOT_SIMPLE = {
    "Self-intersection": words("it crosses itself"),
    "Ring Self-intersection": words("a ring touches itself"),
    "Hole lies outside shell": words("a hole lies outside"),
    "Too few points in geometry component": words("a ring has too few positions"),
}

Position = Annotated[list[float], Field(min_length=2, max_length=3)]
Ring = tuple[tuple[float, float], ...]


class ZoneProperties(Strict):
    """What a zone's feature says of it; `evacuation` in minutes."""

    id: str
    name: Title
    parent: str | None = None
    code: str
    horns: tuple[str, ...] = ()
    evacuation: int | None = Field(default=None, gt=0)


class Polygon(Strict):
    """One outer ring, then holes."""

    type: Literal["Polygon"]
    coordinates: list[list[Position]] = Field(min_length=1)


class ZoneFeature(Strict):
    """One feature as written."""

    type: Literal["Feature"]
    id: str | int | None = None
    bbox: list[float] | None = None
    properties: ZoneProperties
    geometry: Polygon


def read_zones(name: str, text: str) -> tuple[dict[str, Zone], list[Finding]]:
    """The zones by id in the order of the file, and all findings (E110 to E112, E140 to E146)."""
    source = SourceText(name, text)
    reader = _ZoneReader(source)
    try:
        for index, feature in enumerate(read_features(source)):
            reader.take(index, feature)
    except GeoJsonError as error:
        place = place_of(source, error.offset)
        return {}, [source.finding(place, "E140", words_of(error), error.suggestion)]
    except RecursionError:
        return {}, [source.finding((0, 0), "E140", words("nested too deeply"))]
    reader.findings += _parents(source, reader.zones)
    return {zone.id: zone for zone, _ in reader.zones}, reader.findings


class _ZoneReader:
    def __init__(self, source: SourceText) -> None:
        self.findings: list[Finding] = []
        self.zones: list[tuple[Zone, Feature]] = []
        self._source = source
        self._ids: set[str] = set()

    def take(self, index: int, feature: Feature) -> None:
        shape, findings = validate(_document(self._source, feature), ZoneFeature)
        if shape is None:
            self.findings += [
                replace(f, message=words("feature {index}: {problem}", index=index, problem=f.message))
                for f in findings
            ]
            return
        zone = _zone(shape)
        defects = list(_defects(zone))
        if zone.id in self._ids:
            defects.append(_Defect("E142", words("there is a zone of this id already")))
        self._ids.add(zone.id)
        self.zones.append((zone, feature))
        for defect in defects:
            message = words(
                "feature {index} ({id}): {problem}", index=index, id=zone.id, problem=defect.message
            )
            self.findings.append(self._source.finding(feature.place, defect.code, message, defect.suggestion))


@dataclass(frozen=True, slots=True)
class _Defect:
    code: str
    message: str
    suggestion: str = ""


def _document(source: SourceText, feature: Feature) -> Document:
    """The feature for `validate`: all its parts stand where it begins."""
    values: dict[tuple[str | int, ...], tuple[int, int]] = {(): feature.place}
    if isinstance(feature.data, dict):
        for key, value in feature.data.items():
            values[(key,)] = feature.place
            if isinstance(value, dict):
                values.update({(key, inner): feature.place for inner in value})
    return Document(source, feature.data, {}, values, frozenset())


def _zone(shape: ZoneFeature) -> Zone:
    about = shape.properties
    return Zone(
        id=about.id,
        name=about.name.model_dump(),
        parent=about.parent,
        code=about.code,
        polygon=tuple(tuple((p[0], p[1]) for p in ring) for ring in shape.geometry.coordinates),
        horns=about.horns,
        evacuation=about.evacuation,
    )


def _defects(zone: Zone) -> Iterator[_Defect]:
    if not ZONE_ID.fullmatch(zone.id):
        yield _Defect("E141", words("the id must be lower-case letters, digits and single hyphens"))
    if not DIVISION.fullmatch(zone.code):
        yield _Defect(
            "E145",
            words("code {code!r} is not 6 to 12 digits", code=zone.code),
            words("see GB/T 2260 and GB/T 10114"),
        )
    for horn in dict.fromkeys(zone.horns):
        if not ZONE_ID.fullmatch(horn) or zone.horns.count(horn) > 1:
            yield _Defect("E146", words("horn {horn!r} is listed twice or unfit for a topic", horn=horn))
    yield from _polygon(zone.polygon)


def _polygon(polygon: tuple[Ring, ...]) -> Iterator[_Defect]:
    positions = [position for ring in polygon for position in ring]
    if not all(map(math.isfinite, (n for position in positions for n in position))):
        yield _Defect("E144", words("a coordinate is not finite"))
    elif not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in positions):
        yield _Defect("E144", words("a coordinate is off the globe"), words("GeoJSON writes lon before lat"))
    elif not all(len(ring) >= 4 and ring[0] == ring[-1] for ring in polygon):
        yield _Defect("E144", words("a ring is not closed"), words("repeat its first position at its end"))
    else:
        shape = shapely.Polygon(polygon[0], polygon[1:])
        if not shape.is_valid:
            yield _Defect("E144", words("the polygon is not simple: {reason}", reason=_reason(shape)))


def _reason(shape: shapely.Polygon) -> str:
    """Why a polygon is not simple, and near which position."""
    said, _, position = shapely.is_valid_reason(shape).partition("[")
    reason = _NOT_SIMPLE.get(said, words("its rings do not fit together"))
    return (
        words("{reason} near {position}", reason=reason, position=position.rstrip("]"))
        if position
        else reason
    )


def _parents(source: SourceText, zones: list[tuple[Zone, Feature]]) -> Iterator[Finding]:
    parents = {zone.id: zone.parent for zone, _ in zones}
    for zone, feature in zones:
        if zone.parent is None:
            continue
        if zone.parent not in parents:
            message, suggestion = (
                words("parent {parent} does not exist", parent=zone.parent),
                did_you_mean(zone.parent, parents),
            )
            yield source.finding(
                feature.place, "E143", words("zone {id}: {problem}", id=zone.id, problem=message), suggestion
            )
        elif _circular(zone.id, parents):
            message = words("zone {id}: its parents form a circle", id=zone.id)
            yield source.finding(feature.place, "E143", message, words("the topmost zone has no parent"))


def _circular(zone: str, parents: dict[str, str | None]) -> bool:
    """Whether `zone` is its own ancestor."""
    seen = set()
    above = parents[zone]
    while above is not None and above not in seen:
        if above == zone:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
