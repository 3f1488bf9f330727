"""New lines for a file of sensors: what stands there, comments and order and all, stays as it is."""

import csv
import io
import json
import re
from collections.abc import Sequence

from ingest.document import parse_yaml
from ingest.finding import words

# Read back by YAML as the same text, without quotes.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
EMPTY = re.compile(r"(?m)^(sensors:[ \t]*)\[\](?=[ \t]*(#.*)?\r?$)")


class NoPlaceError(ValueError):
    """A file that lines cannot be added to as it is; says why, and the way out."""


def with_lines(name: str, text: str, sensors: Sequence[dict[str, str]]) -> str:
    """The text of a file of sensors (YAML, or CSV by its name) with these behind, each given by its columns.

    Raises NoPlaceError.
    """
    add = _with_rows if name.endswith(".csv") else _with_entries
    end = "\r\n" if "\r\n" in text else "\n"
    return add(name, text if text.endswith("\n") else text + end, sensors, end)


def _with_rows(name: str, text: str, sensors: Sequence[dict[str, str]], end: str) -> str:
    header = [column.strip() for column in next(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))]
    if absent := sorted({column for sensor in sensors for column in sensor} - set(header)):
        raise NoPlaceError(
            words(
                "{file}:1: no column {columns}: add it to the first line and to each row",
                file=name,
                columns=", ".join(absent),
            )
        )
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator=end)
    writer.writerows([sensor.get(column, "") for column in header] for sensor in sensors)
    return text + rows.getvalue()


def _with_entries(name: str, text: str, sensors: Sequence[dict[str, str]], end: str) -> str:
    if EMPTY.search(text):
        text, indent = EMPTY.sub(r"\1", text, count=1), "  "
    else:
        indent = _indent(name, text)
    lines = [", ".join(f"{key}: {_scalar(value)}" for key, value in of.items()) for of in sensors]
    return text + "".join(f"{indent}- {{{line}}}{end}" for line in lines)


def _indent(name: str, text: str) -> str:
    """What stands before the dash of the first entry."""
    document, _ = parse_yaml(name, text)
    place = None if document is None else document.values.get(("sensors", 0))
    line = text.split("\n")[place[0] - 1] if place else ""
    if not line.lstrip().startswith("- "):
        raise NoPlaceError(
            words(
                "{file}: its sensors are no list of lines that begin with '- ': write it so first", file=name
            )
        )
    return line[: len(line) - len(line.lstrip())]


def _scalar(value: str) -> str:
    plain = PLAIN.fullmatch(value) and value.lower() not in WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)
