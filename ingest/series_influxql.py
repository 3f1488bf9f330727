"""Reading from InfluxDB by InfluxQL: 1.x, and 2.x through its compatible `/query`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.series_lines import tag_text
from ingest.series_server import Server
from ingest.series_store import Point, StoreUnavailable


@dataclass(frozen=True, slots=True)
class InfluxQl:
    """Queries of one database; a 2.x server needs a DBRP mapping of that name to the bucket."""

    # InfluxDB writes its log to disk before it answers.
    trail = 0

    server: Server

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        columns = f"{_identifier(metric)}, {_identifier('q')}"
        where = f'"sensor" = {_string(tag_text(sensor))} AND time >= {start}ms AND time < {end}ms'
        points: dict[int, Point] = {}
        for series in self._select(f"SELECT {columns} FROM /.*/ WHERE {where}"):
            for observed, value, quality in series["values"]:
                if value is not None:
                    points[observed] = Point(observed, float(value), int(quality))
        return [points[observed] for observed in sorted(points)]

    def count(self) -> int:
        seen: dict[str, set[int]] = {}
        for series in self._select('SELECT "q" FROM /.*/ GROUP BY "sensor"'):
            seen.setdefault(series["tags"]["sensor"], set()).update(row[0] for row in series["values"])
        return sum(map(len, seen.values()))

    def incarnation(self) -> str:
        return ""

    def _select(self, query: str) -> Iterator[dict[str, Any]]:
        """The series of the answer, in chunks; InfluxDB tells of errors within an answer of status 200."""
        asked = {"db": self.server.bucket, "epoch": "ms", "chunked": "true", "q": query}
        for line in self.server.get("/query", asked):
            for result in msgspec.json.decode(line)["results"]:
                if "error" in result:
                    raise StoreUnavailable(self.server.name, f"/query: {result['error']}")
                yield from result.get("series", ())


def _identifier(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _string(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
