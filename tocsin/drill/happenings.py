"""What can happen in a drill, as its file has it: a class for each key that an entry of a storyline may have.

Sizes are floats in the unit that their field names; durations are ms.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from ingest.document import Strict
from ingest.finding import quoted, words
from ingest.kinds.quantity import parse_quantity
from ingest.units import UnitError, convert
from notifiers.contacts_file import Lasting, OneOrMore, at_least_one

Names: TypeAlias = Annotated[tuple[str, ...], AfterValidator(at_least_one), OneOrMore]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Degrees: TypeAlias = Annotated[float, Field(ge=0, lt=360)]


def measured(unit: str) -> BeforeValidator:
    """`220 mm`: a quantity above 0, in `unit` in the model. UnitError, QuantityError."""

    def read(value: object) -> float:
        if not isinstance(value, str):
            advice = words("write it with its unit: {example}", example=f"3 {unit}")
            raise UnitError(words("{value} has no unit", value=quoted(value)), advice)
        found = parse_quantity(value)
        return float(convert(found.number, found.unit, unit, difference=True))

    return BeforeValidator(read, json_schema_input_type=str)


Metres: TypeAlias = Annotated[float, measured("m")]
Kilometres: TypeAlias = Annotated[float, measured("km")]
Millimetres: TypeAlias = Annotated[float, measured("mm")]
KilometresAnHour: TypeAlias = Annotated[float, measured("km/h")]
MetresASecond: TypeAlias = Annotated[float, measured("m/s")]
Milliamperes: TypeAlias = Annotated[float, measured("mA")]
Volts: TypeAlias = Annotated[float, measured("V")]
Kilowatts: TypeAlias = Annotated[float, measured("kW")]
Kilograms: TypeAlias = Annotated[float, measured("kg")]
KilogramsASecond: TypeAlias = Annotated[float, measured("kg/s")]


class FireEntry(Strict):
    """Begins beside a smoke detector; its neighbours see it later and weaker."""

    sensor: str
    growth: Literal["slow", "medium", "fast", "ultra-fast"] = "fast"
    peak: Kilowatts = 2000
    lasts: Lasting


class NuisanceEntry(Strict):
    """What a smoke detector takes for smoke."""

    sensor: str
    of: Literal["cooking", "dust", "steam"]
    lasts: Lasting


class LeakageEntry(Strict):
    """Insulation fails: residual current grows to `reaches` within `rises`."""

    sensor: str
    reaches: Milliamperes
    rises: Lasting
    lasts: Lasting


class OverloadEntry(Strict):
    """A cable carries `load` times its rated current and heats up with its time constant."""

    sensor: str
    load: Annotated[float, Field(gt=1, le=10)]
    lasts: Lasting


class ArcingEntry(Strict):
    """Half-cycles of arc in a second."""

    sensor: str
    arcs: Annotated[int, Field(ge=1, le=100)]
    lasts: Lasting


class SagEntry(Strict):
    """The voltage falls by so much."""

    sensor: str
    by: Volts
    lasts: Lasting


class StormEntry(Strict):
    """`depth` falls within `within` at its centre, most heavily when `peak` of the time is over (Chicago).

    The cell stands over a zone or gauge and drifts `towards` so many degrees (0 north, 90 east).
    """

    over: str
    depth: Millimetres
    within: Lasting
    radius: Kilometres = 5
    peak: Annotated[float, Field(gt=0, lt=1)] = 0.4
    drift: KilometresAnHour | None = None
    towards: Degrees = 90


class FloodEntry(Strict):
    """A river rises by `rise` within `rises` and falls more slowly; without a storm over its gauge."""

    sensor: str
    rise: Metres
    rises: Lasting
    lasts: Lasting


class ReleaseEntry(Strict):
    """Gas escapes `upwind` of a detector: at once (`mass`) or for a time (`rate`, `lasts`)."""

    sensor: str
    gas: str
    upwind: Metres = 50
    mass: Kilograms | None = None
    rate: KilogramsASecond | None = None
    lasts: Lasting
    wind: MetresASecond = 2
    comes_from: Annotated[Degrees, Field(alias="from")] = 270
    stability: Literal["A", "B", "C", "D", "E", "F"] = "D"


class TankEntry(Strict):
    """What goes wrong with a tank."""

    sensor: str
    does: Literal["overfill", "leak", "heat", "overpressure"]
    lasts: Lasting


class CrowdEntry(Strict):
    """So many people more in a workshop."""

    sensor: str
    people: Annotated[int, Field(ge=1, le=500)]
    lasts: Lasting


class FaultEntry(Strict):
    """Reports that go wrong, of sensors or of all behind gateways; `share` of them."""

    fault: Literal[
        "dropout", "duplicates", "reordering", "late", "clock-ahead", "clock-behind", "clock-steps", "stuck",
        "drift", "sentinel", "ghosts", "restamped", "outage", "store-and-forward", "garbage", "impersonation",
    ]  # fmt: skip
    sensors: Names | None = None
    gateways: Names | None = None
    share: Share = 1
    lasts: Lasting


class HornsEntry(Strict):
    """How loudspeakers are from now on."""

    horns: Names
    are: Literal["well", "dead", "broken"]


class ChannelEntry(Strict):
    """How the gateway of a channel answers for a time."""

    channel: str
    answers: Literal["busy", "unavailable", "nothing"]
    lasts: Lasting


class InjectEntry(Strict):
    """What the players are told: a call, an order, a rumour."""

    to: Names
    text: dict[Literal["zh", "en"], str]
