"""What each kind of sensor says: all metrics of its kind, each as a text of WIDTH characters.

A report is a text of fixed length, so that a burst of reports is made by writing digits into place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# A number stands at the right of its field, blanks before it, as a device's printf("%6.1f") writes it.
WIDTH = 6
STAMP = 13
# Every report of a sensor has the next number, from FIRST_SEQUENCE on, so that it has always as many digits.
SEQUENCE = 7
FIRST_SEQUENCE = 1_000_000
BOOT = 1_700_000_000
# No JSON: a line that went bad on its way from the sensor to its gateway.
GARBAGE = "  ?\x7f#~"


def text(value: float, decimals: int) -> str:
    """A number as it stands in its field."""
    written = f"{value:{WIDTH}.{decimals}f}"
    if len(written) > WIDTH:
        raise ValueError(f"{written} is wider than {WIDTH} characters")
    return written


@dataclass(frozen=True, slots=True)
class Varying:
    """A metric that moves: each sensor has a range of `span` neighbouring values between `low` and `high`.

    All in steps of the last decimal.
    """

    low: int
    high: int
    span: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The metrics of a kind in their order: (name, value of a quiet day, decimals).

    varying   the two that move; a kind of one metric has it twice
    units     told with each report where a device does
    period    whether reports are amounts of their interval
    spike     what a faulty sensor says now and then
    troubles  what one says that has something to report, by a name
    """

    metrics: tuple[tuple[str, float, int], ...]
    varying: tuple[tuple[str, Varying], tuple[str, Varying]]
    spike: Mapping[str, float]
    troubles: Mapping[str, Mapping[str, float]]
    units: Mapping[str, str] = field(default_factory=dict)
    period: bool = False

    def decimals(self, metric: str) -> int:
        return next(found for name, _, found in self.metrics if name == metric)

    def texts(self, values: Mapping[str, float]) -> dict[str, str]:
        """Some metrics' values as they stand in a report."""
        return {metric: text(value, self.decimals(metric)) for metric, value in values.items()}

    def trouble(self, name: str) -> dict[str, str]:
        """The same of one that has something to report."""
        return self.texts(self.troubles[name])

    def payload(self, interval: int) -> tuple[str, dict[str, int]]:
        """A report with zeros for its stamp, and where each metric's text begins."""
        written = f'{{"t":{0:0{STAMP}},"seq":{FIRST_SEQUENCE},"boot":{BOOT}'
        if self.period:
            written += f',"period":{interval}'
        if self.units:
            units = ",".join(f'"{metric}":"{unit}"' for metric, unit in self.units.items())
            written += f',"u":{{{units}}}'
        written += ',"v":{'
        places = {}
        for number, (metric, value, decimals) in enumerate(self.metrics):
            written += f'{"," if number else ""}"{metric}":'
            places[metric] = len(written)
            written += text(value, decimals)
        return written + "}}", places


# Toxic gases in mg/m3: (quiet, level 2 of the shipped rules).
TOXIC = {
    "co": (0.5, 45), "h2s": (0.1, 22), "nh3": (0.3, 45), "cl2": (0.02, 2.5), "so2": (0.1, 12),
    "no2": (0.05, 12), "no": (0.05, 0.06), "hf": (0.01, 5), "hcn": (0.01, 2.5), "hcl": (0.02, 16),
    "cocl2": (0.001, 1.2), "ph3": (0.001, 0.002), "o3": (0.04, 0.7), "c6h6": (0.05, 13),
    "c7h8": (0.2, 110), "ch3oh": (0.3, 55),
}  # fmt: skip
# Those told to a thousandth.
FINE = {"cocl2", "ph3", "o3"}

FIRE = "fire"
STORM = "storm"

SPEECHES: dict[str, Speech] = {
    "smoke": Speech(
        metrics=(
            ("smoke", 0.01, 3), ("temperature", 24, 1), ("battery", 90, 0), ("alarm", 0, 0), ("test", 0, 0),
            ("hushed", 0, 0), ("removed", 0, 0), ("fault", 0, 0), ("manual_call", 0, 0),
        ),
        varying=(("smoke", Varying(0, 30, 17)), ("temperature", Varying(180, 300, 5))),
        spike={"temperature": 999.9},
        troubles={
            FIRE: {"smoke": 0.21, "temperature": 60},
            "smoulder": {"smoke": 0.1},
            "signal": {"alarm": 1},
            "call": {"manual_call": 1},
            "battery": {"battery": 15},
            "fault": {"fault": 1},
        },
    ),
    "electrical": Speech(
        metrics=(
            ("leakage", 120, 1), ("cable_temperature", 28, 1), ("current", 20, 2), ("voltage", 231, 1),
            ("power", 4.5, 3), ("arcs", 0, 0),
        ),
        varying=(("leakage", Varying(1000, 1700, 31)), ("current", Varying(1000, 5500, 99))),
        spike={"leakage": 6553.5},
        troubles={
            "leakage": {"leakage": 600},
            "hot": {"cable_temperature": 85},
            "arcs": {"arcs": 20},
            "voltage": {"voltage": 260},
            "overload": {"current": 120},
        },
    ),
    "gas": Speech(
        metrics=(
            ("combustible", 0, 1), ("oxygen", 20.9, 1),
            *((gas, quiet, 3 if gas in FINE else 2) for gas, (quiet, _) in TOXIC.items()),
        ),
        varying=(("combustible", Varying(-5, 5, 3)), ("oxygen", Varying(207, 211, 3))),
        spike={"oxygen": 999.9},
        troubles={
            "combustible": {"combustible": 60},
            "oxygen": {"oxygen": 17.5},
            "drift": {"combustible": -6},
            **{gas: {gas: level} for gas, (_, level) in TOXIC.items() if gas not in {"no", "ph3"}},
        },
    ),
    "tank": Speech(
        metrics=(("level", 55, 1), ("pressure", 120, 1), ("temperature", 24, 1)),
        varying=(("level", Varying(450, 650, 3)), ("pressure", Varying(800, 1500, 11))),
        spike={"temperature": 95},
        troubles={
            "high": {"level": 92},
            "low": {"level": 8},
            "pressure": {"pressure": 260},
            "hot": {"temperature": 65},
        },
    ),
    "rain": Speech(
        metrics=(("rain", 0, 2),),
        varying=(("rain", Varying(0, 0, 1)), ("rain", Varying(0, 0, 1))),
        units={"rain": "mm"},
        period=True,
        spike={"rain": 999.99},
        troubles={"shower": {"rain": 2}, STORM: {"rain": 4}},
    ),
    "stage": Speech(
        metrics=(("stage", 1.2, 3), ("flow", 12, 2)),
        # A river at low water: a millimetre up and down within seconds would be metres an hour.
        varying=(("stage", Varying(1000, 1600, 1)), ("flow", Varying(1000, 2000, 13))),
        units={"stage": "m"},
        spike={"stage": 3.9},
        troubles={"high": {"stage": 3.3}, STORM: {"stage": 4.1}},
    ),
}  # fmt: skip
