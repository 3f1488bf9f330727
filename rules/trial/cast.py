"""The rules that a test is played with, and the sensors that follow from them and from what the test says."""

from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import both, either, words
from ingest.kinds import Form, Kind, Kinds, Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.rulebook.series import Series
from rules.rulebook.trial_file import SceneEntry, SensorEntry
from rules.rulebook.walk import conditions, kinds_looked_at

# What the only zone and gateway of a test are called.
ZONE, GATEWAY = "zone", "gateway"


class UnplayableError(Exception):
    """A test that cannot be run: `path` within the test, why, and the way out."""

    def __init__(self, path: Path, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Cast:
    """The rules, and the kind, zone and tag of a sensor that does not say its own.

    `time_zone` is what local times mean.
    """

    rules: tuple[Rule, ...]
    time_zone: str
    kind: str = ""
    zone: str = ZONE
    tag: str | None = None

    @classmethod
    def of(cls, ladder: Ladder) -> "Cast":
        """One rule, with the warning over its silence: a sensor that says nothing is one of its subjects."""
        rule = ladder.rule
        return cls(ladder.rules, ladder.time_zone, rule.kind, rule.zone or ZONE, rule.tag)

    def kinds(self, kinds: Kinds) -> list[str]:
        """The kinds of sensor that some rule looks at, in the order of their names."""
        looked_at = [kinds_looked_at(condition) for rule in self.rules for condition in conditions(rule)]
        named = {rule.kind for rule in self.rules}.union(*looked_at) - {""}
        return sorted(named or kinds.kinds)


def registry_of(cast: Cast, test: SceneEntry, given: dict[str, dict[str, Series]], kinds: Kinds) -> Registry:
    """The test's own sensors and zones; UnplayableError where they cannot be told."""
    sensors = [_sensor(name, series, (cast, test, kinds)) for name, series in given.items()]
    return Registry.of(sensors, _zones(sensors, test))


def check_metrics(name: str, metrics: set[str], kind: Kind) -> None:
    """UnplayableError for a metric that rules see at no sensor of the kind."""
    for metric in sorted(metrics):
        if metric not in kind.metrics or kind.metrics[metric].form is Form.COUNTER:
            message = words(
                "`{metric}` is not a metric of {name} that rules see", metric=metric, name=kind.name
            )
            raise UnplayableError(("given", name, metric), message, did_you_mean(metric, kind.metrics))


def _sensor(name: str, series: dict[str, Series], of: tuple[Cast, SceneEntry, Kinds]) -> Sensor:
    cast, test, kinds = of
    entry = test.sensors.get(name, SensorEntry())
    kind = _kind(name, entry, set(series), (cast, kinds))
    lon, lat = entry.at or (None, None)
    return Sensor(
        id=name,
        kind=kind.name,
        zone=entry.zone or cast.zone,
        gateway=entry.gateway or GATEWAY,
        lon=lon,
        lat=lat,
        heartbeat=kind.heartbeat,
        reporting=entry.reporting or _reporting(kind, series),
        site={**test.site, **entry.site},
        tags=frozenset(entry.tags) | ({cast.tag} if cast.tag and not entry.tags else set()),
    )


def _kind(name: str, entry: SensorEntry, metrics: set[str], of: tuple[Cast, Kinds]) -> Kind:
    """The kind as named, or that of the cast whose sensors have the metrics."""
    cast, kinds = of
    if entry.kind is not None and entry.kind not in kinds.kinds:
        advice = did_you_mean(entry.kind, kinds.kinds)
        message = words("unknown kind `{kind}`", kind=entry.kind)
        raise UnplayableError(("sensors", name, "kind"), message, advice)
    kind = kinds[entry.kind or _likely(name, metrics, (cast, kinds))]
    check_metrics(name, metrics, kind)
    return kind


def _likely(name: str, metrics: set[str], of: tuple[Cast, Kinds]) -> str:
    cast, kinds = of
    looked_at = cast.kinds(kinds)
    fitting = [kind for kind in looked_at if metrics <= kinds[kind].metrics.keys()]
    if cast.kind in fitting or len(looked_at) == 1:
        return cast.kind or looked_at[0]
    if not fitting:
        known = {metric for kind in looked_at for metric in kinds[kind].metrics}
        strange = min(metrics - known, default=min(metrics))
        message = words(
            "no kind of sensor that the rules look at reports {metrics}", metrics=both(sorted(metrics))
        )
        raise UnplayableError(("given", name, strange), message, did_you_mean(strange, known))
    if len(fitting) > 1:
        message = words("{name} can be of {kinds}", name=name, kinds=either(fitting))
        advice = words("write sensors: {{{name}: {{kind: {kind}}}}}", name=name, kind=fitting[0])
        raise UnplayableError(("given",), message, advice)
    return fitting[0]


def _reporting(kind: Kind, series: dict[str, Series]) -> Reporting:
    """A device that reports periodically does so at the pace of its series."""
    paces = [each.step for each in series.values() if each.step]
    if kind.reporting.mode is not ReportingMode.PERIODIC or not paces:
        return kind.reporting
    return Reporting(ReportingMode.PERIODIC, min(paces))


def _zones(sensors: list[Sensor], test: SceneEntry) -> dict[str, Zone]:
    names = dict.fromkeys([*(sensor.zone for sensor in sensors), *test.zones, *test.zones.values()])
    return {
        name: Zone(id=name, name={"en": name}, parent=test.zones.get(name), code="", polygon=())
        for name in names
    }
