"""`kinds.yaml`: the kinds of sensor, their metrics and how they report."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import Field

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.duration import Duration
from ingest.finding import Finding, words, words_of
from ingest.kinds import Form, Kind, Kinds, Metric
from ingest.kinds.metric_checks import check_faults
from ingest.kinds.quantity import Quantity, QuantityText
from ingest.kinds.reporting import ReportingText
from ingest.units import UnitError, canonical, conversion

# Names stand in topics, in rules and as fields of the database.
NAME = re.compile(r"[a-z][a-z0-9_]*")
# Fields that a point of the database has beside its metrics.
RESERVED = {"q": words("the quality of a point"), "time": words("its instant")}
# Amounts are stored as int32 counts of the resolution, other values as integers a float64 holds.
LARGEST = {Form.AMOUNT: 2**31 - 1, Form.INSTANT: 2**53, Form.COUNTER: 2**53}


class Title(Strict):
    """A name in both languages of the messages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class MetricFile(Strict):
    """One metric as written; `plausible` and `rollover` in `unit`, `molar_mass` in g/mol."""

    unit: str
    form: Form = Form.INSTANT
    resolution: Decimal = Field(gt=0)
    plausible: tuple[Decimal, Decimal]
    rollover: Decimal | None = Field(default=None, gt=0)
    feeds: str | None = None
    molar_mass: Decimal | None = Field(default=None, gt=0)
    step: QuantityText | None = None
    stuck: Duration | None = Field(default=None, gt=0)
    neighbours: QuantityText | None = None

    @property
    def checks(self) -> dict[str, Quantity | int]:
        """The quality checks that are asked for."""
        asked = {"step": self.step, "stuck": self.stuck, "neighbours": self.neighbours}
        return {key: value for key, value in asked.items() if value is not None}


class KindFile(Strict):
    """One kind as written."""

    title: Title
    reporting: ReportingText
    heartbeat: Duration = Field(gt=0)
    metrics: dict[str, MetricFile] = Field(min_length=1)


class KindsFile(Strict):
    """The file as written."""

    kinds: dict[str, KindFile]


def read_kinds(name: str, text: str) -> tuple[Kinds | None, list[Finding]]:
    """The kinds, or all findings (E101 to E127, E150 to E152); `name` is for the messages.

    Columns follow the order of the file.
    """
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    shape, more = validate(document, KindsFile)
    findings += more
    if shape is not None:
        findings += _meaning(document, shape)
    if findings or shape is None:
        return None, findings
    return _kinds(shape), []


@dataclass(slots=True)
class _Columns:
    metrics: list[Metric] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def _kinds(shape: KindsFile) -> Kinds:
    columns = _Columns()
    kinds = {name: _kind(name, kind, columns) for name, kind in shape.kinds.items()}
    return Kinds(kinds, tuple(columns.metrics), tuple(columns.kinds))


def _kind(name: str, shape: KindFile, columns: _Columns) -> Kind:
    metrics = {}
    for metric_name, metric in shape.metrics.items():
        metrics[metric_name] = _metric(metric_name, metric, len(columns.metrics))
        columns.metrics.append(metrics[metric_name])
        columns.kinds.append(name)
    return Kind(
        name=name,
        title=shape.title.model_dump(),
        metrics=metrics,
        reporting=shape.reporting,
        heartbeat=shape.heartbeat,
    )


def _metric(name: str, shape: MetricFile, column: int) -> Metric:
    (low, high), unit = shape.plausible, canonical(shape.unit)
    return Metric(
        name=name,
        column=column,
        unit=unit,
        form=shape.form,
        resolution=shape.resolution,
        low=low,
        high=high,
        rollover=shape.rollover,
        feeds=shape.feeds,
        molar_mass=shape.molar_mass,
        step=shape.step.difference(unit) if shape.step else None,
        stuck=shape.stuck,
        neighbours=shape.neighbours.difference("m") if shape.neighbours else None,
    )


