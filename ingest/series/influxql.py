"""Reading from InfluxDB by InfluxQL: 1.x, and 2.x through its compatible `/query`."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ingest.series.lines import tag_text
from ingest.series.server import Server
from ingest.series.store import Point, StoreUnavailable


class _Series(msgspec.Struct):
    """`values` are rows; the first column is the time."""

    values: list[list[float | None]]
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result]


ANSWER = msgspec.json.Decoder(_Answer)


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
            for observed, value, quality in series.values:
                if observed is not None and value is not None:
                    points[int(observed)] = Point(int(observed), value, int(quality or 0))
        return [points[observed] for observed in sorted(points)]

    def count(self) -> int:
        seen: dict[str, set[float | None]] = {}
        for series in self._select('SELECT "q" FROM /.*/ GROUP BY "sensor"'):
            seen.setdefault(series.tags["sensor"], set()).update(row[0] for row in series.values)
        return sum(map(len, seen.values()))

    def incarnation(self) -> str:
        return ""

    def _select(self, query: str) -> Iterator[_Series]:
        """The series of the answer, in chunks; InfluxDB tells of errors within an answer of status 200."""
        asked = {"db": self.server.bucket, "epoch": "ms", "chunked": "true", "q": query}
        for answer in self.server.records("/query", asked, ANSWER):
            for result in answer.results:
                if result.error:
                    raise StoreUnavailable(self.server.name, f"/query: {result.error}")
                yield from result.series


def _identifier(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _string(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
