"""What a test gives: its sensors and zones as a registry, and their reports."""

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from ingest.clock import MINUTE, SECOND
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import either, words
from ingest.kinds import Form, Kind, Kinds, Metric, Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.rulebook.series import Series
from rules.rulebook.trial_file import RuleTest, SensorEntry
from rules.rulebook.walk import kinds_looked_at

# What the only sensor, zone and gateway of a test are called.
SENSOR, ZONE, GATEWAY = "sensor", "zone", "gateway"


class UnplayableError(Exception):
    """A test that cannot be run: `path` within the test, why, and the way out."""

    def __init__(self, path: Path, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Report:
    """One value, received `at` (ms since the epoch) when it is observed; `period` in ms, 0 if unsaid."""

    at: int
    sensor: str
    metric: Metric
    value: Decimal
    period: int


@dataclass(frozen=True, slots=True)
class Scene:
    """`start` in ms since the epoch; `reports` in the order of their instants."""

    registry: Registry
    start: int
    reports: tuple[Report, ...]


def scene_of(ladder: Ladder, test: RuleTest, kinds: Kinds) -> Scene:
    """Everything the engine needs to play the test; UnplayableError if something in it does not fit."""
    given = _given(test)
    sensors = [_sensor(name, series, (ladder.rule, test, kinds)) for name, series in given.items()]
    registry = Registry.of(sensors, _zones(sensors, test))
    start = int(test.start.replace(tzinfo=ZoneInfo(ladder.time_zone)).timestamp() * 1000)
    clock = (test.start.hour * 60 + test.start.minute) * MINUTE + test.start.second * SECOND
    reports = [
        report
        for sensor in registry.sensors
        for name, series in given[sensor.id].items()
        for report in _reports(sensor.id, kinds[sensor.kind].metrics[name], series, (start, clock))
    ]
    return Scene(registry, start, tuple(sorted(reports, key=lambda report: report.at)))


def _given(test: RuleTest) -> dict[str, dict[str, Series]]:
    """The series of each sensor by metric; sensors that are only named report nothing."""
    one = {name: series for name, series in test.given.items() if isinstance(series, Series)}
    several = {name: series for name, series in test.given.items() if isinstance(series, dict)}
    if one:
        if len(test.sensors) > 1:
            message = words(
                "it is not said which of the {count} sensors this is given for", count=len(test.sensors)
            )
            raise UnplayableError(
                ("given",), message, words("write {sensor}: {{...}}", sensor=next(iter(test.sensors)))
            )
        return {next(iter(test.sensors), SENSOR): one}
    return {name: several.get(name, {}) for name in {**test.sensors, **several}}


def _sensor(name: str, series: dict[str, Series], of: tuple[Rule, RuleTest, Kinds]) -> Sensor:
    rule, test, kinds = of
    entry = test.sensors.get(name, SensorEntry())
    kind = _kind(name, entry, set(series), (rule, kinds))
    zone = entry.zone or rule.zone or ZONE
    lon, lat = entry.at or (None, None)
    return Sensor(
        id=name,
        kind=kind.name,
        zone=zone,
        gateway=entry.gateway or GATEWAY,
        lon=lon,
        lat=lat,
        heartbeat=kind.heartbeat,
        reporting=entry.reporting or _reporting(kind, series),
        site={**test.site, **entry.site},
        tags=frozenset(entry.tags) | ({rule.tag} if rule.tag and not entry.tags else set()),
    )


def _kind(name: str, entry: SensorEntry, metrics: set[str], of: tuple[Rule, Kinds]) -> Kind:
    """The kind as named, or that of the rule whose sensors have the metrics."""
    rule, kinds = of
    looked_at = [kinds_looked_at(condition) for condition in rule.grades.values()]
    of_rule = sorted(frozenset({rule.kind} - {""}).union(*looked_at))
    fitting = [kind for kind in of_rule if metrics <= kinds[kind].metrics.keys()]
    if entry.kind is not None:
        if entry.kind not in kinds.kinds:
            advice = did_you_mean(entry.kind, kinds.kinds)
            raise UnplayableError(
                ("sensors", name, "kind"), words("unknown kind `{kind}`", kind=entry.kind), advice
            )
        fitting = [entry.kind]
    if rule.kind in fitting:
        fitting = [rule.kind]
    if len(fitting) > 1:
        advice = words("write sensors: {{{name}: {{kind: {kind}}}}}", name=name, kind=fitting[0])
        raise UnplayableError(
            ("given",), words("{name} can be of {kinds}", name=name, kinds=either(fitting)), advice
        )
    kind = kinds[fitting[0] if fitting else of_rule[0]]
    for metric in sorted(metrics):
        if metric not in kind.metrics or kind.metrics[metric].form is Form.COUNTER:
            message = words(
                "`{metric}` is not a metric of {name} that rules see", metric=metric, name=kind.name
            )
            raise UnplayableError(("given", name, metric), message, did_you_mean(metric, kind.metrics))
    return kind


def _reporting(kind: Kind, series: dict[str, Series]) -> Reporting:
    """A device that reports periodically does so at the pace of its series."""
    paces = [each.step for each in series.values() if each.step]
    if kind.reporting.mode is not ReportingMode.PERIODIC or not paces:
        return kind.reporting
    return Reporting(ReportingMode.PERIODIC, min(paces))


def _zones(sensors: list[Sensor], test: RuleTest) -> dict[str, Zone]:
    names = dict.fromkeys([*(sensor.zone for sensor in sensors), *test.zones, *test.zones.values()])
    return {
        name: Zone(id=name, name={"en": name}, parent=test.zones.get(name), code="", polygon=())
        for name in names
    }


def _reports(sensor: str, metric: Metric, series: Series, when: tuple[int, int]) -> list[Report]:
    start, clock = when
    period = series.step if metric.form is Form.AMOUNT else 0
    reports = [Report(start + after, sensor, metric, value, period) for after, value in series.after(clock)]
    for report in reports:
        if not metric.low <= report.value <= metric.high:
            message = words(
                "{value} is not plausible for {name}: it would be dropped",
                value=f"{report.value} {metric.unit}".rstrip(),
                name=metric.name,
            )
            advice = words(
                "plausible is {low} to {high}", low=metric.low, high=f"{metric.high} {metric.unit}".rstrip()
            )
            raise UnplayableError(("given", sensor, metric.name), message, advice)
    return reports
