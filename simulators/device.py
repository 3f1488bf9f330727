"""The sensors to be simulated: `id,kind,zone,lon,lat,gateway,heartbeat,site`; id and kind are needed."""

import csv
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ingest.clock import DAY, HOUR, MINUTE, SECOND

KM_PER_DEGREE = 111.2
DEFAULT_INTERVAL = 5 * MINUTE
UNITS = {"d": DAY, "h": HOUR, "min": MINUTE, "s": SECOND, "ms": 1}
PARAMETER = re.compile(r"\s*(\w+)\s*=\s*([-+]?\d*\.?\d+)\s*(.*)")
TERM = re.compile(r"(\d+)\s*(d|h|min|ms|s)(?![a-z])\s*")


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor and where it stands: `x` and `y` are km east and north of the middle of all.

    `interval` (ms) lies between two reports. `site` has the parameters as written: `{"quota": (2.0, "")}`.
    `namespace` is the first level of its topic.
    """

    id: str
    kind: str
    zone: str
    gateway: str
    interval: int
    site: Mapping[str, tuple[float, str]]
    lon: float
    x: float
    y: float
    namespace: str = "tocsin"

    def parameter(self, name: str, unit: str, otherwise: float) -> float:
        """A site parameter, or `otherwise` where it is missing or has another unit."""
        number, written = self.site.get(name, (otherwise, unit))
        return number if written == unit else otherwise


def telemetry_topic(namespace: str, zone: str, kind: str, sensor: str) -> str:
    """Where a sensor reports."""
    return f"{namespace}/v1/{zone}/{kind}/{sensor}/telemetry"


def read_devices(
    path: Path, exclude: Collection[str] = frozenset(), namespace: str = "tocsin"
) -> list[Device]:
    """All devices but `exclude`, in the file's order; without a position they stand in the middle.

    ValueError names the line of a column or field that cannot be used, OSError a file that cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"id", "kind"} <= set(reader.fieldnames or ()):
            raise ValueError(f"{path}:1: the header needs the columns id and kind")
        lines = [_Fields(f"{path}:{reader.line_num}", row) for row in reader if row["id"] not in exclude]
    lon, lat = _middle(lines)
    return [_device(line, lon, lat, namespace) for line in lines]


def site_parameters(site: str, place: str) -> Iterator[tuple[str, tuple[float, str]]]:
    """By name (number, unit) of `name=value unit;...`; ValueError names the `place` where one is none."""
    for part in filter(str.strip, site.split(";")):
        match = PARAMETER.fullmatch(part.rstrip())
        if match is None:
            raise ValueError(f"{place}: '{part}' is no site parameter; write name=value unit;...")
        yield match[1], (float(match[2]), match[3])


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one line, and its place for messages."""

    place: str
    row: Mapping[str, str | None]

    def text(self, name: str) -> str:
        return (self.row.get(name) or "").strip()

    def number(self, name: str, otherwise: float) -> float:
        text = self.text(name)
        try:
            return float(text) if text else otherwise
        except ValueError:
            raise ValueError(f"{self.place}: {name} '{text}' is not a number; write degrees, 116.5") from None


def _middle(lines: Sequence[_Fields]) -> tuple[float, float]:
    placed = [line for line in lines if line.text("lon") and line.text("lat")]
    if not placed:
        return 0.0, 0.0
    return fmean(line.number("lon", 0) for line in placed), fmean(line.number("lat", 0) for line in placed)


def _device(fields: _Fields, middle_lon: float, middle_lat: float, namespace: str) -> Device:
    lon, lat = fields.number("lon", middle_lon), fields.number("lat", middle_lat)
    return Device(
        id=fields.text("id"),
        kind=fields.text("kind"),
        zone=fields.text("zone"),
        gateway=fields.text("gateway"),
        interval=_interval(fields),
        site=dict(site_parameters(fields.text("site"), fields.place)),
        lon=lon,
        x=(lon - middle_lon) * KM_PER_DEGREE * math.cos(math.radians(middle_lat)),
        y=(lat - middle_lat) * KM_PER_DEGREE,
        namespace=namespace,
    )


def _interval(fields: _Fields) -> int:
    text = fields.text("heartbeat")
    length = sum(int(number) * UNITS[unit] for number, unit in TERM.findall(text))
    if text and (TERM.sub("", text) or not length):
        raise ValueError(f"{fields.place}: heartbeat '{text}' is not a duration; write 90s, 5min or 24h")
    return length or DEFAULT_INTERVAL
