"""What a test gives: its sensors and zones as a registry, and their reports."""

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from ingest.clock import MINUTE, SECOND
from ingest.document.source_text import did_you_mean
from ingest.finding import words
from ingest.kinds import Form, Kinds, Metric
from ingest.registry import Registry
from rules.rulebook.series import Series
from rules.rulebook.trial_file import SceneEntry
from rules.trial.cast import Cast, UnplayableError, check_metrics, registry_of

# What the only sensor of a test is called.
SENSOR = "sensor"


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


def scene_of(cast: Cast, test: SceneEntry, kinds: Kinds, registry: Registry | None = None) -> Scene:
    """Everything the engine needs to play the test; UnplayableError if something in it does not fit.

    With a registry its sensors report; else those of the test.
    """
    given = _given(test)
    if registry is None:
        registry = registry_of(cast, test, given, kinds)
    else:
        _check_known(given, registry, kinds)
    start = int(test.start.replace(tzinfo=ZoneInfo(cast.time_zone)).timestamp() * 1000)
    clock = _time_of_day(test)
    reports = [
        report
        for sensor in registry.sensors
        for name, series in given.get(sensor.id, {}).items()
        for report in _reports(sensor.id, kinds[sensor.kind].metrics[name], series, (start, clock))
    ]
    return Scene(registry, start, tuple(sorted(reports, key=lambda report: report.at)))


def first_report(test: SceneEntry) -> int | None:
    """When the first of its values arrives, in ms after its start; None if it gives none."""
    clock = _time_of_day(test)
    given = [[each] if isinstance(each, Series) else each.values() for each in test.given.values()]
    return min(
        (series.after(clock)[0][0] for several in given for series in several if series.reports), default=None
    )


def _time_of_day(test: SceneEntry) -> int:
    return (test.start.hour * 60 + test.start.minute) * MINUTE + test.start.second * SECOND


def _given(test: SceneEntry) -> dict[str, dict[str, Series]]:
    """The series of each sensor by metric; sensors that are only named report nothing."""
    one = {name: series for name, series in test.given.items() if isinstance(series, Series)}
    several = {name: series for name, series in test.given.items() if isinstance(series, dict)}
    if one:
        if len(test.sensors) > 1:
            message = words(
                "it is not said which of the {count} sensors this is given for", count=len(test.sensors)
            )
            advice = words("write {sensor}: {{...}}", sensor=next(iter(test.sensors)))
            raise UnplayableError(("given",), message, advice)
        return {next(iter(test.sensors), SENSOR): one}
    return {name: several.get(name, {}) for name in {**test.sensors, **several}}


def _check_known(given: dict[str, dict[str, Series]], registry: Registry, kinds: Kinds) -> None:
    for name, series in given.items():
        slot = registry.slots.get(name)
        if slot is None:
            message = words("`{name}` is no sensor of the configuration", name=name)
            raise UnplayableError(("given", name), message, did_you_mean(name, registry.slots))
        check_metrics(name, set(series), kinds[registry.sensors[slot].kind])


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
