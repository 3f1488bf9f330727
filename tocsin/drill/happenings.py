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
from simulators.events.release import GASES
from simulators.faults import FAULTS

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
Kelvins: TypeAlias = Annotated[float, measured("K")]
Absorbance: TypeAlias = Annotated[float, measured("dB/m")]
Volts: TypeAlias = Annotated[float, measured("V")]
Kilowatts: TypeAlias = Annotated[float, measured("kW")]
Kilograms: TypeAlias = Annotated[float, measured("kg")]


class _Placed(Strict):
    """`place` is a sensor, or a zone that has one of the kind."""

    place: str


class FireEntry(_Placed):
    """Grows with the square of time to `peak`, burns on and dies; so many neighbours feel it, too."""

    growth: Literal["slow", "medium", "fast", "ultra-fast"] = "medium"
    peak: Kilowatts = 300
    burning: Lasting = 600_000
    fuel: Literal["wood", "plastic", "foam"] = "wood"
    neighbours: Annotated[int, Field(ge=0, le=50)] = 1


class NuisanceEntry(_Placed):
    """What a smoke detector takes for smoke."""

    cause: Literal["cooking", "steam", "dust"]
    peak: Absorbance = 0.12
    lasts: Lasting = 900_000


class LeakageEntry(_Placed):
    """Insulation fails: residual current grows by `leak` within `grows`, and stays so long."""

    leak: Milliamperes = 550
    grows: Lasting = 1_200_000
    lasts: Lasting = 1_200_000


class CableEntry(_Placed):
    """A bad joint that heats a cable by `rise` in the end; `overload` is a share of the rated current."""

    rise: Kelvins = 60
    overload: Annotated[float, Field(ge=0, le=5)] = 0
    lasts: Lasting = 3_600_000


class ArcingEntry(_Placed):
    """Bursts of so many half-cycles of arc in a second."""

    half_cycles: Annotated[int, Field(ge=1, le=100)] = 20
    bursts: Annotated[int, Field(ge=1, le=1000)] = 3
    every: Lasting = 120_000


class SagEntry(_Placed):
    """All circuits of a place lack so many volts."""

    drop: Volts = 60
    lasts: Lasting = 120_000


class StormEntry(_Placed):
    """`depth` falls within `lasts` at its centre, most heavily when `peak` of the time is over (Chicago).

    Then the centre stands over `place`; it drifts `towards` so many degrees (0 north, 90 east).
    """

    depth: Millimetres
    lasts: Lasting
    peak: Annotated[float, Field(gt=0, lt=1)] = 0.4
    radius: Kilometres = 6
    drift: KilometresAnHour | None = None
    towards: Degrees = 90


class ReleaseEntry(_Placed):
    """`mass` of a gas flows out evenly within `lasts`, `upwind` of a detector or in the middle of a zone."""

    gas: Literal[tuple(GASES)]  # type: ignore[valid-type]
    mass: Kilograms
    lasts: Lasting = 600_000
    wind: MetresASecond = 2
    wind_from: Degrees = 270
    stability: Literal["A", "B", "C", "D", "E", "F"] = "D"
    upwind: Metres = 50


class TankEntry(_Placed):
    """`size`: % an hour of an overfill, % of a leak, kelvins of heating."""

    cause: Literal["overfill", "leak", "heating"]
    size: Annotated[float, Field(gt=0, le=1000)] = 60
    lasts: Lasting = 3_600_000


class CrowdEntry(_Placed):
    """So many people more in a workshop."""

    people: Annotated[int, Field(ge=1, le=500)] = 3
    lasts: Lasting = 1_200_000


class FaultEntry(Strict):
    """Reports that go wrong, of sensors or of all behind gateways; `share` of them."""

    kind: Literal[tuple(FAULTS)]  # type: ignore[valid-type]
    sensors: Names | None = None
    gateways: Names | None = None
    share: Share = 1
    lasts: Lasting


class HornsEntry(Strict):
    """How loudspeakers are from now on."""

    which: Names
    are: Literal["well", "dead", "broken"]


class PhonesEntry(Strict):
    """How the gateway of every channel but the loudspeakers answers for a time."""

    answer: Literal["busy", "unavailable", "hang up"]
    lasts: Lasting


class InjectEntry(Strict):
    """What the players are told: a call, an order, a rumour."""

    to: Names
    text: dict[Literal["zh", "en"], str]
