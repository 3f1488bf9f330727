"""What the words of CAP mean here: grades, hazards, and the names that a feed's issuer goes by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.grade import Grade
from rules.realm import Realm

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}

STATUS = {Realm.LIVE: "Actual", Realm.DRILL: "Exercise"}  # all else is a Test

# Yellow and blue as the bulletins of the Chinese weather service are mapped elsewhere; the rest by order.
SEVERITY = {Grade.RED: "Extreme", Grade.ORANGE: "Severe", Grade.YELLOW: "Moderate", Grade.BLUE: "Minor"}
URGENCY = {
    Grade.RED: "Immediate",
    Grade.ORANGE: "Expected",
    Grade.YELLOW: "Expected",
    Grade.BLUE: "Future",
}
COLOURS = {
    "zh": {Grade.RED: "红色", Grade.ORANGE: "橙色", Grade.YELLOW: "黄色", Grade.BLUE: "蓝色"},
    "en": {Grade.RED: "RED", Grade.ORANGE: "ORANGE", Grade.YELLOW: "YELLOW", Grade.BLUE: "BLUE"},
}

# Rules of trend and forecast say what is coming, those of one detector what may be; the others measure.
CERTAINTY = {
    "river-rise": "Likely",
    "river-eta": "Likely",
    "cable-temperature-rise": "Likely",
    "smoke": "Possible",
    "smoke-pre-alarm": "Possible",
    "smoke-signal": "Possible",
}
MEASURED = "Observed"

_FORBIDDEN = re.compile(r"[\s,<&]")
_OFFICE = re.compile(r"[0-9]{14}")


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard in CAP: its categories, its name by language, and its national `code`, None if it has none."""

    categories: tuple[str, ...]
    event: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None


# Categories are the project's own choice. 11B03 stands in the lists of several Chinese applications; the
# codes of floods (11A..) and accidents (12...) could not be verified, so they are left to the settings.
HAZARDS = {
    "fire": Hazard(("Fire",), {"zh": "火灾", "en": "Fire"}),
    "electrical": Hazard(("Fire", "Infra"), {"zh": "电气火灾", "en": "Electrical fire"}),
    "rain": Hazard(("Met",), {"zh": "暴雨", "en": "Rainstorm"}, "11B03"),
    "flood": Hazard(("Met", "Geo"), {"zh": "洪水", "en": "Flood"}),
    "torrent": Hazard(("Met", "Geo"), {"zh": "山洪", "en": "Flash flood"}),
    "gas": Hazard(("CBRNE", "Safety"), {"zh": "气体泄漏", "en": "Gas leak"}),
    "tank": Hazard(("CBRNE", "Safety"), {"zh": "危险化学品储罐险情", "en": "Hazardous storage tank"}),
    "workshop": Hazard(("Safety", "Fire"), {"zh": "烟花爆竹生产险情", "en": "Fireworks workshop"}),
}
OTHER = Hazard(("Other",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who speaks in a feed.

    `sender` is unique in the world, a domain name for example. `office` are the 14 digits that begin every
    identifier: division (GB/T 2260, 6), agency (GB/T 4657, 3), unit (3), extension (2); two feeds that can be
    read side by side, such as the live one and a drill's, must differ in them. `name` is what people read, by
    language. `exercise` is the drill's id, which a feed of the realm drill must have. `hazards` and
    `certainty` (by rule id) stand before `HAZARDS` and `CERTAINTY`. Raises ValueError.
    """

    sender: str
    office: str
    name: Mapping[str, str]
    exercise: str = ""
    hazards: Mapping[str, Hazard] = field(default_factory=dict)
    certainty: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.sender or _FORBIDDEN.search(self.sender):
            raise ValueError(f"sender {self.sender!r}: write it without spaces, commas, < and &")
        if not _OFFICE.fullmatch(self.office):
            raise ValueError(
                f"office {self.office!r} is not 14 digits: division 6, agency 3, unit 3, extension 2"
            )

    def hazard(self, name: str) -> Hazard:
        return self.hazards.get(name) or HAZARDS.get(name, OTHER)

    def certainty_of(self, rule: str) -> str:
        return self.certainty.get(rule) or CERTAINTY.get(rule, MEASURED)
