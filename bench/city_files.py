"""The files of a city as an operator would write them, for a daemon or for its parts alone."""

import json
from collections.abc import Mapping
from itertools import cycle, islice

from bench.shipped import CONFIGS
from simulators.city.plan import City
from simulators.city.registry import sensor_rows, zones

MAIN = "tocsin.yaml"
# Fires, and what generated rules find, reach the horn of their town; nobody else is told.
# The fleet key of the horns of a bench, in hexadecimal.
HORN_KEY = "0f" * 32
ROUTE = "  - {{hazard: {}, grades: [yellow, orange, red], to: [horns], channels: [loudspeaker]}}\n"
# (kind, condition with a place for its window, threshold, unit, by how much the next rule's lies higher).
LADDERS = (
    ("smoke", "{}(smoke{})", 0.15, "dB/m", 0.001),
    ("smoke", "{}(temperature{})", 54.0, "degC", 0.5),
    ("electrical", "{}(leakage{})", 500.0, "mA", 1.0),
    ("smoke", "{}(smoke{})", 0.2, "dB/m", 0.001),
    ("electrical", "{}(cable_temperature{})", 70.0, "degC", 0.5),
)
HAZARD = "bench"
# Seconds: the shared window, the first of the distinct ones, and what the next is longer.
WINDOW, LONGER = 600, 6


def texts(
    city: City, settings: Mapping[str, object], rules: Mapping[str, str] | None = None
) -> dict[str, str]:
    """File name to text; `settings` are those that differ by run, no `rules` are the shipped ones."""
    whole = {
        "realm": "live",
        **{name: f"{name}.yaml" for name in ("kinds", "contacts", "routes")},
        "sensors": ["sensors.csv"],
        "zones": "zones.geojson",
        "rules": "rules",
        "mqtt": {"host": "127.0.0.1"},
        "channels": loudspeaker("horns.key"),
        **settings,
    }
    found = {
        MAIN: json.dumps(whole, indent=2),
        "sensors.csv": "\n".join(sensor_rows(city)) + "\n",
        "zones.geojson": zones(city.plan),
        "routes.yaml": "routes:\n" + ROUTE.format("fire" if rules is None else HAZARD),
        **{name: (CONFIGS / name).read_text(encoding="utf-8") for name in ("kinds.yaml", "contacts.yaml")},
    }
    return found | {f"rules/{name}": text for name, text in (shipped() if rules is None else rules).items()}


def loudspeaker(key: str) -> dict[str, object]:
    """The channel of the horns, whose key is in that file."""
    return {"loudspeaker": {"via": "loudspeaker", "realm": "live", "key_file": key}}


def shipped() -> dict[str, str]:
    """The shipped rule files."""
    paths = sorted((CONFIGS / "rules").iterdir())
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.suffix in {".yaml", ".csv"}}


def generated(number: int, windows: str = "") -> dict[str, str]:
    """So many ladders, none like another: over the newest value, or over `shared` or `distinct` windows."""
    rules = ["rules:"]
    for n, (kind, measure, threshold, unit, step) in enumerate(islice(cycle(LADDERS), number)):
        window = WINDOW if windows == "shared" else WINDOW + n // len(LADDERS) * LONGER
        subject = measure.format("max", f", {window}s") if windows else measure.format("", "").strip("()")
        low = threshold + n // len(LADDERS) * step
        grades = f'yellow: "{subject} >= {low:g} {unit}", orange: "{subject} >= {2 * low:g} {unit}"'
        rules.append(
            f"  - {{id: r{n}, title: {{zh: r, en: r}}, hazard: {HAZARD}, for_each: {kind} sensor, "
            f"grades: {{{grades}}}, release: {{after: 10min}}, "
            "advice: {zh: r, en: r}, source: {text: none, status: project}}"
        )
    return {"generated.yaml": "\n".join(rules) + "\n"}
