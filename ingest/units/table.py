"""The units an operator may write and their one spelling: a closed vocabulary.

Canonical units of the project: dB/m, degC, %, mA, A, V, kW, 1/s, mm, m, m3/s, %LEL, mg/m3, ppm, kPa and ""
for counts. `%LEL` (of a gas's own explosive limit) and `%` are different dimensions on purpose.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ingest.document.source_text import did_you_mean
from ingest.finding import words

# Symbols are spelled as operators write them; names with _ stand for what pint's grammar cannot hold.
DEFINITIONS: Final = (
    "m = [length]",
    "km = 1000 * m",
    "dm = 1/10 * m",
    "cm = 1/100 * m",
    "mm = 1/1000 * m",
    "um = 1/1000000 * m",
    "ft = 3048/10000 * m",
    "L = 1/1000 * m ** 3",
    "mL = 1/1000000 * m ** 3",
    "kg = [mass]",
    "g = 1/1000 * kg",
    "mg = 1/1000000 * kg",
    "ug = 1/1000000000 * kg",
    "t = 1000 * kg",
    "s = [time]",
    "ms = 1/1000 * s",
    "min = 60 * s",
    "h = 3600 * s",
    "d = 86400 * s",
    "K = [temperature]; offset: 0",
    "degC = K; offset: 27315/100",
    "degF = 5/9 * K; offset: 45967/180",
    "A = [current]",
    "mA = 1/1000 * A",
    "kA = 1000 * A",
    "V = [voltage]",
    "mV = 1/1000 * V",
    "kV = 1000 * V",
    "W = A * V",
    "kW = 1000 * W",
    "MW = 1000000 * W",
    "Pa = [pressure]",
    "hPa = 100 * Pa",
    "kPa = 1000 * Pa",
    "MPa = 1000000 * Pa",
    "mbar = 100 * Pa",
    "bar = 100000 * Pa",
    "dB = [attenuation]",
    "fraction_ = [fraction]",
    "percent_ = 1/100 * fraction_",
    "ppm = 1/1000000 * fraction_",
    "ppb = 1/1000000000 * fraction_",
    "lel_ = [explosive_limit]",
)
SPELLED: Final = {"percent_": "%", "lel_": "%LEL"}
NAMES: Final = frozenset(line.split(" ", 1)[0] for line in DEFINITIONS)
KNOWN: Final = (
    *sorted(name for name in NAMES if not name.endswith("_")),
    *("%", "%LEL", "dB/m", "mg/m3", "ug/m3", "m3/s", "L/s", "1/s", "mm/h", "m/h", "degC/min"),
)

# After NFKC, longest first: 立方米 holds 米, %LEL holds %.
REPLACED: Final = {
    "立方米": "m3",
    "摄氏度": "degC",
    "华氏度": "degF",
    "千瓦": "kW",
    "千帕": "kPa",
    "兆帕": "MPa",
    "百帕": "hPa",
    "毫安": "mA",
    "毫米": "mm",
    "厘米": "cm",
    "公里": "km",
    "千米": "km",
    "毫克": "mg",
    "微克": "ug",
    "分钟": "min",
    "小时": "h",
    "毫伏": "mV",
    "°C": "degC",
    "°F": "degF",
    "Cel": "degC",
    "%LEL": "lel_",
    "%RH": "percent_",
    "per ": "1/",
    "μ": "u",
    "米": "m",
    "安": "A",
    "伏": "V",
    "秒": "s",
    "天": "d",
    "升": "L",
    "%": "percent_",
    "·": "*",
}
REPLACING: Final = re.compile("|".join(re.escape(word) for word in REPLACED))
COUNTS: Final = frozenset({"", "1", "count", "人", "次"})
# One product or quotient; `_` is no letter of an operator's unit.
EXPRESSION: Final = re.compile(r"(1|[A-Za-z]+_?[23]?)([*/][A-Za-z]+_?[23]?)*")
NAME: Final = re.compile(r"[A-Za-z]+_?")


class UnitError(ValueError):
    """A unit that is not known or does not fit; `suggestion` says what would.

    What is `near` an unknown one is looked for when that is asked: devices may invent a unit a message.
    """

    code = "E151"

    def __init__(self, message: str, suggestion: str = "", near: str = "") -> None:
        super().__init__(message)
        self._suggestion = suggestion
        self._near = near

    @property
    def suggestion(self) -> str:
        if not self._near:
            return self._suggestion
        return did_you_mean(self._near, KNOWN) or words("known: {names}", names=", ".join(KNOWN))


@lru_cache(4_096)
def canonical(unit: str) -> str:
    """The one spelling of a unit, unconverted: 毫米 is mm, ℃ is degC, m³/s is m3/s, 人 is "".

    Raises UnitError if the unit is not known.
    """
    expression = unit_expression(unit)
    # Most names are spelled as they are; devices may invent a unit a message.
    if not SPELLED.keys().isdisjoint(NAME.findall(expression)):
        expression = NAME.sub(lambda name: SPELLED.get(name[0], name[0]), expression)
    return expression.replace("*", "·")


@lru_cache(4_096)
def unit_expression(unit: str) -> str:
    """The unit in the names of DEFINITIONS: a product or quotient of them with exponents 2 and 3.

    Raises UnitError if the unit is not known.
    """
    normal = unicodedata.normalize("NFKC", unit).strip()
    if normal in COUNTS:
        return ""
    replaced = REPLACING.sub(lambda match: REPLACED[match[0]], normal).replace(" ", "")
    known = EXPRESSION.fullmatch(replaced) and NAMES.issuperset(NAME.findall(replaced))
    if "_" in normal or not known:
        raise UnitError(words("unit {unit!r} is not known", unit=unit[:32]), near=normal)
    return replaced
