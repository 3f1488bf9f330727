"""A small town for tests of the engine: kinds, sensors, rules from text, readings by the clock of a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.kinds import Form, Kind, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Readings
from ingest.registry import Registry, Sensor
from rules.engine import Engine
from rules.grade import Grade
from rules.language import parse_condition
from rules.language.vocabulary import Vocabulary
from rules.rule import Release, Rule
from rules.transition import Transition

MIDNIGHT = 1_700_006_400_000
UNITS = {
    "rain": {"rain": ("mm", Form.AMOUNT, "0.01", 0, 401)},
    "smoke": {
        "smoke": ("dB/m", Form.INSTANT, "0.001", 0, 20),
        "temperature": ("degC", Form.INSTANT, "0.01", -40, 300),
        "battery": ("%", Form.INSTANT, "1", 0, 100),
    },
    "electrical": {"leakage": ("mA", Form.INSTANT, "0.1", 0, 6000)},
    "stage": {"stage": ("m", Form.INSTANT, "0.001", -20, 9000)},
    "gas": {"h2s": ("mg/m3", Form.INSTANT, "0.01", -10, 5000)},
}
MASSES = {"h2s": Decimal("34.08")}


def _kinds() -> Kinds:
    columns: list[Metric] = []
    owners: list[str] = []
    kinds: dict[str, Kind] = {}
    for name, units in UNITS.items():
        metrics = {}
        for metric, (unit, form, resolution, low, high) in units.items():
            metrics[metric] = Metric(
                name=metric,
                column=len(columns),
                unit=unit,
                form=form,
                resolution=Decimal(resolution),
                low=Decimal(low),
                high=Decimal(high),
                molar_mass=MASSES.get(metric),
            )
            columns.append(metrics[metric])
            owners.append(name)
        every = Reporting(ReportingMode.PERIODIC, 5 * MINUTE if name == "rain" else 10 * SECOND)
        kinds[name] = Kind(
            name=name, title={"en": name, "zh": name}, metrics=metrics, reporting=every, heartbeat=HOUR
        )
    return Kinds(kinds, tuple(columns), tuple(owners))


KINDS = _kinds()


def sensor(
    name: str,
    kind: str,
    every: int,
    *,
    heartbeat: int = DAY,
    site: Mapping[str, str] | None = None,
    **more: object,
) -> Sensor:
    """A sensor that reports every `every` ms; 0 is on change."""
    mode = ReportingMode.PERIODIC if every else ReportingMode.ON_CHANGE
    values = {k: (Decimal(v.split()[0]), v.split()[1]) for k, v in (site or {}).items()}
    return Sensor(
        id=name,
        kind=kind,
        zone=str(more.get("zone", "z")),
        gateway="",
        lon=None,
        lat=None,
        heartbeat=heartbeat,
        reporting=Reporting(mode, every),
        site=values,
        tags=frozenset(more.get("tags", ())),  # type: ignore[call-overload]
    )


def rule(
    kind: str,
    grades: Mapping[str, str],
    *,
    name: str = "r",
    only_if: str | None = None,
    sustain: int | Mapping[str, int] = 0,
    margin: str = "",
    after: int = 10 * MINUTE,
    missing: int = 3,
    max_age: int = 10 * MINUTE,
    tag: str | None = None,
    zone: str | None = None,
) -> Rule:
    """A rule with its conditions as text; `margin` is `20 %` or `0.1 m`."""
    number, _, unit = margin.partition(" ")
    share = Decimal(number) / 100 if unit == "%" else Decimal(0)
    amount = Decimal(number) if number and unit != "%" else Decimal(0)
    release = Release(after, share, amount, "" if unit == "%" else unit)
    words = Vocabulary(KINDS, KINDS[kind])
    waits = {g: sustain if isinstance(sustain, int) else sustain.get(g, 0) for g in grades}
    return Rule(
        id=name,
        title={"en": name},
        hazard=kind,
        kind=kind,
        tag=tag,
        zone=zone,
        grades={Grade.named(g): parse_condition(text, words) for g, text in grades.items()},
        only_if=parse_condition(only_if, words) if only_if else None,
        sustain={Grade.named(g): wait for g, wait in waits.items()},
        release=release,
        silent_after=missing,
        max_age=max_age,
        advice={},
        source="",
        meaning=repr((kind, grades, only_if, sustain, margin, after, missing, max_age, tag, zone)),
        file="",
        line=0,
    )


def at(clock: str) -> int:
    """`09:05`, `10:00:30` or `26:00` as ms since the epoch."""
    hours, minutes, seconds = ([int(part) for part in clock.split(":")] + [0])[:3]
    return MIDNIGHT + hours * HOUR + minutes * MINUTE + seconds * SECOND


def clock(instant: int) -> str:
    """The inverse of `at`; seconds and milliseconds only where they are."""
    seconds, ms = divmod(instant - MIDNIGHT, SECOND)
    hours, rest = divmod(seconds, 3600)
    text = f"{hours:02}:{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 or ms else "")
    return text + (f".{ms:03}" if ms else "")


@dataclass(frozen=True)
class Row:
    """One value: `value` as people write it; `message` orders the rows of a block."""

    sensor: str
    metric: str
    value: Decimal
    observed: int
    period: int = 0
    quality: int = 0
    message: int = 0


def block(registry: Registry, received: int, rows: Iterable[Row]) -> Readings:
    """Rows as the decoder would give them."""
    found = sorted(rows, key=lambda row: (row.message, row.observed))
    metrics = [KINDS[registry.sensors[registry.slots[r.sensor]].kind].metrics[r.metric] for r in found]
    values = [int((m.scale(r.value)).to_integral_value()) for r, m in zip(found, metrics, strict=True)]
    return Readings(
        sequence=0,
        received=received,
        message=np.array([r.message for r in found], np.int32),
        slot=np.array([registry.slots[r.sensor] for r in found], np.int32),
        column=np.array([m.column for m in metrics], np.int16),
        value=np.array(values, np.int64),
        stamp=np.array([r.observed for r in found], np.int64),
        observed=np.array([r.observed for r in found], np.int64),
        period=np.array([r.period for r in found], np.int64),
        quality=np.array([r.quality for r in found], np.uint8),
    )


class Town:
    """An engine with its sensors, driven by clock times; `lines` tells what it said so far."""

    def __init__(self, rules: Iterable[Rule], *sensors: Sensor) -> None:
        self.registry = Registry.of(list(sensors), {})
        self.rules = tuple(rules)
        self.engine = Engine(KINDS, self.registry, self.rules)
        self.transitions: list[Transition] = []
        self._only = sensors[0]

    def send(
        self, observed: str | int, value: str | float, *, received: str | int | None = None, **more: object
    ) -> None:
        """One reading of the first sensor (or `sensor=`), of its kind's first metric (or `metric=`)."""
        stamp = at(observed) if isinstance(observed, str) else observed
        arrival = stamp if received is None else at(received) if isinstance(received, str) else received
        self.receive(arrival, [self.row(stamp, value, **more)])

    def row(self, stamp: int, value: str | float, **more: object) -> Row:
        metric = str(more.get("metric") or next(iter(UNITS[self._only.kind])))
        return Row(
            str(more.get("sensor", self._only.id)),
            metric,
            Decimal(str(value)),
            stamp,
            int(more.get("period", 0)),  # type: ignore[call-overload]
            int(more.get("quality", 0)),  # type: ignore[call-overload]
            int(more.get("message", 0)),  # type: ignore[call-overload]
        )

    def receive(self, received: int, rows: Iterable[Row]) -> None:
        self.transitions += self.engine.advance(block(self.registry, received, rows))

    def every(self, step: int, first: str, values: Iterable[str | float], delay: int = 0) -> None:
        """Values one after another, `step` ms apart, each received `delay` ms after its stamp."""
        for k, value in enumerate(values):
            stamp = at(first) + k * step
            self.send(stamp, value, received=stamp + delay)

    def until(self, instant: str) -> None:
        self.transitions += self.engine.advance_to(at(instant))

    def reload(self, instant: str, *rules: Rule) -> None:
        self.rules = tuple(rules)
        self.engine, lines = self.engine.carry(KINDS, self.registry, self.rules, at(instant))
        self.transitions += lines

    @property
    def lines(self) -> list[str]:
        """`12:05 none>orange`, with ` review` unless it goes out by itself."""
        return [line(t) for t in self.transitions]


def line(t: Transition) -> str:
    """One transition as the scenarios write it."""
    review = "" if t.disposition == "auto" else " review"
    return f"{clock(t.at)} {t.before or 'none'}>{t.after or 'none'}{review}"
