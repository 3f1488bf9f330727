"""A table of thresholds as CSV: a row for each zone or sensor, a column for each parameter.

    zone,blue_1h [mm],red_1h [mm]
    old-town,35,60

A column without a unit in its heading has one in each cell (`35 mm`), or counts. An empty cell gives nothing.
"""

import csv
import io
import re
from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal
from unicodedata import normalize

from ingest.document.composer import Place
from ingest.document.parser_faults import csv_fault
from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import Finding, words, words_of
from ingest.registry import Registry
from ingest.units import UnitError, canonical
from rules.rule import Parameters
from rules.rulebook.phrases import UnreadableError, parse_quantity

MOST_FINDINGS = 1000
_HEADING = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?: ?[\[(](?P<unit>[^\])]*)[\])])?")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_HEADINGS = words("write for example `zone,blue_1h [mm],red_1h [mm]`")


@dataclass(slots=True)
class Table:
    """One file as it is read: the places of its `columns`, and each subject's parameters in `rows`."""

    source: SourceText
    by_zone: bool = True
    columns: dict[str, Place] = field(default_factory=dict)
    rows: dict[str, dict[str, tuple[Decimal, str]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: Place, message: str, suggestion: str = "") -> None:
        """Note a defect, up to MOST_FINDINGS."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(self.source.finding(place, "E230", message, suggestion))

    @property
    def parameters(self) -> Parameters:
        return Parameters(zones=self.rows) if self.by_zone else Parameters(sensors=self.rows)


def read_table(name: str, text: str, registry: Registry | None) -> Table:
    """The table with all that is wrong with it; without a registry every zone and sensor is taken."""
    table = Table(SourceText(name, text.removeprefix("\ufeff")))
    lines = csv.reader(io.StringIO(table.source.text, newline=""), strict=True)
    try:
        header = next(lines, [])
        units = _read_header(table, header)
        if table.findings:
            return table
        known = None if registry is None else registry.zones if table.by_zone else registry.slots
        for cells in lines:
            if any(cell.strip() for cell in cells):
                _read_row(table, lines.line_num, cells, units, known)
    except csv.Error as error:
        table.find((lines.line_num, 1), csv_fault(str(error)))
    if not table.rows and not table.findings:
        table.find((1, 1), words("the table has no row"), words("give each zone or sensor a line"))
    return table


def _read_header(table: Table, header: list[str]) -> list[str | None]:
    """The unit of each parameter's column; None where the cells bring theirs."""
    first = _normal(header[0]) if header else ""
    table.by_zone = first != "sensor"
    if first not in ("zone", "sensor"):
        table.find(
            (1, 1), words("the first column is `zone` or `sensor`, not `{first}`", first=first), _HEADINGS
        )
    if len(header) < 2:
        table.find((1, 1), words("the table has no parameter"), _HEADINGS)
    return [_read_heading(table, header, index) for index in range(1, len(header))]


def _read_heading(table: Table, header: list[str], index: int) -> str | None:
    place = (1, _column(header, index))
    match = _HEADING.fullmatch(_normal(header[index]))
    if match is None:
        table.find(place, words("`{heading}` names no parameter", heading=header[index].strip()), _HEADINGS)
        return None
    if match["name"] in table.columns:
        table.find(
            place, words("column {name} appears twice", name=match["name"]), words("keep one of the two")
        )
    table.columns[match["name"]] = place
    try:
        return None if match["unit"] is None else canonical(match["unit"])
    except UnitError as error:
        table.find(place, words_of(error), error.suggestion)
        return None


def _read_row(
    table: Table, line: int, cells: list[str], units: list[str | None], known: Container[str] | None
) -> None:
    if len(cells) != len(units) + 1:
        table.find(
            (line, 1),
            words("{found} columns, the header has {width}", found=len(cells), width=len(units) + 1),
        )
        return
    subject = cells[0].strip()
    what = words("zone") if table.by_zone else words("sensor")
    if known is not None and subject not in known:
        near = did_you_mean(subject, known) if isinstance(known, dict) else ""
        table.find(
            (line, 1),
            words("{what} `{subject}` is not known", what=what, subject=subject)
            if subject
            else words("the {what} is missing", what=what),
            near,
        )
    if subject in table.rows:
        table.find(
            (line, 1),
            words("{what} `{subject}` stands in the table already", what=what, subject=subject),
            words("keep one of the two"),
        )
    row = table.rows.setdefault(subject, {})
    for index, (name, unit) in enumerate(zip(table.columns, units, strict=True), start=1):
        cell = _normal(cells[index])
        if cell:
            _read_cell(table, (line, _column(cells, index)), (cell, unit), row, name)


def _read_cell(
    table: Table,
    place: Place,
    written: tuple[str, str | None],
    row: dict[str, tuple[Decimal, str]],
    name: str,
) -> None:
    cell, unit = written
    if unit is not None and not _NUMBER.fullmatch(cell):
        table.find(
            place,
            words("`{cell}` is no number", cell=cell),
            words("the unit stands in the heading: {unit}", unit=unit or words("none")),
        )
        return
    try:
        number, given = parse_quantity(cell)
    except UnreadableError as error:
        table.find(place, words_of(error), error.suggestion)
        return
    row[name] = (number, given if unit is None else unit)


def _normal(cell: str) -> str:
    return " ".join(normalize("NFKC", cell).split())


def _column(cells: list[str], index: int) -> int:
    """Where a cell begins in its line, if none before it is quoted."""
    return 1 + sum(len(cell) + 1 for cell in cells[:index])
