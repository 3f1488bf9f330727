"""Where a warning holds: what must be true of its polygons, circles and heights."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree as ET

import shapely

from notifiers.cap.defect import Defect, Limits
from notifiers.cap.structure import named, ours
from notifiers.cap.terms import NAMESPACE

_DEGREE = 111.195  # km, of a great circle on a sphere of 6,371 km
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})")
_CIRCLE = re.compile(rf"({_NUMBER}),({_NUMBER}) ({_NUMBER})")
_DECIMAL = re.compile(_NUMBER)
_INTEGER = re.compile(r"[+-]?[0-9]+")

Points = list[tuple[float, float]]


def child_text(parent: ET.Element, name: str) -> str | None:
    """The text of a child of CAP, None without one."""
    child = parent.find(f"{{{NAMESPACE}}}{name}")
    return None if child is None else child.text or ""


def bounded(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Whoever warns says where: in each language, by a polygon or a circle."""
    if child_text(alert, "msgType") not in ("Alert", "Update"):
        return
    for info in _all(alert, "info"):
        areas = list(_all(info, "area"))
        if not areas:
            yield Defect("info/area", "a warning without an area", "add the area with its polygon")
        for area in areas:
            if not any(named(part) in ("polygon", "circle") for part in area):
                described = child_text(area, "areaDesc")
                yield Defect(
                    "area", f"{described!r} has neither polygon nor circle", "add the zone's polygon"
                )


def pairs(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Polygons are written as pairs of numbers."""
    for polygon in _all(alert, "polygon"):
        if _points(polygon) is None:
            yield Defect(
                "polygon",
                f"{_short(polygon)!r} are not pairs of numbers",
                "write lat,lon pairs with one space between",
            )


def four(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Fewer enclose nothing."""
    for points in _rings(alert):
        if len(points) < 4:
            yield Defect("polygon", f"has {len(points)} pairs", "at least 4, the last one equal to the first")


def closed(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """The last pair is the first again."""
    for points in _rings(alert):
        if points[0] != points[-1]:
            yield Defect("polygon", "is not closed", "repeat its first pair at its end")


def simple(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """No outline crosses or touches itself, none is a line."""
    for points in filter(_drawn, _rings(alert)):
        shape = shapely.Polygon(points)
        if not shape.is_valid:
            yield Defect(
                "polygon", f"is not simple: {shapely.is_valid_reason(shape)}", "draw it without crossings"
            )


def on_globe(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Latitudes and longitudes that exist."""
    centres = [circle[0] for circle in _circles(alert)]
    for point in [*(p for points in _rings(alert) for p in points), *centres]:
        if not _on_globe(point):
            yield Defect("area", f"{point[0]:g},{point[1]:g} is off the globe", "CAP writes lat before lon")
            return


def modest(alert: ET.Element, limits: Limits) -> Iterator[Defect]:
    """No larger than the caller allows: a mistake warns nobody when it warns everybody."""
    sizes = [("polygon", square_kilometres(points)) for points in filter(_drawn, _rings(alert))]
    sizes += [("circle", math.pi * radius**2) for _, radius in _circles(alert)]
    for name, size in sizes:
        if size > limits.largest:
            yield Defect(
                name,
                f"covers {size:.0f} square kilometres, over the limit of {limits.largest:g}",
                "warn smaller zones, or raise the limit",
            )


def circles(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Circles are written as a pair and a radius."""
    for circle in _all(alert, "circle"):
        written = _CIRCLE.fullmatch(circle.text or "")
        if written is None or written[3].startswith("-"):
            yield Defect(
                "circle", f"{_short(circle)!r} is no circle", "write lat,lon, a space and the radius in km"
            )


def heights(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A ceiling stands over an altitude."""
    for area in _all(alert, "area"):
        ceiling, altitude = _number(child_text(area, "ceiling")), _number(child_text(area, "altitude"))
        if ceiling is None:
            continue
        if child_text(area, "altitude") is None:
            yield Defect("ceiling", "stands without an altitude", "add the altitude, in feet")
        elif altitude is not None and ceiling <= altitude:
            yield Defect("ceiling", f"{ceiling:g} is not over the altitude {altitude:g}", "exchange them")


def numbers(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Heights are decimals, sizes integers."""
    for element in ours(alert):
        form = {"altitude": _DECIMAL, "ceiling": _DECIMAL, "size": _INTEGER}.get(named(element))
        if form is not None and not form.fullmatch(element.text or ""):
            yield Defect(named(element), f"{element.text!r} is no number", "write digits alone")


def square_kilometres(points: Points) -> float:
    """What a closed ring of (lat, lon) encloses, as on a map that is true at its middle latitude."""
    flat = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))) / 2
    latitudes = [point[0] for point in points]
    middle = (min(latitudes) + max(latitudes)) / 2
    return flat * _DEGREE**2 * math.cos(math.radians(middle))


def _all(parent: ET.Element, name: str) -> Iterator[ET.Element]:
    return parent.iter(f"{{{NAMESPACE}}}{name}")


def _short(element: ET.Element) -> str:
    text = element.text or ""
    return text if len(text) <= 40 else f"{text[:39]}…"


def _points(polygon: ET.Element) -> Points | None:
    found = [_PAIR.fullmatch(pair) for pair in (polygon.text or "").split(" ")]
    points = [(float(pair[1]), float(pair[2])) for pair in found if pair is not None]
    return points if len(points) == len(found) else None


def _rings(alert: ET.Element) -> Iterator[Points]:
    for polygon in _all(alert, "polygon"):
        if (points := _points(polygon)) is not None:
            yield points


def _circles(alert: ET.Element) -> Iterator[tuple[tuple[float, float], float]]:
    for circle in _all(alert, "circle"):
        if (written := _CIRCLE.fullmatch(circle.text or "")) is not None:
            yield (float(written[1]), float(written[2])), float(written[3])


def _drawn(points: Points) -> bool:
    """Whether it has a shape to look at; that others have none is found by other rules."""
    return len(points) >= 4 and points[0] == points[-1] and all(map(_on_globe, points))


def _on_globe(point: tuple[float, float]) -> bool:
    return abs(point[0]) <= 90 and abs(point[1]) <= 180


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _DECIMAL.fullmatch(text) else None