def _meaning(document: Document, shape: KindsFile) -> Iterator[Finding]:
    if not shape.kinds:
        yield document.finding(("kinds",), "E120", words("no kinds"))
    for kind_name, kind in shape.kinds.items():
        path: Path = ("kinds", kind_name)
        yield from _name(document, path, kind_name)
        for metric_name in kind.metrics:
            metric_path = (*path, "metrics", metric_name)
            yield from _name(document, metric_path, metric_name)
            yield from _reserved(document, metric_path, metric_name)
            yield from _unit(document, metric_path, kind.metrics[metric_name])
            yield from _range(document, metric_path, kind.metrics[metric_name])
            yield from _counter(document, metric_path, kind, metric_name)
            yield from _checks(document, metric_path, kind.metrics[metric_name])


def _name(document: Document, path: Path, name: str) -> Iterator[Finding]:
    if not NAME.fullmatch(name):
        message = words("{name} must be lower-case letters, digits and _, a letter first", name=name)
        yield document.source.finding(document.keys[path], "E125", message)


def _reserved(document: Document, path: Path, name: str) -> Iterator[Finding]:
    if name in RESERVED:
        message = words(
            "{name} is the field for {what} in the database; choose another name",
            name=name,
            what=RESERVED[name],
        )
        yield document.source.finding(document.keys[path], "E126", message)


def _unit(document: Document, path: Path, metric: MetricFile) -> Iterator[Finding]:
    try:
        conversion(metric.unit, metric.unit)
        if metric.molar_mass is not None:
            conversion("ppm", metric.unit, metric.molar_mass)
    except UnitError as error:
        yield document.finding((*path, "unit"), "E121", words_of(error), error.suggestion)


def _range(document: Document, path: Path, metric: MetricFile) -> Iterator[Finding]:
    low, high = metric.plausible
    if low >= high:
        yield document.finding(
            (*path, "plausible"), "E122", words("{low} is not below {high}", low=low, high=high)
        )
    largest = LARGEST[metric.form]
    if max(abs(low), abs(high), metric.rollover or 0) / metric.resolution > largest:
        message = words("the range holds more than {largest:,} steps of the resolution", largest=largest)
        yield document.finding((*path, "resolution"), "E122", message, words("use a coarser resolution"))
    if metric.form is Form.AMOUNT and low < 0:
        yield document.finding(
            (*path, "plausible"), "E122", words("an amount cannot be negative"), words("start at 0")
        )


def _checks(document: Document, path: Path, metric: MetricFile) -> Iterator[Finding]:
    binary = metric.plausible == (Decimal(0), Decimal(1)) and metric.resolution == 1
    for key, code, message, suggestion in check_faults(metric.unit, metric.form, binary, metric.checks):
        yield document.finding((*path, key), code, message, suggestion)


def _counter(document: Document, path: Path, kind: KindFile, name: str) -> Iterator[Finding]:
    metric = kind.metrics[name]
    if metric.form is not Form.COUNTER:
        for key in {"rollover", "feeds"} & metric.model_fields_set:
            message = words(
                "only a counter has {key}, {name} is {form}", key=key, name=name, form=metric.form
            )
            yield document.finding((*path, key), "E124", message, words("write form: counter"))
        return
    if metric.feeds is None:
        return
    fed = kind.metrics.get(metric.feeds)
    amounts = [other for other, m in kind.metrics.items() if m.form is Form.AMOUNT]
    if fed is None or fed.form is not Form.AMOUNT:
        message = words("{feeds} is no amount of this kind", feeds=metric.feeds)
        yield document.finding((*path, "feeds"), "E123", message, did_you_mean(metric.feeds, amounts))
    elif fed.resolution != metric.resolution or not _same_unit(fed.unit, metric.unit):
        message = words(
            "{name} and {feeds} must have the same unit and resolution", name=name, feeds=metric.feeds
        )
        yield document.finding((*path, "feeds"), "E123", message)


def _same_unit(one: str, other: str) -> bool:
    try:
        return canonical(one) == canonical(other)
    except UnitError:
        return True  # the unknown one is a finding already
