"""In which line of its file a sensor or a zone stands: asked only when there is something to say of it."""

import csv
import io
from collections.abc import Iterator

from ingest.document import parse_yaml
from ingest.document.composer import Place
from ingest.document.source_text import SourceText
from ingest.registry.geojson import read_features


def sensor_places(texts: dict[str, str]) -> dict[str, tuple[SourceText, Place]]:
    """Every sensor of sound files by id: its file, line and column."""
    found: dict[str, tuple[SourceText, Place]] = {}
    for name, text in texts.items():
        source = SourceText(name, text.removeprefix("\ufeff"))
        places = _of_csv(source) if name.endswith(".csv") else _of_yaml(source)
        found |= {sensor: (source, place) for sensor, place in places}
    return found


def zone_places(source: SourceText) -> dict[str, Place]:
    """Every zone of a sound file by id: its line and column."""
    places: dict[str, Place] = {}
    for feature in read_features(source):
        properties = feature.data.get("properties") if isinstance(feature.data, dict) else None
        if isinstance(properties, dict):
            places[str(properties.get("id"))] = feature.place
    return places


def _of_csv(source: SourceText) -> Iterator[tuple[str, Place]]:
    rows = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    column = [name.strip() for name in next(rows)].index("id")
    for row in rows:
        if row:
            yield row[column].strip(), (rows.line_num, 1)


def _of_yaml(source: SourceText) -> Iterator[tuple[str, Place]]:
    document, _ = parse_yaml(source.name, source.text)
    data = document.data if document is not None else None
    sensors = data.get("sensors") if isinstance(data, dict) else None
    for index, sensor in enumerate(sensors if isinstance(sensors, list) else ()):
        if document is not None and isinstance(sensor, dict):
            yield str(sensor.get("id")), document.place(("sensors", index, "id"))
