"""Sensors from CSV (a city) or YAML (a handful)."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Annotated, Any, Final, Protocol

from pydantic import BeforeValidator, Field

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.composer import Path
from ingest.document.parser_faults import csv_fault
from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import Finding, words
from ingest.kinds import Kinds
from ingest.registry import Sensor, Zone
from ingest.registry.sensor_fields import FieldError, Parser, field_parsers
from ingest.registry.sensor_list import FIELDS, SensorList

REQUIRED: Final = ("id", "kind")
# Few enough that the garbage collector does not look through them again and again.
BATCH: Final = 512


class Rows(Protocol):
    """What `csv.reader` returns: rows, and the number of the last line read."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _text_or_number(value: object) -> object:
    """One finding where a union of types would give one for each."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(words("must be text or a number"))
    return value


_SiteValue = Annotated[str | int | float, BeforeValidator(_text_or_number)]


class SensorEntry(Strict):
    """One sensor of a YAML file; all but id and kind may be left out, as in CSV."""

    id: str
    kind: str
    zone: str = ""
    lon: float | None = None
    lat: float | None = None
    gateway: str = ""
    heartbeat: str = ""
    reporting: str = ""
    site: dict[str, _SiteValue] = Field(default_factory=dict)
    tags: tuple[str, ...] = ()


class SensorsFile(Strict):
    """A YAML file of sensors."""

    sensors: tuple[SensorEntry, ...]


def read_sensors_csv(
    name: str, text: str, kinds: Kinds, zones: Mapping[str, Zone] | None
) -> tuple[list[Sensor], list[Finding]]:
    """The sensors of a CSV file, and the findings (E130 to E139, E150 to E152), at most 1000 and a count.

    Columns `id,kind,zone,lon,lat,gateway,heartbeat,site` and, if wanted, `reporting,tags`, in any order;
    all but id and kind may be empty or absent. `site` is `name=value unit;...`. With `zones` None every
    zone is taken. Slots are those of the file's order; `Registry.of` numbers the sensors.
    """
    source = SourceText(name, text.removeprefix("\ufeff"))
    collector = SensorList(source, kinds)
    rows = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        findings = list(_header(source, header))
        if findings:
            return [], findings
        _take_rows(collector, rows, header, field_parsers(kinds, zones))
    except csv.Error as error:
        collector.find((rows.line_num, 1), FieldError("E131", csv_fault(str(error))))
    return collector.sensors, collector.finish()


def read_sensors_yaml(
    name: str, text: str, kinds: Kinds, zones: Mapping[str, Zone] | None
) -> tuple[list[Sensor], list[Finding]]:
    """The sensors of a YAML file: `sensors`, a list whose entries have the columns of the CSV as keys.

    There `site` is a mapping, `warning_stage: 2.27 m`, and `tags` a list. Findings as for CSV, and E101
    to E112.
    """
    document, findings = parse_yaml(name, text)
    if document is None:
        return [], findings
    shape, more = validate(document, SensorsFile)
    findings += more
    if shape is None:
        return [], findings
    collector = SensorList(document.source, kinds)
    parsers = field_parsers(kinds, zones)
    for index, entry in enumerate(shape.sensors):
        _take_entry(collector, document, ("sensors", index), entry, parsers)
    return collector.sensors, findings + collector.finish()


def _header(source: SourceText, header: list[str]) -> Iterator[Finding]:
    for index, column in enumerate(header):
        place = (1, _column(header, index))
        if column not in FIELDS:
            yield source.finding(
                place, "E130", words("unknown column {column!r}", column=column), did_you_mean(column, FIELDS)
            )
        elif column in header[:index]:
            yield source.finding(place, "E130", words("column {column} appears twice", column=column))
    for column in REQUIRED:
        if column not in header:
            advice = words("the first line names the columns, separated by commas")
            yield source.finding((1, 1), "E130", words("column {column} is missing", column=column), advice)


def _take_rows(collector: SensorList, rows: Rows, header: list[str], parsers: dict[str, Parser]) -> None:
    columns = [parsers[column] for column in header]
    absent = [column for column in FIELDS if column not in header]
    padding = [parsers[column]("") for column in absent]
    in_order = itemgetter(*map([*header, *absent].index, FIELDS))
    for batch in _batches(rows):
        try:
            read = _read([row for _, row in batch], columns)
            collector.add_all(in_order([*read, *([empty] * len(batch) for empty in padding)]))
        except ValueError:
            # A defect somewhere: row by row it is found, with its place.
            for line, row in batch:
                _take_row(collector, (line, row), columns, lambda values: in_order([*values, *padding]))


def _take_row(
    collector: SensorList,
    numbered: tuple[int, list[str]],
    columns: list[Parser],
    whole: Callable[[list[Any]], Any],
) -> None:
    line, row = numbered
    if len(row) != len(columns):
        _wrong_width(collector, line, row, len(columns))
        return
    try:
        collector.add(whole([parse(text.strip()) for parse, text in zip(columns, row, strict=True)]))
    except FieldError as error:
        _find_all(collector, line, row, columns, error)


def _batches(rows: Rows) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows with the number of their line; those before one that is not well-formed come before its error."""
    batch: list[tuple[int, list[str]]] = []
    try:
        for row in rows:
            batch.append((rows.line_num, row))
            if len(batch) == BATCH:
                yield batch
                batch = []
    except csv.Error:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _read(rows: list[list[str]], columns: list[Parser]) -> Iterator[list[Any]]:
    """The fields of the rows by column, each distinct text read once. ValueError if any row has a defect."""
    texts = zip(*rows, strict=True)
    for parse, column in zip(columns, texts, strict=True):
        known = {text: parse(text.strip()) for text in set(column)}
        yield [known[text] for text in column]


