"""Reading from VictoriaMetrics by its export API.

A field becomes a series named `<kind>_<field>`. What was written can be read after about a second. Where one
instant was told twice with different values, VictoriaMetrics keeps one of them, not always the last.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ingest.clock import MINUTE
from ingest.series.lines import tag_text
from ingest.series.server import Server
from ingest.series.store import Point, StoreUnavailable

STARTED = b"process_start_time_seconds "


class _Series(msgspec.Struct):
    """One line of an export."""

    metric: dict[str, str]
    values: list[float]
    timestamps: list[int]


LINE = msgspec.json.Decoder(_Series)


@dataclass(frozen=True, slots=True)
class VictoriaMetricsExport:
    """Run it with `-dedup.minScrapeInterval=1ms`, or points that are written twice are stored twice."""

    # It acknowledges before it writes to disk, and a kill loses the seconds between.
    trail = MINUTE

    server: Server

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        match = f"{{sensor={_quoted(tag_text(sensor))},__name__=~{_quoted(f'.+_({re.escape(metric)}|q)')}}}"
        # Beyond the range at both ends, for these are seconds in floating point on the other side.
        asked = {"start": f"{max(start - 1, 0) / 1000:.3f}", "end": f"{max(end, 0) / 1000:.3f}"}
        found = list(self._export(match, asked))
        quality = {
            (series.metric["__name__"].removesuffix("q"), at): int(q)
            for series in found
            if series.metric["__name__"].endswith("_q")
            for at, q in zip(series.timestamps, series.values, strict=True)
        }
        points: dict[int, Point] = {}
        for series in found:
            kind = series.metric["__name__"].removesuffix(metric)
            for at, value in zip(series.timestamps, series.values, strict=True):
                # `cable_temperature` ends like `temperature`; only what stands before a metric has a `q`.
                if start <= at < end and (kind, at) in quality:
                    points[at] = Point(at, value, quality[kind, at])
        return [points[at] for at in sorted(points)]

    def count(self) -> int:
        seen: dict[str, set[int]] = {}
        for series in self._export('{sensor!="",__name__=~".+_q"}', {}):
            seen.setdefault(series.metric["sensor"], set()).update(series.timestamps)
        return sum(map(len, seen.values()))

    def incarnation(self) -> str:
        """The second it was started."""
        for line in self.server.get("/metrics", {}):
            if line.startswith(STARTED):
                return line[len(STARTED) :].decode().strip()
        raise StoreUnavailable(self.server.name, "/metrics does not say when it was started")

    def _export(self, match: str, asked: dict[str, str]) -> Iterator[_Series]:
        return self.server.records("/api/v1/export", {"match[]": match} | asked, LINE)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
