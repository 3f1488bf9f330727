"""The sensors of one file as they are read, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ingest.document.composer import Place
from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import Finding, words, words_of
from ingest.kinds import Kinds
from ingest.registry import Sensor
from ingest.registry.sensor_fields import FieldError, UnknownError

MOST_FINDINGS: Final = 1000
# Looking for a near name among thousands takes about 10 ms.
MOST_NEAREST: Final = 50
FIELDS: Final = ("id", "kind", "zone", "lon", "lat", "gateway", "heartbeat", "reporting", "site", "tags")


@dataclass(slots=True)
class SensorList:
    """Sensors and findings of one file; past MOST_FINDINGS they are only counted."""

    source: SourceText
    kinds: Kinds
    sensors: list[Sensor] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    nearest: dict[str, str] = field(default_factory=dict)
    unlisted: int = 0

    def add(self, fields: Sequence[Any]) -> None:
        """Keep a sensor; `fields` in the order of FIELDS. Raises FieldError for the sensor as a whole."""
        name, _, _, lon, lat, *_ = fields
        if (lon is None) != (lat is None):
            raise FieldError(
                "E136", words("lon and lat belong together"), words("give both, or leave both empty")
            )
        if name in self.ids:
            raise FieldError(
                "E133", words("sensor {name} stands in the file already", name=name), words("remove one")
            )
        self.add_all([[field] for field in fields])

    def add_all(self, columns: Sequence[Sequence[Any]]) -> None:
        """Keep many sensors, their fields by column in the order of FIELDS.

        Raises FieldError if one of them cannot be kept, and keeps none then; `add` says which, and why.
        """
        names, kinds, zones, lon, lat, gateways, heartbeats, reports, sites, tags = columns
        ids = set(names)
        if len(ids) < len(names) or not ids.isdisjoint(self.ids):
            raise FieldError("E133", words("a sensor stands in the file already"), words("remove one"))
        if [east is None for east in lon] != [north is None for north in lat]:
            raise FieldError(
                "E136", words("lon and lat belong together"), words("give both, or leave both empty")
            )
        self.ids |= ids
        beats = [given or self.kinds[kind].heartbeat for given, kind in zip(heartbeats, kinds, strict=True)]
        modes = [given or self.kinds[kind].reporting for given, kind in zip(reports, kinds, strict=True)]
        rows = zip(names, kinds, zones, lon, lat, gateways, beats, modes, sites, tags, strict=True)
        self.sensors += [
            Sensor(
                id=name, kind=kind, zone=zone, lon=east, lat=north, gateway=gateway, heartbeat=heartbeat,
                reporting=reporting, site=site, tags=marks,
            )
            for name, kind, zone, east, north, gateway, heartbeat, reporting, site, marks in rows
        ]  # fmt: skip

    def find(self, place: Place, error: FieldError) -> None:
        """List the error as a finding at `place`, or count it."""
        if len(self.findings) >= MOST_FINDINGS:
            self.unlisted += 1
            return
        suggestion = self._nearest(error) if isinstance(error, UnknownError) else error.suggestion
        self.findings.append(self.source.finding(place, error.code, words_of(error), suggestion))

    def _nearest(self, error: UnknownError) -> str:
        if error.word not in self.nearest and len(self.nearest) < MOST_NEAREST:
            self.nearest[error.word] = did_you_mean(error.word, error.known)
        return self.nearest.get(error.word, "")

    def finish(self) -> list[Finding]:
        """All findings, with the number of those that are not listed."""
        if self.unlisted:
            message = words("{count} more findings are not listed", count=self.unlisted)
            self.findings.append(self.source.finding((0, 0), "E139", message))
        return self.findings