def _wrong_width(collector: SensorList, line: int, row: list[str], width: int) -> None:
    if row:
        message = words("{found} columns, the header has {width}", found=len(row), width=width)
        collector.find((line, 1), FieldError("E131", message, words("put text that holds a comma in quotes")))


def _find_all(
    collector: SensorList, line: int, row: list[str], columns: list[Parser], whole: FieldError
) -> None:
    """Every field's own defect; `whole`, that of the sensor, if there is none."""
    sound = True
    for index, (parse, text) in enumerate(zip(columns, row, strict=True)):
        try:
            parse(text.strip())
        except FieldError as error:
            collector.find((line, _column(row, index)), error)
            sound = False
    if sound:
        collector.find((line, 1), whole)


def _column(row: list[str], index: int) -> int:
    """Where a field begins in its line, if no field before it is quoted."""
    return 1 + sum(len(text) + 1 for text in row[:index])


def _take_entry(
    collector: SensorList, document: Document, path: Path, entry: SensorEntry, parsers: dict[str, Parser]
) -> None:
    fields: dict[str, Any] = {"site": {}}
    sound = True
    for (key, *inner), text in _texts(entry):
        try:
            value = parsers[key](text)
        except FieldError as error:
            collector.find(document.place((*path, key, *inner)), error)
            sound = False
            continue
        fields[key] = {**fields["site"], **value} if key == "site" else value
    if sound:
        try:
            collector.add([fields[key] for key in FIELDS])
        except FieldError as error:
            collector.find(document.place((*path, "id")), error)


def _texts(entry: SensorEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    """The entry's fields as CSV would write them, each site parameter alone."""
    for key in ("id", "kind", "zone", "gateway", "heartbeat", "reporting"):
        yield (key,), getattr(entry, key)
    for key in ("lon", "lat"):
        yield (key,), "" if getattr(entry, key) is None else repr(getattr(entry, key))
    yield ("tags",), " ".join(entry.tags)
    for parameter, value in entry.site.items():
        yield ("site", parameter), f"{parameter}={value}"
