"""The store in a database that takes line protocol over InfluxDB's v2 API."""

from collections.abc import Sequence
from typing import Literal

from ingest.series.export import VictoriaMetricsExport
from ingest.series.influxql import InfluxQl
from ingest.series.lines import LineProtocol
from ingest.series.server import Server
from ingest.series.store import Block, Point

Flavour = Literal["influxdb", "victoriametrics"]


class InfluxStore:
    """InfluxDB or VictoriaMetrics; nothing is retried here, the writer decides.

    VictoriaMetrics drops what lies outside its `-retentionPeriod` and says nothing: make it long.
    """

    def __init__(self, flavour: Flavour, url: str, org: str, bucket: str, token: str) -> None:
        self._server = Server(url, org, bucket, token)
        self._reading: InfluxQl | VictoriaMetricsExport = (
            InfluxQl(self._server) if flavour == "influxdb" else VictoriaMetricsExport(self._server)
        )
        self._protocol: LineProtocol | None = None
        self.trail = self._reading.trail

    def write(self, blocks: Sequence[Block]) -> None:
        """One request for all blocks."""
        lines = b"".join([self._protocol_of(block).encode(block) for block in blocks])
        if lines:
            self._server.write(lines)

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        return self._reading.read(sensor, metric, start, end)

    def count(self) -> int:
        return self._reading.count()

    def incarnation(self) -> str:
        return self._reading.incarnation()

    def ping(self) -> bool:
        return self._server.ping()

    def close(self) -> None:
        self._server.close()

    def _protocol_of(self, block: Block) -> LineProtocol:
        known = self._protocol
        if known is None or known.kinds is not block.kinds or known.registry is not block.registry:
            known = self._protocol = LineProtocol(block.kinds, block.registry)
        return known
